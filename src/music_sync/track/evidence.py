"""Evidence: is a recording fully synced, and if not, why. The one place that answers it, for `sync`, `why` and `check`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from music_sync.model.errors import EnvironmentFault, GiveUp
from music_sync.model.formats import CONTAINERS, ORIGINAL
from music_sync.model.names import name_key
from music_sync.model.ports import Library
from music_sync.model.track import LibraryFile, Recording

KINDS = (
    "missing",
    "changed",
    "unreadable",
    "wrong_length",
    "format_missing",
    "unknown_file",
    "leftover",
)

HashOf = Callable[[Path], str]
"""SHA-256 of a file as 64 hex digits; raises EnvironmentFault when it cannot be read."""

DecodeOf = Callable[[Path], float]
"""Length in seconds of a file decoded to its end; raises GiveUp when it does not decode."""


@dataclass(frozen=True)
class Finding:
    """One thing that is not as the catalogue tells it."""

    recording_id: str
    """Empty for a file that no recording claims."""
    path: str
    """Relative to the library; empty where there is no file."""
    kind: str
    """One of `KINDS`."""
    sentence: str
    """What was found and what to do."""


class LibraryTree(Library, Protocol):
    """A library that one can walk through."""

    @property
    def root(self) -> Path: ...

    def present(self) -> None:
        """Raise EnvironmentFault when the library is offline."""

    def files(self) -> Iterator[Path]: ...
    def leftovers(self) -> list[Path]: ...


def shortcomings(
    recording: Recording,
    library: Library,
    formats: Sequence[str],
    *,
    hash_of: HashOf | None = None,
    decode_of: DecodeOf | None = None,
) -> tuple[str, ...]:
    """Say what a recording lacks to be fully synced, a sentence each; empty when it is.

    The quick form looks at formats, presence and size. With `hash_of` each byte is compared, with `decode_of` the
    decoded length. Raises EnvironmentFault when the library is offline: a file is never called missing then.
    """
    found = _findings(recording, library, formats, hash_of, decode_of)
    return tuple(each.sentence for each in found)


def is_lost(recording: Recording, library: Library) -> bool:
    """Was it filed, and are its files gone from a library that is there? Raises EnvironmentFault when it is offline."""
    return bool(recording.files) and not library.held(recording.files)


def gone(files: Sequence[LibraryFile]) -> str:
    """The sentence for a recording whose files are gone."""
    path = files[0].path
    return f"its file {path} is gone from the library; `music-sync retry '{path}'` brings it back"


def check_library(
    recordings: Iterable[Recording],
    library: LibraryTree,
    formats: Sequence[str],
    *,
    hash_of: HashOf | None = None,
    decode_of: DecodeOf | None = None,
) -> Iterator[Finding]:
    """Compare the whole catalogue with the library, both ways; nothing is changed.

    Raises EnvironmentFault before the first finding when the library is offline, and midway when it goes away.
    """
    library.present()
    claimed: set[str] = set()
    for recording in recordings:
        claimed.update(name_key(str(library.absolute(each))) for each in recording.files)
        yield from _findings(recording, library, formats, hash_of, decode_of)
    for path in library.files():
        if name_key(str(path)) not in claimed:
            yield _unknown(path.relative_to(library.root).as_posix())
    for path in library.leftovers():
        yield _leftover(path.relative_to(library.root).as_posix())


def _findings(
    recording: Recording,
    library: Library,
    formats: Sequence[str],
    hash_of: HashOf | None,
    decode_of: DecodeOf | None,
) -> Iterator[Finding]:
    for file in recording.files:
        kind = _kind(recording, file, library, hash_of, decode_of)
        if kind:
            yield Finding(recording.recording_id, file.path, kind, _SENTENCES[kind].format(path=file.path))
    for wanted in formats:
        if not _is_filed(wanted, recording.files):
            sentence = f'"{recording.label}" has no {wanted} file; it was filed before that was a wanted format'
            yield Finding(recording.recording_id, "", "format_missing", sentence)


_SENTENCES = {
    "missing": "{path} is not in the library; put it back, from a backup or from where it came",
    "changed": "{path} is not the file that was filed; restore it from a backup if you did not change it yourself",
    "unreadable": "{path} cannot be read to its end; check the drive and restore the file from a backup",
    "wrong_length": "{path} does not play as long as the recording; restore it from a backup",
}


def _kind(
    recording: Recording, file: LibraryFile, library: Library, hash_of: HashOf | None, decode_of: DecodeOf | None
) -> str:
    path = library.absolute(file)
    if not library.holds(file):
        return "changed" if path.exists() else "missing"
    try:
        if hash_of is not None and hash_of(path) != file.sha256:
            return "changed"
        if decode_of is not None and not _fits(decode_of(path), recording.analysis.length_s):
            return "wrong_length"
    except (EnvironmentFault, GiveUp):
        # One bad file, or the whole drive? `holds` raises when it is the drive; a file gone meanwhile is missing.
        return "unreadable" if library.holds(file) else "missing"
    return ""


def _fits(decoded_s: float, expected_s: float) -> bool:
    return abs(decoded_s - expected_s) <= max(2.0, expected_s * 0.01)


def _is_filed(wanted: str, files: Sequence[LibraryFile]) -> bool:
    # A filed original bears its container's name, so any file of a container's format may be the original.
    if wanted == ORIGINAL:
        return any(each.format in CONTAINERS for each in files)
    return any(each.format == wanted for each in files)


def _unknown(path: str) -> Finding:
    sentence = f"{path} belongs to no recording; move it to the drop folder, the next sync takes it in"
    return Finding("", path, "unknown_file", sentence)


def _leftover(path: str) -> Finding:
    sentence = f"{path} is a copy that was broken off or is under way; delete it when no sync runs"
    return Finding("", path, "leftover", sentence)
