"""The clock: when music is due, from one small state that cron, loop and hand share.

Stamps are epoch seconds, so that time zones and summer time change nothing; only quiet hours look at the local day.
Decisions are plain functions of the state and of now: a test can live through years in a second.
"""

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from music_sync.adapters import last_run_file
from music_sync.adapters.last_run_file import LastRun

FIRST_PAUSE_S = 60.0
"""After a failure; doubled with each further one, up to the interval."""
MOST_JITTER = 0.1
"""Share of a pause that chance may add, so that a thousand machines do not knock together."""


SUCCESSES = frozenset({"done", "nothing_new", "partial", "needs_person"})
"""Results after which the next sync is due an interval later; all others are tried again sooner."""


@dataclass(frozen=True)
class QuietHours:
    """Hours of the local day in which nothing is started by the clock; they may span midnight."""

    start: time
    end: time

    @classmethod
    def read(cls, text: str) -> "QuietHours | None":
        """From `22:00-07:30`, checked already; None from empty text."""
        if not text:
            return None
        start, _, end = text.partition("-")
        return cls(time.fromisoformat(start), time.fromisoformat(end))

    def hold(self, moment: datetime) -> bool:
        clock = moment.time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True)
class Verdict:
    """Whether the clock wants a sync now; `missed` counts whole intervals that passed without one (a laptop slept)."""

    is_due: bool
    reason: str
    missed: int = 0


def judge(last: LastRun, now: datetime, interval_s: float, quiet: QuietHours | None = None) -> Verdict:
    """Say whether music is due; `now` is aware and in local time. The state must have been through `clamped`."""
    stamp = now.timestamp()
    due_at = due_from(last, interval_s)
    if due_at is not None and stamp < due_at:
        return Verdict(is_due=False, reason=f"due in {timedelta(seconds=round(due_at - stamp))}")
    if quiet and quiet.hold(now):
        return Verdict(is_due=False, reason=f"due, but quiet until {quiet.end:%H:%M}")
    if due_at is None:
        return Verdict(is_due=True, reason="never synced before")
    missed = int((stamp - due_at) // interval_s)
    reason = f"interval passed, missed x{missed}" if missed else "interval passed"
    return Verdict(is_due=True, reason=reason, missed=missed)


def due_from(last: LastRun, interval_s: float) -> float | None:
    """From when on a sync is due, in epoch seconds; None for at once."""
    if last.consecutive_failures and last.next_due is not None:
        return last.next_due
    if last.last_run is None:
        return None
    return last.last_run + interval_s


def clamped(last: LastRun, now_s: float, interval_s: float) -> LastRun:
    """The state with stamps of the future brought to now: a clock that jumped delays by one interval at the most.

    It must be written back when it differs, else each look would begin the wait anew.
    """
    stamps = {
        name: min(value, now_s)
        for name in ("last_run", "last_attempt")
        if (value := getattr(last, name)) is not None and value > now_s
    }
    latest = now_s + interval_s * (1 + MOST_JITTER)
    if last.next_due is not None and last.next_due > latest:
        stamps["next_due"] = now_s + interval_s
    return replace(last, **stamps)


def after(last: LastRun, result: str, *, succeeded: bool, now_s: float, interval_s: float, chance: float) -> LastRun:
    """The state after an attempt; `chance` is a random number from 0 to 1 for the jitter of a pause."""
    failures = 0 if succeeded else last.consecutive_failures + 1
    pause_s = interval_s
    if failures:
        doubled = FIRST_PAUSE_S * 2 ** min(failures - 1, 32)
        pause_s = min(doubled * (1 + MOST_JITTER * chance), interval_s)
    return LastRun(
        last_run=now_s if succeeded else last.last_run,
        last_attempt=now_s,
        result=result,
        consecutive_failures=failures,
        next_due=now_s + pause_s,
    )


def remember(file: Path, result: str, interval_s: float) -> None:
    """Write down a sync of all sources that ended just now."""
    now_s = datetime.now(UTC).timestamp()
    last = clamped(last_run_file.read(file), now_s, interval_s)
    succeeded = result in SUCCESSES
    chance = random.random()  # noqa: S311 - spreads machines, keeps no secret
    state = after(last, result, succeeded=succeeded, now_s=now_s, interval_s=interval_s, chance=chance)
    last_run_file.write(file, state)
