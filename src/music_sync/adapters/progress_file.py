"""What a run does just now, in one small file that the dashboard reads: it is another process, or another machine's eye.

The file holds the present and no history: it stays small however long a run is, is renamed into place whole, and whoever
begins to look sees everything at once. It is written a few times a second and never forced to the disk, for after a
power cut nothing runs that it could tell of.
"""

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from music_sync.model.happenings import Happening, Tell

PAUSE_S = 0.25
"""At least so long between two writes."""
MOST_LAST = 12
"""Tracks that ended last, which are told by name."""
LARGEST_BYTES = 1_000_000


@dataclass(frozen=True)
class Active:
    """A track that is being worked on."""

    key: str
    label: str
    stage: str
    fraction: float


@dataclass(frozen=True)
class Progress:
    """How far a run is; with nothing in it when none ever ran here."""

    what: str = ""
    """The command."""
    started_at: str = ""
    ended_at: str = ""
    """Empty while it runs; one that was killed never says that it ended."""
    total: int = 0
    """Tracks that the run takes on, as far as it is known."""
    endings: dict[str, int] = field(default_factory=dict)
    active: tuple[Active, ...] = ()
    last: tuple[tuple[str, str], ...] = ()
    """Name and ending of those that ended last, newest first."""
    told: str = ""
    """The last plain line."""

    @property
    def ended(self) -> int:
        return sum(self.endings.values())


def read(file: Path) -> Progress:
    """What the file says; nothing when there is none or it cannot be read."""
    try:
        with file.open("rb") as opened:
            content = json.loads(opened.read(LARGEST_BYTES))
        active = tuple(Active(**each) for each in content.pop("active"))
        last = tuple((str(name), str(ending)) for name, ending in content.pop("last"))
        return Progress(**content, active=active, last=last)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Progress()


@contextmanager
def watched(file: Path, what: str, tell: Tell) -> Iterator[Tell]:
    """Tell on, and keep the file while the block runs; that it cannot be written hinders no run."""
    kept = _Kept(file, what)
    writer = threading.Thread(target=kept.write_often, name="progress", daemon=True)
    writer.start()

    def both(happening: Happening) -> None:
        kept.see(happening)
        tell(happening)

    try:
        yield both
    finally:
        kept.end()
        writer.join()


class _Kept:
    """The present of one run, written by a thread of its own so that no track waits for the disk."""

    def __init__(self, file: Path, what: str) -> None:
        self._file = file
        self._what = what
        self._started_at = _now()
        self._total = 0
        self._endings: Counter[str] = Counter()
        self._active: dict[str, Active] = {}
        self._last: deque[tuple[str, str]] = deque(maxlen=MOST_LAST)
        self._told = ""
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._is_over = threading.Event()
        self._changed.set()

    def see(self, happening: Happening) -> None:
        with self._lock:
            self._see(happening)
        self._changed.set()

    def _see(self, happening: Happening) -> None:
        if happening.kind == "counted":
            self._total += happening.count
        elif happening.kind == "told":
            self._told = happening.text
        elif happening.stage == "detect":
            self._told = f"reading {happening.label}"
        elif happening.kind == "ended":
            self._active.pop(happening.key, None)
            self._endings[happening.text] += 1
            self._last.appendleft((happening.label, happening.text))
        else:
            self._active[happening.key] = Active(
                happening.key, happening.label, happening.stage, round(happening.fraction, 2)
            )

    def end(self) -> None:
        self._is_over.set()
        self._changed.set()

    def write_often(self) -> None:
        while not self._is_over.is_set():
            self._changed.wait()
            self._changed.clear()
            self._write("")
            self._is_over.wait(PAUSE_S)
        self._write(_now())

    def _write(self, ended_at: str) -> None:
        with self._lock:
            shape = self._shape(ended_at)
        part = self._file.with_name(f"{self._file.name}.part")
        with suppress(OSError):
            part.touch(0o600)
            part.write_bytes(json.dumps(shape).encode("utf-8", "backslashreplace"))
            part.replace(self._file)

    def _shape(self, ended_at: str) -> dict[str, Any]:
        active = () if ended_at else tuple(self._active.values())
        seen = (dict(self._endings), active, tuple(self._last), self._told)
        return asdict(Progress(self._what, self._started_at, ended_at, self._total, *seen))


def _now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
