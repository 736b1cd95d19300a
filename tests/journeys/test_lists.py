"""Playlists through the whole journey."""

from pathlib import Path

import pytest
from tests.journeys.warm import Warm
from tests.journeys.world import World, offer


def playlist(world: World) -> list[str]:
    """The titles in the playlist that the library shows, in order."""
    lines = (world.library / "Playlists/Friday.m3u8").read_text("utf-8").splitlines()
    return [Path(line).stem.partition(" - ")[2] for line in lines if not line.startswith("#")]


@pytest.fixture
def friday(world: World) -> Path:
    """A list of three tracks."""
    paths = [offer(world, number) for number in range(3)]
    friday = world.music / "Friday.m3u"
    friday.write_text("\n".join(map(str, paths)))
    return friday


def test_a_list_that_was_put_into_another_order_is_shown_in_that_order(warm: Warm, world: World, friday: Path) -> None:
    assert warm.run(world, "sync", str(friday)).code == 0
    before = playlist(world)
    friday.write_text("\n".join(reversed(friday.read_text().splitlines())))

    done = warm.run(world, "sync", str(friday), "--json")

    assert (done.code, done.json["result"]) == (0, "nothing_new")
    assert playlist(world) == before[::-1]
