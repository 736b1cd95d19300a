"""One file on many playlists, all of them right after one run, and after a kill."""

import json
import pickle
from pathlib import Path

import pytest
from tests.journeys.forks import ForkServer
from tests.journeys.world import World, new_world, offer

from music_sync.flows.sync_tracks import Round


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three tracks on three lists: all stand on two of them, one on all."""
    world = new_world(tmp_path)
    paths = [offer(world, number) for number in range(3)]
    for name, numbers in {"Friday": (0, 1, 2), "Late": (2, 1, 0), "One": (1,)}.items():
        (world.music / f"{name}.m3u").write_text("\n".join(str(paths[number]) for number in numbers))
    return world


def lists(world: World) -> list[str]:
    return [str(world.music / f"{name}.m3u") for name in ("Friday", "Late", "One")]


def shown(world: World, name: str) -> list[str]:
    """The files in the playlist that the library shows, in order."""
    lines = (world.library / f"Playlists/{name}.m3u8").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def must_be_right(world: World) -> None:
    friday, late, one = (shown(world, name) for name in ("Friday", "Late", "One"))

    assert len(set(friday)) == 3
    assert late == friday[::-1]
    assert one == friday[1:2]
    assert len([path for path in world.filed() if not path.startswith("Playlists/")]) == 3


def test_a_track_of_several_lists_is_on_all_of_them_after_one_run(forks: ForkServer, world: World) -> None:
    """P19 P53"""
    code, _, printed = forks.run(world, "sync", *lists(world), "--json")

    assert code == 0, printed
    assert json.loads(printed.splitlines()[-1])["counts"]["new"] == 3
    must_be_right(world)


@pytest.mark.parametrize(
    ("stage", "nth"),
    [("after detect", 1), ("before detect", 3), ("before publish", 1), ("after publish", 2), ("before settle", 3)],
)
def test_a_kill_costs_no_list_a_track(forks: ForkServer, world: World, stage: str, nth: int) -> None:
    """P19 P53"""
    code, _, printed = forks.run(world, "sync", *lists(world), stage=stage, nth=nth)
    assert code == -9, printed

    code, _, printed = forks.run(world, "sync", *lists(world), "--json")

    assert code == 0, printed
    assert sum(json.loads(printed.splitlines()[-1])["counts"].values()) == 3
    must_be_right(world)


def test_a_list_that_comes_in_while_its_tracks_are_under_way_has_them_all(forks: ForkServer, world: World) -> None:
    """P19: the flows that a kill left were started before the lists named their tracks."""
    code, _, printed = forks.run(world, "sync", lists(world)[0], stage="before publish")
    assert code == -9, printed

    code, _, printed = forks.run(world, "sync", *lists(world)[1:], "--json")

    assert code == 0, printed
    must_be_right(world)


def test_a_round_that_an_earlier_version_stored_can_be_read() -> None:
    stored = object.__new__(Round)
    vars(stored).update(flows=(), known=(), sources=())

    read = pickle.loads(pickle.dumps(stored))  # noqa: S301 - our own bytes
    assert (*read.flows, *read.again) == ()
