"""The pipe that wakes the waiting orchestrator."""

import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from music_sync.adapters.wake_pipe import WakePipe, wake


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / "wake"


@pytest.fixture
def pipe(path: Path) -> Iterator[WakePipe]:
    opened = WakePipe(path)
    yield opened
    opened.close()


def test_nobody_is_woken_where_nobody_waits(path: Path) -> None:
    assert not wake(path)
    path.parent.mkdir()
    os.mkfifo(path)
    assert not wake(path)


def test_a_call_ends_the_wait_at_once(path: Path, pipe: WakePipe) -> None:
    caller = threading.Timer(0.05, wake, [path])
    caller.start()
    began = time.monotonic()

    assert pipe.wait(30)
    assert time.monotonic() - began < 2
    caller.join()


def test_a_call_during_a_cycle_is_not_lost_and_counts_once(path: Path, pipe: WakePipe) -> None:
    assert all(wake(path) for _ in range(100_000))

    assert pipe.wait(30)
    assert not pipe.wait(0.01)


def test_the_time_passes_without_a_call(pipe: WakePipe) -> None:
    began = time.monotonic()

    assert not pipe.wait(0.05)
    assert time.monotonic() - began >= 0.05
    assert not pipe.wait(-1)


def test_the_pipe_is_for_its_owner_only_and_replaces_what_is_none(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("left by someone")
    WakePipe(path).close()

    assert stat.S_ISFIFO(path.stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_in_its_place_is_not_written_to(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("mine")

    assert not wake(path)
    assert path.read_text() == "mine"


def test_where_no_pipe_can_be_made_it_sleeps_its_time(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.mkdir(parents=True)
    pipe = WakePipe(path)

    assert not pipe.wait(0.01)
    assert "a new task waits for the next cycle" in caplog.text
    pipe.close()
