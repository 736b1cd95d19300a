"""A file that is owned already, on a drive of this machine: copied, never changed."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from music_sync.adapters.file_names import path_id
from music_sync.adapters.providers.part_file import settle, staging_fault
from music_sync.model.errors import EnvironmentFault, GiveUp, SyncError, TryAgainLater
from music_sync.model.ports import Progress
from music_sync.model.track import FoundTrack

_BLOCK_BYTES = 1 << 20
_MOUNT_ROOTS = tuple(Path(root) for root in ("/Volumes", "/media", "/mnt", "/run/media"))


class OwnedFile:
    """Brings the file that the found track's path names."""

    name = "owned"

    def offers(self, found: FoundTrack) -> bool:
        return found.path is not None

    def peek(self, found: FoundTrack) -> Path | None:
        with _opened(_path_of(found)):
            return found.path

    def fetch(self, found: FoundTrack, folder: Path, progress: Progress) -> Path:
        """Copy into `owned.<ending>`; a copy of the same size and time that is there already is taken as it is.

        Raises GiveUp for what is missing, unreadable, empty or no plain file, TryAgainLater for a file that changes
        while it is copied, EnvironmentFault for a drive that is away and a staging folder that cannot be written.
        """
        path = _path_of(found)
        target = folder / f"owned{_safe_ending(path)}"
        with _opened(path) as (original, before):
            if _is_copied(target, before):
                return target
            part = folder / "owned.part"
            try:
                _copy(path, original, part, before.st_size, progress)
            except OSError as error:
                raise staging_fault(folder, error) from error
            if _changed(path, original, before) or part.stat().st_size != before.st_size:
                raise TryAgainLater(f"{path_id(path)} changed while it was copied; it is tried again at the next sync")
            try:
                os.utime(part, ns=(before.st_mtime_ns, before.st_mtime_ns))
                settle(part, target)
            except OSError as error:
                raise staging_fault(folder, error) from error
        return target


def _path_of(found: FoundTrack) -> Path:
    if found.path is None:
        raise GiveUp(f"{found.label} names no file on this machine", "no_file")
    return found.path


@contextmanager
def _opened(path: Path) -> Iterator[tuple[FileIO, os.stat_result]]:
    """Open a plain, filled file; a pipe or a device is refused and never waited for."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _cannot_open(path, error) from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise GiveUp(f"{path_id(path)} is no plain file", "no_file")
    with FileIO(descriptor) as original:
        if not found.st_size:
            raise GiveUp(f"{path_id(path)} is empty; put a whole file in its place", "not_audio")
        yield original, found


def _cannot_open(path: Path, error: OSError | ValueError) -> SyncError:
    shown = path_id(path)
    code = error.errno if isinstance(error, OSError) else None
    if code in {errno.ENOENT, errno.ENOTDIR}:
        drive = _missing_drive(path)
        if drive:
            return EnvironmentFault(f"{shown} is on the drive {drive}, which is not there; connect it and sync again")
        return GiveUp(f"no such file: {shown}; it was moved or deleted", "no_file")
    if code in {errno.EACCES, errno.EPERM}:
        return GiveUp(f"{shown} cannot be read; give yourself the right with `chmod u+r` and retry", "unreadable")
    if code in {errno.EIO, errno.EMFILE, errno.ENFILE, errno.ESTALE, errno.ENODEV, errno.ENXIO}:
        return EnvironmentFault(f"{shown} cannot be opened ({error}); check the drive and sync again")
    return GiveUp(f"{shown} cannot be opened ({error})", "unreadable")


def _missing_drive(path: Path) -> Path | None:
    """The place under /Volumes and the like where the drive of this path belongs, if it is away."""
    for root in _MOUNT_ROOTS:
        if path.is_relative_to(root):
            inner = path.relative_to(root).parts[:-1]
            places = [root.joinpath(*inner[:depth]) for depth in (1, 2) if len(inner) >= depth]
            return next((place for place in places if not place.exists()), None)
    return None


def _safe_ending(path: Path) -> str:
    ending = path.suffix.lower()
    return ending if ending[1:].isascii() and ending[1:].isalnum() and len(ending) <= 6 else ""


def _is_copied(target: Path, original: os.stat_result) -> bool:
    try:
        copy = target.stat()
    except OSError:
        return False
    return (copy.st_size, copy.st_mtime_ns) == (original.st_size, original.st_mtime_ns)


def _copy(path: Path, original: FileIO, part: Path, size_bytes: int, progress: Progress) -> None:
    """Copy in blocks, no more than there was; a failing read raises EnvironmentFault, a failing write its OSError."""
    part.parent.mkdir(parents=True, exist_ok=True)
    done = 0
    with part.open("wb") as copy:
        while done <= size_bytes and (block := _read(path, original)):
            copy.write(block)
            done += len(block)
            progress(min(1.0, done / size_bytes))


def _read(path: Path, original: FileIO) -> bytes:
    try:
        return original.read(_BLOCK_BYTES)
    except OSError as error:
        raise EnvironmentFault(
            f"{path_id(path)} cannot be read to its end ({error.strerror}); check the drive and sync again"
        ) from error


def _changed(path: Path, original: FileIO, before: os.stat_result) -> bool:
    """Was the file written to, replaced or taken away since it was opened?"""
    try:
        named = path.stat()
    except OSError:
        return True
    opened = os.fstat(original.fileno())
    return any(
        (now.st_size, now.st_mtime_ns, now.st_ino) != (before.st_size, before.st_mtime_ns, before.st_ino)
        for now in (named, opened)
    )
