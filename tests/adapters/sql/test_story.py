"""The way of a track is read out of the catalogue, alike on SQLite and Postgres, and from earlier versions."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from music_sync.adapters.sql import migrations
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import in_write, open_engine
from music_sync.adapters.sql.story import Stories, stories_at, stories_in
from music_sync.model.endings import AlreadyHave, OnBuyList, Reason, Synced
from music_sync.model.errors import EnvironmentFault
from music_sync.model.listing import Listing
from music_sync.model.story import Known, OnList, Told
from music_sync.model.track import Analysis, FoundTrack, LibraryFile, Playlist, Recording

URL = "https://open.spotify.com/track/1"
FOUND = FoundTrack(
    "spotify", "1", artist="Ann", title="Waves", isrc="DEAB12300001", length_s=200.0, url=URL, liked_at="2026-11-20"
)
FILE = LibraryFile("Ann/Wäves.aiff", "aiff", "f" * 64, 5)
RECORDING = Recording(
    "a" * 32, "Ann", "Waves", "", "", "DEAB12300001", None, "", "0" * 64, Analysis(200.0, ()), (FILE,)
)
LIKES = Listing("spotify", "likes", "Liked songs", reading=1)
WARM_UP = Listing("spotify", "playlist:p", "Warm Up", reading=1)


@pytest.fixture(params=["sqlite", "sqlite by itself", "postgres"])
def both(request: pytest.FixtureRequest) -> tuple[SqlCatalogue, "Reading"]:
    """A catalogue, and how its stories are read: by SQLAlchemy, or on SQLite by the standard library alone."""
    engine: sa.Engine = request.getfixturevalue(f"{request.param.partition(' ')[0]}_engine")
    return SqlCatalogue(engine), Reading(engine, alone=request.param == "sqlite by itself")


class Reading:
    def __init__(self, engine: sa.Engine, *, alone: bool) -> None:
        self._engine, self._alone = engine, alone

    @contextmanager
    def __call__(self) -> Iterator[Stories]:
        opened = stories_at(Path(str(self._engine.url.database))) if self._alone else stories_in(self._engine)
        with opened as stories:
            yield stories


Both = tuple[SqlCatalogue, Reading]


def file(catalogue: SqlCatalogue, found: FoundTrack = FOUND, recording: Recording = RECORDING) -> None:
    catalogue.started(found, 1)
    catalogue.decided(found, "match", "new", "", [Reason("nothing_like_it", "nothing is like it", 0.5)])
    catalogue.add(recording, found)
    catalogue.member(recording.recording_id, Playlist("spotify", "p", "Warm Up", 0))
    catalogue.ended(found, 1, Synced(recording.recording_id, recording.files, "filed", "Ann", "Waves"))


def test_a_filed_track_has_its_whole_story(both: Both) -> None:
    """P19 P33 P53"""
    catalogue, reading = both
    file(catalogue)
    catalogue.listings.page(LIKES, [FOUND], 0)
    catalogue.listings.page(WARM_UP, [FOUND], 0)
    catalogue.listings.whole(replace(WARM_UP, reading=2))
    with reading() as stories:
        (known,) = stories.by_key("spotify", "1")
        story = stories.story(known)

    assert story.owned is not None
    assert (story.owned.label, story.owned.files) == ("Ann - Waves", (FILE,))
    (place,) = story.places
    assert (place.key, place.url, place.label) == ("spotify:1", URL, "Ann - Waves")
    assert place.told == Told("Ann", "Waves", "", "DEAB12300001", 200.0, URL, "2026-11-20")
    (attempt,) = place.attempts
    assert (attempt.ending, attempt.verdicts[0].reasons) == (
        "synced",
        (Reason("nothing_like_it", "nothing is like it", 0.5),),
    )
    assert [(each.name, each.is_playlist, bool(each.gone_at)) for each in place.lists] == [
        ("Liked songs", False, False),
        ("Warm Up", True, True),
    ]
    assert [(each.kind, each.path, each.format) for each in story.entries] == [("filed", "Ann/Wäves.aiff", "aiff")]
    (member,) = story.memberships
    assert (member.name, member.sent, len(member.waiting)) == ("Warm Up", (), 1)


def test_a_playlist_that_was_written_is_no_longer_waiting(both: Both) -> None:
    catalogue, reading = both
    file(catalogue)
    for outgoing in catalogue.outbox("m3u"):
        catalogue.sent(outgoing)
    with reading() as stories:
        (member,) = stories.story(Known("", RECORDING.recording_id)).memberships

    assert ([target for target, _at in member.sent], member.waiting) == (["m3u"], ())


def test_all_places_of_a_recording_belong_to_its_story(both: Both) -> None:
    catalogue, reading = both
    file(catalogue)
    second, third = replace(FOUND, source="list", source_id="2"), replace(FOUND, source="folder", source_id="/m/a.flac")
    catalogue.link(RECORDING.recording_id, second)
    catalogue.ended(third, 1, AlreadyHave(RECORDING.recording_id, "byte for byte"))
    with reading() as stories:
        story = stories.story(stories.by_recording("aaaa")[0])

    assert [place.key for place in story.places] == ["spotify:1", "list:2", "folder:/m/a.flac"]


def test_what_another_recording_took_is_in_both_stories(both: Both) -> None:
    """P33"""
    catalogue, reading = both
    file(catalogue)
    other = replace(RECORDING, recording_id="b" * 32, files=(replace(FILE, sha256="e" * 64),))
    catalogue.add(other, replace(FOUND, source_id="2"))
    with reading() as stories:
        mine, theirs = (stories.story(Known("", each * 32)) for each in "ab")

    assert [(each.kind, each.is_loss) for each in mine.entries] == [("filed", False), ("taken_over", True)]
    assert [(each.kind, each.is_loss) for each in theirs.entries] == [("taken_over", False)]


def test_a_track_is_found_by_link_path_and_beginning_of_its_id(both: Both) -> None:
    """P25"""
    catalogue, reading = both
    file(catalogue)
    wanted = [Known("Ann - Waves", "a" * 32)]
    with reading() as stories:
        found = [
            stories.by_url(URL),
            stories.by_file("ANN/Wa\u0308ves.AIFF"),
            stories.by_recording("aaa"),
            stories.by_key("spotify", "1"),
        ]
        missed = [
            stories.by_url(""),
            stories.by_url(URL + "2"),
            stories.by_file("Ann"),
            stories.by_recording("b"),
            stories.by_key("spotify", "x\0\udcff"),
        ]

    assert found == [wanted] * 4
    assert missed == [[]] * 5


def test_a_track_without_a_recording_is_found_too(both: Both) -> None:
    """P23"""
    catalogue, reading = both
    catalogue.ended(FOUND, 1, OnBuyList("no way"))
    catalogue.listings.page(LIKES, [FoundTrack("spotify", "2", artist="Bob", title="Never tried")], 0)
    with reading() as stories:
        tried, listed = stories.by_url(URL), stories.by_key("spotify", "2")
        names = {(each.name, each.key) for each in stories.everything()}
        story = stories.story(listed[0])

    assert [each.key for each in (*tried, *listed)] == ["spotify:1", "spotify:2"]
    assert names == {("Ann - Waves", "spotify:1"), ("Bob - Never tried", "spotify:2")}
    assert (story.owned, story.places[0].attempts, len(story.places[0].lists)) == (None, (), 1)


def test_a_track_that_became_a_recording_is_named_as_that(both: Both) -> None:
    catalogue, reading = both
    catalogue.started(replace(FOUND, title="Waves (Official Video)"), 1)
    catalogue.add(RECORDING, FOUND)
    with reading() as stories:
        names = {(each.name, each.recording_id) for each in stories.everything()}

    assert names == {("Ann - Waves", "a" * 32), ("Ann - Waves (Official Video)", "a" * 32)}


def test_only_what_ended_last_on_the_buy_list_is_to_buy(both: Both) -> None:
    """P15 P17"""
    catalogue, reading = both
    catalogue.started(FOUND, 1)
    catalogue.ended(FOUND, 1, OnBuyList("no way"))
    bought = replace(FOUND, source_id="2")
    catalogue.ended(bought, 1, OnBuyList("no way"))
    file(catalogue, bought)
    catalogue.ended(bought, 2, Synced("a" * 32, (), "filed"))
    catalogue.listings.page(LIKES, [FOUND, bought], 0)
    catalogue.listings.page(WARM_UP, [bought], 0)
    with reading() as stories:
        (place,) = stories.to_buy()
        owned = stories.owned_with_isrc()

    assert (place.key, place.attempts[-1].reason, place.told.isrc) == ("spotify:1", "no way", "DEAB12300001")
    assert [each.name for each in place.lists] == ["Liked songs"]
    assert [each.isrc for each in owned] == ["DEAB12300001"]


def test_a_fact_is_read_or_empty(both: Both) -> None:
    catalogue, reading = both
    catalogue.remember("library", "one")
    with reading() as stories:
        assert (stories.fact("library"), stories.fact("other")) == ("one", "")


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
def test_what_an_earlier_version_left_is_read_without_changing_it(tmp_path: Path, revision: str) -> None:
    path = tmp_path / "state.db"
    path.touch()
    engine = open_engine(path, migrate=False)
    with in_write(engine).begin() as connection:
        config = migrations._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.exec_driver_sql(
            "INSERT INTO attempts (source, source_id, revision, attempt, label, url, ending, reason, stage, next_actor,"
            " cause, recording_id, started_at, ended_at) VALUES ('list', '1', '', 1, 'Ann - Waves', '', 'buy_list',"
            " 'no way', '', 'person', 'track', '', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z')"
        )
    engine.dispose()
    before = path.read_bytes()
    with stories_at(path) as stories:
        (place,) = stories.to_buy()
        (known,) = stories.everything()
        story = stories.story(known)

    assert (place.label, place.told) == ("Ann - Waves", Told())
    assert story.places[0].attempts[0].reason == "no way"
    assert path.read_bytes() == before


def test_before_the_first_sync_there_are_no_stories(tmp_path: Path) -> None:
    with stories_at(tmp_path / "state.db") as stories:
        assert (stories.to_buy(), stories.by_key("a", "b"), list(stories.everything())) == ([], [], [])
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"x" * 9_000)

    with pytest.raises(EnvironmentFault, match="restore it from a backup"), stories_at(tmp_path / "state.db"):
        pass


def test_the_buy_list_does_without_the_large_libraries(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    engine = open_engine(path)
    SqlCatalogue(engine).ended(FOUND, 1, OnBuyList("no way"))
    engine.dispose()
    says = (
        "import json, sys; from pathlib import Path; import music_sync.cli.buy_list\n"
        "from music_sync.adapters.sql.story import stories_at\n"
        "with stories_at(Path(sys.argv[1])) as stories: found = len(stories.to_buy())\n"
        "print(json.dumps([found, sorted({'sqlalchemy', 'alembic', 'numpy', 'httpx', 'dbos'} & set(sys.modules))]))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", says, str(path)], capture_output=True, text=True, check=True, timeout=60
    )

    assert json.loads(ran.stdout) == [1, []]


def test_a_list_that_never_told_when_counts_from_when_it_was_seen() -> None:
    assert OnList("Warm Up", True, Told(), "2026-01-01").since == "2026-01-01"
    assert OnList("Warm Up", True, Told(liked_at="2025-01-01"), "2026-01-01").since == "2025-01-01"
