"""The quick look for `status`: right, harmless and quick."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from music_sync.adapters.glance_sqlite import Glance, glance
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.model.endings import Failed, NeedsReview, OnBuyList, Reason, Synced
from music_sync.model.errors import EnvironmentFault
from music_sync.model.listing import Listing
from music_sync.model.track import Analysis, FoundTrack, LibraryFile, Playlist, Recording

FILE = LibraryFile("Ann/Waves.aiff", "aiff", "f" * 64, 5)
RECORDING = Recording("a" * 32, "Ann", "Waves", "", "", "", None, "", "0" * 64, Analysis(100.0, (1,)), (FILE,))


def track(source_id: str) -> FoundTrack:
    return FoundTrack("spotify", source_id, artist="Ann", title=f"Waves {source_id}")


def test_a_missing_or_empty_file_is_all_zero(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()

    assert glance(tmp_path / "none.db") == Glance()
    assert glance(tmp_path / "empty.db") == Glance()
    assert not (tmp_path / "none.db").exists()


def test_it_tells_what_the_catalogue_tells(sqlite_engine: sa.Engine) -> None:
    catalogue = SqlCatalogue(sqlite_engine)
    catalogue.add(RECORDING, track("1"))
    catalogue.member(RECORDING.recording_id, Playlist("spotify", "pl", "Friday"))
    catalogue.ended(track("1"), 1, Synced(RECORDING.recording_id, (FILE,)))
    catalogue.ended(track("2"), 1, OnBuyList("no provider"))
    catalogue.ended(track("3"), 1, Failed("the service is away", "acquire", "flow", "service"))
    catalogue.started(track("3"), 2)
    catalogue.ended(track("4"), 1, NeedsReview("sounds like it", RECORDING.recording_id))
    for number in range(12):
        catalogue.decided(track("1"), "match", f"v{number}", "", [Reason("words", "alike", 0.5)])

    seen = glance(Path(str(sqlite_engine.url.database)))

    assert {"recordings": seen.recordings, "files": seen.files, **seen.endings} == catalogue.counts()
    assert [(each.label, each.ending, each.reason, each.next_actor) for each in seen.parked] == [
        ("Ann - Waves 4", "review", "sounds like it", "person"),
        ("Ann - Waves 2", "buy_list", "no provider", "person"),
    ]
    assert seen.unsent == 1
    assert list(seen.decisions) == list(catalogue.decisions())[-10:]


def test_it_tells_of_lists_what_their_memory_tells(sqlite_engine: sa.Engine) -> None:
    """P53"""
    memory = SqlCatalogue(sqlite_engine).listings
    warm_up = Listing("spotify", "playlist:p", "Warm Up", entries=2, reading=1, read_at="2026-11-23T10:00:00+00:00")
    memory.page(warm_up, [track("1"), track("2")], 0)
    memory.page(replace(warm_up, reading=2), [track("1")], 0)
    memory.whole(replace(warm_up, reading=2))
    memory.keep(Listing("spotify", "likes", "Liked songs", refused="not ours"))

    seen = glance(Path(str(sqlite_engine.url.database)))

    assert list(seen.listings) == list(memory.listings())
    assert [(each.name, each.gone) for each in seen.listings] == [("Liked songs", 0), ("Warm Up", 1)]


def test_of_many_parked_tracks_the_newest_are_told(sqlite_engine: sa.Engine) -> None:
    catalogue = SqlCatalogue(sqlite_engine)
    for number in range(5):
        catalogue.ended(track(str(number)), 1, OnBuyList("no provider"))

    seen = glance(Path(str(sqlite_engine.url.database)), parked=2)

    assert [each.source_id for each in seen.parked] == ["4", "3"]
    assert seen.endings == {"buy_list": 5}


def test_a_look_during_a_write_waits_for_no_one_and_sees_what_was_committed(sqlite_engine: sa.Engine) -> None:
    catalogue = SqlCatalogue(sqlite_engine)
    with catalogue.locked():
        catalogue.add(RECORDING, track("1"))
        during = glance(Path(str(sqlite_engine.url.database)))

    assert during.recordings == 0
    assert glance(Path(str(sqlite_engine.url.database))).recordings == 1


def test_a_damaged_file_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(os.urandom(9_000))

    with pytest.raises(EnvironmentFault, match="restore it from a backup"):
        glance(tmp_path / "state.db")


def test_a_database_without_tables_is_all_zero(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()

    assert glance(tmp_path / "state.db") == Glance()


def test_it_does_without_the_large_libraries() -> None:
    says = "import sys, music_sync.adapters.glance_sqlite; print(sorted({'sqlalchemy', 'alembic', 'numpy'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", says], capture_output=True, text=True, check=True, timeout=60)

    assert ran.stdout.strip() == "[]"
