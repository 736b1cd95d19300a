"""The log that cron's shell opened for us: kept to a size although our output is already going there."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path


def rotate_when_large(log: Path, largest_bytes: int = 2_000_000, kept: int = 5) -> None:
    """Move a large log to `.1`, that to `.2` and so on; our own output, when it goes there, continues in a new file.

    Nothing is lost: another job that still writes into the moved file goes on doing so. Of two jobs at once, one moves.
    A log that cannot be moved stays, for it is no reason to stop the music.
    """
    with suppress(OSError):
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_moved = not _same(log.stat(), os.fstat(descriptor))
            if os.fstat(descriptor).st_size > largest_bytes and not is_moved:
                _move(log, kept)
                _continue_in(log, os.fstat(descriptor))
        finally:
            os.close(descriptor)


def _move(log: Path, kept: int) -> None:
    for number in range(kept - 1, 0, -1):
        with suppress(FileNotFoundError):
            log.with_name(f"{log.name}.{number}").replace(log.with_name(f"{log.name}.{number + 1}"))
    log.replace(log.with_name(f"{log.name}.1"))


def _continue_in(log: Path, moved: os.stat_result) -> None:
    fresh = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        for output in (1, 2):
            with suppress(OSError):
                if _same(os.fstat(output), moved):
                    os.dup2(fresh, output)
    finally:
        os.close(fresh)


def _same(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
