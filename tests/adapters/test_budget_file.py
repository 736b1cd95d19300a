"""The budget of a service: how fast, how much a day, and for how long not at all; shared by all processes of a home."""

import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from music_sync.adapters.budget_file import LONGEST_BLOCK_S, Budget, Limits, spent_in, when
from music_sync.model.errors import EnvironmentFault, ServiceUnavailable

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()


@dataclass
class Clock:
    """Time that passes only while someone waits."""

    at: float = NOON
    waited: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.at += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def budget(folder: Path, clock: Clock, limits: Limits) -> Budget:
    return Budget(folder, "spotify", "Spotify", limits, now=clock.now, sleep=clock.sleep)


def test_a_burst_goes_through_and_then_it_is_so_many_a_second(tmp_path: Path, clock: Clock) -> None:
    ours = budget(tmp_path, clock, Limits(burst=5, per_s=2))
    for _ in range(9):
        ours.take()

    assert clock.waited == [0.5] * 4


def test_two_processes_share_one_bucket(tmp_path: Path, clock: Clock) -> None:
    one, other = (budget(tmp_path, clock, Limits(burst=2, per_s=1)) for _ in range(2))
    one.take()
    other.take()
    one.take()

    assert clock.waited == [1.0]


def test_who_cannot_wait_that_long_is_told_and_takes_nothing(tmp_path: Path, clock: Clock) -> None:
    ours = budget(tmp_path, clock, Limits(burst=1, per_s=0.01))
    ours.take()
    with pytest.raises(ServiceUnavailable, match="the next sync goes on from there"):
        ours.take(within_s=10)

    assert ours.spent().used == 1


def test_a_day_s_budget_is_told_with_the_time_it_is_free_again(tmp_path: Path, clock: Clock) -> None:
    """P55: a budget of our own keeps us from being cut off for a day."""
    ours = budget(tmp_path, clock, Limits(burst=100, per_s=100, a_day=3))
    for _ in range(3):
        ours.take()
    with pytest.raises(
        ServiceUnavailable, match=r"our budget of 3 calls a day at Spotify is used up until .*; other work"
    ):
        ours.take()
    clock.at += 25 * 3600
    ours.take()

    assert ours.spent().used == 1


def test_a_day_of_a_time_zone_ends_at_its_midnight(tmp_path: Path, clock: Clock) -> None:
    limits = Limits(burst=100, per_s=100, a_day=2, day="America/Los_Angeles", unit="units")
    ours = budget(tmp_path, clock, limits)
    ours.take(2)
    with pytest.raises(ServiceUnavailable) as refused:
        ours.take()

    assert refused.value.after_s == 20 * 3600  # from 04:00 there to midnight
    clock.at += 20 * 3600
    ours.take()


def test_what_is_blocked_is_blocked_for_every_process_until_it_ends(tmp_path: Path, clock: Clock) -> None:
    limits = Limits(burst=5, per_s=5)
    budget(tmp_path, clock, limits).block(48_925, "Spotify limits us (QUOTA_EXCEEDED)")
    with pytest.raises(ServiceUnavailable, match=r"QUOTA_EXCEEDED\) until .*13 h 35 min.*other work goes on"):
        budget(tmp_path, clock, limits).take()
    clock.at += 48_926

    budget(tmp_path, clock, limits).take()


def test_a_service_that_names_its_window_is_waited_for(tmp_path: Path, clock: Clock) -> None:
    ours = budget(tmp_path, clock, Limits(burst=30, per_s=10))
    ours.take()
    ours.slow_down(0, 8.0)
    ours.take()

    assert clock.waited == [8.0]


def test_status_reads_it_all_without_knowing_the_services(tmp_path: Path, clock: Clock) -> None:
    ours = budget(tmp_path, clock, Limits(burst=5, per_s=5, a_day=900))
    ours.take()
    ours.block(60, "Spotify limits us")
    (spent,) = spent_in(tmp_path, now=clock.now)

    assert (spent.label, spent.used, spent.a_day, spent.unit) == ("Spotify", 1, 900, "calls")
    assert spent.blocked_until == NOON + 60
    assert spent_in(tmp_path / "none") == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff"])
def test_a_damaged_file_begins_anew(tmp_path: Path, clock: Clock, content: bytes) -> None:
    (tmp_path / "spotify.json").write_bytes(content)
    budget(tmp_path, clock, Limits(burst=5, per_s=5)).take()

    assert budget(tmp_path, clock, Limits(burst=5, per_s=5)).spent().used == 1


def test_a_clock_that_was_put_back_does_not_stop_us_for_long(tmp_path: Path, clock: Clock) -> None:
    ours = budget(tmp_path, clock, Limits(burst=5, per_s=5))
    ours.take()
    clock.at -= 7200
    ours.take()

    assert clock.waited == []


def test_a_clock_that_was_years_ahead_blocks_nothing_once_it_is_right(tmp_path: Path, clock: Clock) -> None:
    """A laptop without a battery for its clock wakes up in another year."""
    ours = budget(tmp_path, clock, Limits(burst=5, per_s=5, a_day=3))
    ours.take(3)
    ours.block(3600, "Spotify limits us")
    clock.at -= 2 * 365 * 86_400
    ours.take(3)

    assert (ours.spent().used, ours.spent().blocked_until) == (3, None)


@pytest.mark.parametrize("after_s", [1.7e12, 1e23, float("inf")])
def test_what_is_no_number_of_seconds_blocks_for_two_days_at_most(tmp_path: Path, clock: Clock, after_s: float) -> None:
    ours = budget(tmp_path, clock, Limits(burst=5, per_s=5))
    ours.block(after_s, "Spotify limits us")
    with pytest.raises(ServiceUnavailable, match=r"limits us until .*48 h 0 min"):
        ours.take()
    clock.at += LONGEST_BLOCK_S
    ours.take()


def test_a_file_that_cannot_be_written_is_told_with_its_name(tmp_path: Path, clock: Clock) -> None:
    """As after a sync by another user, or where the drive is full."""
    (tmp_path / "spotify.json").mkdir()
    with pytest.raises(EnvironmentFault, match=r"spotify\.json"):
        budget(tmp_path, clock, Limits(burst=5, per_s=5)).take()


def test_many_processes_lose_no_count(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from music_sync.adapters.budget_file import Budget, Limits\n"
        "b = Budget(pathlib.Path(sys.argv[1]), 's', 'S', Limits(burst=1000, per_s=1000))\n"
        "[b.take() for _ in range(50)]"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(4)]

    assert [process.wait(60) for process in running] == [0] * 4
    assert Budget(tmp_path, "s", "S", Limits(burst=1000, per_s=1000)).spent().used == 200


def test_a_moment_reads_as_a_person_would_say_it() -> None:
    assert when(NOON + 90 * 60, NOON).endswith("(in 1 h 30 min)")
    assert when(NOON + 20, NOON).endswith("(in 1 min)")
