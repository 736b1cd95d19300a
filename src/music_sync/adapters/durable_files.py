"""Files that are there whole or not at all, whatever dies in between; every write of ours goes through here.

    hidden file in the same folder -> write -> size -> flush -> rename -> flush the folder

A flush that failed is never asked again: Linux forgets the lost pages and says yes the second time. So the file is
thrown away, and whoever called starts from its source.
"""

import ctypes
import errno
import fcntl
import hashlib
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from music_sync.model.errors import EnvironmentFault

_BLOCK_BYTES = 1024 * 1024
_SENTENCES = (
    ({errno.ENOSPC, errno.EDQUOT}, "The drive of {path} is full; free some space, the next run goes on by itself"),
    ({errno.EROFS, errno.EACCES, errno.EPERM}, "{path} is read-only for this user ({why}); allow writing there"),
    ({errno.EIO}, "The drive of {path} reports an input/output error; check the drive and its cable"),
    (
        {errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTDIR},
        "{path} is not there ({why}); connect its drive or restore it",
    ),
    ({errno.EMFILE, errno.ENFILE}, "Too many files are open to reach {path}; raise the limit (ulimit -n)"),
    ({errno.ENAMETOOLONG}, "The path {path} is too long for its drive; use a shorter folder or name template"),
)
_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY})
_NO_LINKS = _UNSUPPORTED | {errno.EPERM, errno.EMLINK}


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put `content` at `path` in one step: a crash leaves the old file or the new one, durably, never half.

    Raises EnvironmentFault when the drive is full, read-only or broken; what stood at `path` then still stands.
    """
    hidden = path.with_name(f".music-sync-{secrets.token_hex(8)}.tmp")
    with faults_about(path):
        try:
            _write_new(hidden, content, mode)
            hidden.replace(path)
        finally:
            with suppress(OSError):
                hidden.unlink()
        sync_folder(path.parent)


def write_unless_there(path: Path, content: bytes, mode: int = 0o600) -> bool:
    """As `write_whole`, but leave a file alone that is there already; say whether it was written."""
    hidden = path.with_name(f".music-sync-{secrets.token_hex(8)}.tmp")
    with faults_about(path), _opened_folder(path.parent) as folder:
        try:
            _write_new(hidden, content, mode)
            rename_unless_taken(folder, hidden.name, path.name)
        except FileExistsError:
            return False
        finally:
            with suppress(OSError):
                hidden.unlink()
        sync_folder(path.parent)
    return True


def copy_durably(source: Path, target: Path, mode: int = 0o644, folder: int | None = None) -> tuple[str, int]:
    """Copy `source` to a file made anew and return its SHA-256 (64 hex digits) and size in bytes.

    `mode` is narrowed by the umask. With `folder`, an open descriptor, `target` counts from there.
    A file or link that stands at `target` is taken away first, never followed. The folder is not flushed here.
    Raises EnvironmentFault, and leaves nothing at `target`.
    """
    whole = False
    with faults_about(target):
        with suppress(FileNotFoundError):
            os.unlink(target, dir_fd=folder)
        try:
            sealed = _copy_to_new(source, target, mode, folder)
            whole = True
        finally:
            if not whole:
                with suppress(OSError):
                    os.unlink(target, dir_fd=folder)
    return sealed


def sha256_of(path: Path) -> str:
    """SHA-256 of a file as 64 hex digits; raises EnvironmentFault when it cannot be read."""
    with faults_about(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(path: Path | int) -> None:
    """Make the names in a folder, given by path or descriptor, survive a power cut; raises OSError.

    Some network and FUSE file systems know no flush of a folder; there the rename itself is all one can have.
    """
    if isinstance(path, Path):
        with _opened_folder(path) as folder:
            sync_folder(folder)
        return
    try:
        _flush(path)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def rename_unless_taken(folder: int, old: str, new: str) -> None:
    """Rename within an open folder in one atomic move, and raise FileExistsError when `new` is taken.

    Linux and macOS have a system call for it; where a file system lacks that, a hard link does the same. Where it has
    neither (FUSE drivers for exFAT and NTFS, some SMB shares) a look before the rename must do: a file that another
    program puts there within those microseconds would be lost, and no half file is ever seen.
    """
    try:
        _rename_exclusively(folder, old, new)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        _link_or_look(folder, old, new)


@contextmanager
def faults_about(path: Path) -> Iterator[None]:
    """Turn what the system says of `path` into EnvironmentFault with a sentence for a person."""
    try:
        yield
    except OSError as error:
        raise EnvironmentFault(_sentence(error, path)) from error


def _sentence(error: OSError, path: Path) -> str:
    for numbers, sentence in _SENTENCES:
        if error.errno in numbers:
            return sentence.format(path=path, why=error.strerror)
    return f"{path} cannot be written or read ({error.strerror or error}); check its drive"


def _write_new(path: Path, content: bytes, mode: int) -> None:
    with os.fdopen(_create(path, mode, None), "wb") as file:
        file.write(content)
        file.flush()
        _flush(file.fileno())


def _copy_to_new(source: Path, target: Path, mode: int, folder: int | None) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with faults_about(source):
        reader = source.open("rb", buffering=0)
    with closing(reader), os.fdopen(_create(target, mode, folder), "wb", buffering=0) as writer:
        while block := _read(source, reader.fileno()):
            digest.update(block)
            size += len(block)
            _write_all(writer.fileno(), block)
        _flush(writer.fileno())
        if os.fstat(writer.fileno()).st_size != size:
            raise OSError(errno.EIO, "the copy has another size than its source")
    return digest.hexdigest(), size


def _create(path: Path, mode: int, folder: int | None) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=folder)


def _read(source: Path, descriptor: int) -> bytes:
    with faults_about(source):
        return os.read(descriptor, _BLOCK_BYTES)


def _write_all(descriptor: int, block: bytes) -> None:
    rest = memoryview(block)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _flush(descriptor: int) -> None:
    # On macOS fsync stops at the drive's cache; only this command reaches the medium.
    full_flush: int | None = getattr(fcntl, "F_FULLFSYNC", None)
    if full_flush is not None:
        try:
            fcntl.fcntl(descriptor, full_flush)
            return
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
    os.fsync(descriptor)


@contextmanager
def _opened_folder(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _rename_exclusively(folder: int, old: str, new: str) -> None:
    # Flags from linux/fs.h (RENAME_NOREPLACE) and macOS's sys/stdio.h (RENAME_EXCL).
    symbol, flag = ("renameatx_np", 4) if sys.platform == "darwin" else ("renameat2", 1)
    call = getattr(ctypes.CDLL(None, use_errno=True), symbol, None)
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if call(folder, os.fsencode(old), folder, os.fsencode(new), ctypes.c_uint(flag)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), old, None, new)


def _link_or_look(folder: int, old: str, new: str) -> None:
    try:
        os.link(old, new, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _look_and_rename(folder, old, new)
    else:
        os.unlink(old, dir_fd=folder)


def _look_and_rename(folder: int, old: str, new: str) -> None:
    with suppress(FileNotFoundError):
        os.stat(new, dir_fd=folder, follow_symlinks=False)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new)
    os.rename(old, new, src_dir_fd=folder, dst_dir_fd=folder)
