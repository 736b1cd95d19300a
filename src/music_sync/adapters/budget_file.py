"""What a service allows us: one token bucket and one day's budget a service, shared by all processes of a home.

The state is a small JSON file under a lock. It is no ledger: when it is lost, the service itself still says no.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from music_sync.adapters.durable_files import faults_about
from music_sync.model.errors import ServiceUnavailable

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S
LONGEST_BLOCK_S = 2.0 * _DAY_S
"""No service was seen to ask for more; what tells of a longer time is no number of seconds, or a clock that was wrong."""


@dataclass(frozen=True)
class Limits:
    """How much of a service we use: `burst` calls at once, then `per_s`; and `a_day` in all, None for no such limit."""

    burst: int
    per_s: float
    a_day: int | None = None
    day: str = "rolling"
    """`rolling` for any 24 hours, else the time zone whose midnight begins a new day."""
    unit: str = "calls"


@dataclass(frozen=True)
class Spent:
    """What `status` tells of a budget."""

    service: str
    label: str
    unit: str
    used: int
    """In the day that counts now."""
    a_day: int | None
    blocked_until: float | None
    """Epoch seconds; None when the service limits us no more."""
    why: str


class Budget:
    """The budget of one service in one home."""

    def __init__(
        self,
        folder: Path,
        service: str,
        label: str,
        limits: Limits,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.service = service
        self.label = label
        self._file = folder / f"{service}.json"
        self._limits = limits
        self._now = now
        self._sleep = sleep

    def take(self, cost: int = 1, *, within_s: float = 60.0) -> None:
        """Wait for our turn and count the call; raises ServiceUnavailable when the service or our budget says no.

        Also raised, and nothing is taken, when the turn would come later than in `within_s` seconds.
        """
        with self._state() as state:
            now = self._now()
            self._refuse_blocked(state, now)
            self._refuse_used_up(state, now, cost)
            wait_s = self._turn(state, now, within_s)
            hour = str(int(now // _HOUR_S))
            state["hours"][hour] = state["hours"].get(hour, 0) + cost
        if wait_s > 0:
            self._sleep(wait_s)

    def block(self, after_s: float, why: str) -> None:
        """The service asked us to stay away for so many seconds; every process of this home does."""
        with self._state() as state:
            state["until"] = max(_still(state, self._now()), self._now() + min(after_s, LONGEST_BLOCK_S))
            state["why"] = why

    def slow_down(self, left: int, reset_s: float) -> None:
        """The service told how many calls are left until its window ends; none means that we wait that long."""
        if left <= 0:
            with self._state() as state:
                state["rest_until"] = self._now() + min(reset_s, _HOUR_S)

    def _turn(self, state: dict[str, Any], now: float, within_s: float) -> float:
        """Take a token, on credit when none is left; gives the seconds until it is ours."""
        since_s = max(0.0, now - state["at"])
        left: float = min(float(self._limits.burst), state["left"] + since_s * self._limits.per_s) - 1
        # A clock that was put back leaves both in the future, where neither makes sense.
        rest_s = state["rest_until"] - now
        wait_s: float = max(0.0, -left / self._limits.per_s) + (rest_s if 0 < rest_s <= _HOUR_S else 0.0)
        if wait_s > within_s:
            raise ServiceUnavailable(
                f"{self.label} has many calls of ours waiting; the next sync goes on from there", wait_s
            )
        state["left"], state["at"] = left, now
        return wait_s

    def _refuse_blocked(self, state: Mapping[str, Any], now: float) -> None:
        if until := _still(state, now):
            raise ServiceUnavailable(
                f"{state['why']} until {when(until, now)}; other work goes on, and a sync after that too", until - now
            )

    def _refuse_used_up(self, state: dict[str, Any], now: float, cost: int) -> None:
        used, a_day = self._used(state["hours"], now), self._limits.a_day
        if a_day is not None and used + cost > a_day:
            until = self._free_again(state["hours"], now)
            raise ServiceUnavailable(
                f"our budget of {a_day} {self._limits.unit} a day at {self.label} is used up "
                f"until {when(until, now)}; other work goes on",
                until - now,
            )

    def _used(self, hours: dict[str, int], now: float) -> int:
        began = self._day_began(now)
        # A clock that was put back leaves hours that have not come yet; those of more than a day ahead make no sense.
        oldest, newest = min(began, now - 2 * _DAY_S), now + _DAY_S
        for hour in [each for each in hours if not oldest < (int(each) + 1) * _HOUR_S <= newest]:
            del hours[hour]
        return sum(count for hour, count in hours.items() if (int(hour) + 1) * _HOUR_S > began)

    def _day_began(self, now: float) -> float:
        if self._limits.day == "rolling":
            return now - _DAY_S
        local = datetime.fromtimestamp(now, ZoneInfo(self._limits.day))
        return local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()

    def _free_again(self, hours: Mapping[str, int], now: float) -> float:
        if self._limits.day != "rolling":
            local = datetime.fromtimestamp(now, ZoneInfo(self._limits.day)) + timedelta(days=1)
            return local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        oldest = min(int(hour) for hour in hours if (int(hour) + 1) * _HOUR_S > self._day_began(now))
        return (oldest + 25) * float(_HOUR_S)

    def spent(self) -> Spent:
        """What was used; nothing is written."""
        state = _read(self._file)
        now = self._now()
        until = _still(state, now) or None
        used = self._used(dict(state["hours"]), now)
        limits = self._limits
        return Spent(self.service, self.label, limits.unit, used, limits.a_day, until, state["why"] if until else "")

    @contextmanager
    def _state(self) -> Iterator[dict[str, Any]]:
        """The state, held by this process alone while the block runs, and kept when it ends well."""
        with faults_about(self._file):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            state = _parsed(os.pread(descriptor, 1_000_000, 0), self._limits.burst)
            yield state
            kept = {**state, "label": self.label, "limits": vars(self._limits)}
            content = json.dumps(kept).encode()
            with faults_about(self._file):
                os.pwrite(descriptor, content, 0)
                os.ftruncate(descriptor, len(content))
        finally:
            os.close(descriptor)


def spent_in(folder: Path, now: Callable[[], float] = time.time) -> list[Spent]:
    """What was used of every service that was ever called from this home, by name."""
    found = []
    for file in sorted(folder.glob("*.json")):
        state = _read(file)
        if "limits" in state:
            budget = Budget(folder, file.stem, state["label"], Limits(**state["limits"]), now=now)
            found.append(budget.spent())
    return found


def when(stamp: float, now: float) -> str:
    """A moment as a person reads it, in local time: `18:05`, `Tue 18:05`, with how long that is."""
    moment = datetime.fromtimestamp(stamp, UTC).astimezone()
    minutes = max(1, round((stamp - now) / 60))
    long = f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
    is_today = moment.date() == datetime.fromtimestamp(now, UTC).astimezone().date()
    return f"{moment:%H:%M} (in {long})" if is_today else f"{moment:%a %H:%M} (in {long})"


def _still(state: Mapping[str, Any], now: float) -> float:
    """Until when the service asked to be left alone; 0 when that is over, or lies where only a wrong clock puts it."""
    until: float = state["until"]
    return until if now < until <= now + LONGEST_BLOCK_S else 0.0


def _read(file: Path) -> dict[str, Any]:
    try:
        content = file.read_bytes()
    except OSError:
        content = b""
    return _parsed(content, 0)


def _parsed(content: bytes, burst: int) -> dict[str, Any]:
    """The state, or a new one where there is none that can be read."""
    new: dict[str, Any] = {"left": float(burst), "at": 0.0, "hours": {}, "rest_until": 0.0, "until": 0.0, "why": ""}
    try:
        state = json.loads(content)
    except ValueError:
        return new
    return {**new, **state} if isinstance(state, dict) else new
