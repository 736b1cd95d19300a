"""What was filed can be taken back: files moved and never deleted, rows gone and back, whatever is killed in between."""

import json
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.forks import ForkServer
from tests.journeys.warm import Warm
from tests.journeys.world import World, new_world, offer

from music_sync.adapters.lock_file import locked


@pytest.fixture
def filed(warm: Warm, world: World) -> str:
    """One track, filed in two formats and on one playlist; the path of the first file."""
    two_formats(world)
    assert warm.run(with_formats(world), "sync", str(world.music / "Friday.m3u"), "--json").json["counts"]["new"] == 1
    return music(world)[0]


def two_formats(world: World) -> None:
    (world.music / "Friday.m3u").write_text(str(offer(world, 0)))


def with_formats(world: World) -> World:
    return World(world.home, world.music, (("MUSIC_SYNC_FORMATS", "flac,wav"),))


def music(world: World) -> list[str]:
    return [path for path in world.filed() if not path.startswith("Playlists/")]


def undone(world: World) -> dict[str, bytes]:
    """The files in the place for undone ones, by their path in the library."""
    root = world.home / "var/undone"
    files = [path for path in root.rglob("*") if path.is_file()]
    return {"/".join(path.relative_to(root).parts[2:]): path.read_bytes() for path in files}


def contents(world: World) -> dict[str, bytes]:
    return {path: (world.library / path).read_bytes() for path in music(world)}


def changes(warm: Warm, world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = warm.run(world, "undo", "list", "--json").json["changes"]
    return found


def rows(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """What the catalogue holds of recordings, without the numbers that the database gives."""
    asked = {
        "recordings": "*",
        "fingerprints": "*",
        "files": "recording_id, path, path_key, format, sha256, size_bytes",
        "source_links": "recording_id, source, source_id, revision, url, found_at",
        "playlist_members": "playlist_id, recording_id, position",
        "attempts": "source, source_id, attempt, ending, reason, recording_id",
    }
    connection = sqlite3.connect(world.home / "var/state.db")
    try:
        told = {table: connection.execute(f"SELECT {what} FROM {table}") for table, what in asked.items()}  # noqa: S608
        return {table: sorted(found) for table, found in told.items()}
    finally:
        connection.close()


def in_playlist(world: World) -> int:
    lines = (world.library / "Playlists/Friday.m3u8").read_text("utf-8").splitlines()
    return sum(line.startswith("../") for line in lines)


def must_be_whole(warm: Warm, world: World) -> None:
    assert warm.run(world, "library", "check", "--json").json == {"ok": True, "findings": []}
    assert warm.run(world, "doctor", "--json").json["ok"]


def test_an_undone_filing_leaves_the_library_and_no_sync_files_it_again(warm: Warm, world: World, filed: str) -> None:
    """P37: moved, never deleted; of each file it is said where it went."""
    before = contents(world)
    [change] = changes(warm, world)

    done = warm.run(world, "undo", str(change["id"]), "--json")
    again = warm.run(world, "sync", str(world.music / "Friday.m3u"), "--json")
    warm.run(world, "retry")

    assert (done.code, [move["from"] for move in done.json["moved"]]) == (0, list(change["files"]))
    assert all(Path(move["to"]).is_file() for move in done.json["moved"])
    assert (music(world), undone(world)) == ([], before)
    assert in_playlist(world) == 0
    assert again.json["counts"] == {"new": 0, "already_have": 0, "review": 0, "buy_list": 0, "failed": 0}
    assert music(world) == []
    assert list((world.library).rglob("Test Tone")) == []
    must_be_whole(warm, world)


def test_a_retry_that_names_it_files_an_undone_track_again(warm: Warm, world: World, filed: str) -> None:
    before = contents(world)
    warm.run(world, "undo", "--last")
    reason = warm.run(world, "status", "--json").json["parked"][0]["reason"]

    back = warm.run(with_formats(world), "retry", "Four On The Floor", "--json")

    assert "`music-sync retry" in reason
    assert back.json["counts"]["new"] == 1
    assert list(contents(world)) == list(before)
    assert undone(world).keys() == before.keys()
    assert [change["is_undone"] for change in changes(warm, world)] == [False, True]
    must_be_whole(warm, world)


def test_an_undo_can_be_undone_and_everything_is_back(warm: Warm, world: World, filed: str) -> None:
    """P37"""
    before, files = rows(world), contents(world)
    first = warm.run(world, "undo", "--last", "--json").json
    assert rows(world)["recordings"] == []

    second = warm.run(world, "undo", str(first["id"]), "--json").json
    assert (rows(world), contents(world), undone(world)) == (before, files, {})
    assert (in_playlist(world), second["is_back"]) == (1, True)
    must_be_whole(warm, world)

    third = warm.run(world, "undo", str(second["id"]), "--json").json

    assert (music(world), undone(world), third["is_back"]) == ([], files, False)
    must_be_whole(warm, world)


def test_a_dry_run_says_what_would_move_and_changes_nothing(warm: Warm, world: World, filed: str) -> None:
    """P43"""
    before, files = rows(world), contents(world)

    told = warm.run(world, "undo", "--last", "-n")
    also = warm.run(world, "-n", "undo", "--last", "--json")

    assert filed in told.out
    assert "nothing was changed" in told.out
    assert also.json["id"] is None
    assert (rows(world), contents(world), undone(world)) == (before, files, {})


def test_a_file_that_is_not_as_it_was_filed_is_left_alone(warm: Warm, world: World, filed: str) -> None:
    """P34 P40 P48: the other format of the recording is left as well."""
    size = (world.library / filed).stat().st_size
    (world.library / filed).write_bytes(b"x" * size)
    before, files = rows(world), contents(world)

    for arguments in (("--last",), ("--last", "-n")):
        done = warm.run(world, "undo", *arguments)

        assert done.code == 4
        assert f"{filed} is not the file that was filed" in done.sentence
    assert (rows(world), contents(world), undone(world)) == (before, files, {})


def test_a_file_that_was_deleted_is_told(warm: Warm, world: World, filed: str) -> None:
    (world.library / filed).unlink()
    before = rows(world)

    done = warm.run(world, "undo", "--last")

    assert (done.code, f"{filed} is gone from the library" in done.sentence) == (4, True)
    assert rows(world) == before
    assert undone(world) == {}


def test_a_library_that_is_away_is_told_and_nothing_changes(warm: Warm, world: World, filed: str) -> None:
    """P56"""
    before = rows(world)
    world.library.rename(world.home / "away")

    done = warm.run(world, "undo", "--last")

    assert done.code == 7
    assert "is offline" in done.sentence
    assert rows(world) == before
    assert not (world.home / "var/undone").exists()


def test_another_file_in_its_place_is_never_written_over(warm: Warm, world: World, filed: str) -> None:
    """P50"""
    number = warm.run(world, "undo", "--last", "--json").json["id"]
    (world.library / filed).parent.mkdir()
    (world.library / filed).write_bytes(b"mine")
    aside = undone(world)

    done = warm.run(world, "undo", str(number))

    assert (done.code, "another file is at" in done.sentence) == (4, True)
    assert ((world.library / filed).read_bytes(), undone(world)) == (b"mine", aside)
    assert rows(world)["recordings"] == []


def test_what_was_filed_again_meanwhile_is_not_brought_back_over_it(warm: Warm, world: World, filed: str) -> None:
    number = warm.run(world, "undo", "--last", "--json").json["id"]
    warm.run(with_formats(world), "retry", "Four On The Floor")
    before, files = rows(world), contents(world)

    done = warm.run(world, "undo", str(number))

    assert (done.code, "it is in the library again" in done.sentence) == (4, True)
    assert (rows(world), contents(world)) == (before, files)


def test_numbers_that_name_nothing_are_refused(warm: Warm, world: World, filed: str) -> None:
    number = warm.run(world, "undo", "--last", "--json").json["id"]

    for word, told in (("99", "'99'"), ("x", "'x'"), ("-1", "No such option"), ("1", f"undo {number}`")):
        done = warm.run(world, "undo", word)

        assert done.code == 2
        assert told in done.sentence
    assert "nothing to undo" in warm.run(world, "undo", "--last").sentence
    assert "name one" in warm.run(world, "undo").sentence


def test_nothing_is_made_where_nothing_was_done(warm: Warm, world: World) -> None:
    assert warm.run(world, "undo", "list").out == "nothing was filed or merged yet\n"
    assert warm.run(world, "undo", "1").code == 2
    assert not world.home.exists()


def test_while_a_sync_is_at_work_nothing_is_undone(warm: Warm, world: World, filed: str) -> None:
    before = rows(world)
    with locked(world.home / "var/music-sync.lock", "music-sync sync"):
        undo = warm.run(world, "undo", "--last")
        accept = warm.run(world, "review", "reject", "abcd")

    assert (undo.code, "is syncing this home" in undo.sentence) == (5, True)
    assert accept.code == 2
    assert rows(world) == before


def test_on_another_drive_files_stay_on_it(warm: Warm, world: World, tmp_path: Path) -> None:
    """The library's drive is told from the home's by its device."""
    # On Linux /dev/shm is a drive of its own; the tests' own folders may lie on it.
    places = [place for place in (Path("/dev/shm"), Path(tempfile.gettempdir())) if place.is_dir()]  # noqa: S108
    drive = next((place for place in places if place.stat().st_dev != tmp_path.stat().st_dev), None)
    if drive is None:
        pytest.skip("there is no second drive here")
    library = Path(tempfile.mkdtemp(dir=drive))
    other = World(world.home, world.music, (("MUSIC_SYNC_LIBRARY", str(library)),))
    try:
        offer(world, 0)
        assert warm.run(other, "sync", str(world.music), "--json").json["counts"]["new"] == 1
        [move] = warm.run(other, "undo", "--last", "--json").json["moved"]
        aside = Path(move["to"])
        assert aside.is_relative_to(library / ".music-sync-undone")
        assert aside.is_file()
        must_be_whole(warm, other)
        warm.run(other, "undo", "2")
        assert (library / move["from"]).is_file()
        must_be_whole(warm, other)
    finally:
        shutil.rmtree(library)


# Kills


@pytest.fixture(scope="module")
def synced(forks: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world to be copied, with one track filed."""
    world = new_world(tmp_path_factory.mktemp("synced"))
    two_formats(world)
    world = with_formats(world)
    code, _, printed = forks.run(world, "sync", str(world.music / "Friday.m3u"), "--json")
    assert code == 0, printed
    return world


@pytest.fixture
def world_to_kill(synced: World, tmp_path: Path) -> World:
    shutil.copytree(synced.home, tmp_path / "home")
    return World(tmp_path / "home", synced.music, synced.more)


@pytest.fixture(scope="module")
def undo_changes(forks: ForkServer, synced: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, int]:
    """How many changes of state an undo makes, and an undo of it."""
    home = tmp_path_factory.mktemp("whole") / "home"
    shutil.copytree(synced.home, home)
    world = World(home, synced.music, synced.more)
    first = forks.run(world, "undo", "1", "--json")
    second = forks.run(world, "undo", "3", "--json")
    assert (first[0], second[0]) == (0, 0), first[2] + second[2]
    return first[1], second[1]


def finished(forks: ForkServer, world: World, number: str) -> None:
    """The same undo once more: it finishes, or says that it was done already."""
    code, _, printed = forks.run(world, "undo", number)

    assert code == 0 or (code == 2 and ("undone already" in printed or "overtaken" in printed)), printed
    code, _, printed = forks.run(world, "sync", str(world.music / "Friday.m3u"), "--json")
    assert code == 0, printed
    for command in (("library", "check"), ("doctor",)):
        code, _, printed = forks.run(world, *command, "--json")
        assert code == 0, printed


POINTS = [0.0, 0.2, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.9]
"""Most of them where files move and rows change."""


@pytest.mark.parametrize("share", POINTS)
def test_an_undo_that_is_killed_is_finished_by_a_second_one(
    forks: ForkServer, undo_changes: tuple[int, int], world_to_kill: World, share: float
) -> None:
    """P48: no orphan, at whichever change of state it dies."""
    world = world_to_kill
    before = contents(world)
    code, _, printed = forks.run(world, "undo", "1", change=1 + int(share * undo_changes[0]))
    assert code == -9, printed
    assert {**undone(world), **contents(world)} == before

    finished(forks, world, "1")

    assert (music(world), undone(world)) == ([], before)
    assert rows(world)["recordings"] == []
    assert in_playlist(world) == 0


@pytest.mark.parametrize("share", POINTS)
def test_a_bringing_back_that_is_killed_is_finished_by_a_second_one(
    forks: ForkServer, undo_changes: tuple[int, int], world_to_kill: World, share: float
) -> None:
    """P48"""
    world = world_to_kill
    before, files = rows(world), contents(world)
    code, _, printed = forks.run(world, "undo", "1", "--json")
    number = str(json.loads(printed.splitlines()[-1])["id"])
    code, _, printed = forks.run(world, "undo", number, change=1 + int(share * undo_changes[1]))
    assert code == -9, printed
    assert {**undone(world), **contents(world)} == files

    finished(forks, world, number)

    assert (contents(world), undone(world)) == (files, {})
    assert rows(world) == before
    assert in_playlist(world) == 1
