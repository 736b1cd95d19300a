"""A library file that its owner deleted: told, left alone, and brought back when the owner says so."""

from pathlib import Path

from tests.journeys.warm import Warm
from tests.journeys.world import World, offer


def test_p27_f24_a_deleted_file_stays_deleted_until_it_is_asked_for(warm: Warm, world: World, tmp_path: Path) -> None:
    """P15 P16 P27: never "all is well" without the file."""
    offer(world, 0, "flac")
    offer(world, 1, "mp3")
    warm.run(world, "sync", str(world.music))
    (lost,) = [path for path in world.filed() if path.endswith(".flac")]
    (world.library / lost).unlink()

    again = warm.run(world, "sync", str(world.music), "--json")
    twin = tmp_path / "twin"
    twin.mkdir()
    (twin / "another name.flac").write_bytes(next(world.music.glob("*.flac")).read_bytes())
    known = warm.run(world, "sync", str(twin), "--json")

    assert (again.code, again.json["counts"]["already_have"]) == (0, 2)
    (told,) = [track for track in again.json["tracks"] if "is gone from the library" in track["reason"]]
    assert (told["files"], f"retry '{lost}'" in told["reason"]) == ([], True)
    assert "is gone from the library" in known.json["tracks"][0]["reason"]
    assert lost not in world.filed()

    back = warm.run(world, "retry", lost, "--json")

    assert (back.code, back.json["counts"]["new"], back.json["tracks"][0]["files"]) == (0, 1, [lost])
    assert lost in world.filed()
    assert warm.run(world, "library", "check", "--json").json == {"ok": True, "findings": []}
    assert warm.run(world, "doctor", "--json").json["ok"]
    assert len(warm.run(world, "library", "list", "--json").out.splitlines()) == 2


def test_a_library_that_is_away_is_never_a_lost_file(warm: Warm, world: World) -> None:
    """P56"""
    offer(world, 0, "flac")
    warm.run(world, "sync", str(world.music))
    world.library.rename(world.home / "away")

    again = warm.run(world, "sync", str(world.music), "--json")

    assert (again.code, again.json["result"]) == (7, "environment")
