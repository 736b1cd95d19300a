"""Putting a better file of the same recording in the place of what is filed. Read it top to bottom.

All is checked and made first. Then the journal says what is to be done, the old files move aside, the new ones get
their names, and one transaction changes the rows and makes the entry one that can be undone. What a kill leaves in
between is brought to an end by the next start of whatever writes.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.sql.journal import SqlJournal
from music_sync.adapters.sql.replacements import files_of
from music_sync.adapters.sql.rows import JournalEntry, fingerprint_bytes
from music_sync.adapters.undone_folder import UndoneFolder
from music_sync.model.errors import BadSetting, GiveUp, NeedsPerson, TryAgainLater
from music_sync.model.names import as_text
from music_sync.model.ports import Encoder, Measure, Prepared, Tagger
from music_sync.model.track import Analysis, FetchedFile, FoundTrack, LibraryFile, Recording
from music_sync.track import staging
from music_sync.track.acquire import inspect
from music_sync.track.encode import encode
from music_sync.track.quality import held
from music_sync.track.replace import Comparison, as_found, columns_of, compared, must_be_same, place_of
from music_sync.track.tag import tag, tags_for
from music_sync.track.words import version_text

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bench:
    """What a replacement needs of the world."""

    catalogue: SqlJournal
    library: FolderLibrary
    folder: UndoneFolder
    fetch: Callable[[FoundTrack, Path], Path]
    """Copies the file that a found track's path names into a folder."""
    tagger: Tagger
    encoder: Encoder
    measure: Measure
    formats: Sequence[str]
    staging: Path


@dataclass(frozen=True)
class Outcome:
    """What was replaced, or would be, or why nothing was."""

    recording: Recording
    quality: Comparison
    files: tuple[LibraryFile, ...] = ()
    """The new ones; empty when nothing was changed."""
    entry: int | None = None
    """The number under which it stands in the journal."""
    is_refused: bool = False
    """What is filed is as good already."""


def replace(recording_id: str, path: Path, bench: Bench, *, even_if_worse: bool, dry_run: bool) -> Outcome:
    """Put a file in the place of a recording's files, or say why not; with `dry_run` only measure and say so.

    Raises BadSetting for a file that is not this recording, NeedsPerson when the library is not as the catalogue says.
    """
    if not dry_run:
        settle(bench.catalogue, bench.library, bench.folder)
    recording = _replaceable(recording_id, bench)
    bench.library.present() if dry_run else bench.library.check()
    key = f"replace:{recording_id}"
    staging.clear(bench.staging, key)
    try:
        folder = staging.folder_of(bench.staging, key)
        fetched, analysis = _looked_at(path, folder, bench)
        must_be_same(recording, path, fetched, analysis)
        told = compared(recording, fetched, analysis)
        if told.is_ours or not (told.is_better or even_if_worse):
            return Outcome(recording, told, is_refused=True)
        if dry_run:
            return Outcome(recording, told)
        number = _intend(recording, fetched, analysis, folder, bench)
    finally:
        staging.clear(bench.staging, key)
    [entry] = [each for each in bench.catalogue.replacements_under_way() if each.entry_id == number]
    files = _finish(entry, bench.catalogue, bench.library, bench.folder)
    return Outcome(recording, told, tuple(files), number)


def settle(catalogue: SqlJournal, library: FolderLibrary, folder: UndoneFolder) -> None:
    """Bring to an end what was broken off, or take it back where the new files are gone."""
    for entry in catalogue.replacements_under_way():
        library.check()
        try:
            _finish(entry, catalogue, library, folder)
        except TryAgainLater:
            log.warning("a replacement that was broken off is taken back: its new files are gone")
            for file in files_of(entry.before):
                if (aside := folder.where(file, entry.entry_id)) is not None:
                    folder.give_back(file, aside)
            catalogue.give_up_replacement(entry.entry_id)
        else:
            log.info("finished a replacement that was broken off")


@dataclass(frozen=True)
class Turn:
    """A replacement that is turned over: which files leave the library, and which come back to it."""

    leaving: Sequence[LibraryFile]
    coming: Sequence[LibraryFile]
    left: str
    """Under which name those that leave are put aside."""
    kept: str
    """Under which those that come were."""

    @classmethod
    def of(cls, number: int, leaving: Sequence[LibraryFile], state: Mapping[str, Any], *, is_back: bool) -> "Turn":
        """Both sides may have a file of one name, so each has a place of its own."""
        former, new = str(number), f"{number}-new"
        return cls(leaving, files_of(state), former if is_back else new, new if is_back else former)


def switch(turn: Turn, library: FolderLibrary, folder: UndoneFolder, *, dry_run: bool) -> dict[str, str]:
    """Move the files that leave aside and bring the others back; gives what moved, from where to where.

    All is checked before the first move; a second call finds what the first one moved.
    """
    aside = _checked(turn, library, folder)
    if dry_run:
        return {file.path: "" for file in turn.leaving} | {str(where): file.path for file, where in aside}
    date = datetime.now(UTC).date().isoformat()
    moved = {file.path: str(_taken(file, turn.left, date, folder)) for file in turn.leaving}
    for file, where in aside:
        folder.give_back(file, where)
    return moved | {str(where): file.path for file, where in aside}


# Beneath


def _checked(turn: Turn, library: FolderLibrary, folder: UndoneFolder) -> list[tuple[LibraryFile, Path]]:
    """The files that are still to come back, and where they are; raises NeedsPerson when something is not as it was."""
    for file in turn.leaving:
        if folder.where(file, turn.left) is None:
            folder.must_be_as_filed(file, turn.left)
    freed = {library.absolute(file) for file in turn.leaving}
    aside = []
    for file in turn.coming:
        where = folder.where(file, turn.kept)
        if where is None and not folder.is_as_filed(file):
            raise NeedsPerson(f"{file.path} as it was before is not in var/undone any more, so nothing was changed")
        if where is not None:
            if library.absolute(file) not in freed:
                folder.must_come_back(file, where)
            aside.append((file, where))
    return aside


def _replaceable(recording_id: str, bench: Bench) -> Recording:
    recording = bench.catalogue.recording(recording_id)
    if recording is None or not recording.files:
        raise BadSetting("it has no file in the library yet; `music-sync sync FILE` files one")
    if bench.catalogue.under_way(recording_id):
        raise NeedsPerson(f"a sync of {recording.label} has not ended; `music-sync sync` finishes it, then replace it")
    for file in recording.files:
        if not bench.folder.is_as_filed(file):
            raise NeedsPerson(f"{file.path} is gone or is not the file that was filed, so nothing was replaced")
    return recording


def _looked_at(path: Path, folder: Path, bench: Bench) -> tuple[FetchedFile, Analysis]:
    try:
        copy = bench.fetch(FoundTrack("folder", as_text(str(path)), path=path), folder)
        return inspect(copy, "owned", bench.tagger), bench.measure(copy, lambda _done: None)
    except GiveUp as error:
        raise BadSetting(str(error)) from error


def _intend(recording: Recording, fetched: FetchedFile, analysis: Analysis, folder: Path, bench: Bench) -> int:
    """Make the new files, durably and out of sight in the library, and write down what is to be done with them."""
    best, _sound = held(recording)
    former = bench.library.absolute(best)
    found = as_found(recording, fetched)
    # The cover that a person sees now stays; the file's own comes where there is none.
    cover = bench.tagger.cover(former) or (bench.tagger.cover(fetched.path) if fetched.embedded.has_cover else None)
    staged = encode(fetched, bench.formats, bench.encoder, folder, lambda _done: None)
    tag(staged, tags_for(found, analysis, cover, version_text(found.title)), bench.tagger, former)
    attempt = f"{recording.recording_id[:12]}-{fetched.sha256[:8]}"
    wanted = place_of(recording)
    prepared = [bench.library.prepare(each, wanted, f"{attempt}-{number}") for number, each in enumerate(staged)]
    after = {
        "label": recording.label,
        "recording": columns_of(fetched, analysis),
        "fingerprint": fingerprint_bytes(analysis.fingerprint).hex(),
        "prepared": [vars(each) for each in prepared],
    }
    return bench.catalogue.intend_replacement(recording.recording_id, after)


def _finish(
    entry: JournalEntry, catalogue: SqlJournal, library: FolderLibrary, folder: UndoneFolder
) -> list[LibraryFile]:
    """Move the old files aside, give the new ones their names, then write the rows; again finds what was done."""
    date = datetime.now(UTC).date().isoformat()
    for file in files_of(entry.before):
        _taken(file, entry.entry_id, date, folder)
    files = [library.place(Prepared(**each)) for each in entry.after["prepared"]]
    after = {name: entry.after[name] for name in ("label", "recording", "fingerprint")}
    state = {**after, "files": [vars(each) for each in files]}
    catalogue.replaced(entry.entry_id, entry.recording_id, state, state)
    return files


def _taken(file: LibraryFile, number: int | str, date: str, folder: UndoneFolder) -> Path:
    """Where an old file is; what stands at its place by now is another one, and stays."""
    return folder.where(file, number) or folder.take(file, number, date)
