"""Where files go that were undone or replaced: moved, never deleted, and always on the drive they are on.

    <home>/var/undone/<date>/<number>/<path in the library>        .music-sync-undone/... in the library on another drive

A move is one atomic step that is made durable, so a kill leaves each file in one of the two places; a second call
finds what the first one moved.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path

from music_sync.adapters.durable_files import faults_about, rename_unless_taken, sha256_of, sync_folder
from music_sync.adapters.library_folder import FolderLibrary
from music_sync.model.errors import EnvironmentFault, NeedsPerson
from music_sync.model.track import LibraryFile

HIDDEN = ".music-sync-undone"


class UndoneFolder:
    """The places for undone files of one library; nothing is made before the first move."""

    def __init__(self, library: FolderLibrary, beside: Path) -> None:
        """`beside`: the folder in the home."""
        self._library = library
        self._places = (beside, library.root / HIDDEN)

    def where(self, file: LibraryFile, number: int | str) -> Path | None:
        """Where this file was put under that number, if it was."""
        for place in self._places:
            for date in sorted(place.iterdir()) if place.is_dir() else ():
                path = date / str(number) / file.path
                if _is(path, file):
                    return path
        return None

    def must_be_as_filed(self, file: LibraryFile, number: int | str) -> None:
        """Raise NeedsPerson when the file is neither in the library as it was filed, nor undone already."""
        path = self._library.absolute(file)
        if _is(path, file) or (not os.path.lexists(path) and self.where(file, number)):
            return
        if os.path.lexists(path):
            raise NeedsPerson(
                f"{file.path} is not the file that was filed, so nothing was undone; "
                "move it elsewhere if it is yours, or restore the one that was filed"
            )
        raise NeedsPerson(
            f"{file.path} is gone from the library, so nothing was undone; "
            f"`music-sync retry '{file.path}'` brings it back"
        )

    def is_as_filed(self, file: LibraryFile) -> bool:
        """Is the file at its place in the library, byte for byte?"""
        return _is(self._library.absolute(file), file)

    def take(self, file: LibraryFile, number: int | str, date: str) -> Path:
        """Move a file out of the library, durably; again is harmless. Gives where it is."""
        path = self._library.absolute(file)
        if not os.path.lexists(path):
            there = self.where(file, number)
            if there is None:
                raise NeedsPerson(f"{file.path} went away just now; run the same again")
            return there
        target = self._place(path) / date / str(number) / file.path
        try:
            _move(path, target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise EnvironmentFault(f"{path} cannot be moved ({error.strerror}); mend that, then again") from error
            target = self._places[1] / date / str(number) / file.path
            with faults_about(target):
                _move(path, target)
        self._leave_no_empty_folder(path.parent)
        return target

    def must_come_back(self, file: LibraryFile, where: Path) -> None:
        """Raise NeedsPerson when the file cannot be brought back to its place."""
        path = self._library.absolute(file)
        if os.path.lexists(path):
            if not _is(path, file):
                raise NeedsPerson(f"another file is at {file.path} by now, so nothing was brought back; move it first")
        elif not _is(where, file):
            raise NeedsPerson(f"{where} is not the file that was undone any more, so nothing was brought back")
        parent = path.parent.resolve()
        if not parent.is_relative_to(self._library.root.resolve()):
            raise NeedsPerson(f"the folder of {file.path} leads out of the library; take that link away first")

    def give_back(self, file: LibraryFile, where: Path) -> None:
        """Move a file to its place in the library, durably and never over another; again is harmless."""
        path = self._library.absolute(file)
        if _is(path, file) and not os.path.lexists(where):
            return
        with faults_about(path):
            _move(where, path, mode=0o755)

    def _place(self, path: Path) -> Path:
        """The home's folder when that is on the file's drive, else the library's."""
        home = next(each for each in self._places[0].parents if each.exists())
        return self._places[0] if home.stat().st_dev == path.stat().st_dev else self._places[1]

    def _leave_no_empty_folder(self, folder: Path) -> None:
        with suppress(OSError):
            while folder != self._library.root and folder.is_relative_to(self._library.root):
                folder.rmdir()
                folder = folder.parent


def _is(path: Path, file: LibraryFile) -> bool:
    """Is this a plain file of those very bytes? Raises EnvironmentFault when it cannot be read."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size != file.size_bytes:
        return False
    return sha256_of(path) == file.sha256


def _move(path: Path, target: Path, mode: int = 0o700) -> None:
    _make(target.parent, mode)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        rename_unless_taken(folder, str(path), target.name)
        sync_folder(folder)
    finally:
        os.close(folder)
    sync_folder(path.parent)


def _make(folder: Path, mode: int) -> None:
    """A folder with its parents, durably; the mode of parents made on the way would follow the umask."""
    if folder.is_dir():
        return
    _make(folder.parent, mode)
    with suppress(FileExistsError):
        folder.mkdir(mode=mode)
        sync_folder(folder.parent)
