"""What a person looks for in the library, and what is shown of it. Times are ISO 8601 in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from music_sync.model.track import Key

FILED = "filed"
"""Tracks that are in the library; the other endings are those of `model.endings`, and `running`."""

ORDERS = ("newest", "artist", "tempo")

_CAMELOT = {Key(tonic, mode, 0.0).camelot: (tonic, mode) for tonic in range(12) for mode in ("minor", "major")}
CAMELOT = tuple(f"{number}{letter}" for letter in "AB" for number in range(1, 13))
"""The wheel's places, the inner ring first."""


def key_at(camelot: str) -> tuple[int, str]:
    """Tonic and mode of a place on the Camelot wheel."""
    return _CAMELOT[camelot]


def neighbours(camelot: str) -> tuple[str, ...]:
    """The place itself and those that mix with it: one step either way, and the other ring."""
    number, letter = int(camelot[:-1]), camelot[-1]
    around = (f"{(number - 2) % 12 + 1}{letter}", f"{number % 12 + 1}{letter}")
    return (camelot, *around, f"{number}{'B' if letter == 'A' else 'A'}")


@dataclass(frozen=True)
class Search:
    """What is looked for; empty or None is not asked for."""

    words: str = ""
    source: str = ""
    playlist: int | None = None
    camelot: str = ""
    with_neighbours: bool = False
    tempo_from: float | None = None
    tempo_to: float | None = None
    ending: str = FILED
    order: str = "newest"
    after: str = ""
    """Where the page before ended; as `Page.goes_on` gave it."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The places on the wheel that fit."""
        if not self.camelot:
            return ()
        return neighbours(self.camelot) if self.with_neighbours else (self.camelot,)


@dataclass(frozen=True)
class Row:
    """One track in a list."""

    recording_id: str
    """Empty for one that is not in the library."""
    source: str
    """For a recording all its sources, by name, with a comma between."""
    source_id: str
    artist: str
    title: str
    """Of a track that is not in the library, what a person calls it."""
    album: str = ""
    length_s: float | None = None
    tempo_bpm: float | None = None
    camelot: str = ""
    at: str = ""
    """When it was filed, or when its latest attempt ended."""
    ending: str = FILED
    reason: str = ""
    isrc: str = ""
    url: str = ""

    @property
    def key(self) -> str:
        """What names the track without doubt."""
        return self.recording_id or f"{self.source}:{self.source_id}"


@dataclass(frozen=True)
class Page:
    """A part of what was found."""

    rows: tuple[Row, ...]
    total: int
    """How many were found; counted up to 5,000, one more stands for all that is above."""
    goes_on: str = ""
    """What `Search.after` takes for the next page; empty on the last."""


@dataclass(frozen=True)
class Run:
    """A sync that ended."""

    started_at: str
    ended_at: str
    result: str
    what: str = ""
    """Empty for all sources."""
    message: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    """By the words of a report: new, already_have, review, buy_list, failed."""
    queue: int = 0
    """Tracks that were still under way when it ended."""


@dataclass(frozen=True)
class Numbers:
    """The catalogue in numbers, for charts."""

    by_day: tuple[tuple[str, str, int], ...]
    """Day, source and how many of its tracks came into the library on it."""
    by_tempo: tuple[tuple[int, int], ...]
    """Beats per minute, rounded, and how many recordings."""
    by_camelot: Mapping[str, int]


@dataclass(frozen=True)
class Waiting:
    """How many tracks wait, by the ending of their latest attempt, and what else is on its way."""

    recordings: int = 0
    endings: Mapping[str, int] = field(default_factory=dict)
    """review, buy_list, failed, running."""
    unsent: int = 0
    """Entries of the outbox."""
