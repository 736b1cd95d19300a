"""The geometry of the charts: numbers in, shapes out; the templates draw them and put the numbers beside in a table.

Coordinates are those of an SVG: y grows downwards.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from music_sync.model.browsing import CAMELOT, Run, neighbours
from music_sync.model.story import instant

WIDTH, HEIGHT = 640.0, 160.0
GAP = 0.2
"""Share of a bar's room that is left free beside it."""
FEWEST_RUNS = 24
"""Room for so many runs at least: a bar is a bar, however few there are."""
MOST_SERIES = 6
"""Sources that get a look of their own; the others are drawn together."""


@dataclass(frozen=True)
class Bar:
    """One rectangle, with what it stands for."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    """The class that colours it."""
    title: str


@dataclass(frozen=True)
class Tick:
    """A label of an axis."""

    at: float
    text: str


@dataclass(frozen=True)
class Chart:
    """Bars over an axis, and the same as rows of a table."""

    bars: tuple[Bar, ...]
    across: tuple[Tick, ...]
    most: str
    """What the topmost line stands for."""
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    series: tuple[tuple[str, str], ...] = ()
    """Class and name of each series."""
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True)
class Slice:
    """A place on the Camelot wheel."""

    path: str
    """What an SVG path takes."""
    camelot: str
    count: int
    share: float
    """Of the fullest place, 0 to 1."""
    x: float
    y: float
    """Where its label stands."""
    is_chosen: bool
    is_neighbour: bool


def weeks(by_day: Sequence[tuple[str, str, int]], today: date, number: int = 26) -> Chart:
    """Tracks that came into the library a week, a stack of sources each; the last week is this one."""
    first = _monday(today) - timedelta(weeks=number - 1)
    mondays = [first + timedelta(weeks=week) for week in range(number)]
    counts: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for day, source, count in by_day:
        monday = _monday(date.fromisoformat(day))
        if monday >= first:
            counts[source][monday] += count
    names = sorted(counts, key=lambda source: -sum(counts[source].values()))
    stacks = [[counts[name][monday] for name in names] for monday in mondays]
    most = max((sum(stack) for stack in stacks), default=0) or 1
    bars = [
        bar
        for week, stack in enumerate(stacks)
        for bar in _stack(week, number, stack, most, [f"{name}, week of {mondays[week]}" for name in names])
    ]
    across = [
        Tick(_middle(week, number), monday.strftime("%b %d")) for week, monday in enumerate(mondays) if week % 5 == 0
    ]
    rows = [
        (str(monday), *map(str, stack), str(sum(stack)))
        for monday, stack in zip(mondays, stacks, strict=True)
        if any(stack)
    ]
    series = tuple((f"series-{min(place, MOST_SERIES - 1)}", name) for place, name in enumerate(names))
    return Chart(tuple(bars), tuple(across), str(most), ("week of", *names, "all"), tuple(reversed(rows)), series)


def tempos(by_tempo: Sequence[tuple[int, int]], step: int = 4) -> Chart:
    """How many recordings by tempo, in steps of some beats per minute."""
    counts: dict[int, int] = defaultdict(int)
    for bpm, count in by_tempo:
        counts[bpm // step * step] += count
    if not counts:
        return Chart((), (), "0", ("BPM", "tracks"), ())
    steps = range(min(counts), max(counts) + step, step)
    most = max(counts.values())
    bars = [
        _bar(place, len(steps), counts[bpm], most, "series-0", f"{bpm} to {bpm + step - 1} BPM: {counts[bpm]}")
        for place, bpm in enumerate(steps)
        if counts[bpm]
    ]
    every = max(1, math.ceil(len(steps) / 10))
    across = [Tick(_middle(place, len(steps)), str(bpm)) for place, bpm in enumerate(steps) if place % every == 0]
    rows = tuple((f"{bpm} to {bpm + step - 1}", str(counts[bpm])) for bpm in steps if counts[bpm])
    return Chart(tuple(bars), tuple(across), str(most), ("BPM", "tracks"), rows)


def durations(runs: Sequence[Run], tone_of: Mapping[str, str]) -> Chart:
    """How long each run took, oldest first, in the colour of its result; `runs` come newest first."""
    in_order = list(reversed(runs))
    places = max(len(in_order), FEWEST_RUNS)
    took_s = [max((instant(run.ended_at) - instant(run.started_at)).total_seconds(), 0.0) for run in in_order]
    most = max(took_s, default=0.0) or 1.0
    bars = [
        _bar(
            place,
            places,
            max(seconds, most / 100),
            most,
            tone_of.get(run.result, ""),
            f"{run.started_at[:16].replace('T', ' ')}: {seconds:.0f} s, {run.result.replace('_', ' ')}",
        )
        for place, (run, seconds) in enumerate(zip(in_order, took_s, strict=True))
    ]
    every = max(1, math.ceil(len(in_order) / 6))
    across = [
        Tick(_middle(place, places), run.started_at[5:10]) for place, run in enumerate(in_order) if place % every == 0
    ]
    return Chart(tuple(bars), tuple(across), f"{most:.0f} s", (), ())


def queues(runs: Sequence[Run]) -> Chart:
    """How many tracks were still under way when each run ended, oldest first; `runs` come newest first."""
    in_order = list(reversed(runs))
    places = max(len(in_order), FEWEST_RUNS)
    most = max((run.queue for run in in_order), default=0)
    bars = [
        _bar(place, places, run.queue, most or 1, "series-1", f"{run.ended_at[:16]}: {run.queue}")
        for place, run in enumerate(in_order)
        if run.queue
    ]
    return Chart(tuple(bars), (), str(most), (), (), height=HEIGHT / 2)


def wheel(by_camelot: Mapping[str, int], chosen: str = "") -> tuple[Slice, ...]:
    """The 24 places of the Camelot wheel around the point 0, 0: minor keys on the inner ring, 12 at the top."""
    most = max(by_camelot.values(), default=0) or 1
    around = neighbours(chosen) if chosen else ()
    return tuple(
        _slice(place, by_camelot.get(place, 0), most, is_chosen=place == chosen, is_neighbour=place in around)
        for place in CAMELOT
    )


def _slice(camelot: str, count: int, most: int, *, is_chosen: bool, is_neighbour: bool) -> Slice:
    inner, outer = (62.0, 108.0) if camelot[-1] == "A" else (112.0, 158.0)
    middle = math.tau * int(camelot[:-1]) / 12
    start, end = middle - math.tau / 24 + 0.012, middle + math.tau / 24 - 0.012
    corners = [_point(outer, start), _point(outer, end), _point(inner, end), _point(inner, start)]
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
    path = (
        f"M{ax:.1f} {ay:.1f}A{outer} {outer} 0 0 1 {bx:.1f} {by:.1f}"
        f"L{cx:.1f} {cy:.1f}A{inner} {inner} 0 0 0 {dx:.1f} {dy:.1f}Z"
    )
    x, y = _point((inner + outer) / 2, middle)
    return Slice(path, camelot, count, count / most, round(x, 1), round(y, 1), is_chosen, is_neighbour)


def _point(radius: float, angle: float) -> tuple[float, float]:
    """Clockwise from the top."""
    return radius * math.sin(angle), -radius * math.cos(angle)


def _stack(place: int, places: int, counts: Sequence[int], most: int, titles: Sequence[str]) -> list[Bar]:
    bars, below = [], 0
    for series, (count, title) in enumerate(zip(counts, titles, strict=True)):
        if count:
            bar = _bar(place, places, count, most, f"series-{min(series, MOST_SERIES - 1)}", f"{title}: {count}")
            bars.append(Bar(bar.x, bar.y - HEIGHT * below / most, bar.width, bar.height, bar.tone, bar.title))
            below += count
    return bars


def _bar(place: int, places: int, count: float, most: float, tone: str, title: str) -> Bar:
    room = WIDTH / places
    height = HEIGHT * count / most
    x = room * (place + GAP / 2)
    return Bar(round(x, 1), round(HEIGHT - height, 1), round(room * (1 - GAP), 1), round(height, 1), tone, title)


def _middle(place: int, places: int) -> float:
    return round(WIDTH * (place + 0.5) / places, 1)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
