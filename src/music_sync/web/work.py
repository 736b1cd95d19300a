"""What a person started from a page: it runs beside, one after the other, and its page tells how it went.

The catalogue remembers what was done; this remembers only who asked for what since the server started.
"""

import itertools
import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from music_sync.adapters.program_process import Ended
from music_sync.track.undo import sentence
from music_sync.web.shown import counts_text, ending_word

log = logging.getLogger(__name__)

MOST_KEPT = 100
_GOOD = frozenset({"done", "nothing_new"})

Step = tuple[Sequence[str], Sequence[str]]
"""A command of ours and what it is given."""


@dataclass
class Job:
    """One thing that was asked for."""

    number: int
    title: str
    back: str
    """The page to go back to."""
    steps: Sequence[Step]
    asked_at: str
    state: str = "waiting"
    """waiting, running, done or failed."""
    sentence: str = ""
    """What it did, or why not."""
    ended: threading.Event = field(default_factory=threading.Event)


class Work:
    """One for a server; its methods may be called from any thread."""

    def __init__(self, run: Callable[[Sequence[str], Sequence[str]], Ended]) -> None:
        self._run = run
        self._numbers = itertools.count(1)
        self._jobs: dict[int, Job] = {}
        self._queue: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None

    def start(self, title: str, back: str, steps: Sequence[Step]) -> Job:
        """Take it on; it runs when what was asked for before has ended."""
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        with self._lock:
            job = Job(next(self._numbers), title, back, steps, now)
            self._jobs[job.number] = job
            for old in [number for number, each in self._jobs.items() if each.ended.is_set()][:-MOST_KEPT]:
                del self._jobs[old]
            if self._worker is None:
                self._worker = threading.Thread(target=self._go_on, name="work", daemon=True)
                self._worker.start()
        self._queue.put(job)
        return job

    def job(self, number: int) -> Job | None:
        return self._jobs.get(number)

    def latest(self) -> Job | None:
        """What was asked for last."""
        with self._lock:
            return next(reversed(self._jobs.values()), None)

    def _go_on(self) -> None:
        while True:
            job = self._queue.get()
            job.state = "running"
            try:
                is_good, job.sentence = self._done(job)
            except Exception as error:
                # The edge of a job: the next one must have its turn.
                log.exception("%s broke off", job.title)
                is_good, job.sentence = False, f"it could not be started ({type(error).__name__}); the log tells more"
            job.state = "done" if is_good else "failed"
            job.ended.set()

    def _done(self, job: Job) -> tuple[bool, str]:
        """Whether all steps ended well, and what the last one did."""
        is_good, told = True, ""
        for command, values in job.steps:
            is_good, told = outcome(self._run(command, values))
            if not is_good:
                break
        return is_good, told


def outcome(ended: Ended) -> tuple[bool, str]:
    """Did a command do what was asked, and in one sentence what."""
    said = ended.said
    if not said or said.get("message"):
        return False, str(said.get("message") or ended.fault or f"it ended with code {ended.code}")
    if "undone" in said:
        return True, sentence(str(said["kind"]), str(said["label"]), is_back=bool(said["is_back"]))
    tracks = said.get("tracks")
    if isinstance(tracks, list) and len(tracks) == 1 and not said.get("sources"):
        return _of_track(tracks[0])
    counts = said.get("counts")
    return said.get("result") in _GOOD | {"needs_person", "partial"}, counts_text(counts or {})


def _of_track(track: Mapping[str, Any]) -> tuple[bool, str]:
    """One track that was tried again or judged."""
    name = " - ".join(filter(None, [str(track.get("artist", "")), str(track.get("title", ""))]))
    told = f"{name}: {ending_word(str(track.get('ending', '')))}"
    reason = str(track.get("reason", ""))
    return track.get("ending") != "failed", f"{told}; {reason}" if reason else told
