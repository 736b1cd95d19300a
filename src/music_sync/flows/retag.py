"""Changing tags of files that are in the library, so that a kill at any point leaves them old or new, and known as such.

Copies are tagged outside of the library first. An intent with all hashes is written down, each file is replaced in one
atomic move, and then one transaction changes the rows. What a kill leaves is settled at the next start: the hashes tell
which files are new already, and the copies are still there for the others.
"""

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from music_sync.adapters.durable_files import copy_durably, faults_about, sha256_of
from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.sql.retags import Intent, SqlRetags
from music_sync.model.errors import EnvironmentFault
from music_sync.model.ports import Tagger
from music_sync.model.track import LibraryFile, Recording

log = logging.getLogger(__name__)

Pair = tuple[LibraryFile, LibraryFile]
"""A file as it is, and as it is to be."""


@dataclass(frozen=True)
class Copy:
    """A file of ours outside of the library, byte for byte."""

    file: LibraryFile
    path: Path


@dataclass(frozen=True)
class Copies:
    """The files of a recording that are as the catalogue tells, and the paths of those that somebody changed."""

    whole: tuple[Copy, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True)
class Note:
    """What the journal is to say of a change."""

    kind: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Retagger:
    """Needs to be alone in its home."""

    catalogue: SqlRetags
    library: FolderLibrary
    tagger: Tagger
    folder: Path
    """For the copies."""

    def copies(self, recording: Recording) -> Copies:
        """Copy the files of a recording out of the library; raises EnvironmentFault when that is offline."""
        self.library.check()
        folder = self.folder / recording.recording_id
        self.clear(recording.recording_id)
        with faults_about(folder):
            folder.mkdir(mode=0o700, parents=True)
        whole, changed = [], []
        for number, file in enumerate(recording.files):
            copy = self._copied(file, folder / f"{number}{Path(file.path).suffix}")
            if copy is None:
                changed.append(file.path)
            else:
                whole.append(copy)
        return Copies(tuple(whole), tuple(changed))

    def rewrite(
        self, recording: Recording, copies: Sequence[Copy], change: Callable[[Path], None], note: Note
    ) -> int | None:
        """Change the tags of these copies and put them in place; the entry's number, None when nothing changed.

        Raises GiveUp for a file that cannot be tagged, and then nothing is changed.
        """
        pairs = []
        for copy in copies:
            change(copy.path)
            size, sha256 = copy.path.stat().st_size, sha256_of(copy.path)
            pairs.append((copy.file, LibraryFile(copy.file.path, copy.file.format, sha256, size)))
        intent = self.catalogue.intend(note.kind, recording.recording_id, pairs, note.before, note.after)
        done = self._finish(intent)
        return intent.number if done else None

    def settle(self) -> None:
        """Bring to an end what was broken off, and take away copies that nobody needs."""
        with self.catalogue.alone() as is_alone:
            for intent in self.catalogue.intents() if is_alone else ():
                done = self._finish(intent)
                log.info("settled a change of tags that was broken off: %d of %d files", len(done), len(intent.files))
        # Ours alone: each home has a folder of its own, and this process is the only one in it.
        if is_alone and self.folder.exists():
            shutil.rmtree(self.folder, ignore_errors=True)

    def clear(self, recording_id: str) -> None:
        """Take the copies of a recording away."""
        shutil.rmtree(self.folder / recording_id, ignore_errors=True)

    def _copied(self, file: LibraryFile, target: Path) -> Copy | None:
        source = self.library.absolute(file)
        if source.is_symlink() or not source.is_file():
            return None
        sealed = copy_durably(source, target, 0o600)
        return Copy(file, target) if sealed == (file.sha256, file.size_bytes) else None

    def _finish(self, intent: Intent) -> list[Pair]:
        """Put each file in its place as far as that can be done, and write down what came of it."""
        self.library.check()
        staged = self._staged(intent.recording_id)
        done = [pair for pair in intent.files if self._put(*pair, staged)]
        if done:
            self.catalogue.fulfil(intent, done)
        else:
            self.catalogue.drop(intent)
        self.clear(intent.recording_id)
        return done

    def _put(self, former: LibraryFile, file: LibraryFile, staged: dict[str, Path]) -> bool:
        if self.library.is_whole(file):
            return True
        source = staged.get(file.sha256)
        return source is not None and self.library.replace(former, file, source)

    def _staged(self, recording_id: str) -> dict[str, Path]:
        """The tagged copies, by their hash."""
        folder = self.folder / recording_id
        try:
            found = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
            return {sha256_of(path): path for path in found}
        except OSError as error:
            raise EnvironmentFault(f"{folder} cannot be read ({error.strerror}); check its drive") from error
