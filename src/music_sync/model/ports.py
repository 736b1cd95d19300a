"""What the stages need of the world. Adapters fulfil these; tests run one contract over each of them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from music_sync.model.endings import Ending, Reason
from music_sync.model.enrichment import Answer, Known
from music_sync.model.track import (
    Analysis,
    Cover,
    Embedded,
    FetchedFile,
    FoundTrack,
    LibraryFile,
    Playlist,
    Recording,
    SourceLink,
    StagedFile,
    Tags,
)

Progress = Callable[[float], None]
"""Told how much of a step is done, 0 to 1."""

Measure = Callable[[Path, Progress], Analysis]
"""Decode a whole file once and measure it; raises GiveUp when it is not audio or does not decode to its end."""

Inspect = Callable[[Path], FetchedFile]
"""Look at a file's container, codec, announced length, size, hash and tags, without decoding it."""


NOT_TO_BE_HAD = frozenset({"preview", "drm", "geo_blocked", "not_there", "no_audio", "withheld"})
"""Rules of refusals that speak of a page where a track was: only 30 seconds of it, protected, not in this country, gone,
for adults or members."""


class Source(Protocol):
    """A place that tells what a person likes."""

    @property
    def name(self) -> str: ...

    @property
    def part(self) -> str:
        """Which part of it this is, such as likes; empty for a source of one piece."""

    @property
    def messages(self) -> Sequence[str]:
        """What a person should know of the latest `detect`, a sentence each."""

    def detect(self) -> Iterator[FoundTrack]:
        """Yield all it holds now, newest first where it knows, cheaply: no audio is read or fetched.

        Raises TryAgainLater or NeedsPerson when it cannot be read as a whole, never an empty answer instead; what it
        yielded before that counts. Raises NotSetUp when nobody ever connected its account.
        """


class Provider(Protocol):
    """A way that brings the audio of a found track."""

    @property
    def name(self) -> str: ...

    def offers(self, found: FoundTrack) -> bool:
        """Say from what is known, without the network, whether this provider has a way to this track."""

    def fetch(self, found: FoundTrack, folder: Path, progress: Progress) -> Path:
        """Bring the whole audio into `folder` and return the file; a second call goes on where the first broke off.

        Raises GiveUp when it never will, TryAgainLater when it may. Where a page shows the track but nobody may have
        it there, the rule is one of `NOT_TO_BE_HAD`, and the track may be bought.
        """

    def peek(self, found: FoundTrack) -> Path | None:
        """For a dry run: the local file that `fetch` would copy, or None when it would come over the network.

        Raises as `fetch` would, as far as that can be told without fetching.
        """


@dataclass(frozen=True)
class Offer:
    """What a site answers to a search: an upload that may be the track; empty or None where it tells nothing."""

    url: str
    """Its page."""
    artist: str = ""
    title: str = ""
    length_s: float | None = None
    isrc: str = ""
    album: str = ""
    refusal: str = ""
    """Why it cannot be had, as the site itself says: only a preview, not in this country, protected."""


@runtime_checkable
class Searching(Provider, Protocol):
    """A provider that can also look for a track that lies elsewhere, at the sites that the owner switched on.

    It judges nothing: which offer is the track is for `track/seek.py` to say. `fetch` and `peek` take a found track
    whose url is the page of an offer.
    """

    @property
    def sites(self) -> Sequence[str]:
        """Where it looks, in the owner's order."""

    def search(self, found: FoundTrack, site: str) -> Sequence[Offer]:
        """What a site finds by artist and title, in its own order; raises TryAgainLater when it does not answer."""


@dataclass(frozen=True)
class OwnFile:
    """An audio file that the owner has, as far as header, tags and name tell; empty or None where they say nothing."""

    path: Path
    artist: str = ""
    title: str = ""
    album: str = ""
    isrc: str = ""
    length_s: float | None = None
    codec: str = ""
    """As in `FetchedFile`."""
    bit_rate: int | None = None
    """In bits a second."""


class OwnFiles(Protocol):
    """The folders in which the owner's own files lie; they are read and never changed."""

    def files(self) -> Iterable[OwnFile]:
        """All audio files there that can be read; a folder that is away is told of and left out."""

    def sound_of(self, file: OwnFile) -> tuple[int, ...]:
        """Its fingerprint, remembered until it changes; empty for one that cannot be heard."""


class Encoder(Protocol):
    def encode(self, source: Path, format: str, target: Path, progress: Progress) -> None:  # noqa: A002
        """Write the audio of `source` to `target` in one of `model.formats.FORMATS`, whole or not at all."""


class Tagger(Protocol):
    def read(self, path: Path) -> Embedded: ...

    def cover(self, path: Path) -> Cover | None:
        """The front cover, made safe: at most 1500 pixels a side and 2 MB; None when there is none that can be used."""

    def write(self, path: Path, tags: Tags, original: Path | None = None) -> None:
        """Write in place into a staged file, in the frames that its container and DJ software expect.

        What `original`, which it was converted from, says beside is taken over.
        """

    def remove(self, path: Path, fields: Collection[str]) -> None:
        """Take fields out of a file, by their names in `Tags`: of those that `model.enrichment.Facts` has, and cover."""


class Enricher(Protocol):
    """A service that tells what a filed recording is."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str:
        """What a person calls it."""

    @property
    def by(self) -> str:
        """What it is asked by at first: isrc, fingerprint or release."""

    def asks(self, known: Known) -> bool:
        """Can it be asked by what is known?"""

    def ask(self, known: Known) -> Sequence[Answer]:
        """All recordings that it takes for ours; none when it knows nothing.

        Raises ServiceUnavailable when it is away or limits us, NeedsPerson when it does not take our key.
        """

    def complete(self, answer: Answer) -> Answer:
        """Ask for what else it tells of an answer that was found to be ours; raises as `ask` does."""


class Library(Protocol):
    """The folder tree of filed tracks, on whatever drive it lives."""

    def check(self) -> None:
        """Raise EnvironmentFault when the library is absent, another one, read-only or full."""

    def prepare(self, staged: StagedFile, wanted: str, attempt: str) -> "Prepared":
        """Copy a staged file under a hidden name into the folder where `wanted` (relative, no ending) belongs, durably."""

    def place(self, prepared: "Prepared") -> LibraryFile:
        """Give it its visible name in one atomic move; a taken name gets the recording's tag, never another file's place."""

    def discard(self, prepared: "Prepared") -> None:
        """Take the hidden copy away."""

    def sweep(self) -> None:
        """Take away old hidden copies that a broken-off run left."""

    def absolute(self, file: LibraryFile) -> Path: ...

    def holds(self, file: LibraryFile) -> bool:
        """Is a file of this size at this place? Cheap; the hash is `library check`'s work."""

    def held(self, files: Iterable[LibraryFile]) -> set[str]:
        """The paths of those that `holds` would say yes to: of thousands at once."""


@dataclass(frozen=True)
class Prepared:
    """A durable copy under a hidden name in its target folder."""

    hidden: str
    """Relative to the library."""
    wanted: str
    """Relative path without ending."""
    ending: str
    format: str
    sha256: str
    size_bytes: int
    tag: str
    """Short id that goes into the name when the plain one is taken."""


@dataclass(frozen=True)
class Past:
    """How the latest attempt at a found track ended."""

    attempt: int
    ending: str
    """An ending's name, or `running`."""
    reason: str
    stage: str
    next_actor: str
    recording_id: str = ""
    revision: str = ""
    cause: str = "track"


@dataclass(frozen=True)
class Filed:
    """A recording's files with what it is called, and nothing more: of thousands at once."""

    recording_id: str
    artist: str
    title: str
    files: tuple[LibraryFile, ...]


@dataclass(frozen=True)
class Decision:
    """One stored decision with its reasons, oldest first when listed."""

    decided_at: str
    key: str
    stage: str
    verdict: str
    recording_id: str
    reasons: tuple[Reason, ...]


class Catalogue(Protocol):
    """What we own and what we decided; the local truth. All times are ISO 8601 in UTC."""

    # Reading
    def past(self, source: str, source_id: str) -> Past | None: ...
    def pasts(self, source: str) -> dict[str, Past]:
        """The latest attempt of every track of a source, by source id."""

    def recording(self, recording_id: str) -> Recording | None: ...
    def recordings(self) -> Iterator[Recording]:
        """All of them, oldest first, without their fingerprints: those of 100,000 recordings fill the memory."""

    def filed(self, source: str) -> dict[str, Filed]:
        """The recordings that tracks of a source ended as, by their id."""

    def by_source(self, source: str, source_id: str) -> Recording | None: ...
    def by_sha256(self, sha256: str) -> Recording | None:
        """By the hash of a filed file or of the file it was made from."""

    def by_isrc(self, isrc: str) -> Sequence[Recording]: ...
    def by_url(self, url: str) -> Sequence[Recording]:
        """Those with a source link to this page, in this very spelling."""

    def by_length(self, shortest_s: float, longest_s: float) -> Sequence[Recording]:
        """Recordings with a fingerprint whose length lies between the two."""

    def by_sound(self, fingerprint: Sequence[int], shortest_s: float, longest_s: float) -> Sequence[Recording]:
        """Those of `by_length` that may be of the same sound; who asks compares the fingerprints themselves.

        None is left out whose bits differ from these by no more than other encodings of one recording do.
        """

    def file_at(self, path: str) -> tuple[str, LibraryFile] | None:
        """Recording id and file at a library path, compared as `casefold(NFC)`."""

    def decisions(self, key: str = "") -> Iterator[Decision]: ...
    def waiting(self, ending: str) -> Sequence[tuple[SourceLink, Past]]:
        """Tracks whose latest attempt has this ending."""

    def members(self, source: str, source_id: str) -> dict[str, Playlist]:
        """The recordings on one playlist: recording id -> the playlist with the place that the recording has on it."""

    # Writing; each call is one transaction
    def locked(self) -> AbstractContextManager[None]:
        """One transaction in which this process alone writes: what is read inside stays true until it ends."""

    def started(self, found: FoundTrack, attempt: int) -> None:
        """An attempt begins; again is harmless."""

    def decided(
        self, found: FoundTrack, stage: str, verdict: str, recording_id: str, reasons: Iterable[Reason]
    ) -> None:
        """Store a decision; the same one again is harmless."""

    def add(self, recording: Recording, found: FoundTrack) -> None:
        """Store a filed recording: files, source link, fingerprint, a journal entry for each file; again is harmless."""

    def link(self, recording_id: str, found: FoundTrack) -> None:
        """One more source of a recording we have; again is harmless."""

    def member(self, recording_id: str, playlist: Playlist) -> None:
        """The recording is on that playlist; an outbox entry asks for its publication; again is harmless."""

    def ended(self, found: FoundTrack, attempt: int, ending: Ending) -> None:
        """How the attempt ended; again is harmless."""

    def outbox(self, target: str) -> Sequence["Outgoing"]: ...
    def sent(self, outgoing: "Outgoing") -> None: ...


@dataclass(frozen=True)
class Outgoing:
    """Something to be told to the outside, once."""

    outgoing_id: int
    target: str
    subject: str
    """For playlists `source:source_id`."""
    payload: str
    """JSON."""


class Exporter(Protocol):
    """Shows what we own to another program."""

    @property
    def name(self) -> str: ...

    def export(self, playlist: Playlist, name: str, files: Sequence[tuple[Recording, LibraryFile]]) -> Path:
        """Write the list under a name that is safe for a file; again changes nothing."""
