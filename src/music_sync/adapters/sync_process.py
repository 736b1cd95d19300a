"""A sync as a process of its own: what goes wrong in it, or grows in it, does not stay in the orchestrator."""

import ctypes
import json
import logging
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, Any

from music_sync.model.report import EXIT_CODES, RunReport

log = logging.getLogger(__name__)

SILENT_S = 1800.0
"""A sync that tells nothing for so long hangs; there is no limit to how long one that makes progress may take."""
STOP_WITHIN_S = 4.5

_PR_SET_PDEATHSIG = 1


class SyncProcess:
    """Runs `music-sync sync --json` in a process group of its own, and never leaves one of its processes behind."""

    def __init__(
        self,
        command: tuple[str, ...] = ("-P", "-m", "music_sync", "sync", "--json"),
        silent_s: float = SILENT_S,
        *,
        outlives_us: bool = False,
    ) -> None:
        """`outlives_us`: a sync goes on when this process is killed; for callers with threads, of which none is safe
        to leave behind in a forked child."""
        self._outlives_us = outlives_us
        self._command = [sys.executable, *command]
        self._silent_s = silent_s
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, tell: Callable[[str], None], *more: str) -> Mapping[str, Any]:
        """Sync once, with these further arguments, and give its report; `tell` hears each line of its progress.

        A process that was killed, hung or printed no report gives a report with the result `error` that says so.
        """
        promise = _dying_with(os.getpid()) if sys.platform == "linux" and not self._outlives_us else None
        self._process = process = subprocess.Popen(  # noqa: S603 - our own program
            [*self._command, *more],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=promise,  # noqa: PLW1509 - only where there are no threads
        )
        printed, hung = self._listen(process, tell)
        if hung:
            self.end(signal.SIGKILL)
        process.wait()
        self.end(signal.SIGKILL)
        self._process = None
        return _report(printed, process.returncode, f"told nothing for {self._silent_s:.0f} s" if hung else "")

    def end(self, number: int) -> None:
        """Send a signal to the whole process group; harmless when none runs."""
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def wait(self, seconds: float) -> None:
        """Give a process that was asked to end so long, then end what is left of its group."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
            self.end(signal.SIGKILL)

    def _listen(self, process: "subprocess.Popen[bytes]", tell: Callable[[str], None]) -> tuple[bytes, bool]:
        """All of its standard output, and whether it fell silent; lines of its progress are told as they come."""
        assert process.stdout is not None  # noqa: S101 - both are pipes
        assert process.stderr is not None  # noqa: S101
        printed, told = bytearray(), bytearray()
        with selectors.DefaultSelector() as both, process.stdout, process.stderr:
            both.register(process.stdout, selectors.EVENT_READ, printed)
            both.register(process.stderr, selectors.EVENT_READ, told)
            while both.get_map():
                ready = both.select(self._silent_s)
                if not ready:
                    return bytes(printed), True
                for key, _ in ready:
                    if not _read(key.fileobj, key.data):
                        both.unregister(key.fileobj)
                while b"\n" in told:
                    line, _, rest = bytes(told).partition(b"\n")
                    told[:] = rest
                    tell(line.decode("utf-8", "replace"))
        return bytes(printed), False


def _read(stream: "IO[bytes] | int | Any", into: bytearray) -> bool:
    block = os.read(stream if isinstance(stream, int) else stream.fileno(), 65536)
    into += block
    return bool(block)


def _dying_with(parent: int) -> Callable[[], None]:
    """What the child does before it becomes the sync: from then on it is asked to stop when its parent dies."""
    library = ctypes.CDLL(None)

    def promise() -> None:
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(128 + signal.SIGTERM)

    return promise


def _report(printed: bytes, code: int, fault: str) -> Mapping[str, Any]:
    report = None if fault else _last_object(printed)
    if report is not None:
        return report
    told = fault or (f"was ended by signal {-code}" if code < 0 else f"ended with code {code} and no report")
    message = f"the sync {told}; the next one goes on from there, its log is logs/music_sync.log"
    return RunReport(fault="error", message=message).as_json()


def _last_object(printed: bytes) -> Mapping[str, Any] | None:
    """The report on the last line, if there is one of the promised shape."""
    lines = printed.strip().splitlines()
    try:
        report = json.loads(lines[-1]) if lines else None
    except ValueError:
        return None
    if not isinstance(report, dict) or report.get("result") not in EXIT_CODES:
        return None
    shape = {"counts": dict, "tracks": list, "sources": list}
    return report if all(isinstance(report.get(name), kind) for name, kind in shape.items()) else None
