"""The webhook inbox: what came starts what it asks for, once, and waits where that cannot start yet.

Events of one subject share a run. The first starts it at once; what comes meanwhile, or in a burst, shares the next.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from music_sync.model.errors import SyncError
from music_sync.model.events import DONE, FAILED, Inbox, Pile, Stored

log = logging.getLogger(__name__)

CALM_EVENTS = 10
BURST_PAUSE_S = 15.0
"""More than so many events of one subject are a burst: its next run begins so long after the one before began."""
LOOKED_EVERY_S = 0.1
"""One look serves all that came in so long, as it counts what waits."""
MOST_TRIES = 6
FIRST_PAUSE_S = 60.0
LONGEST_PAUSE_S = 3600.0
KEPT_FOR = timedelta(days=30)
"""Longer than any sender tries again, so that a repeat is known as one."""

AGAIN = frozenset({"unavailable", "environment", "error"})
"""Results after which the events of a run wait and try again."""

Work = Callable[[str, Sequence[Stored]], Mapping[str, Any]]
"""Does what events of one subject ask for; gives a report with `result`, and `told` in a sentence."""


class Lane(threading.Thread):
    """Works off the events of some subjects, one run after the other, until it is stopped."""

    def __init__(
        self,
        inbox: Inbox,
        takes: Callable[[str], bool],
        work: Work,
        *,
        wait_until_free: Callable[[], None] = lambda: None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`wait_until_free` is called when a run found another one at work, and returns when that has ended."""
        super().__init__(name="webhook events", daemon=True)
        self._inbox = inbox
        self.takes = takes
        self._work = work
        self._wait_until_free = wait_until_free
        self._monotonic_s = monotonic_s
        self._signal = threading.Condition()
        self._came = True
        self._stopped = False
        self._began: dict[str, float] = {}
        self._looked = -LOOKED_EVERY_S

    def arrived(self) -> None:
        """Something may be waiting; costs nothing when called for each event."""
        with self._signal:
            self._came = True
            self._signal.notify()

    def stop(self) -> None:
        """End after the run in hand."""
        with self._signal:
            self._stopped = True
            self._signal.notify()

    def run(self) -> None:
        pause_s: float | None = 0.0
        while self._waited(pause_s):
            try:
                pause_s = self.look()
            except SyncError as error:
                log.warning("webhook events wait: %s", error)
                pause_s = FIRST_PAUSE_S

    def look(self) -> float | None:
        """Do what is due; gives the seconds until something else is, or None when nothing waits."""
        later: list[float] = []
        for pile in self._inbox.piles():
            if self._stopped or not self.takes(pile.subject):
                continue
            wait_s = self._wait_s(pile)
            if wait_s > 0:
                later.append(wait_s)
                continue
            self._begin(pile.subject)
            # What came meanwhile stands among the piles now.
            return 0.0
        return min(later, default=None)

    def _wait_s(self, pile: Pile) -> float:
        due_s = (_moment(pile.due_at) - _now()).total_seconds() if pile.due_at else 0.0
        began = self._began.get(pile.subject)
        if pile.events <= CALM_EVENTS or began is None:
            return due_s
        return max(due_s, began + BURST_PAUSE_S - self._monotonic_s())

    def _begin(self, subject: str) -> None:
        run = uuid.uuid4().hex
        self._began[subject] = self._monotonic_s()
        events = self._inbox.start(subject, run)
        if not events:
            return
        log.info("webhook: %d events start %s", len(events), subject)
        try:
            report = self._work(subject, events)
        except SyncError as error:
            report = {"result": "error", "told": str(error)}
        except Exception as error:
            log.exception("the work for %s broke off", subject)
            report = {"result": "error", "told": f"it broke off ({type(error).__name__}); the log has the details"}
        self._end(run, events, str(report["result"]), str(report.get("told", "")))

    def _end(self, run: str, events: Sequence[Stored], result: str, told: str) -> None:
        tries = max(event.tries for event in events)
        if self._stopped and result != "done":
            # It was ended because we end: the next start takes it up.
            return
        if result == "locked":
            self._inbox.put_back(run, "", result, told, tried=False)
            self._wait_until_free()
        elif result in AGAIN and tries + 1 < MOST_TRIES:
            pause_s = min(FIRST_PAUSE_S * 2**tries, LONGEST_PAUSE_S)
            due_at = (_now() + timedelta(seconds=pause_s)).isoformat()
            self._inbox.put_back(run, due_at, result, told, tried=True)
            log.warning("webhook: %s, tried again in %.0f s: %s", result, pause_s, told)
        else:
            self._inbox.end(run, FAILED if result in AGAIN else DONE, result, told)

    def _waited(self, pause_s: float | None) -> bool:
        """Sleep for so long, or until something comes; False when it is time to end."""
        with self._signal:
            if not self._came and not self._stopped and pause_s != 0.0:
                self._signal.wait(pause_s)
            rest_s = self._looked + LOOKED_EVERY_S - time.monotonic()
            if self._came and pause_s != 0.0 and rest_s > 0:
                self._signal.wait_for(lambda: self._stopped, rest_s)
            self._looked = time.monotonic()
            self._came = False
            return not self._stopped


class Dispatcher:
    """All lanes of a home: syncs one after the other, and beside them what takes a moment only."""

    def __init__(self, inbox: Inbox, lanes: Collection[Lane]) -> None:
        self._inbox = inbox
        self._lanes = tuple(lanes)

    def start(self) -> None:
        """Take up what a kill left, forget what is old, and begin."""
        self._inbox.resume()
        self._inbox.forget((_now() - KEPT_FOR).isoformat())
        for lane in self._lanes:
            lane.start()

    def arrived(self, subjects: Collection[str] | None = None) -> None:
        """Something of these subjects may be waiting; of any, where none are named."""
        for lane in self._lanes:
            if subjects is None or any(map(lane.takes, subjects)):
                lane.arrived()

    def stop(self) -> None:
        """Begin nothing more."""
        for lane in self._lanes:
            lane.stop()

    def wait(self, within_s: float) -> None:
        """Wait for the runs in hand, each so long; what does not end is taken up by the next start."""
        for lane in self._lanes:
            lane.join(within_s)


def _now() -> datetime:
    return datetime.now(UTC)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
