"""The orchestrator as a person runs it: once, in a loop, woken, stopped, killed."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.warm import Running, Warm
from tests.journeys.world import World, new_world, offer

SHAPE = {"result", "counts", "tracks", "sources", "tasks", "problems"}
HEARS_S = 30.0


@pytest.fixture
def drop(tmp_path: Path) -> World:
    """A world whose home has a drop folder with one track; a sync of all sources finds it."""
    world = new_world(tmp_path)
    track = offer(world, 0)
    (world.home / "drop").mkdir(parents=True)
    track.rename(world.home / "drop" / track.name)
    return world


def last_run(world: World) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((world.home / "var/music_sync_last_run.json").read_text())
    return content


def until(what: Callable[[], object], seconds: float = HEARS_S) -> float:
    """Wait until it holds; gives how long that took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < seconds, "it did not come to pass"
        time.sleep(0.02)
    return time.monotonic() - began


def log_of(world: World) -> str:
    file = world.home / "continuous_handoff_orchestrator.log"
    return file.read_text("utf-8") if file.exists() else ""


def children_of(pid: int) -> list[int]:
    """Descendants of a process, from /proc."""
    found = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*found, *(grandchild for child in found for grandchild in children_of(child))]


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


# Once


def test_one_cycle_syncs_hands_over_and_says_so_in_one_object(warm: Warm, drop: World) -> None:
    """P1: what is detected is what is worked on, from end to end."""
    warm.run(drop, "tasks", "add", "Sync my playlist")
    done = warm.run(drop, "run", "--once", "--json")

    assert done.code == 0
    assert done.json.keys() >= SHAPE
    assert (done.json["result"], done.json["counts"]["new"]) == ("done", 1)
    assert done.json["tasks"] == {"picked": 1, "delivered": 1, "collected": 0, "reviews": 0, "remaining": 1}
    assert "music done; tasks: picked 1, delivered 1" in log_of(drop)
    assert len(drop.filed()) == 1


def test_p4_the_outcome_stands_on_the_task_and_its_agent_has_it(warm: Warm, drop: World) -> None:
    task_id = warm.run(drop, "tasks", "add", "Download tracks", "--json").json["task_id"]
    warm.run(drop, "run", "--once")
    task = warm.run(drop, "tasks", "show", task_id, "--json").json
    (file,) = (drop.home / "agents").rglob(f"*{task_id}.json")

    assert task["result"].startswith("Music sync: done (1 new)\nsynced: ")
    assert json.loads(file.read_text())["workflow_type"] == "music_track_sync"


@pytest.mark.parametrize("enabled", ["true", "false"])
def test_p2_music_sync_forces_one_in_the_first_cycle(warm: Warm, drop: World, enabled: str) -> None:
    about = {"MUSIC_SYNC_ENABLED": enabled}
    (drop.home / "var").mkdir()
    (drop.home / "var/music_sync_last_run.json").write_text(json.dumps({"last_run": time.time()}))

    assert warm.run(drop, "run", "--once", "--json", env=about).json["counts"]["new"] == 0
    assert warm.run(drop, "run", "--once", "--json", "--music-sync", env=about).json["counts"]["new"] == 1


def test_p2_no_music_sync_syncs_none_and_both_contradict(warm: Warm, drop: World) -> None:
    warm.run(drop, "tasks", "add", "Sync it")
    never = warm.run(drop, "run", "--once", "--no-music-sync", "--json")

    assert (never.json["counts"]["new"], never.json["tasks"]["delivered"]) == (0, 1)
    assert warm.run(drop, "run", "--once", "--music-sync", "--no-music-sync").code == 2


def test_a_second_cycle_within_the_interval_syncs_nothing(warm: Warm, drop: World) -> None:
    warm.run(drop, "run", "--once")
    before = last_run(drop)
    warm.run(drop, "run", "--once")

    assert last_run(drop) == before
    assert (before["result"], before["consecutive_failures"]) == ("done", 0)


def test_p4_a_failed_sync_is_recorded_and_not_tried_again_at_once(warm: Warm, drop: World) -> None:
    (drop.home / "library").write_text("a file where the library should be")
    first = warm.run(drop, "run", "--once", "--json")
    second = warm.run(drop, "run", "--once", "--json")

    assert (first.code, first.json["result"]) == (7, "environment")
    assert last_run(drop)["consecutive_failures"] == 1
    assert last_run(drop)["last_run"] is None
    assert (second.code, second.json["result"]) == (0, "nothing_new")


@pytest.mark.parametrize("content", [b'{"last_run": 17', b"directory"])
def test_f29_a_corrupt_last_run_file_costs_one_sync_and_is_kept_aside(warm: Warm, drop: World, content: bytes) -> None:
    file = drop.home / "var/music_sync_last_run.json"
    file.parent.mkdir(parents=True)
    if content == b"directory":
        file.mkdir()
    else:
        file.write_bytes(content)
    results = [warm.run(drop, "run", "--once", "--json") for _ in range(2)]

    assert [done.json["counts"]["new"] for done in results] == [1, 0]
    assert [done.json["sources"] == [] for done in results] == [False, True]
    (aside,) = file.parent.glob("music_sync_last_run.json.corrupt-*")
    assert aside.is_dir() or aside.read_bytes() == content


def test_f38_a_stamp_of_the_future_delays_by_one_interval_at_most(warm: Warm, drop: World) -> None:
    file = drop.home / "var/music_sync_last_run.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"last_run": time.time() + 10 * 365 * 86400}))
    warm.run(drop, "run", "--once")

    assert last_run(drop)["last_run"] <= time.time()


def test_p5_a_broken_board_is_an_error_and_never_no_tasks(warm: Warm, drop: World) -> None:
    warm.run(drop, "tasks", "add", "Something")
    with closing(sqlite3.connect(drop.home / "var/state.db")) as database:
        database.execute("ALTER TABLE board_tasks RENAME TO elsewhere")
        database.commit()
    done = warm.run(drop, "run", "--once", "--no-music-sync", "--json")

    assert done.code == 7
    assert done.json["result"] == "environment"
    assert done.json["tasks"]["remaining"] is None
    assert "board_tasks" in done.json["message"]


def test_f70_an_inbox_that_takes_no_files_makes_the_code_honest(warm: Warm, world: World) -> None:
    (world.home / "agents/Claude-Code").mkdir(parents=True)
    (world.home / "agents/Claude-Code/01_inbox").write_text("in the way")
    warm.run(world, "tasks", "add", "One", "--agent", "Claude Code")
    warm.run(world, "tasks", "add", "Two", "--agent", "Cursor MM1")
    done = warm.run(world, "run", "--once", "--no-music-sync", "--json")

    assert (done.code, done.json["tasks"]["delivered"]) == (7, 1)
    assert "01_inbox" in done.json["problems"][0]


# In a loop


@pytest.fixture
def loop(warm: Warm, drop: World) -> Running:
    """An orchestrator that has done its first cycle and waits for long."""
    (drop.home / "var").mkdir()
    (drop.home / "var/music_sync_last_run.json").write_text(json.dumps({"last_run": time.time()}))
    running = warm.start(drop, "run", "--interval", "600")
    until(lambda: "cycle: music" in log_of(drop))
    return running


def stopped(running: Running, number: int = signal.SIGTERM) -> int:
    running.signal(number)
    return running.ended(10).code


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_waiting_orchestrator_stops_at_once(loop: Running, number: int, code: int) -> None:
    began = time.monotonic()

    assert stopped(loop, number) == code
    assert time.monotonic() - began < 2


def test_f50_a_second_orchestrator_in_one_home_is_refused_and_told_who_runs(
    warm: Warm, drop: World, loop: Running
) -> None:
    second = warm.run(drop, "run", "--once", "--json")

    assert (second.code, second.json["result"]) == (5, "locked")
    assert f"pid {loop.pid}" in second.json["message"]
    loop.signal(signal.SIGKILL)
    assert loop.ended().code == -signal.SIGKILL
    assert warm.run(drop, "run", "--once").code == 0


def test_a_new_task_starts_its_sync_within_two_seconds(warm: Warm, drop: World, loop: Running) -> None:
    warm.run(drop, "tasks", "add", "Sync the new track")
    took_s = until(lambda: "starts, task Sync the new track" in log_of(drop))

    assert took_s < 2
    until(lambda: "cycle: music done" in log_of(drop))
    assert stopped(loop) == 143


def test_the_loop_goes_on_when_the_board_is_empty(drop: World, loop: Running) -> None:
    until(lambda: "remaining 0" in log_of(drop))

    assert is_alive(loop.pid)
    assert stopped(loop) == 143


def test_until_empty_leaves_when_no_open_task_is_left(warm: Warm, world: World) -> None:
    task_id = warm.run(world, "tasks", "add", "One", "--json").json["task_id"]
    running = warm.start(world, "run", "--until-empty", "--no-music-sync", "--interval", "600")
    until(lambda: "remaining 1" in log_of(world))
    warm.run(world, "tasks", "done", task_id)

    assert running.ended(20).code == 0


# A sync under way


@pytest.fixture
def syncing(tmp_path: Path) -> Iterator[tuple[World, "subprocess.Popen[str]"]]:
    """An orchestrator, cold as a person starts it, in the middle of a long sync."""
    world = new_world(tmp_path)
    (world.home / "drop").mkdir(parents=True)
    for number in range(3):
        offer(world, number, length_s=240).rename(world.home / "drop" / f"{number}.flac")
    process = subprocess.Popen(
        [sys.executable, "-m", "music_sync", "run", "--interval", "600"],
        env=world.env,
        stdout=subprocess.PIPE,
        text=True,
    )
    staging = world.home / "var/staging"
    until(lambda: staging.exists() and any(staging.iterdir()), 60)
    yield world, process
    process.kill()
    process.wait(10)
    assert process.stdout
    process.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_f03_a_signal_ends_orchestrator_and_sync_within_five_seconds(
    syncing: tuple[World, "subprocess.Popen[str]"], number: int, code: int
) -> None:
    world, process = syncing
    children = children_of(process.pid)
    assert children
    began = time.monotonic()
    process.send_signal(number)

    assert process.wait(10) == code
    assert time.monotonic() - began < 5
    assert not [pid for pid in children if is_alive(pid)]
    assert not (world.home / "var/music_sync_last_run.json").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_f03_a_second_signal_ends_both_at_once(syncing: tuple[World, "subprocess.Popen[str]"]) -> None:
    _, process = syncing
    children = children_of(process.pid)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.2)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)

    assert process.wait(10) == 143
    assert time.monotonic() - began < 1
    until(lambda: not [pid for pid in children if is_alive(pid)], 2)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_f04_a_killed_orchestrator_leaves_no_sync_behind(syncing: tuple[World, "subprocess.Popen[str]"]) -> None:
    _, process = syncing
    children = children_of(process.pid)
    process.kill()
    process.wait(10)

    assert until(lambda: not [pid for pid in children if is_alive(pid)], 10) < 6


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_p4_a_sync_that_is_killed_is_written_down_as_a_failure(
    syncing: tuple[World, "subprocess.Popen[str]"],
) -> None:
    world, process = syncing
    for pid in children_of(process.pid):
        os.kill(pid, signal.SIGKILL)
    until(lambda: "cycle: music error" in log_of(world))

    assert (last_run(world)["result"], last_run(world)["consecutive_failures"]) == ("error", 1)
    assert process.poll() is None
