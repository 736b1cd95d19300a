"""Our own program as a process of its own: it holds the lock, the engine and the audio libraries, the server does not."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    said: Mapping[str, Any]
    """The one object that `--json` prints; empty when it printed none."""
    fault: str
    """The sentence on standard error when there is no object, without the program's name."""


def run(command: Sequence[str], values: Sequence[str], environment: Mapping[str, str]) -> Ended:
    """Run `music-sync COMMAND --json -- VALUES` to its end, however long it takes; no value is taken for an option.

    In a session of its own: a Ctrl-C that ends the server leaves it to come to its end.
    """
    done = subprocess.run(  # noqa: S603 - our own program; every argument is one of the list
        [sys.executable, "-P", "-m", "music_sync", *command, "--json", "--", *values],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        start_new_session=True,
    )
    return Ended(done.returncode, _object_in(done.stdout), _fault_in(done.stderr))


def _object_in(printed: bytes) -> Mapping[str, Any]:
    lines = printed.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _fault_in(printed: bytes) -> str:
    lines = printed.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("music-sync: ").removeprefix("Error: ") if lines else ""
