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


def test_a_folder_that_held_music_before_can_become_the_library(warm: Warm, world: World) -> None:
    path = offer(world, 0)
    owned = World(world.home, world.music, (("MUSIC_SYNC_LIBRARY", str(world.music.parent / "own")),))
    (world.music.parent / "own").mkdir()
    mine = path.rename(world.music.parent / "own/mine.flac")
    offer(world, 1)

    foreseen = warm.run(owned, "plan", str(world.music), "--json")
    done = warm.run(owned, "sync", str(world.music), "--json")

    assert done.code == 0, done.err
    assert done.json["counts"] == foreseen.json["counts"]
    assert done.json["counts"]["new"] == 1
    assert mine.is_file()
