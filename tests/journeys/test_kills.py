"""The kill matrix: SIGKILL at every stage and in between; after a restart nothing is lost and nothing doubled."""

import json
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.forks import ForkServer, trace_of
from tests.journeys.world import World, new_world, offer

STAGES = (
    "detect",
    "match",
    "acquire",
    "analyse",
    "match sound",
    "own sound",
    "encode",
    "tag",
    "file",
    "publish",
    "settle",
)
BOUNDARIES = [
    f"{when} {stage}" for stage in STAGES for when in ("before", "after") if (when, stage) != ("after", "settle")
]
SEED = 20261123
POINTS = 40
SHORT_FORM = 10


def three_tracks(folder: Path) -> World:
    """Three offers of two recordings: one of them comes in two encodings."""
    world = new_world(folder)
    offer(world, 0, "flac")
    offer(world, 1, "mp3")
    twin = offer(world, 0, "m4a")
    twin.rename(twin.with_name("twin.m4a"))
    return world


def recorded_steps(world: World) -> set[tuple[str, str]]:
    """Flow id and stage of each step that the engine has written down as ended."""
    if not (world.home / "var/flows.db").exists():
        return set()
    connection = sqlite3.connect(world.home / "var/flows.db")
    try:
        return set(connection.execute("SELECT workflow_uuid, function_name FROM operation_outputs"))
    except sqlite3.OperationalError:
        return set()
    finally:
        connection.close()


def started_stages(world: World) -> list[tuple[str, str]]:
    lines = trace_of(world).read_text().splitlines() if trace_of(world).exists() else []
    parts = [line.split("\t") for line in lines]
    return [(f"track-{key}#1", stage) for when, key, stage in parts if when == "before"]


def restarted(forks: ForkServer, world: World) -> dict[str, Any]:
    """Start again without a trap: it must end well, and no step that was written down may run again."""
    done = recorded_steps(world)
    trace_of(world).unlink(missing_ok=True)
    code, _, printed = forks.run(world, "sync", str(world.music), "--json")

    assert code == 0, printed
    assert not done & set(started_stages(world))
    shape: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return shape


def must_be_whole(forks: ForkServer, world: World) -> None:
    """Each recording filed exactly once, catalogue and library agree, nothing left in staging."""
    code, _, printed = forks.run(world, "doctor", "--json")
    checks = {check["id"]: check for check in json.loads(printed.splitlines()[-1])["checks"]}

    assert code == 0, printed
    for name in ("one_recording_a_source", "one_recording_a_file", "library_agrees", "staging", "unfinished"):
        assert checks[name]["ok"], checks[name]
    code, _, printed = forks.run(world, "library", "check", "--json")
    assert (code, json.loads(printed.splitlines()[-1])["findings"]) == (0, [])
    assert len(world.filed()) == 2
    assert list((world.home / "var/staging").iterdir()) == []


def kill_and_restart(forks: ForkServer, world: World, **trap: Any) -> None:
    code, _, printed = forks.run(world, "sync", str(world.music), "--json", **trap)
    # Threads make a few changes more or fewer each time, so a late change may not come; a stage always does.
    assert code == -9 or (code == 0 and not trap.get("stage")), printed

    shape = restarted(forks, world)

    assert sum(shape["counts"].values()) == 3
    assert shape["counts"]["failed"] == 0
    must_be_whole(forks, world)


@pytest.mark.parametrize("stage", BOUNDARIES)
def test_a_kill_before_or_after_a_stage_loses_and_doubles_nothing(
    forks: ForkServer, tmp_path: Path, stage: str
) -> None:
    kill_and_restart(forks, three_tracks(tmp_path), stage=stage, nth=2 if "settle" in stage else 1)


def seeded_points(count: int) -> list[float]:
    chance = random.Random(SEED)
    return [round(chance.random(), 4) for _ in range(count)]


@pytest.mark.parametrize(
    "share",
    [
        pytest.param(share, marks=() if number < SHORT_FORM else pytest.mark.slow)
        for number, share in enumerate(seeded_points(POINTS))
    ],
)
def test_a_kill_at_any_change_of_state_loses_and_doubles_nothing(
    forks: ForkServer, changes: int, tmp_path: Path, share: float
) -> None:
    kill_and_restart(forks, three_tracks(tmp_path), change=1 + int(share * changes))


@pytest.fixture(scope="module")
def changes(forks: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many changes of state a whole run makes."""
    world = three_tracks(tmp_path_factory.mktemp("whole"))
    code, changes, printed = forks.run(world, "sync", str(world.music), "--json")

    assert code == 0, printed
    assert changes > 100
    return changes


def test_many_kills_in_one_journey_lose_and_double_nothing(forks: ForkServer, changes: int, tmp_path: Path) -> None:
    world = three_tracks(tmp_path)
    chance = random.Random(SEED)
    for _ in range(6):
        forks.run(world, "sync", str(world.music), "--json", change=chance.randrange(1, changes))

    restarted(forks, world)

    must_be_whole(forks, world)
