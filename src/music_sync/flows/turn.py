"""The files of a replacement: bringing one to its end that was broken off, and turning one over. No sound is looked at."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.sql.journal import SqlJournal
from music_sync.adapters.sql.replacements import files_of
from music_sync.adapters.sql.rows import JournalEntry
from music_sync.adapters.undone_folder import UndoneFolder
from music_sync.model.errors import NeedsPerson, TryAgainLater
from music_sync.model.ports import Prepared
from music_sync.model.track import LibraryFile

log = logging.getLogger(__name__)


def settle(catalogue: SqlJournal, library: FolderLibrary, folder: UndoneFolder) -> None:
    """Bring to an end what was broken off, or take it back where the new files are gone."""
    for entry in catalogue.replacements_under_way():
        library.check()
        try:
            finish(entry, catalogue, library, folder)
        except TryAgainLater:
            log.warning("a replacement that was broken off is taken back: its new files are gone")
            for file in files_of(entry.before):
                if (aside := folder.where(file, entry.entry_id)) is not None:
                    folder.give_back(file, aside)
            catalogue.give_up_replacement(entry.entry_id)
        else:
            log.info("finished a replacement that was broken off")


def finish(
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


def _taken(file: LibraryFile, number: int | str, date: str, folder: UndoneFolder) -> Path:
    """Where an old file is; what stands at its place by now is another one, and stays."""
    return folder.where(file, number) or folder.take(file, number, date)
