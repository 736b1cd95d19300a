"""A pipe in the home by which another process wakes the waiting orchestrator."""

import errno
import logging
import os
import select
import stat
import time
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)

_NOBODY = frozenset({errno.ENXIO, errno.ENOENT, errno.ENOTDIR})


class WakePipe:
    """The waiting end. Held open for reading and writing, so that it is never at its end.

    On a drive that knows no pipes, or that cannot be written, nobody wakes it: it sleeps its time.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor: int | None = None
        try:
            self._descriptor = _opened(path)
        except OSError as error:
            log.warning("%s cannot be made (%s): a new task waits for the next cycle", path, error.strerror)

    def wait(self, seconds: float) -> bool:
        """Sleep for so long, or until someone wakes us; say whether someone did."""
        if self._descriptor is None:
            time.sleep(max(0.0, seconds))
            return False
        ready, _, _ = select.select([self._descriptor], [], [], max(0.0, seconds))
        if ready:
            with suppress(BlockingIOError):
                while os.read(self._descriptor, 4096):
                    pass
        return bool(ready)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def wake(path: Path) -> bool:
    """Wake the orchestrator of this home; False when none waits."""
    if not _is_pipe(path):
        return False
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in _NOBODY:
            return False
        raise
    try:
        # A full pipe has woken it already.
        with suppress(BlockingIOError):
            os.write(descriptor, b".")
        return True
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_pipe(path):
        with suppress(FileNotFoundError):
            path.unlink()
        os.mkfifo(path, 0o600)
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def _is_pipe(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
