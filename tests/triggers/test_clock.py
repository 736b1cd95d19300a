"""The clock under sleep, jumps and summer time, lived through with a virtual clock."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from music_sync.adapters.last_run_file import LastRun
from music_sync.triggers.clock import QuietHours, after, clamped, judge

HOUR = 3600.0
INTERVAL = 6 * HOUR
START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
BERLIN = ZoneInfo("Europe/Berlin")


@dataclass
class Loop:
    """The orchestrator's loop reduced to its clock: it looks every 60 s while it is awake."""

    now_s: float = START
    last: LastRun = field(default_factory=LastRun)
    zone: ZoneInfo = BERLIN
    quiet: QuietHours | None = None
    succeed: bool = True
    runs: list[float] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def look(self) -> None:
        self.last = clamped(self.last, self.now_s, INTERVAL)
        verdict = judge(self.last, datetime.fromtimestamp(self.now_s, self.zone), INTERVAL, self.quiet)
        if verdict.is_due:
            self.runs.append(self.now_s)
            self.reasons.append(verdict.reason)
            self.last = after(
                self.last, "done", succeeded=self.succeed, now_s=self.now_s, interval_s=INTERVAL, chance=0.5
            )

    def live(self, seconds: float) -> None:
        """Stay awake for so long."""
        end = self.now_s + seconds
        while self.now_s < end:
            self.look()
            self.now_s += 60

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def test_it_runs_at_once_when_it_never_ran_and_then_once_an_interval() -> None:
    loop = Loop()
    loop.live(24 * HOUR)

    assert [run - START for run in loop.runs] == [0, INTERVAL, 2 * INTERVAL, 3 * INTERVAL]


@pytest.mark.parametrize("hours", [1, 7, 72, 24 * 30])
def test_a_sleep_of_any_length_gives_at_most_one_catch_up_within_a_minute(hours: float) -> None:
    loop = Loop()
    loop.live(120)
    loop.sleep(hours * HOUR)
    woke = loop.now_s
    loop.live(600)

    caught_up = [run for run in loop.runs if run >= woke]
    assert len(caught_up) == (hours >= 6)
    assert all(run - woke <= 60 for run in caught_up)
    assert not caught_up or hours < 12 or "missed x" in loop.reasons[-1]


@pytest.mark.parametrize("jump_s", [-2 * HOUR, -24 * HOUR, -365 * 24 * HOUR, 10 * 365 * 24 * HOUR, 1.0])
def test_a_clock_jump_neither_stops_nor_storms(jump_s: float) -> None:
    loop = Loop()
    loop.live(7 * HOUR)
    before = len(loop.runs)
    loop.now_s += jump_s
    loop.live(12 * HOUR)

    assert 1 <= len(loop.runs) - before <= 3


def test_a_thousand_days_of_sleeps_jumps_and_summer_times_miss_and_double_nothing() -> None:
    chance = random.Random(20261123)
    loop = Loop()
    for _ in range(1400):
        loop.live(chance.uniform(1, 15) * HOUR)
        if chance.random() < 0.9:
            loop.sleep(chance.uniform(0, 23) * HOUR)
        if chance.random() < 0.02:
            loop.now_s += chance.choice([-3 * HOUR, -1.0, 1.0, 3 * HOUR])

    jumps_back = sum(later < earlier for earlier, later in pairwise(loop.runs))
    gaps = [later - earlier for earlier, later in pairwise(loop.runs) if later > earlier]
    assert (loop.now_s - START) / 86400 > 1000
    # Only a clock set back may bring two runs closer than an interval, and then by no more than the jump.
    assert sum(gap < INTERVAL for gap in gaps) + jumps_back <= 20
    assert min(gaps) >= INTERVAL - 3 * HOUR - 60
    assert max(gaps) <= INTERVAL + 23 * HOUR + 3 * HOUR + 120


def test_failures_back_off_from_a_minute_to_the_interval_and_success_ends_it() -> None:
    loop = Loop(succeed=False)
    loop.live(48 * HOUR)

    gaps = [later - earlier for earlier, later in pairwise(loop.runs)]
    assert gaps[:4] == [120, 180, 300, 540]
    assert max(gaps) == INTERVAL
    assert all(later >= earlier for earlier, later in pairwise(gaps))
    loop.succeed = True
    loop.live(12 * HOUR)
    assert loop.last.consecutive_failures == 0


def test_quiet_hours_hold_a_run_back_until_they_end_over_midnight_and_summer_time() -> None:
    loop = Loop(now_s=datetime(2026, 3, 28, 20, tzinfo=BERLIN).timestamp(), quiet=QuietHours(time(22), time(7, 30)))
    loop.live(3 * 24 * HOUR)

    clocks = [datetime.fromtimestamp(run, BERLIN) for run in loop.runs]
    assert len(clocks) >= 6
    assert all(time(7, 30) <= clock.time() < time(22) for clock in clocks)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"])
def test_summer_time_neither_skips_nor_doubles_an_interval(zone: str) -> None:
    for day in (datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC)):
        loop = Loop(now_s=day.timestamp(), zone=ZoneInfo(zone))
        loop.live(30 * 24 * HOUR)

        gaps = {later - earlier for earlier, later in pairwise(loop.runs)}
        assert gaps == {INTERVAL}


def test_a_stamp_of_the_future_is_brought_to_now_once_and_for_all() -> None:
    future = LastRun(last_run=START + 400 * 24 * HOUR, next_due=START + 400 * 24 * HOUR)
    seen = clamped(future, START, INTERVAL)

    assert seen.last_run == START
    assert clamped(seen, START + 60, INTERVAL) == seen
    now = datetime.fromtimestamp(START, UTC) + timedelta(seconds=INTERVAL)
    assert judge(seen, now, INTERVAL).is_due
