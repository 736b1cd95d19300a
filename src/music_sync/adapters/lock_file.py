"""One sync at a time in one home: an OS lock, free at once when its holder dies."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from music_sync.model.errors import SyncError


class LockHeld(SyncError):
    """Another run holds the lock (exit code 5)."""


@contextlib.contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold the lock of this home while the block runs; raises LockHeld that names the holder.

    The file stays behind: what is locked is the open file, so a stale one hinders nobody.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeld(_held_by(descriptor)) from None
        os.ftruncate(descriptor, 0)
        holder = {"pid": os.getpid(), "what": what, "since": datetime.now(UTC).isoformat(timespec="seconds")}
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def holder(path: Path) -> str:
    """One sentence about who holds the lock just now; empty when it is free. Nothing is made or changed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _held_by(descriptor)
    finally:
        os.close(descriptor)
    return ""


def wait_until_free(path: Path) -> None:
    """Wait until nobody holds the lock; at once where nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _held_by(descriptor: int) -> str:
    try:
        holder = json.loads(os.pread(descriptor, 1000, 0))
        who = f"`{holder['what']}` (pid {holder['pid']}, since {holder['since']})"
    except (ValueError, KeyError, TypeError):
        who = "another run"
    return f"{who} is syncing this home; wait until it has ended, or stop it, then try again"
