"""The kept names start Music Sync from a checkout, whatever python3 and folder they are called from."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent.parent
ORCHESTRATOR = "continuous_handoff_orchestrator.py"
DETECTOR = "scripts/music_track_sync_auto_detect.py"
CRON = "scripts/setup_music_sync_cron.sh"

STAND_IN = """\
#!/bin/sh
echo "pid $$"
echo "home $MUSIC_SYNC_HOME"
for argument in "$@"; do echo "argument $argument"; done
[ -z "${STAND_IN_WAITS:-}" ] || while :; do sleep 0.05; done
exit 42
"""


def oldest_python() -> str:
    """The oldest python3 on this machine that is not older than 3.6; at worst the one that runs this test."""
    found = [
        (tuple(int(part) for part in version[1].split(".")), path)
        for path in (Path.home() / ".pyenv" / "versions").glob("3.*/bin/python3")
        if (version := re.fullmatch(r"(3\.\d+\.\d+)", path.parent.parent.name))
    ]
    found += [
        ((3, minor), Path(path))
        for minor in range(6, 11)
        if (path := shutil.which(f"python3.{minor}", path="/usr/bin"))
    ]
    fit = sorted((version, path) for version, path in found if version >= (3, 6))
    return str(fit[0][1]) if fit else sys.executable


def starting(name: str) -> list[str]:
    """How a person starts that file, by its path relative to the checkout."""
    return [oldest_python(), name] if name.endswith(".py") else ["sh", name]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that is not set up, in a folder whose name has a blank and an accent."""
    folder = tmp_path / "my müsic $HOME"
    (folder / "scripts").mkdir(parents=True)
    for name in (ORCHESTRATOR, DETECTOR, CRON):
        shutil.copy(HERE / name, folder / name)
    return folder


@pytest.fixture
def set_up(checkout: Path) -> Path:
    """The same with a stand-in for .venv's Python, which tells what it was given and exits with 42."""
    python = checkout / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(STAND_IN)
    python.chmod(0o755)
    return checkout


def run(command: list[str], cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=environment(more), capture_output=True, text=True, check=False, encoding="utf-8"
    )


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """A bare one, as cron gives, in a plain C locale."""
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONIOENCODING": "utf-8", **more}


@pytest.mark.parametrize("name", [ORCHESTRATOR, DETECTOR, CRON])
def test_before_setup_one_line_says_what_to_do(checkout: Path, name: str) -> None:
    done = run(starting(name), checkout)

    assert done.returncode == 7
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"{checkout}: run `make setup` there" in done.stderr


@pytest.mark.parametrize(
    ("name", "typed", "meant"),
    [
        (ORCHESTRATOR, [], ["run"]),
        (ORCHESTRATOR, ["--once", "--interval", "30"], ["run", "--once", "--interval", "30"]),
        (ORCHESTRATOR, ["--music-sync", "--once"], ["run", "--music-sync", "--once"]),
        (ORCHESTRATOR, ["--no-music-sync"], ["run", "--no-music-sync"]),
        (DETECTOR, [], ["sync"]),
        (DETECTOR, ["a folder/*", "", "-n"], ["sync", "a folder/*", "", "-n"]),
        (CRON, [], ["cron", "setup"]),
        (CRON, ["list"], ["cron", "list"]),
        (CRON, ["test", "two  blanks"], ["cron", "test", "two  blanks"]),
    ],
)
def test_arguments_and_exit_code_pass_through(set_up: Path, name: str, typed: list[str], meant: list[str]) -> None:
    done = run([*starting(name), *typed], set_up)

    arguments = [line.removeprefix("argument ") for line in done.stdout.splitlines() if line.startswith("argument ")]
    assert arguments == ["-P", "-m", "music_sync", *meant]
    assert done.returncode == 42, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("name", [ORCHESTRATOR, DETECTOR, CRON])
def test_the_checkout_is_home_from_any_folder_and_through_links(set_up: Path, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    (elsewhere / "first").symlink_to(set_up / name)
    (tmp_path / "second").symlink_to(Path("else where") / "first")

    done = run([*starting(name)[:1], "../second"], elsewhere)

    assert f"home {set_up}\n" in done.stdout


@pytest.mark.parametrize("name", [ORCHESTRATOR, DETECTOR, CRON])
def test_a_home_that_is_set_is_kept(set_up: Path, name: str) -> None:
    done = run(starting(name), set_up, MUSIC_SYNC_HOME="/some/where")

    assert "home /some/where\n" in done.stdout


@pytest.mark.parametrize("name", [ORCHESTRATOR, DETECTOR, CRON])
def test_an_empty_home_counts_as_unset(set_up: Path, name: str) -> None:
    done = run(starting(name), set_up, MUSIC_SYNC_HOME="")

    assert f"home {set_up}\n" in done.stdout


@pytest.mark.parametrize("name", [ORCHESTRATOR, DETECTOR, CRON])
def test_a_signal_reaches_music_sync_itself(set_up: Path, name: str) -> None:
    process = subprocess.Popen(
        starting(name), cwd=set_up, env=environment({"STAND_IN_WAITS": "1"}), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout:
        first = process.stdout.readline()
        process.terminate()
        code = process.wait(timeout=20)

    assert first == f"pid {process.pid}\n"
    assert code == -signal.SIGTERM


@pytest.mark.parametrize("name", [ORCHESTRATOR, DETECTOR, CRON])
def test_it_can_be_called_by_its_name_alone(name: str) -> None:
    assert os.access(HERE / name, os.X_OK)


def test_an_old_python_leaves_no_trace_in_the_checkout(set_up: Path) -> None:
    run(starting(DETECTOR), set_up)

    assert not list(set_up.rglob("__pycache__"))
