"""`music-sync` as a user runs it, quickly: each run is a fork of one warm process."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.journeys.world import World

TIMEOUT_S = 60.0
LONGEST_SENTENCE = 400
_A_PYTHON_REPR = re.compile(r"<[\w.]+ (?:object )?at 0x|\bPosixPath\(|\bNone\b|Error\(|b'[^']*'$|\[Errno")


@dataclass(frozen=True)
class Done:
    """How a run ended."""

    code: int
    out: str
    err: str
    pid: int = 0

    @property
    def json(self) -> Any:
        """The one object on standard output."""
        assert self.out.count("\n") == 1, self.out + self.err
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """What was said of the error: one clear line on standard error."""
        lines = [line for line in self.err.splitlines() if line.startswith(("music-sync: ", "Error: "))]
        assert len(lines) == 1, self.err
        must_be_clear(self.err)
        return lines[0]

    @property
    def reasons(self) -> dict[str, str]:
        """Why each track ended as it did, by the last part of its id."""
        return {track["source_id"].rpartition("/")[2]: track["reason"] for track in self.json["tracks"]}


def must_be_clear(text: str) -> None:
    """No traceback, no Python in it, and each line is short enough to be read."""
    assert "Traceback" not in text, text
    for line in text.splitlines():
        assert not _A_PYTHON_REPR.search(line), line
        assert len(line) <= LONGEST_SENTENCE, line


@dataclass
class Warm:
    """The warm process."""

    process: "subprocess.Popen[str]"
    folder: Path
    _runs: int = 0
    _running: set[int] = field(default_factory=set)

    def run(self, world: World, *arguments: str, timeout: float = TIMEOUT_S, **about: Any) -> Done:
        """Run to the end; `about`: umask, uid, files (most open ones), cwd, env (further variables), trap."""
        return self.start(world, *arguments, **about).ended(timeout)

    def start(self, world: World, *arguments: str, **about: Any) -> "Running":
        self._runs += 1
        out, err = self.folder / f"{self._runs}.out", self.folder / f"{self._runs}.err"
        order = {
            "start": arguments,
            "env": {**world.env, **about.get("env", {})},
            "cwd": str(about.get("cwd", world.music.parent)),
            "out": str(out),
            "err": str(err),
            "umask": about.get("umask"),
            "uid": about.get("uid", 0),
            "files": about.get("files", 0),
            "trap": about.get("trap"),
        }
        pid = self.ask(order)
        self._running.add(pid)
        return Running(self, pid, out, err)

    def ask(self, order: dict[str, Any]) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def wait(self, pid: int) -> int:
        code = self.ask({"wait": pid})
        self._running.discard(pid)
        return code

    def end_all(self) -> None:
        """End what a failed test left running."""
        for pid in tuple(self._running):
            os.kill(pid, signal.SIGKILL)
            self.wait(pid)


@dataclass(frozen=True)
class Running:
    """A run that has not ended yet."""

    warm: Warm
    pid: int
    out: Path
    err: Path

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def ended(self, timeout: float = TIMEOUT_S) -> Done:
        """Wait for its end; a run that takes too long is killed, which no test expects."""
        clock = threading.Timer(timeout, os.kill, (self.pid, signal.SIGKILL))
        clock.start()
        code = self.warm.wait(self.pid)
        clock.cancel()
        clock.join()
        return Done(code, self.out.read_text("utf-8"), self.err.read_text("utf-8"), self.pid)


@contextmanager
def warmed(folder: Path) -> Iterator[Warm]:
    """Start the warm process; it ends with the block."""
    server = "tests.journeys.warm_server"
    process = subprocess.Popen(
        [sys.executable, "-m", server],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    assert process.stdin
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    warm = Warm(process, folder)
    yield warm
    warm.end_all()
    process.stdin.close()
    process.wait(timeout=30)
    process.stdout.close()
