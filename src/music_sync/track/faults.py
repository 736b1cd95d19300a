"""The edge of a track's journey: whatever goes wrong inside a stage leaves it as one of our own errors."""

import errno
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from music_sync.model.errors import EnvironmentFault, GiveUp, SyncError
from music_sync.model.names import as_text
from music_sync.model.track import FoundTrack

log = logging.getLogger(__name__)

T = TypeVar("T")

MACHINE_FAULTS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EACCES, errno.EPERM}
)
"""Numbers of those faults that a person mends at this machine."""


def translated(found: FoundTrack, stage: str, work: Callable[[], T]) -> T:
    """Let only our own errors out: they alone can be kept in the flow store, and they say who acts next."""
    try:
        return work()
    except SyncError:
        raise
    except OSError as error:
        if error.errno in MACHINE_FAULTS:
            # A write that finds no room names no file; what a stage writes to is its staging folder.
            place = error.filename or "staging in the home"
            text = f"{stage} of {found.label} failed: {error.strerror} ({place}); mend that, then sync again"
            raise EnvironmentFault(text) from error
        raise _unexpected(found, stage, error) from error
    except Exception as error:
        raise _unexpected(found, stage, error) from error


def named(work: Callable[[], T], path: Path, found: FoundTrack) -> T:
    """Let a refusal name the track as a person knows it, not the name that its file has in staging."""
    try:
        return work()
    except GiveUp as error:
        name = as_text(found.path.name) if found.path else found.label
        raise GiveUp(str(error).replace(path.name, name), error.rule) from error


def _unexpected(found: FoundTrack, stage: str, error: Exception) -> GiveUp:
    log.error("%s of %s failed unexpectedly", stage, found.key, exc_info=error)
    what = " ".join(str(error).split())[:200]
    text = f"{stage} of {found.label} failed unexpectedly ({type(error).__name__}: {what})"
    return GiveUp(f"{text}; the log has the details, `music-sync retry` tries it again", rule="unexpected")
