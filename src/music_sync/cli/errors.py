"""How an error leaves the program: one sentence on standard error and an exit code."""

import logging
import sys

import click

from music_sync.cli import show
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


def left(error: Exception) -> int:
    """Say what went wrong, to a person in one line and to a script in its object; give the exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    click.echo(told(error), err=True)
    if "--json" in sys.argv[1:]:
        from music_sync.model.report import RunReport

        show.as_json(RunReport(fault=result_of(error), message=sentence_of(error)).as_json())
    return exit_code_of(error)


def exit_code_of(error: BaseException) -> int:
    return _row(error)[1]


def result_of(error: BaseException) -> str:
    """The word for it in a report."""
    return _row(error)[0]


def told(error: BaseException) -> str:
    """One line for a person."""
    return f"music-sync: {show.clean(sentence_of(error))}"


def sentence_of(error: BaseException) -> str:
    """One sentence; what nobody expected also leaves its trace in the log."""
    if isinstance(error, SyncError):
        return str(error)
    if isinstance(error, click.ClickException):
        return _usage(error)
    if isinstance(error, OSError):
        place = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror or error}{place}; mend that, then try again"
    logging.getLogger("music_sync").debug("unexpected", exc_info=error)
    return f"unexpected {type(error).__name__}: {error}; `music-sync doctor` looks for the cause"


def _usage(error: click.ClickException) -> str:
    what = " ".join(error.format_message().split()).rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{what}; `{context.command_path if context else 'music-sync'} --help` tells more"


def _row(error: BaseException) -> tuple[str, int]:
    from music_sync.adapters.lock_file import LockHeld

    if isinstance(error, LockHeld):
        return "locked", 5
    if isinstance(error, click.ClickException):
        return "error", error.exit_code
    if isinstance(error, OSError):
        return "environment", 7
    for kind, result, code in RESULTS:
        if isinstance(error, kind):
            return result, code
    return "error", 1
