"""A log that a shell opened for a job stays small and loses nothing."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from music_sync.adapters.job_log import rotate_when_large

# What a job does: say something, rotate, say more, by its own and by a child's output.
JOB = """\
import subprocess, sys
from pathlib import Path
from music_sync.adapters.job_log import rotate_when_large
print("before", flush=True)
rotate_when_large(Path(sys.argv[1]), 10, 3)
print("after", flush=True)
print("error", file=sys.stderr, flush=True)
subprocess.run(["echo", "child"], check=True)
"""


def test_the_output_of_a_running_job_continues_in_a_new_file(tmp_path: Path) -> None:
    log = tmp_path / "a log"
    log.write_text("an older line\n")

    with log.open("a") as output:
        subprocess.run([sys.executable, "-c", JOB, str(log)], stdout=output, stderr=output, check=True)

    assert (tmp_path / "a log.1").read_text() == "an older line\nbefore\n"
    assert log.read_text() == "after\nerror\nchild\n"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_job_that_still_writes_into_the_moved_file_loses_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("x" * 20)

    with log.open("a") as other:
        rotate_when_large(log, 10, 3)
        other.write("other")

    assert (tmp_path / "log.1").read_text() == "x" * 20 + "other"
    assert log.read_text() == ""


def test_the_oldest_goes_and_the_number_of_files_is_bounded(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for number in range(6):
        log.write_text(f"{number}" * 20)
        rotate_when_large(log, 10, 3)

    files = {path.name: path.read_text()[:1] for path in tmp_path.iterdir()}
    assert files == {"log": "", "log.1": "5", "log.2": "4", "log.3": "3"}


def test_a_small_log_stays(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("x" * 10)

    rotate_when_large(log, 10)

    assert [path.name for path in tmp_path.iterdir()] == ["log"]


@pytest.mark.parametrize("name", ["gone", "a folder"])
def test_a_log_that_cannot_be_moved_stops_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "a folder").mkdir()

    rotate_when_large(tmp_path / name, 0)

    assert [path.name for path in tmp_path.iterdir()] == ["a folder"]
