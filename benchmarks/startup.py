"""How long a command takes before it can do anything: ours beside Python itself and beets, in turns, ten rounds.

python benchmarks/startup.py [--rounds N] [--beet PROGRAM]
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

NOTHING = "python -c pass"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="how often each takes its turn (10)")
    parser.add_argument("--beet", help="the beet program, of any environment; default: the one beside this Python")
    options = parser.parse_args()
    commands = _commands(options.beet or shutil.which("beet", path=str(Path(sys.executable).parent)))
    with tempfile.TemporaryDirectory(prefix="music-sync-bench-") as home:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("MUSIC_SYNC_")}
        environ |= {"MUSIC_SYNC_HOME": home, "BEETSDIR": home}
        rounds = [_in_turn(commands, environ) for _ in range(options.rounds + 1)][1:]  # the first one warms up
    middle = {what: [median(costs[what][measure] for costs in rounds) for measure in (0, 1)] for what in commands}
    print(f"{'':24}{'wall ms':>9}{'CPU ms':>9}{'of python':>11}")
    for what, (wall_s, cpu_s) in middle.items():
        print(f"{what:24}{wall_s * 1e3:9.0f}{cpu_s * 1e3:9.0f}{cpu_s / middle[NOTHING][1]:10.1f}x")
    shown = {what: {"wall_s": round(wall_s, 4), "cpu_s": round(cpu_s, 4)} for what, (wall_s, cpu_s) in middle.items()}
    print(json.dumps({"rounds": options.rounds, "processors": os.cpu_count(), "median": shown}))


def _commands(beet: str | None) -> dict[str, list[str]]:
    ours = {
        words: [sys.executable, "-m", "music_sync", *words.split()] for words in ("--help", "status", "config show")
    }
    commands = {NOTHING: [sys.executable, "-c", "pass"]}
    commands |= {f"music-sync {words}": command for words, command in ours.items()}
    return commands | ({"beet version": [beet, "version"]} if beet else {})


def _in_turn(commands: Mapping[str, Sequence[str]], environ: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    """Wall and CPU seconds of each."""
    return {what: _measured(command, environ) for what, command in commands.items()}


def _measured(command: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float]:
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return wall_s, used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
