"""Advice about the interval, from when tracks arrived so far."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

LEAST_ARRIVALS = 6
LEAST_SPAN = timedelta(days=7)
"""From fewer arrivals, or a shorter time, nothing is concluded."""
ONE_ARRIVAL = timedelta(hours=1)
"""Tracks that come within so long came together: an evening of listening, or the first sync of a whole list."""
HOURS = (1, 2, 3, 4, 6, 8, 12, 24)
"""Intervals that are advised; each divides a day."""
SHARE = 4
"""An interval of a quarter of the usual pause finds each track long before the next one comes."""

_PARTS = ((5, "in the night"), (12, "in the morning"), (18, "in the afternoon"), (24, "in the evening"))


def advice(arrivals: Sequence[datetime], interval_s: float) -> str:
    """One sentence about how often tracks come and which interval fits; empty when too little is known.

    `arrivals` are aware and in local time, in any order.
    """
    came = _together(sorted(arrivals))
    if len(came) < LEAST_ARRIVALS or came[-1] - came[0] < LEAST_SPAN:
        return ""
    pauses = sorted(later - sooner for sooner, later in pairwise(came))
    pause = pauses[len(pauses) // 2]
    fit = max((hours for hours in HOURS if timedelta(hours=hours) * SHARE <= pause), default=HOURS[0])
    habit = f"new tracks come about every {_called(pause)}{_mostly(came)}"
    now_h = interval_s / 3600
    if fit > now_h * 1.5:
        return (
            f"{habit}: an interval of {fit} h would still find each within {fit} h (MUSIC_SYNC_INTERVAL={fit * 3600})"
        )
    if fit < now_h / 1.5:
        return f"{habit}: an interval of {fit} h would find them sooner (MUSIC_SYNC_INTERVAL={fit * 3600})"
    return f"{habit}: the interval of {now_h:g} h fits"


def _together(arrivals: Sequence[datetime]) -> list[datetime]:
    """The first of those that came together."""
    came: list[datetime] = []
    last: datetime | None = None
    for moment in arrivals:
        if last is None or moment - last > ONE_ARRIVAL:
            came.append(moment)
        last = moment
    return came


def _mostly(came: Sequence[datetime]) -> str:
    """The part of the day in which more than half of them came."""
    for until, words in _PARTS:
        since = max((end for end, _ in _PARTS if end < until), default=0)
        if sum(since <= moment.hour < until for moment in came) * 2 > len(came):
            return f", mostly {words}"
    return ""


def _called(pause: timedelta) -> str:
    hours = round(pause / timedelta(hours=1))
    if hours < 36:
        return "hour" if hours <= 1 else f"{hours} hours"
    days = round(pause / timedelta(days=1))
    return f"{days} days"
