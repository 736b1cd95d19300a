"""A sync that is stopped ends within seconds, leaves nothing running, and the next one finishes its work."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.journeys.bad_files import Bad, encoded, lay_out, whole
from tests.journeys.warm import Running, Warm, must_be_clear
from tests.journeys.world import World

from music_sync.demo.services import AudioServer, Trickle

STOP_S = 5.0


@pytest.fixture
def server() -> Iterator[AudioServer]:
    """Sends one file without end, as it seems; then well."""
    with AudioServer({"/slow.mp3": encoded(1, "mp3")}) as server:
        server.misbehave("/slow.mp3", Trickle(2000, 0.2))
        yield server


@pytest.fixture
def world(world: World, server: AudioServer) -> World:
    """Two files and a slow link in a list, which is asked first."""
    lay_out(world.music, (Bad("a.flac", whole(2, "flac"), ""), Bad("b.flac", whole(3, "flac"), "")))
    (world.music / "links.txt").write_text(server.url("/slow.mp3") + "\n")
    return replace(world, more=(("MUSIC_SYNC_LINK_HOSTS", server.host_and_port), ("MUSIC_SYNC_WORKERS", "1")))


def started(warm: Warm, world: World, server: AudioServer, *options: str) -> Running:
    """A sync that is in the middle of its slow download."""
    running = warm.start(world, "sync", *arguments(world), *options)
    while not server.bytes_sent():
        assert server.rest(0.02)
    return running


def arguments(world: World) -> tuple[str, str]:
    return str(world.music / "links.txt"), str(world.music)


def left_running(session: int) -> list[str]:
    """What still runs of a run and its children: each run is a session of its own."""
    found = []
    for about in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = about.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(about.parent.name)
    return found


def must_finish(warm: Warm, world: World) -> None:
    done = warm.run(world, "sync", *arguments(world), "--json")

    assert (done.code, done.json["counts"]["new"], done.json["counts"]["failed"]) == (0, 3, 0)
    assert warm.run(world, "library", "check", "--json").json == {"ok": True, "findings": []}
    assert list((world.home / "var/staging").iterdir()) == []
    assert warm.run(world, "doctor", "--json").json["ok"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_a_sync_within_seconds_and_the_next_one_finishes(
    warm: Warm, world: World, server: AudioServer, number: signal.Signals
) -> None:
    """P8 F03"""
    running = started(warm, world, server, "--json")
    since = time.monotonic()

    running.signal(number)
    done = running.ended(3 * STOP_S)

    assert time.monotonic() - since < STOP_S
    assert done.code == 128 + number
    assert done.json["result"] == "error"
    assert number.name in done.json["message"]
    assert done.err.count("stopping after the steps in hand") == 1
    must_be_clear(done.err)
    assert left_running(running.pid) == []
    must_finish(warm, world)


def test_a_second_signal_ends_it_at_once(warm: Warm, world: World, server: AudioServer) -> None:
    running = started(warm, world, server)
    running.signal(signal.SIGINT)
    while "stopping" not in running.err.read_text():
        assert server.rest(0.01)
    since = time.monotonic()

    running.signal(signal.SIGINT)
    done = running.ended(3 * STOP_S)

    assert time.monotonic() - since < STOP_S / 4
    assert done.code == 130
    must_finish(warm, world)


def test_a_parent_that_is_killed_leaves_nothing_running(warm: Warm, world: World, server: AudioServer) -> None:
    """F04"""
    running = started(warm, world, server)

    running.signal(signal.SIGKILL)
    done = running.ended()

    assert done.code == -signal.SIGKILL
    assert left_running(running.pid) == []
    must_finish(warm, world)


def test_a_download_goes_on_where_a_stop_broke_it_off(warm: Warm, world: World, server: AudioServer) -> None:
    """P52"""
    running = started(warm, world, server)
    while server.bytes_sent() < 20_000:
        assert server.rest(0.02)
    running.signal(signal.SIGKILL)
    running.ended()

    must_finish(warm, world)

    assert "range" in server.requests("/slow.mp3")[-1].headers


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_plan_is_stopped_at_once_and_leaves_nothing(
    warm: Warm, world: World, server: AudioServer, number: signal.Signals
) -> None:
    running = warm.start(world, "plan", *arguments(world), "--json")
    while not server.bytes_sent():
        assert server.rest(0.02)
    since = time.monotonic()

    running.signal(number)
    done = running.ended(3 * STOP_S)

    assert time.monotonic() - since < STOP_S
    assert done.code in {128 + number, -number}
    must_be_clear(done.err)
    assert not world.home.exists()


def test_the_real_program_stops_as_its_fork_does(world: World, server: AudioServer) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "music_sync", "sync", *arguments(world)],
        env=world.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not server.bytes_sent():
        assert server.rest(0.02)
    since = time.monotonic()

    os.kill(process.pid, signal.SIGTERM)
    printed, told = process.communicate(timeout=3 * STOP_S)

    assert time.monotonic() - since < STOP_S
    assert process.returncode == 143
    assert printed == ""
    assert "stopping after the steps in hand; the next start goes on from there" in told
    must_be_clear(told)
    assert left_running(process.pid) == []
