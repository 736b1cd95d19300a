"""Runs music-sync again and again in forks of one warm process, and kills a fork at a chosen point.

A line of JSON on standard input is one run:
    {"args": [...], "env": {...}, "out": "file", "trace": "file", "stage": "before acquire", "nth": 1, "change": 0}
`stage` with `nth` kills (SIGKILL) when that stage starts or ends for the nth time; `change` kills at that many changes
of state (files opened for writing, renamed, removed, flushed; database commits). The answer is its exit status and the
number of changes. Importing everything once makes hundreds of kills affordable.
"""

import json
import logging
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.journeys.warm_modules import warm_up

STATE_CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate"})


def serve() -> None:
    warm_up()
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            run(order, writing)
        os.close(writing)
        changes = b""
        while block := os.read(reading, 65536):
            changes = block
        os.close(reading)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        print(json.dumps({"code": code, "changes": int(changes.split()[-1]) if changes else 0}), flush=True)


def run(order: dict[str, Any], writing: int) -> None:
    """In the child: become `music-sync ARGS`, with the traps armed."""
    os.environ.update(order["env"])
    out = os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    trap_stages(order)
    trap_changes(order["change"], writing)
    sys.argv = ["music-sync", *order["args"]]
    from music_sync.cli import main

    try:
        main()
    except SystemExit as leaving:
        code = leaving.code
    sys.stdout.flush()
    os._exit(code if isinstance(code, int) else 1)


def trap_stages(order: dict[str, Any]) -> None:
    """Trace each start and end of a stage, and kill at the wanted one."""
    trace = os.open(order["trace"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    seen: Counter[str] = Counter()

    class Trap(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not isinstance(record.args, tuple) or len(record.args) != 2:
                return
            key, stage = record.args
            when = "before" if record.msg.endswith("starts") else "after"
            os.write(trace, f"{when}\t{key}\t{stage}\n".encode("utf-8", "surrogateescape"))
            seen[f"{when} {stage}"] += 1
            if f"{when} {stage}" == order["stage"] and seen[order["stage"]] == order["nth"]:
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


def trap_changes(at: int, writing: int) -> None:
    """Count the changes of state, tell how many there were, and kill at the wanted one."""
    lock, count = threading.Lock(), 0

    def changed() -> None:
        nonlocal count
        with lock:
            count += 1
            os.write(writing, f"{count}\n".encode())
            if count == at:
                die()

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event in STATE_CHANGES or (event == "open" and isinstance(args[2], int) and args[2] & os.O_ACCMODE):
            changed()

    def around(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any) -> Any:
            changed()
            result = call(*args)
            changed()
            return result

        return counted

    import sqlalchemy as sa

    os.fsync = around(os.fsync)
    sa.event.listen(sa.Engine, "commit", lambda _: changed())
    sys.addaudithook(audit)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    serve()
