"""`music-sync` in forks of one warm process, to be killed at a chosen point."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.journeys.world import World


@dataclass
class ForkServer:
    """Runs music-sync in forks of one warm process."""

    process: "subprocess.Popen[str]"

    def run(
        self, world: World, *arguments: str, stage: str = "", nth: int = 1, change: int = 0
    ) -> tuple[int, int, str]:
        """Exit status (negative: the signal), changes of state, and all that was printed."""
        assert self.process.stdin
        assert self.process.stdout
        out = world.home.parent / "out.txt"
        order = {
            "args": arguments,
            "env": world.env,
            "out": str(out),
            "trace": str(trace_of(world)),
            "stage": stage,
            "nth": nth,
            "change": change,
        }
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["code"], answer["changes"], out.read_text()


@contextmanager
def forking() -> Iterator[ForkServer]:
    """Start the warm process; it ends with the block."""
    server = "tests.journeys.fork_server"
    process = subprocess.Popen(
        [sys.executable, "-m", server],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    yield ForkServer(process)
    assert process.stdin
    process.stdin.close()
    process.wait(timeout=30)
    process.stdout.close()


def trace_of(world: World) -> Path:
    return world.home.parent / "trace.txt"
