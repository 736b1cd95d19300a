"""Links that misbehave, disks that fill up or go away, states that are damaged: told clearly, and mended by the next sync."""

import os
import signal
import socket
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.journeys.bad_files import PAGE, Bad, encoded, lay_out, whole
from tests.journeys.snapshots import snapshot
from tests.journeys.warm import Done, Warm, must_be_clear
from tests.journeys.world import World, new_world

from music_sync.demo.services import AudioServer, Behaviour, Break, Disguise, Redirect, Status, Trickle, WrongLength

# Links


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with AudioServer() as server:
        yield server


def listed(world: World, server: AudioServer, *links: str) -> World:
    """The world with a list of these links, and the server's address allowed."""
    (world.music / "links.txt").write_text("\n".join(links) + "\n")
    return replace(world, more=(("MUSIC_SYNC_LINK_HOSTS", server.host_and_port), ("MUSIC_SYNC_WORKERS", "12")))


@pytest.fixture(scope="module")
def links(warm_process: Warm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Done, list[int]]]:
    """What came of a list of links, each of which misbehaves in its own way; and how often a private host was called."""
    world = new_world(tmp_path_factory.mktemp("links"))
    with AudioServer() as server, closing(socket.create_server(("127.0.0.1", 0))) as private:
        elsewhere = f"http://127.0.0.1:{private.getsockname()[1]}/a.mp3"
        for number, (name, behaviours, always) in enumerate(misbehaviours(elsewhere)):
            server.serve(f"/{name}", encoded(number, "mp3"))
            server.misbehave(f"/{name}", *behaviours, always=always)
        paths = [server.url(f"/{name}") for name, _, _ in misbehaviours(elsewhere)]
        world = listed(world, server, *paths, elsewhere, "http://10.0.0.1/private.mp3", "http://[::1]/inner.mp3")
        done = warm_process.run(world, "sync", str(world.music / "links.txt"), "--json")
        private.setblocking(False)
        calls = []
        try:
            private.accept()[0].close()
            calls.append(1)
        except BlockingIOError:
            pass
        yield world, done, calls


def misbehaviours(elsewhere: str) -> list[tuple[str, tuple[Behaviour, ...], bool]]:
    """Name, behaviours, and whether they go on for ever."""
    return [
        ("good.mp3", (), False),
        ("gone.mp3", (Status(404),), True),
        ("forbidden.mp3", (Status(403),), True),
        ("out of order.mp3", (Status(500),), True),
        ("round and round.mp3", (Redirect("/round%20and%20round.mp3"),), True),
        ("led home.mp3", (Redirect(elsewhere),), True),
        ("announces more.mp3", (WrongLength(5000),), True),
        ("announces less.mp3", (WrongLength(-60_000),), True),
        ("reset once.mp3", (Break(20_000, reset=True),), False),
        ("reset always.mp3", (Break(20_000, reset=True), Break(0, reset=True)), True),
        ("page.mp3", (Disguise(PAGE),), True),
        ("busy for a second.mp3", (Status(429, retry_after="1"), Status(503, retry_after="1")), False),
    ]


@pytest.mark.parametrize(
    ("name", "ending", "words"),
    [
        ("good", "synced", "filed as"),
        ("gone", "failed", "is not there (404)"),
        ("forbidden", "failed", "is forbidden (403)"),
        ("out%20of%20order", "failed", "is out of order (500); it is tried again at the next sync"),
        ("round%20and%20round", "failed", "still redirected after 5 redirects"),
        ("led%20home", "failed", "leads to this machine or a private network and is refused"),
        ("announces%20more", "failed", "tried again at the next sync"),
        ("announces%20less", "failed", "is cut off"),
        ("reset%20once", "synced", "filed as"),
        ("reset%20always", "failed", "tried again at the next sync"),
        ("page", "failed", "is not audio but a web page"),
        ("busy%20for%20a%20second", "synced", "filed as"),
    ],
)
def test_each_link_ends_as_it_must_and_says_why(
    links: tuple[World, Done, list[int]], name: str, ending: str, words: str
) -> None:
    """P16 P23"""
    _, done, _ = links
    track = next(track for track in done.json["tracks"] if track["source_id"].endswith(f"/{name}.mp3"))

    assert track["ending"] == ending
    assert words in track["reason"]
    must_be_clear(track["reason"])


def test_a_private_address_is_refused_without_a_single_call(links: tuple[World, Done, list[int]]) -> None:
    """B32 B34"""
    _, done, calls = links
    refused = [track for track in done.json["tracks"] if "private network" in track["reason"]]

    assert calls == []
    assert {track["ending"] for track in refused} == {"failed"}
    assert len(refused) == 4


def test_links_that_fail_leave_the_others_alone_and_exit_3(links: tuple[World, Done, list[int]], warm: Warm) -> None:
    """P35"""
    world, done, _ = links

    assert done.code == 3
    assert done.json["counts"]["new"] == 3
    assert len([name for name in world.filed() if name.endswith(".mp3")]) == 3
    assert warm.run(world, "library", "check", "--json").json["ok"]
    must_be_clear(done.err)


def test_a_server_that_wants_to_be_left_alone_is_asked_again_by_the_next_sync(
    warm: Warm, world: World, server: AudioServer
) -> None:
    """P52 P55"""
    server.serve("/later.mp3", encoded(1, "mp3"))
    server.misbehave("/later.mp3", Status(503, retry_after="3000"))
    world = listed(world, server, server.url("/later.mp3"))

    first = warm.run(world, "sync", str(world.music / "links.txt"), "--json")
    asked = len(server.requests())
    second = warm.run(world, "sync", str(world.music / "links.txt"), "--json")

    assert (first.code, first.json["result"], asked) == (6, "unavailable", 1)
    assert (second.code, second.json["counts"]["new"]) == (0, 1)


def test_a_link_that_is_mended_is_synced_by_retry(warm: Warm, world: World, server: AudioServer) -> None:
    """P23 P54"""
    server.misbehave("/late.mp3", Status(404))
    server.misbehave("/never.mp3", Status(404), always=True)
    world = listed(world, server, server.url("/late.mp3"), server.url("/never.mp3"))
    failed = warm.run(world, "sync", str(world.music / "links.txt"), "--json")
    server.serve("/late.mp3", encoded(1, "mp3"))
    before = snapshot(world.home)

    foreseen = warm.run(world, "retry", "-n")
    listed_for_scripts = warm.run(world, "retry", "-n", "--json")
    unchanged = snapshot(world.home) == before
    again = warm.run(world, "sync", str(world.music / "links.txt"), "--json")
    retried = warm.run(world, "retry", "late.mp3", "--json")
    rest = warm.run(world, "retry", "--json")

    assert (failed.code, failed.json["counts"]["failed"]) == (3, 2)
    assert unchanged
    assert foreseen.code == 0
    assert [line.partition(" ")[0].rpartition("/")[2] for line in sorted(foreseen.out.splitlines())] == [
        "late.mp3:",
        "never.mp3:",
    ]
    assert {track["ending"] for track in listed_for_scripts.json["tracks"]} == {"failed"}
    assert again.json["result"] == "nothing_new"
    assert (retried.code, retried.json["counts"]["new"]) == (0, 1)
    assert (rest.code, rest.json["counts"]["failed"]) == (3, 1)
    assert warm.run(world, "library", "check").code == 0


def test_a_retry_works_though_the_flows_are_lost(warm: Warm, world: World, server: AudioServer) -> None:
    """P54"""
    server.misbehave("/late.mp3", Status(404))
    world = listed(world, server, server.url("/late.mp3"))
    assert warm.run(world, "sync", str(world.music / "links.txt")).code == 3
    server.serve("/late.mp3", encoded(1, "mp3"))
    for name in ("flows.db", "flows.db-wal", "flows.db-shm"):
        (world.home / "var" / name).unlink(missing_ok=True)

    retried = warm.run(world, "retry", "--json")

    assert (retried.code, retried.json["counts"]["new"]) == (0, 1)


@pytest.mark.parametrize("options", [(), ("-n",), ("-n", "--json")])
def test_a_retry_of_what_does_not_wait_is_refused(warm: Warm, world: World, options: tuple[str, ...]) -> None:
    done = warm.run(world, "retry", "no such track", *options)

    assert done.code == 2
    assert "no track that waits is called 'no such track'" in done.sentence


def test_a_link_typed_by_hand_is_synced(warm: Warm, world: World, server: AudioServer) -> None:
    """P26"""
    server.serve("/one.mp3", encoded(1, "mp3"))
    world = listed(world, server)
    link = server.url("/one.mp3")

    first = warm.run(world, "sync", f"{link}?utm_source=mail", "--json")
    again = warm.run(world, "sync", link, "--json")

    assert (first.code, first.json["counts"]["new"]) == (0, 1)
    assert (again.code, again.json["result"]) == (0, "nothing_new")


def test_a_signed_link_is_shown_without_its_signature(warm: Warm, world: World, server: AudioServer) -> None:
    """B50"""
    server.misbehave("/one.mp3", Status(404), always=True)
    world = listed(world, server)

    done = warm.run(world, "sync", server.url("/one.mp3") + "?signature=obviously-fake", "--json")

    assert done.code == 3
    assert "obviously-fake" not in done.reasons.popitem()[1] + done.err
    logs = [path.read_text() for path in world.home.rglob("*.log")]
    assert "obviously-fake" not in "".join(logs)


# Disks


def three(world: World) -> None:
    lay_out(world.music, tuple(Bad(f"{number}.flac", whole(number, "flac"), "") for number in range(3)))


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[None]:
    """A file system of that size; growing it is a remount."""
    place.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(place)]
    if os.getuid() or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def grow(place: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True)


def test_a_full_disk_of_the_staging_is_told_and_the_next_sync_goes_on(warm: Warm, world: World) -> None:
    """F11"""
    three(world)
    staging = world.home / "var/staging"
    with small_disk(staging, "200k"):
        full = warm.run(world, "sync", str(world.music), "--json")
        filed = world.filed()
        grow(staging, "64m")
        done = warm.run(world, "sync", str(world.music), "--json")

        assert (full.code, full.json["result"], filed) == (7, "environment", [])
        assert all("staging" in reason for reason in full.reasons.values())
        must_be_clear(full.err + "\n".join(full.reasons.values()))
        assert (done.code, done.json["counts"]["new"]) == (0, 3)
        assert list(staging.iterdir()) == []


def test_a_library_that_fills_up_is_told_and_the_next_sync_goes_on(warm: Warm, world: World) -> None:
    """F11"""
    lay_out(world.music, tuple(Bad(f"{number}.wav", whole(number, "wav"), "") for number in range(3)))
    library = world.music.parent / "drive"
    world = replace(world, more=(("MUSIC_SYNC_LIBRARY", str(library)),))
    with small_disk(library, "67000k"):
        full = warm.run(world, "sync", str(world.music), "--json")
        leftovers = list(library.rglob("*.part"))
        grow(library, "128m")
        done = warm.run(world, "sync", str(world.music), "--json")

        assert (full.code, full.json["result"], leftovers) == (7, "environment", [])
        assert any("is full" in reason for reason in full.reasons.values())
        must_be_clear(full.err + "\n".join(full.reasons.values()))
        assert done.code == 0
        assert done.json["counts"]["failed"] == 0
        assert warm.run(world, "library", "check").code == 0
        assert len(list(library.rglob("*.wav"))) == 3


def test_a_full_disk_of_the_state_is_told(warm: Warm, world: World) -> None:
    """F11"""
    three(world)
    with small_disk(world.home, "300k"):
        full = warm.run(world, "sync", str(world.music), "--json")
        grow(world.home, "200m")
        done = warm.run(world, "sync", str(world.music), "--json")

        assert (full.code, full.json["result"]) == (7, "environment")
        assert str(world.home) in full.json["message"]
        must_be_clear(full.err)
        assert done.json["counts"]["new"] == 3


# The library goes away


@pytest.fixture
def drive(warm: Warm, world: World) -> World:
    """A world whose library lies on a drive of its own, with one track in it and one more to come."""
    drive = world.music.parent / "drive"
    drive.mkdir()
    world = replace(world, more=(("MUSIC_SYNC_LIBRARY", str(drive / "music")),))
    lay_out(world.music, (Bad("0.flac", whole(0, "flac"), ""),))
    assert warm.run(world, "sync", str(world.music)).code == 0
    lay_out(world.music, (Bad("1.flac", whole(1, "flac"), ""),))
    return world


def absent(drive: Path) -> None:
    drive.rename(drive.with_name("unplugged"))


def empty_mount_point(drive: Path) -> None:
    drive.rename(drive.with_name("unplugged"))
    (drive / "music").mkdir(parents=True)


def another_library(drive: Path) -> None:
    drive.rename(drive.with_name("unplugged"))
    (drive / "music").mkdir(parents=True)
    (drive / "music/.music-sync-library").write_text('{"library": "0123456789abcdef0123456789abcdef"}')


@pytest.mark.parametrize("go_away", [absent, empty_mount_point, another_library])
def test_a_library_that_is_offline_is_told_once_and_nothing_is_fetched(
    warm: Warm, drive: World, go_away: "type[Path]"
) -> None:
    """P56 F17 F18 F19"""
    place = drive.music.parent / "drive"
    go_away(place)
    before = snapshot(place)

    offline = warm.run(drive, "sync", str(drive.music), "--json")
    planned = warm.run(drive, "plan", str(drive.music), "--json")
    checked = warm.run(drive, "library", "check", "--json")

    for done in (offline, planned, checked):
        assert (done.code, done.json["result"]) == (7, "environment")
        assert "is offline" in done.sentence
        assert str(place) in done.sentence
    assert "detect" not in offline.err
    assert snapshot(place) == before
    assert not list((drive.home / "var/staging").iterdir())
    assert warm.run(drive, "library", "list", "--json").json["files"]
    assert warm.run(drive, "status", "--json").json["recordings"] == 1

    if place.exists():
        place.rename(place.with_name("something else"))
    place.with_name("unplugged").rename(place)
    back = warm.run(drive, "sync", str(drive.music), "--json")

    assert (back.code, back.json["counts"]["new"], back.json["counts"]["already_have"]) == (0, 1, 1)
    assert warm.run(drive, "library", "check").code == 0


def test_a_library_that_may_not_be_written_is_told(warm: Warm, world: World) -> None:
    """F16"""
    three(world)
    library = world.music.parent / "drive"
    world = replace(world, more=(("MUSIC_SYNC_LIBRARY", str(library)),))
    with small_disk(library, "200m"):
        assert warm.run(world, "sync", str(world.music), "--limit", "1").code == 0
        subprocess.run(["mount", "-o", "remount,ro", str(library)], check=True)
        closed = warm.run(world, "sync", str(world.music), "--json")
        subprocess.run(["mount", "-o", "remount,rw", str(library)], check=True)
        done = warm.run(world, "sync", str(world.music), "--json")

    assert (closed.code, closed.json["result"]) == (7, "environment")
    assert "read-only" in closed.sentence
    assert (done.code, done.json["counts"]["new"]) == (0, 2)


def test_a_library_that_was_never_there_is_not_made_where_drives_are_mounted(warm: Warm, world: World) -> None:
    """F17"""
    three(world)
    world = replace(world, more=(("MUSIC_SYNC_LIBRARY", "/mnt/no-such-drive-of-music-sync"),))

    done = warm.run(world, "sync", str(world.music), "--json")

    assert done.code == 7
    assert "/mnt/no-such-drive-of-music-sync is offline" in done.sentence
    assert not Path("/mnt/no-such-drive-of-music-sync").exists()


# The state


@pytest.fixture
def synced(warm: Warm, world: World) -> World:
    three(world)
    assert warm.run(world, "sync", str(world.music)).code == 0
    return world


def from_a_newer_version(state: Path) -> None:
    with closing(sqlite3.connect(state)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def emptied(state: Path) -> None:
    state.write_bytes(b"")
    for beside in ("-wal", "-shm"):
        state.with_name(state.name + beside).unlink(missing_ok=True)


def removed(state: Path) -> None:
    emptied(state)
    state.unlink()


def cut_short(state: Path) -> None:
    os.truncate(state, 100)


def overwritten(state: Path) -> None:
    with state.open("r+b") as file:
        file.write(b"not a database, whatever was here before ")


def one_page_random(state: Path) -> None:
    with closing(sqlite3.connect(state)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with state.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(range(256)) * ((state.stat().st_size - 4096) // 256))


def end_random(state: Path) -> None:
    """Damage that only shows when the tables are read."""
    with closing(sqlite3.connect(state)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    with state.open("r+b") as file:
        file.seek(4096 * (pages // 3))
        file.write(bytes(range(256)) * (16 * (pages - pages // 3)))


@pytest.mark.parametrize(
    ("harm", "code", "words"),
    [
        (from_a_newer_version, 2, "written by a newer Music Sync"),
        (emptied, 7, "is empty though the library holds music"),
        (removed, 7, "is missing though the library holds music"),
        (cut_short, 7, "is damaged"),
        (overwritten, 7, "is damaged"),
        (one_page_random, 7, "is damaged"),
        (end_random, 7, "is damaged"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_state_that_is_not_ours_to_use_stops_everything_before_anything_changes(
    warm: Warm, synced: World, harm: "type[Path]", code: int, words: str
) -> None:
    """F30 F34"""
    state = synced.home / "var/state.db"
    harm(state)
    lay_out(synced.music, (Bad("new.flac", whole(7, "flac"), ""),))
    before = snapshot(synced.home, but=("-wal", "-shm", ".lock", ".log", "logs", "last_run.json"))

    for command in ("sync", "plan"):
        done = warm.run(synced, command, str(synced.music), "--json")

        assert done.code == code
        assert words in done.sentence
        assert str(state) in done.sentence
    after = snapshot(synced.home, but=("-wal", "-shm", ".lock", ".log", "logs", "last_run.json"))
    assert after == before
    doctor = warm.run(synced, "doctor", "--json")
    assert not doctor.json["ok"]
    must_be_clear(doctor.err)


@pytest.mark.parametrize("harm", [emptied, removed])
def test_the_flows_may_be_lost_for_what_was_filed_stays_known(warm: Warm, synced: World, harm: "type[Path]") -> None:
    """F30: the attempts in our own tables guard, so the engine may start anew."""
    harm(synced.home / "var/flows.db")
    lay_out(synced.music, (Bad("new.flac", whole(7, "flac"), ""),))

    done = warm.run(synced, "sync", str(synced.music), "--json")

    assert (done.code, done.json["counts"]["new"], done.json["counts"]["already_have"]) == (0, 1, 3)
    assert len(synced.filed()) == 4


@pytest.mark.parametrize("harm", [cut_short, overwritten, one_page_random, end_random])
def test_flows_that_are_damaged_are_named_with_the_way_out(warm: Warm, synced: World, harm: "type[Path]") -> None:
    flows = synced.home / "var/flows.db"
    harm(flows)
    lay_out(synced.music, (Bad("new.flac", whole(7, "flac"), ""),))

    stopped = warm.run(synced, "sync", str(synced.music), "--json")

    assert stopped.code == 7
    assert str(flows) in stopped.sentence
    assert "move it away" in stopped.sentence
    for name in ("flows.db", "flows.db-wal", "flows.db-shm"):
        (synced.home / "var" / name).unlink(missing_ok=True)
    done = warm.run(synced, "sync", str(synced.music), "--json")
    assert (done.code, done.json["counts"]["new"]) == (0, 1)


def test_a_state_folder_without_rights_is_named(warm: Warm, stranger: tuple[World, int]) -> None:
    world, uid = stranger
    three(world)
    (world.home / "var").mkdir(parents=True)
    for path in (world.music.parent, *world.music.parent.rglob("*")):
        os.chown(path, uid or os.getuid(), -1)
    (world.home / "var").chmod(0)

    for command in ("sync", "plan", "status", "doctor"):
        done = warm.run(world, command, *([str(world.music)] if command in {"sync", "plan"} else []), uid=uid)

        assert done.code == 7, (command, done)
        must_be_clear(done.out + done.err)
        assert str(world.home / "var") in done.out + done.err


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_state_is_for_its_owner_only_whatever_the_umask(warm: Warm, world: World, umask: int) -> None:
    """F26 B51"""
    three(world)

    assert warm.run(world, "sync", str(world.music), umask=umask).code == 0
    assert warm.run(world, "run", "--once", umask=umask).code == 0

    home = world.home
    for folder in (home, home / "var", home / "var/staging", home / "drop"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder
    for file in (path for path in home.rglob("*") if path.is_file() and world.library not in path.parents):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    for path in (world.library, *world.library.rglob("*")):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o022, path


# Two at once


def test_a_second_sync_names_the_first_and_starts_at_once_when_that_is_killed(
    warm: Warm, world: World, server: AudioServer
) -> None:
    """F50"""
    server.serve("/slow.mp3", encoded(1, "mp3"))
    server.misbehave("/slow.mp3", Trickle(1000, 0.2))
    world = listed(world, server, server.url("/slow.mp3"))
    first = warm.start(world, "sync", str(world.music / "links.txt"))
    until_asked(server, "/slow.mp3")

    second = warm.run(world, "sync", str(world.music), "--json")
    once = warm.run(world, "run", "--once", "--music-sync", "--json")
    planned = warm.run(world, "plan", str(world.music), "--json")
    status = warm.run(world, "status", "--json")
    first.signal(signal.SIGKILL)
    killed = first.ended()
    third = warm.run(world, "sync", str(world.music / "links.txt"), "--json")

    for done in (second, once):
        assert (done.code, done.json["result"]) == (5, "locked")
        assert f"pid {first.pid}" in done.json["message"]
        must_be_clear(done.err + done.json["message"])
    assert planned.code == 0
    assert status.json["queue"] == 1
    assert killed.code == -signal.SIGKILL
    assert (third.code, third.json["counts"]["new"]) == (0, 1)
    assert len(world.filed()) == 1 + 1  # and the list as a playlist


def until_asked(server: AudioServer, path: str) -> None:
    """Wait until some of the body was sent."""
    while not server.bytes_sent(path):
        assert server.rest(0.02)
