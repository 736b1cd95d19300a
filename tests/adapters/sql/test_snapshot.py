"""The dry run's copy: it holds all there is, and nothing real changes."""

import os
import shutil
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import open_engine
from music_sync.adapters.sql.snapshot import copy_for_plan
from music_sync.model.endings import OnBuyList, Reason
from music_sync.model.errors import BadSetting, EnvironmentFault
from music_sync.model.listing import Listing
from music_sync.model.track import Analysis, FoundTrack, LibraryFile, Playlist, Recording

FOUND = FoundTrack("spotify", "1", title="Waves")
FILE = LibraryFile("Ann/Waves.aiff", "aiff", "f" * 64, 5)
RECORDING = Recording(
    "a" * 32, "Ann", "Waves", "", "", "", None, "", "0" * 64, Analysis(100.0, (1, 2**32 - 1)), (FILE,)
)
LIKES = Listing("spotify", "likes", "Liked songs", reading=1)


def fill(catalogue: SqlCatalogue) -> None:
    """At least one row in each table."""
    catalogue.started(FOUND, 1)
    catalogue.add(RECORDING, FOUND)
    catalogue.decided(FOUND, "match", "new", "", [Reason("words", "nothing like it", 0.5)])
    catalogue.member(RECORDING.recording_id, Playlist("spotify", "pl", "Friday", 3))
    catalogue.ended(FOUND, 1, OnBuyList("no provider"))
    catalogue.remember("library", "one")
    catalogue.listings.page(LIKES, [FOUND], 0)


def whole(catalogue: SqlCatalogue) -> list[object]:
    """All that can be read."""
    return [
        list(catalogue.recordings()),
        catalogue.counts(),
        catalogue.pasts("spotify"),
        list(catalogue.decisions()),
        list(catalogue.journal()),
        list(catalogue.outbox("m3u")),
        catalogue.playlist_files("spotify:pl"),
        catalogue.identity("library"),
        catalogue.listings.listings(),
        catalogue.listings.tracks("spotify", "likes"),
    ]


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        path.name: (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.iterdir())
    }


def test_the_copy_holds_every_row(engine: sa.Engine) -> None:
    real = SqlCatalogue(engine)
    fill(real)

    assert whole(copy_for_plan(engine)) == whole(real)


def test_the_copy_of_a_file_holds_every_row_also_those_in_the_log(sqlite_engine: sa.Engine, tmp_path: Path) -> None:
    real = SqlCatalogue(sqlite_engine)
    fill(real)

    assert (tmp_path / "var" / "state.db-wal").stat().st_size > 0
    assert whole(copy_for_plan(tmp_path / "var" / "state.db")) == whole(real)


def test_what_a_dry_run_writes_reaches_the_copy_alone(engine: sa.Engine) -> None:
    """P54"""
    real = SqlCatalogue(engine)
    fill(real)
    before = whole(real)
    copied = copy_for_plan(engine)
    with copied.locked():
        copied.add(replace(RECORDING, recording_id="b" * 32, files=()), FoundTrack("spotify", "2"))
        copied.remember("library", "two")
    copied.listings.page(LIKES, [FoundTrack("spotify", "2")], 1)
    copied.listings.whole(replace(LIKES, reading=2))

    assert whole(real) == before
    assert copied.counts()["recordings"] == 2
    assert [each.gone for each in copied.listings.listings()] == [2]


@pytest.mark.parametrize("state", ["closed", "killed"])
def test_nothing_changes_beside_the_original(tmp_path: Path, state: str) -> None:
    path = tmp_path / "real" / "state.db"
    engine = open_engine(path)
    fill(SqlCatalogue(engine))
    if state == "killed":
        shutil.copytree(path.parent, tmp_path / "left")
        path = tmp_path / "left" / "state.db"
    engine.dispose()
    before = tree(path.parent)

    copied = copy_for_plan(path)

    assert copied.counts()["recordings"] == 1
    assert tree(path.parent) == before
    assert ("state.db-wal" in before) == (state == "killed")


def test_a_folder_that_cannot_be_written_can_be_planned_from(tmp_path: Path) -> None:
    path = tmp_path / "real" / "state.db"
    engine = open_engine(path)
    fill(SqlCatalogue(engine))
    engine.dispose()
    path.chmod(0o400)
    path.parent.chmod(0o500)

    assert copy_for_plan(path).counts()["recordings"] == 1
    path.parent.chmod(0o700)


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_before_the_first_run_the_copy_is_empty_and_nothing_is_made(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "var"
    if name == "empty":
        folder.mkdir()
        (folder / "state.db").touch()

    copied = copy_for_plan(folder / "state.db")

    assert copied.counts() == {"recordings": 0, "files": 0}
    assert [*tmp_path.rglob("*")] == ([folder, folder / "state.db"] if name == "empty" else [])
    assert copy_for_plan(None).counts() == {"recordings": 0, "files": 0}


def test_a_plan_refuses_what_a_sync_would_refuse(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with pytest.raises(EnvironmentFault, match="is missing though the library holds music"):
        copy_for_plan(path, library_holds_audio=True)
    engine = open_engine(path)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(BadSetting, match="newer Music Sync"):
        copy_for_plan(path)
    engine.dispose()
    path.write_bytes(os.urandom(9_000))
    with pytest.raises(EnvironmentFault, match="restore it from a backup"):
        copy_for_plan(path)


def test_an_older_postgres_without_our_tables_is_an_empty_copy(postgres_url: str) -> None:
    engine = open_engine(postgres_url, migrate=False)
    copied = copy_for_plan(engine)
    there = sa.inspect(engine).get_table_names()
    engine.dispose()

    assert copied.counts() == {"recordings": 0, "files": 0}
    assert there == []


def test_no_private_copy_is_left_behind(
    sqlite_engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(aside))
    copy_for_plan(Path(str(sqlite_engine.url.database)))

    assert list(aside.iterdir()) == []


def test_many_threads_use_one_copy(tmp_path: Path) -> None:
    copied = copy_for_plan(tmp_path / "state.db")

    def write(number: int) -> None:
        for each in range(20):
            with copied.locked():
                copied.remember(f"{number}-{each}", "x")
                assert copied.identity(f"{number}-{each}") == "x"

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert all(copied.identity(f"{number}-{each}") == "x" for number in range(6) for each in range(20))


# Writes pairs in one transaction for ever, and folds its log into the database often.
WRITES = """
import sys
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import open_engine
engine = open_engine(sys.argv[1])
catalogue = SqlCatalogue(engine)
number = 0
while True:
    number += 1
    with catalogue.locked():
        catalogue.remember("one", f"{number} " + "x" * (number % 50) * 400)
        catalogue.remember("other", f"{number} " + "y" * (number % 50) * 400)
    if number % 7 == 0:
        with engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
    if number == 20:
        print("ready", flush=True)
"""


def test_a_copy_taken_while_another_process_writes_is_of_one_moment(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with subprocess.Popen([sys.executable, "-c", WRITES, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        pairs = []
        for _ in range(25):
            copied = copy_for_plan(path)
            pairs.append([(copied.identity(name) or "?").split()[0] for name in ("one", "other")])
        writer.kill()

    assert all(one == other for one, other in pairs)
    assert len({one for one, _other in pairs}) > 1


def test_a_log_that_was_folded_in_during_the_copy_makes_it_start_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.db"
    engine = open_engine(path)
    catalogue = SqlCatalogue(engine)
    catalogue.remember("library", "one")
    plain, copies = shutil.copyfile, list[str]()

    def copy_while_writing(source: Path, target: Path) -> None:
        plain(source, target)
        copies.append(source.name)
        if len(copies) == 1:
            catalogue.remember("library", "two")
            with closing(engine.raw_connection()) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    monkeypatch.setattr(shutil, "copyfile", copy_while_writing)
    copied = copy_for_plan(path)
    engine.dispose()

    assert copied.identity("library") == "two"
    assert copies.count("state.db") == 2
