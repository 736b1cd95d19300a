"""How a step of a track's journey is run: told, counted, held back when a stop is asked for, its faults translated."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from dbos import DBOS

from music_sync.flows.engine import Stop
from music_sync.model.errors import GiveUp
from music_sync.model.happenings import Happening
from music_sync.model.report import TrackReport
from music_sync.model.track import FoundTrack
from music_sync.track import staging
from music_sync.track.faults import translated
from music_sync.track.stages import Stages

log = logging.getLogger(__name__)

MOST_STARTS = 4
"""A step that was started so often and never ended has stopped the whole program each time: the track is parked."""

Trace = Callable[[str, str], AbstractContextManager[None]]
"""Watches a step of a track while its block runs; takes the step's name and the track's key."""


def untraced(_stage: str, _track: str) -> AbstractContextManager[None]:
    return nullcontext()


_stages: Stages | None = None
_stop = Stop()
_trace: Trace = untraced
_seen: list[TrackReport] = []
_times: dict[str, tuple[int, float]] = {}
_timing = threading.Lock()


def use(stages: Stages, stop: Stop, trace: Trace = untraced) -> None:
    """Give the flows their stages; before the engine is launched, since it takes up unfinished flows at once."""
    global _stages, _stop, _trace
    _stages, _stop, _trace = stages, stop, trace


def saw(known: Iterable[TrackReport]) -> None:
    """Keep for the report of this process what a round passed over."""
    _seen.extend(known)


def seen() -> list[TrackReport]:
    """What rounds passed over since this was asked last."""
    known = list(_seen)
    _seen.clear()
    return known


def times() -> dict[str, tuple[int, float]]:
    """How often each stage ran since this was asked last, and how many seconds that took."""
    with _timing:
        known = dict(_times)
        _times.clear()
        return known


def _took(stage: str, seconds: float) -> None:
    with _timing:
        count, total = _times.get(stage, (0, 0.0))
        _times[stage] = (count + 1, total + seconds)


class Steps:
    """The steps of one track's journey; `stage` is the one that was started last."""

    def __init__(self, stages: Stages, found: FoundTrack | None) -> None:
        self.stages = stages
        self.stage = ""
        self._found = found

    @classmethod
    def of(cls, found: FoundTrack | None) -> "Steps":
        if _stages is None:
            raise RuntimeError("the flows have no stages: call use() before the engine is launched")
        return cls(_stages, found)

    def run(self, stage: str, work: Callable[..., Any], *args: object) -> Any:
        """Run a stage as a recorded step; one that is recorded already gives its recorded result."""
        self.stage = stage
        return DBOS.run_step({"name": stage}, lambda: self._watched(stage, lambda: work(*args)))

    def _watched(self, stage: str, work: Callable[[], Any]) -> Any:
        assert self._found is not None  # noqa: S101 - only journeys run steps
        found = self._found

        def forget() -> None:
            staging.count_end(self.stages.staging, found.key, stage)

        with _stop.step(forget), _trace(stage, found.key):
            self.stages.tell(Happening(found.key, found.label, stage, "started"))
            log.debug("%s: %s starts", found.key, stage)
            if stage == "settle":
                return work()
            began = time.monotonic()
            try:
                return translated(found, stage, lambda: self._counted(found, stage, work))
            finally:
                _took(stage, time.monotonic() - began)
                log.debug("%s: %s ended", found.key, stage)

    def _counted(self, found: FoundTrack, stage: str, work: Callable[[], Any]) -> Any:
        starts = staging.count_start(self.stages.staging, found.key, stage)
        try:
            if starts > MOST_STARTS:
                text = f"{stage} of {found.label} stopped the program {starts - 1} times; it is left aside"
                raise GiveUp(f"{text}, `music-sync retry` tries it again", rule="poison")
            return work()
        finally:
            staging.count_end(self.stages.staging, found.key, stage)
