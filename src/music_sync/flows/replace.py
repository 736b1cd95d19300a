"""Putting a better file of the same recording in the place of what is filed. Read it top to bottom.

All is checked and made first. Then the journal says what is to be done, the old files move aside, the new ones get
their names, and one transaction changes the rows and makes the entry one that can be undone. What a kill leaves in
between is brought to an end by the next start of whatever writes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.sql.journal import SqlJournal
from music_sync.adapters.sql.rows import fingerprint_bytes
from music_sync.adapters.undone_folder import UndoneFolder
from music_sync.flows.turn import finish, settle
from music_sync.model.errors import BadSetting, GiveUp, NeedsPerson
from music_sync.model.names import as_text
from music_sync.model.ports import Encoder, Measure, Tagger
from music_sync.model.track import Analysis, FetchedFile, FoundTrack, LibraryFile, Recording
from music_sync.track import staging
from music_sync.track.acquire import inspect
from music_sync.track.encode import encode
from music_sync.track.quality import held
from music_sync.track.replace import Comparison, as_found, columns_of, compared, must_be_same, place_of
from music_sync.track.tag import tag, tags_for
from music_sync.track.words import version_text


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
    files = finish(entry, bench.catalogue, bench.library, bench.folder)
    return Outcome(recording, told, tuple(files), number)


# Beneath


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
