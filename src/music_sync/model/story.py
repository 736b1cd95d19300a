"""What is known of the way of a track, from the like to the file: frozen nouns for the buy list and for `why`.

All times are ISO 8601 in UTC, empty where nobody knows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from music_sync.model.endings import Reason
from music_sync.model.track import LibraryFile

SERVICES = {
    "spotify": "Spotify",
    "soundcloud": "SoundCloud",
    "youtube": "YouTube",
    "ytmusic": "YouTube Music",
    "listenbrainz": "ListenBrainz",
    "lastfm": "Last.fm",
    "musicbrainz": "MusicBrainz",
    "coverart": "the Cover Art Archive",
    "deezer": "Deezer",
    "acoustid": "AcoustID",
}
"""What a person calls the sources that are services."""


@dataclass(frozen=True)
class Told:
    """What a source told of a track; empty or None where it said nothing."""

    artist: str = ""
    title: str = ""
    album: str = ""
    isrc: str = ""
    length_s: float | None = None
    url: str = ""
    liked_at: str = ""
    playlists: tuple[str, ...] = ()
    """Names."""


@dataclass(frozen=True)
class OnList:
    """A list at a service that holds a track, or held it."""

    name: str
    is_playlist: bool
    """Else it is what was liked."""
    told: Told
    first_seen_at: str
    gone_at: str = ""
    """When the track was no longer on it; empty while it is."""

    @property
    def since(self) -> str:
        """When it was liked or put there, as far as the service tells; else when we first saw it."""
        return self.told.liked_at or self.first_seen_at


@dataclass(frozen=True)
class Verdict:
    """A decision that was made in the course of an attempt."""

    at: str
    stage: str
    verdict: str
    recording_id: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Attempt:
    """One try to bring a track into the library."""

    number: int
    label: str
    told: Told
    url: str
    ending: str
    """An ending's name, or `running`."""
    reason: str
    stage: str
    next_actor: str
    recording_id: str
    started_at: str
    ended_at: str
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True)
class AtSource:
    """A track at one source: the lists it stands on, and what was tried, oldest first."""

    source: str
    source_id: str
    attempts: tuple[Attempt, ...] = ()
    lists: tuple[OnList, ...] = ()
    url: str = ""

    @property
    def key(self) -> str:
        return f"{self.source}:{self.source_id}"

    @cached_property
    def told(self) -> Told:
        """What the source told last; of attempts by earlier versions the lists know it."""
        texts = [*(each.told for each in reversed(self.attempts)), *(each.told for each in self.lists)]
        return next((told for told in texts if told != Told()), Told())

    @property
    def label(self) -> str:
        """What a person calls it, as far as it is known."""
        if self.attempts:
            return self.attempts[-1].label
        return " - ".join(filter(None, [self.told.artist, self.told.title])) or self.source_id


@dataclass(frozen=True)
class Owned:
    """A recording of ours, as far as stories need it."""

    recording_id: str
    artist: str
    title: str
    version: str
    isrc: str
    length_s: float
    files: tuple[LibraryFile, ...] = ()
    codec: str = ""
    """This and what follows as in `Recording` and its analysis."""
    bit_rate: int | None = None
    cutoff_hz: float | None = None

    @property
    def label(self) -> str:
        return f"{self.artist} - {self.title}" if self.artist else self.title or self.recording_id


@dataclass(frozen=True)
class Entry:
    """What the journal tells was done to a recording."""

    at: str
    kind: str
    """filed, refiled, taken_over, relinked, merge, retag, undo."""
    path: str
    format: str
    is_loss: bool = False
    """Another recording took its path or its link."""
    filled: tuple[str, ...] = ()
    """The fields that were filled in."""


@dataclass(frozen=True)
class Asked:
    """What a service was asked of a recording, and what became of its answer."""

    service: str
    state: str
    """waiting, answered, or nothing."""
    verdict: str
    """due, applied, kept or needless; empty without an answer."""
    reason: str
    """Why the answer was taken or not, or why there is none."""
    left: str
    """Why nothing was filled in of an answer that was taken."""
    name: str
    """Artist and title as the service has them."""
    facts: Mapping[str, Any]
    has_cover: bool
    filled: tuple[str, ...]
    """The fields that were filled in."""
    tempo_bpm: float | None
    asked_at: str
    due_at: str
    tries: int


@dataclass(frozen=True)
class Membership:
    """A playlist of ours that a recording stands on, and how its publication stands."""

    name: str
    added_at: str
    sent: tuple[tuple[str, str], ...] = ()
    """Where it was shown, and when."""
    waiting: tuple[tuple[str, str], ...] = ()
    """Where it waits to be shown, and since when."""


@dataclass(frozen=True)
class Story:
    """All that is known of a track: as a recording of ours, or as what one source told."""

    owned: Owned | None
    places: tuple[AtSource, ...]
    entries: tuple[Entry, ...] = ()
    memberships: tuple[Membership, ...] = ()
    asked: tuple[Asked, ...] = ()


@dataclass(frozen=True)
class Known:
    """A track as it can be named: a recording of ours, or what a source told."""

    name: str
    """Artist and title."""
    recording_id: str = ""
    source: str = ""
    source_id: str = ""

    @property
    def key(self) -> str:
        """What `why` understands without doubt."""
        return self.recording_id or f"{self.source}:{self.source_id}"


@dataclass(frozen=True)
class Event:
    """One thing that happened to a track, in a plain sentence."""

    at: str
    kind: str
    """liked, found, matched, fetched, measured, filed, ended, listed, published, waiting, gone, changed, asked."""
    text: str
    source: str = ""
    source_id: str = ""
    score: float | None = None


def instant(text: str) -> datetime:
    """A stored time for comparing; what services tell may be a day alone, or nothing that can be read."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
