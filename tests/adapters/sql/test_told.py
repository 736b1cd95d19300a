"""What a source told is kept with the attempt."""

import pytest
import sqlalchemy as sa

from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.tables import attempts
from music_sync.adapters.sql.told import told_of, told_text
from music_sync.model.endings import OnBuyList
from music_sync.model.story import Told
from music_sync.model.track import FoundTrack, Playlist

FOUND = FoundTrack(
    "spotify",
    "1",
    artist="Ann",
    title="Waves",
    album="Sea",
    isrc="DEAB12300001",
    length_s=215.25,
    url="https://x.test/1",
    liked_at="2026-11-20T08:00:00+00:00",
    playlists=(
        Playlist("spotify", "p", "Warm Up", 3),
        Playlist("spotify", "q", ""),
        Playlist("spotify", "r", "Warm Up"),
    ),
)
TOLD = Told(
    "Ann", "Waves", "Sea", "DEAB12300001", 215.25, "https://x.test/1", "2026-11-20T08:00:00+00:00", ("Warm Up",)
)


def stored(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(attempts.c.found).order_by(attempts.c.attempt)))


def test_what_was_told_comes_back() -> None:
    assert told_of(told_text(FOUND)) == TOLD


def test_a_lone_surrogate_and_a_nul_survive_any_database(engine: sa.Engine) -> None:
    SqlCatalogue(engine).started(FoundTrack("list", "1", title="a\udcff\0b"), 1)

    assert told_of(stored(engine)[0]).title == "a\udcff\0b"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '{"title": 7, "length_s": "x", "playlists": "y"}'])
def test_what_cannot_be_read_says_nothing(text: str) -> None:
    assert told_of(text) == Told()


def test_what_is_of_a_wrong_type_costs_nothing_else() -> None:
    assert told_of('{"title": "Waves", "length_s": true, "playlists": ["a", 7]}') == Told(
        title="Waves", playlists=("a",)
    )


def test_an_attempt_holds_what_the_source_told_when_it_began(engine: sa.Engine) -> None:
    """P17 P19"""
    catalogue = SqlCatalogue(engine)
    catalogue.started(FOUND, 1)
    catalogue.ended(FOUND, 1, OnBuyList("no way", "Ann", "Waves"))
    catalogue.ended(FoundTrack("spotify", "1", title="Waves (Remix)"), 2, OnBuyList("no way"))

    assert [told_of(text).title for text in stored(engine)] == ["Waves", "Waves (Remix)"]
    assert told_of(stored(engine)[0]) == TOLD
