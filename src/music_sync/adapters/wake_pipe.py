"""A pipe in the home by which another process wakes the waiting orchestrator."""

import errno
import os
import select
import stat
from contextlib import suppress
from pathlib import Path


class WakePipe:
    """The waiting end. Held open for reading and writing, so that it is never at its end."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_pipe(path):
            with suppress(FileNotFoundError):
                path.unlink()
            os.mkfifo(path, 0o600)
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def wait(self, seconds: float) -> bool:
        """Sleep for so long, or until someone wakes us; say whether someone did."""
        ready, _, _ = select.select([self._descriptor], [], [], max(0.0, seconds))
        if ready:
            with suppress(BlockingIOError):
                while os.read(self._descriptor, 4096):
                    pass
        return bool(ready)

    def close(self) -> None:
        os.close(self._descriptor)


def wake(path: Path) -> bool:
    """Wake the orchestrator of this home; False when none waits."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in {errno.ENXIO, errno.ENOENT}:
            return False
        raise
    try:
        # A full pipe has woken it already.
        with suppress(BlockingIOError):
            os.write(descriptor, b".")
        return True
    finally:
        os.close(descriptor)


def _is_pipe(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.lstat().st_mode)
    except FileNotFoundError:
        return False
