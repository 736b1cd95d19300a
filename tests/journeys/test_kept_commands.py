"""The commands of the original's document, typed as they stand there: from a checkout, with any python3."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.journeys.world import World, offer

HERE = Path(__file__).parents[2]
ORCHESTRATOR = "python3 continuous_handoff_orchestrator.py"
WAIT_S = 60.0


class Checkout:
    """A copy of the kept files beside a set-up `.venv`, and a shell in it as cron and people have one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = World(home=folder, music=folder / "drop")
        self.world.music.mkdir(parents=True)
        shutil.copy2(HERE / "continuous_handoff_orchestrator.py", folder)
        shutil.copytree(HERE / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / ".venv").symlink_to(sys.prefix)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("MUSIC_SYNC_", "VIRTUAL_ENV"))}
        self.env = {**kept, "PATH": f"/usr/local/bin:/usr/bin:/bin:{Path(sys.executable).parent}", "NO_COLOR": "1"}

    def shell(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    @property
    def last_run(self) -> dict[str, float]:
        done = self.shell("cat var/music_sync_last_run.json | python3 -m json.tool")
        assert done.returncode == 0, done.stderr
        shape: dict[str, float] = json.loads(done.stdout)
        return shape


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "my checkout")


def test_one_cycle_syncs_what_is_due_and_writes_what_the_document_says(checkout: Checkout) -> None:
    """P63: the document's commands, its last-run file and its log."""
    offer(checkout.world, 0, "flac")

    first = checkout.shell(f"{ORCHESTRATOR} --once")

    assert first.returncode == 0, first.stderr
    assert len(checkout.world.filed()) == 1
    assert checkout.last_run["last_run"] <= time.time()
    said = checkout.shell("grep -i music continuous_handoff_orchestrator.log")
    assert "music sync: starts" in said.stdout
    second = checkout.shell(f"MUSIC_SYNC_INTERVAL=14400 {ORCHESTRATOR} --once")
    assert (second.returncode, "not now" in second.stdout) == (0, True)


def test_forced_forbidden_and_switched_off(checkout: Checkout) -> None:
    """P2"""
    checkout.shell(f"{ORCHESTRATOR} --once")
    before = checkout.last_run["last_run"]

    forced = checkout.shell(f"{ORCHESTRATOR} --music-sync --once")
    after = checkout.last_run["last_run"]
    forbidden = checkout.shell(f"{ORCHESTRATOR} --no-music-sync --once")
    both = checkout.shell(f"{ORCHESTRATOR} --music-sync --no-music-sync --once")
    off = checkout.shell(f"MUSIC_SYNC_ENABLED=false {ORCHESTRATOR} --once")

    assert (forced.returncode, forbidden.returncode, both.returncode, off.returncode) == (0, 0, 2, 0)
    assert before < after == checkout.last_run["last_run"]


def test_the_sync_script_syncs_by_itself(checkout: Checkout) -> None:
    offer(checkout.world, 1, "mp3")

    done = checkout.shell("python3 scripts/music_track_sync_auto_detect.py")

    assert done.returncode == 0, done.stderr
    assert len(checkout.world.filed()) == 1


def test_without_once_it_goes_on_until_it_is_stopped(checkout: Checkout) -> None:
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"exec {ORCHESTRATOR}"],
        cwd=checkout.folder,
        env=checkout.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert process.stdout
    with process.stdout:
        summary = next((line for line in process.stdout if "cycle:" in line), "")
        still_running = process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)

    assert "music" in summary
    assert (still_running, process.returncode) == (True, 143)


@pytest.mark.parametrize(
    "command",
    [
        ORCHESTRATOR,
        "python3 scripts/music_track_sync_auto_detect.py",
        "./scripts/setup_music_sync_cron.sh",
        "./scripts/setup_music_sync_cron.sh setup",
    ],
)
def test_help_is_useful(checkout: Checkout, command: str) -> None:
    done = checkout.shell(f"{command} --help")

    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout
    assert len(done.stdout.splitlines()) > 5
