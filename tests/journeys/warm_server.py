"""Runs `music-sync` in forks of one warm process, as a shell would: two outputs, an exit status, signals.

A line of JSON on standard input is one order: `{"start": [...], "env": {...}, "out": "file", "err": "file", ...}` answers
with the pid, `{"wait": pid}` with the exit status (negative: the signal). Importing everything once makes hundreds of
runs affordable; whether a cold start imports too much is tested elsewhere.
"""

import json
import os
import resource
import signal
import sys
from typing import Any

from tests.journeys.traps import arm
from tests.journeys.warm_modules import warm_up


def serve() -> None:
    warm_up()
    answer("ready")
    for line in sys.stdin:
        order = json.loads(line)
        answer(json.dumps(waited(order["wait"]) if "wait" in order else started(order)))


def answer(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def started(order: dict[str, Any]) -> int:
    child = os.fork()
    if child == 0:
        try:
            become(order)
        finally:
            os._exit(99)
    return child


def waited(child: int) -> int:
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def become(order: dict[str, Any]) -> None:
    """In the child: become `music-sync ARGS`, a process group of its own, so that what it leaves behind is found."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    for number, name in ((1, order["out"]), (2, order["err"])):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if order["files"]:
        resource.setrlimit(resource.RLIMIT_NOFILE, (order["files"], order["files"]))
    if order["uid"]:
        os.setgroups([])
        os.setgid(order["uid"])
        os.setuid(order["uid"])
    if order["umask"] is not None:
        os.umask(order["umask"])
    if order["trap"]:
        arm(order["trap"])
    sys.argv = ["music-sync", *map(os.fsdecode, map(os.fsencode, order["start"]))]
    from music_sync.cli import main

    code: object = 1
    try:
        main()
    except SystemExit as leaving:
        code = leaving.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    serve()
