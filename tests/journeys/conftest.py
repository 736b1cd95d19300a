"""Fixtures of the journeys: a small world, and a warm program to run in it."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.journeys.forks import ForkServer
from tests.journeys.warm import Warm, warmed
from tests.journeys.world import World, new_world


@pytest.fixture(scope="session")
def warm_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    with warmed(tmp_path_factory.mktemp("warm")) as warm:
        yield warm


@pytest.fixture
def warm(warm_process: Warm) -> Iterator[Warm]:
    """Runs music-sync; what a failed test left running is ended."""
    yield warm_process
    warm_process.end_all()


@pytest.fixture(scope="session")
def forks(warm_process: Warm) -> ForkServer:
    return ForkServer(warm_process)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return new_world(tmp_path)


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[tuple[World, int]]:
    """A world of a user who may not read everything; as root another user is found for it."""
    uid = 0 if os.getuid() else 65534
    folder = Path(tempfile.mkdtemp(prefix="music-sync-", dir="/tmp"))
    folder.chmod(0o755)
    world = new_world(folder)
    yield world, uid
    for path in (folder, *folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)
