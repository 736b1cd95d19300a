"""What is armed in a fork of the warm process: it tells of stages and changes of state, and dies at a chosen one."""

import logging
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

STATE_CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate"})


def arm(trap: dict[str, Any]) -> None:
    """See `forks.ForkServer.run`; `trace` and `counted` are the files that tell of both."""
    trap_stages(trap)
    trap_changes(trap["change"], os.open(trap["counted"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))


def trap_stages(trap: dict[str, Any]) -> None:
    """Trace each start and end of a stage, and kill at the wanted one."""
    trace = os.open(trap["trace"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    seen: Counter[str] = Counter()

    class Trap(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not isinstance(record.args, tuple) or len(record.args) != 2:
                return
            key, stage = record.args
            when = "before" if record.msg.endswith("starts") else "after"
            os.write(trace, f"{when}\t{key}\t{stage}\n".encode("utf-8", "surrogateescape"))
            seen[f"{when} {stage}"] += 1
            if f"{when} {stage}" == trap["stage"] and seen[trap["stage"]] == trap["nth"]:
                die()

    steps = logging.getLogger("music_sync.flows.steps")
    steps.setLevel(logging.DEBUG)
    steps.addHandler(Trap(logging.DEBUG))
    steps.propagate = False
    trace_detect(steps)


def trace_detect(steps: logging.Logger) -> None:
    """Detect belongs to a round and not to a track, so the flows do not tell its start and end among the steps."""
    from music_sync.track import stages

    detect = vars(stages)["detect"]

    def told(*args: Any) -> Any:
        steps.debug("%s: %s starts", "round", "detect")
        detected = detect(*args)
        steps.debug("%s: %s ended", "round", "detect")
        return detected

    vars(stages)["detect"] = told


def trap_changes(at: int, counted: int) -> None:
    """Count the changes of state, tell how many there were, and kill at the wanted one."""
    lock, count = threading.Lock(), 0

    def changed() -> None:
        nonlocal count
        with lock:
            count += 1
            os.pwrite(counted, f"{count}".encode(), 0)
            if count == at:
                die()

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event in STATE_CHANGES or (event == "open" and isinstance(args[2], int) and args[2] & os.O_ACCMODE):
            changed()

    def around(call: Callable[..., Any]) -> Callable[..., Any]:
        def with_both(*args: Any) -> Any:
            changed()
            result = call(*args)
            changed()
            return result

        return with_both

    import sqlalchemy as sa

    os.fsync = around(os.fsync)
    sa.event.listen(sa.Engine, "commit", lambda _: changed())
    sys.addaudithook(audit)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
