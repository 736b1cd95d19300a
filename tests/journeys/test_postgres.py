"""The same journey with state and flows on a real Postgres."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.journeys.world import World, new_world, offer


@pytest.fixture
def world(tmp_path: Path, postgres_url: str) -> World:
    world = new_world(tmp_path, MUSIC_SYNC_DATABASE_URL=postgres_url)
    offer(world, 0, "flac")
    offer(world, 1, "mp3")
    twin = offer(world, 0, "m4a")
    twin.rename(twin.with_name("twin.m4a"))
    return world


def killed_at(world: World, line: str) -> None:
    """Start a sync and kill it (SIGKILL) when it prints a line that begins so."""
    command = [sys.executable, "-m", "music_sync", "sync", str(world.music)]
    process = subprocess.Popen(command, env=world.env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr
    with process.stderr:
        said = next((each for each in process.stderr if each.startswith(line)), "")
        os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=30)

    assert said.startswith(line)


def test_a_sync_on_postgres_is_killed_and_ends_well(world: World) -> None:
    foreseen = world.json("plan", str(world.music))
    killed_at(world, "tag: ")

    shape = world.sync()

    assert (
        shape["counts"]
        == foreseen["counts"]
        == {
            "new": 2,
            "already_have": 1,
            "review": 0,
            "buy_list": 0,
            "failed": 0,
        }
    )
    assert len(world.filed()) == 2
    assert world.json("library", "check") == {"ok": True, "findings": []}
    assert world.json("doctor")["ok"]
    again = world.sync()
    assert (again["result"], again["counts"]["already_have"]) == ("nothing_new", 3)
    assert world.json("status")["recordings"] == 2


def test_two_homes_on_one_postgres_file_each_track_once_and_wait_for_no_other(world: World) -> None:
    library = world.home.parent / "shared"
    library.mkdir()
    shared = (*world.more, ("MUSIC_SYNC_LIBRARY", str(library)))
    one, other = (World(world.home.parent / name, world.music, shared) for name in ("one", "other"))
    killed_at(one, "tag: ")

    by_other = other.sync()
    by_one = one.sync()

    assert (by_other["counts"]["failed"], by_one["counts"]["failed"]) == (0, 0)
    assert by_other["counts"]["new"] + by_other["counts"]["already_have"] == 3
    assert len([path for path in library.rglob("*") if path.suffix in {".flac", ".mp3", ".m4a"}]) == 2
    assert one.json("library", "check") == {"ok": True, "findings": []}


def test_the_address_with_its_password_is_never_printed(world: World) -> None:
    secret = "obviously-fake-password"
    at = dict(world.more)["MUSIC_SYNC_DATABASE_URL"]
    wrong = World(world.home, world.music, (("MUSIC_SYNC_DATABASE_URL", _with_password(at, secret) + "_gone"),))

    done = wrong.run("sync", str(world.music), "--json")

    assert done.returncode == 2
    assert json.loads(done.stdout)["result"] == "error"
    assert secret not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def _with_password(address: str, password: str) -> str:
    scheme, _, rest = address.partition("://")
    user, _, place = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0] or 'postgres'}:{password}@{place}"
