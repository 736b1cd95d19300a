"""Runs that were broken off, and what the next start makes of them."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.journeys.warm import Warm
from tests.journeys.world import World, offer

IMPATIENT_STOPS = 5


class SlowServer(ThreadingHTTPServer):
    """Gives one file; while `holds` is set only its first half, while `is_busy` nothing."""

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.content = content
        self.asked = threading.Semaphore(0)
        self.holds = True
        self.is_busy = False
        self.released = threading.Event()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class Answer(BaseHTTPRequestHandler):
    server: SlowServer

    def do_GET(self) -> None:
        content = self.server.content
        if self.server.is_busy:
            self.send_response(503)
            self.send_header("Retry-After", "3600")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        half = len(content) // 2
        self.wfile.write(content[:half])
        self.wfile.flush()
        self.server.asked.release()
        if self.server.holds:
            self.server.released.wait(60)
        else:
            self.wfile.write(content[half:])

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(content: bytes) -> Iterator[SlowServer]:
    with SlowServer(content) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()


def test_impatient_stops_do_not_park_a_track(warm: Warm, world: World) -> None:
    content = offer(world, 0, "flac").read_bytes()
    with serving(content) as server:
        world = World(world.home, world.music, (("MUSIC_SYNC_LINK_HOSTS", server.host),))
        link = f"http://{server.host}/track.flac"
        for _ in range(IMPATIENT_STOPS):
            running = warm.start(world, "sync", link)
            assert server.asked.acquire(timeout=30)
            for number in (signal.SIGINT, signal.SIGTERM):  # two of a kind could arrive as one
                running.signal(number)
            assert running.ended().code in {130, 143}
        server.holds = False

        done = warm.run(world, "sync", link, "--json")

    assert (done.code, done.json["counts"]["new"]) == (0, 1), done.out


def killed_while_it_looks(world: World, what: str) -> None:
    """Kill a sync in the two seconds in which it waits whether a fresh file goes on growing."""
    for path in world.music.iterdir():
        path.touch()
    command = [sys.executable, "-m", "music_sync", "sync", what]
    process = subprocess.Popen(command, env=world.env, cwd=world.music.parent, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    with process.stderr:
        said = process.stderr.readline()
        process.kill()
    process.wait(timeout=30)

    assert said.startswith("detect: ")


def test_a_broken_off_sync_of_a_folder_that_is_gone_stops_no_later_one(warm: Warm, world: World) -> None:
    offer(world, 0, "flac")
    killed_while_it_looks(world, "music")
    moved = world.music.rename(world.music.parent / "moved")

    done = warm.run(world, "sync", str(moved), "--json")

    assert (done.code, done.json["counts"]["new"]) == (0, 1), done.err


def test_a_broken_off_sync_of_a_relative_folder_goes_on_from_another_folder(warm: Warm, world: World) -> None:
    elsewhere = world.music.parent / "elsewhere"
    elsewhere.mkdir()
    offer(world, 0, "flac")
    killed_while_it_looks(world, "music")

    done = warm.run(world, "sync", "--json", cwd=elsewhere)

    assert done.code == 0, done.err
    assert [Path(track["source_id"]).parent for track in done.json["tracks"]] == [world.music]


def test_a_catalogue_restored_from_a_backup_gets_its_tracks_back(warm: Warm, world: World) -> None:
    assert warm.run(world, "sync").code == 0
    state, backup = world.home / "var/state.db", world.home.parent / "backup.db"
    with closing(sqlite3.connect(state)) as connection:
        connection.execute("VACUUM INTO ?", (str(backup),))
    offer(world, 0, "flac")
    assert warm.run(world, "sync", str(world.music)).code == 0
    for name in ("state.db-wal", "state.db-shm"):
        (state.parent / name).unlink(missing_ok=True)
    shutil.copyfile(backup, state)

    told = warm.run(world, "sync", str(world.music), "--json")
    again = warm.run(world, "sync", str(world.music), "--json")

    assert (told.code, again.code) == (3, 0), told.out + again.out
    assert "is older than the sync" in told.json["tracks"][0]["reason"]
    assert again.json["counts"]["new"] == 1
    assert len(world.filed()) == 1
    assert warm.run(world, "library", "check").code == 0
    assert list((world.home / "var/staging").iterdir()) == []


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> tuple[tuple[str, str], ...]:
    """The settings of each store."""
    if request.param == "sqlite":
        return ()
    return (("MUSIC_SYNC_DATABASE_URL", request.getfixturevalue("postgres_url")),)


def test_each_retry_goes_on_from_the_step_that_failed(
    warm: Warm, world: World, store: tuple[tuple[str, str], ...]
) -> None:
    with serving(offer(world, 0, "flac").read_bytes()) as server:
        world = World(world.home, world.music, (("MUSIC_SYNC_LINK_HOSTS", server.host), *store))
        server.is_busy, server.holds = True, False
        first = warm.run(world, "sync", f"http://{server.host}/track.flac", "--json")
        second = warm.run(world, "retry", "--json")
        server.is_busy = False

        third = warm.run(world, "retry", "--json")

    assert (first.code, second.code, third.code) == (6, 6, 0), second.out + third.out
    assert third.json["counts"]["new"] == 1
    assert "match:" not in second.err
    assert third.err.splitlines()[0].startswith("acquire:")
    assert warm.run(world, "retry", "--json").json["result"] == "nothing_new"
    assert warm.run(world, "doctor").code == 0
