"""What the waiting orchestrator costs, and how soon a new task wakes it.

python benchmarks/idle.py [--seconds N] [--tasks N]
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from music_sync.adapters.sql.board import SqlBoard
from music_sync.adapters.sql.engine import open_engine
from music_sync.adapters.wake_pipe import wake
from music_sync.model.task import Draft

INTERVAL_S = 20
"""Three times as often as it looks by itself, so that a minute holds several cycles and what is measured is no luck."""
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60, help="how long to watch (60)")
    parser.add_argument("--tasks", type=int, default=100, help="open tasks on the board (100)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="music-sync-bench-") as folder:
        home = Path(folder)
        board = SqlBoard(open_engine(home / "var/state.db"))
        for number in range(options.tasks):
            board.add(Draft(f"Task {number}"))
        environ = {name: value for name, value in os.environ.items() if not name.startswith("MUSIC_SYNC_")}
        command = [sys.executable, "-m", "music_sync", "run", "--no-music-sync", "--interval", str(INTERVAL_S)]
        process = subprocess.Popen(command, env=environ | {"MUSIC_SYNC_HOME": folder}, stdout=subprocess.DEVNULL)
        try:
            until(lambda: cycles(home) >= 1)
            before_s, before_switches = used_s(process.pid), switches(process.pid)
            time.sleep(options.seconds)
            share = (used_s(process.pid) - before_s) / options.seconds
            wakes = (switches(process.pid) - before_switches) / options.seconds
            woken_s = [wake_s(home, board, number) for number in range(10)]
            rss_mb = resident_mb(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)
    print(f"idle: {share:.2%} of a core (wanted 1 %), {rss_mb:.0f} MB (wanted 90), {wakes:.2f} wakes/s (wanted 1)")
    print(f"a new task is handed over after {sorted(woken_s)[5] * 1e3:.0f} ms (slowest {max(woken_s) * 1e3:.0f})")
    shown = {"cpu_share": round(share, 5), "rss_mb": round(rss_mb, 1), "wakes_per_s": round(wakes, 2)}
    print(json.dumps({**shown, "woken_s": [round(each, 3) for each in woken_s], "tasks": options.tasks}))


def wake_s(home: Path, board: SqlBoard, number: int) -> float:
    """From adding a task to its file in an inbox."""
    task = board.add(Draft(f"New {number}"))
    began = time.perf_counter()
    if not wake(home / "var/wake"):
        sys.exit("nobody waited")
    inbox = home / "agents/Claude-MM1/01_inbox"
    until(lambda: any(inbox.glob(f"*{task.task_id}.json")))
    return time.perf_counter() - began


def cycles(home: Path) -> int:
    log = home / "continuous_handoff_orchestrator.log"
    return log.read_text("utf-8").count("cycle: music") if log.exists() else 0


def until(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not what():
        if time.monotonic() > deadline:
            sys.exit("it took longer than a minute")
        time.sleep(0.002)


def used_s(pid: int) -> float:
    """CPU seconds of a process so far, from /proc."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def switches(pid: int) -> int:
    """How often it went to sleep of its own accord."""
    return int(_status(pid, "voluntary_ctxt_switches"))


def resident_mb(pid: int) -> float:
    return int(_status(pid, "VmRSS").split()[0]) / 1024


def _status(pid: int, name: str) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    if sys.platform != "linux":
        sys.exit("reads /proc, so it needs Linux")
    main()
