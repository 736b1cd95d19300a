"""The real program, run as a process of its own, watched from outside and killed when that is wanted."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from music_sync.model.endings import STAGES
from music_sync.model.happenings import Happening, Tell
from music_sync.model.report import COUNTED

STARTED = frozenset({*STAGES, "match sound", "own sound", "settle"})
"""Words that begin a line for a stage of a track that is started."""

Started = tuple[str, str]
"""What a track is called, and the stage of it that was started."""


@dataclass(frozen=True)
class Ran:
    """One life of the program."""

    code: int
    """Its exit code; negative for the signal that ended it."""
    started: tuple[Started, ...]
    """In the order in which they were told."""
    said: tuple[str, ...]
    """What else it told on standard error."""
    printed: str
    """Standard output."""

    @property
    def report(self) -> Mapping[str, Any]:
        """The JSON object it printed; empty when it did not come to that."""
        lines = self.printed.splitlines()
        return json.loads(lines[-1]) if lines else {}

    @property
    def last_words(self) -> str:
        """Why it ended as it did, as far as it said so."""
        return self.said[-1] if self.said else "it said nothing"


@dataclass(frozen=True)
class Program:
    """`music-sync` under an environment of its own."""

    environment: Mapping[str, str]

    def run(
        self, *arguments: str, tell: Tell = lambda _: None, kill_when: Callable[[Sequence[Started]], bool] | None = None
    ) -> Ran:
        """Run it to its end, or until what it has started asks for SIGKILL; each event is told on."""
        with tempfile.TemporaryFile() as printed, self._running(arguments, printed) as process:
            assert process.stderr is not None  # noqa: S101 - a pipe was asked for
            started: list[Started] = []
            said: list[str] = []
            for line in process.stderr:
                word, _, label = line.rstrip("\n").partition(": ")
                if word in STARTED:
                    started.append((label, word))
                    tell(Happening(label, label, word, "started"))
                elif word in COUNTED:
                    tell(Happening(label, label, "settle", "ended", 1.0, word))
                else:
                    said.append(line.rstrip("\n"))
                if kill_when and kill_when(started):
                    process.kill()
                    kill_when = None
            code = process.wait()
            printed.seek(0)
            return Ran(code, tuple(started), tuple(said), printed.read().decode("utf-8"))

    def run_together(self, *commands: Sequence[str]) -> list[Ran]:
        """Run commands that only read side by side, which takes as long as the slowest."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(max_workers=len(commands)) as pool:
            return list(pool.map(lambda command: self.run(*command), commands))

    @contextmanager
    def _running(self, arguments: Sequence[str], printed: IO[bytes]) -> Iterator["subprocess.Popen[str]"]:
        # -P: a folder called music_sync in the working directory is not the program. The process gets a session of its
        # own, so that Ctrl-C reaches only us, and we end it.
        command = [sys.executable, "-P", "-m", "music_sync", *arguments]
        with subprocess.Popen(  # noqa: S603 - our own program
            command,
            env={**self.environment, "PYTHONUTF8": "1", "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
