"""What a view is to show and shows already, alike on SQLite and Postgres."""

import pytest
import sqlalchemy as sa

from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.shown import SqlShown
from music_sync.model.endings import OnBuyList
from music_sync.model.track import Analysis, FoundTrack, Playlist, Recording
from music_sync.model.view import Standing, Waiting

FOUND = FoundTrack("spotify", "1", artist="Ann", title="Waves", url="https://open.spotify.com/track/1")
RECORDING = Recording("a" * 32, "Ann", "Waves", "", "", "", None, "", "0" * 64, Analysis(200.0, ()))
STANDING = Standing("page", "digest", {"title": "abc", "playlists": ["x", "y"]})


@pytest.fixture(params=["sqlite", "postgres"])
def book(request: pytest.FixtureRequest) -> SqlShown:
    engine: sa.Engine = request.getfixturevalue(f"{request.param}_engine")
    return SqlShown(SqlCatalogue(engine), "notion")


def other(book: SqlShown) -> SqlShown:
    return SqlShown(SqlCatalogue(book.engine), "other")


def test_what_is_shown_comes_back_and_the_last_word_counts(book: SqlShown) -> None:
    book.show("recording:1", Standing("page"))
    book.show("recording:1", STANDING)

    assert book.shown() == {"recording:1": STANDING}
    assert other(book).shown() == {}


def test_what_is_forgotten_is_shown_no_more(book: SqlShown) -> None:
    book.show("recording:1", STANDING)
    book.forget("recording:1")

    assert book.shown() == {}


def test_a_subject_waits_once_until_it_is_sent(book: SqlShown) -> None:
    book.ask(["a", "b"])
    book.ask(["b", "c", "c"])

    assert [outgoing.subject for outgoing in book.outbox()] == ["a", "b", "c"]
    book.sent(book.outbox()[0])
    assert [outgoing.subject for outgoing in book.outbox()] == ["b", "c"]


def test_thousands_are_asked_for_at_once(book: SqlShown) -> None:
    book.ask(str(number) for number in range(1_001))

    assert len(book.outbox()) == 1_001


def test_lists_are_told_with_where_they_are_from(book: SqlShown) -> None:
    catalogue = SqlCatalogue(book.engine)
    catalogue.add(RECORDING, FOUND)
    catalogue.member(RECORDING.recording_id, Playlist("spotify", "p", "Warm Up", 3))

    assert book.playlists() == {RECORDING.recording_id: (Playlist("spotify", "p", "Warm Up"),)}


def test_a_track_without_a_file_waits_with_what_its_source_told(book: SqlShown) -> None:
    catalogue = SqlCatalogue(book.engine)
    catalogue.started(FOUND, 1)
    catalogue.ended(FOUND, 1, OnBuyList("no way brings it", "Ann", "Waves"))

    assert list(book.waiting()) == [Waiting(FOUND, "buy_list", "no way brings it")]


def test_a_fact_is_the_views_own(book: SqlShown) -> None:
    book.remember("columns", "x")

    assert (book.fact("columns"), other(book).fact("columns")) == ("x", "")
