"""How an error leaves the program: one sentence on standard error and an exit code."""

import logging

from music_sync.model.errors import (
    BadSetting,
    EnvironmentFault,
    NeedsPerson,
    ServiceUnavailable,
    SyncError,
    TryAgainLater,
)

RESULTS: tuple[tuple[type[BaseException], str, int], ...] = (
    (BadSetting, "error", 2),
    (NeedsPerson, "needs_person", 4),
    (ServiceUnavailable, "unavailable", 6),
    (EnvironmentFault, "environment", 7),
    (TryAgainLater, "unavailable", 6),
)


def exit_code_of(error: BaseException) -> int:
    return _row(error)[1]


def result_of(error: BaseException) -> str:
    """The word for it in a report."""
    return _row(error)[0]


def told(error: BaseException) -> str:
    """One sentence for a person; what nobody expected also leaves its trace in the log."""
    if isinstance(error, SyncError):
        return f"music-sync: {error}"
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        return f"music-sync: {error.strerror or error}{place}; mend that, then try again"
    logging.getLogger("music_sync").debug("unexpected", exc_info=error)
    return f"music-sync: unexpected {type(error).__name__}: {error}; `music-sync doctor` looks for the cause"


def _row(error: BaseException) -> tuple[str, int]:
    from music_sync.adapters.lock_file import LockHeld

    if isinstance(error, LockHeld):
        return "locked", 5
    if isinstance(error, OSError):
        return "environment", 7
    for kind, result, code in RESULTS:
        if isinstance(error, kind):
            return result, code
    return "error", 1
