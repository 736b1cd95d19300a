"""Tracks, recordings and fingerprints for the tests of the stages."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from music_sync.model.errors import SyncError
from music_sync.model.ports import Progress
from music_sync.model.track import Analysis, FetchedFile, FoundTrack, LibraryFile, Recording
from music_sync.track.words import version_key

LENGTH_S = 200.0


def fingerprint(seed: int) -> tuple[int, ...]:
    """As different from another seed's as two recordings are."""
    chance = random.Random(seed)
    return tuple(chance.getrandbits(32) for _ in range(400))


def nearly(values: tuple[int, ...], share: float) -> tuple[int, ...]:
    """The same with that share of its bits turned over, as another encoding gives."""
    chance = random.Random(1)
    return tuple(value ^ sum((chance.random() < share) << bit for bit in range(32)) for value in values)


def recording(
    recording_id: str, title: str = "Bad Kingdom", *, seed: int = 0, length_s: float = LENGTH_S, isrc: str = ""
) -> Recording:
    return Recording(
        recording_id=recording_id * 8,
        artist="Moderat",
        title=title,
        version=version_key(title),
        album="",
        isrc=isrc,
        year=None,
        genre="",
        origin_sha256=recording_id * 16,
        analysis=Analysis(length_s, fingerprint(seed) if seed else ()),
        files=(LibraryFile(f"Moderat/{recording_id}.flac", "flac", recording_id * 16 + "f", 10),),
    )


def track(source_id: str, title: str = "Bad Kingdom", **more: object) -> FoundTrack:
    return replace(FoundTrack("list", source_id, artist="Moderat", title=title), **more)  # type: ignore[arg-type]


def fetched(path: Path = Path("/staging/owned.flac"), sha256: str = "ab" * 32) -> FetchedFile:
    return FetchedFile(path, "owned", "flac", "flac", sha256, 10, LENGTH_S)


def no_progress(_fraction: float) -> None:
    """For what nobody watches."""


@dataclass
class Fixed:
    """A source that holds these tracks, or fails."""

    tracks: Sequence[FoundTrack] = ()
    error: SyncError | None = None
    name: str = "list"
    part: str = ""
    messages: Sequence[str] = ()

    def detect(self) -> Iterator[FoundTrack]:
        yield from self.tracks
        if self.error:
            raise self.error


@dataclass
class Bringing:
    """A provider that brings this file, or fails."""

    path: Path | None = None
    error: SyncError | None = None
    name: str = "owned"
    has_a_way: bool = True
    asked: int = 0

    def offers(self, found: FoundTrack) -> bool:  # noqa: ARG002 - the port names them
        return self.has_a_way

    def fetch(self, found: FoundTrack, folder: Path, progress: Progress) -> Path:  # noqa: ARG002 - the port names them
        self.asked += 1
        if self.error:
            raise self.error
        assert self.path
        return self.path

    def peek(self, found: FoundTrack) -> Path | None:  # noqa: ARG002 - the port names them
        return self.path
