"""Which interval fits, told from when tracks came."""

from datetime import UTC, datetime, timedelta

import pytest

from music_sync.triggers.advice import advice

START = datetime(2026, 11, 1, 20, 0, tzinfo=UTC)


def every(hours: float, count: int = 12, together: int = 1) -> list[datetime]:
    return [
        START + timedelta(hours=hours * number, minutes=5 * each) for number in range(count) for each in range(together)
    ]


@pytest.mark.parametrize(
    ("arrivals", "interval_h", "said"),
    [
        (
            every(48),
            6,
            "about every 2 days, mostly in the evening: an interval of 12 h would still find each within 12 h",
        ),
        (every(48, together=9), 6, "about every 2 days, mostly in the evening: an interval of 12 h"),
        (every(24), 6, "about every 24 hours, mostly in the evening: the interval of 6 h fits"),
        (every(8, 40), 24, "about every 8 hours: an interval of 2 h would find them sooner (MUSIC_SYNC_INTERVAL=7200)"),
        (every(200), 6, "an interval of 24 h would still find each within 24 h"),
    ],
)
def test_the_interval_follows_the_usual_pause(arrivals: list[datetime], interval_h: float, said: str) -> None:
    assert said in advice(arrivals, interval_h * 3600)


@pytest.mark.parametrize("arrivals", [[], every(48, 3), every(1.5, 20), every(0.01, 5000)], ids=len)
def test_from_too_little_nothing_is_concluded(arrivals: list[datetime]) -> None:
    assert advice(arrivals, 21600) == ""


def test_the_order_of_arrivals_does_not_matter() -> None:
    assert advice(every(48)[::-1], 21600) == advice(every(48), 21600)
