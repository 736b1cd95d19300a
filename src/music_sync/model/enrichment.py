"""What services tell of recordings that are filed: what they are asked by, what they answer, and what becomes of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from music_sync.model.track import Cover

MOST_ASKED = 3
"""So often a service is asked that knew nothing, each time after a longer while."""

WAITING, ANSWERED, NOTHING = "waiting", "answered", "nothing"


@dataclass(frozen=True)
class Known:
    """What a service may be asked by."""

    isrc: str = ""
    length_s: float = 0.0
    """Decoded, in seconds."""
    fingerprint: tuple[int, ...] = field(default=(), repr=False)
    """As in `Analysis`."""
    mb_recording_id: str = ""
    """At MusicBrainz, proven by an answer before."""
    mb_release_id: str = ""


@dataclass(frozen=True)
class Facts:
    """What a recording is; empty or None where nothing is told."""

    album: str = ""
    year: int | None = None
    genre: str = ""
    isrc: str = ""
    label: str = ""
    mb_recording_id: str = ""
    mb_release_id: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """The fields that say something."""
        return {name: value for name, value in vars(self).items() if value}


_WORDS = {"mb_recording_id": "its id at MusicBrainz", "mb_release_id": "its release there", "isrc": "ISRC"}


def in_words(told: Mapping[str, Any]) -> str:
    """Facts as a person reads them: `album Low Tide, year 2021, its id at MusicBrainz`."""
    return ", ".join(
        _WORDS[name] if name.startswith("mb_") else f"{_WORDS.get(name, name)} {value}" for name, value in told.items()
    )


def field_names(names: Iterable[str]) -> str:
    """Names of fields as a person reads them: `album, year, cover`."""
    return ", ".join(_WORDS.get(name, name) for name in names)


@dataclass(frozen=True)
class Answer:
    """One recording that a service takes for ours; whether it is belongs to `track.enrich`."""

    by: str
    """What it was found by: isrc, fingerprint, or release for what hangs on an answer before."""
    facts: Facts = Facts()
    artist: str = ""
    title: str = ""
    length_s: float | None = None
    score: float | None = None
    """How much of the sound is alike, 0 to 1; None when it was not compared."""
    has_cover: bool = False
    """There is a front cover of `mb_release_id` at the Cover Art Archive."""
    tempo_bpm: float | None = None
    """A hint for a person; it is never written."""
    track_number: int | None = None
    album_id: str = ""
    """The service's own id of the album, for `Enricher.complete`."""
    cover: Cover | None = None


@dataclass(frozen=True)
class Question:
    """What one service is asked of one recording, and how that stands."""

    recording_id: str
    service: str
    state: str = WAITING
    """waiting, answered, or nothing."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """`facts`, `verdict` (due, applied, kept or needless), `reason`, `filled`, and further words of the answer."""
    asked_at: str = ""
    due_at: str = ""
    """When something is to be done next: ask, or, when it is answered, apply; empty for nothing."""
    tries: int = 0
    """How often it was asked."""
