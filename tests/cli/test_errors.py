"""How an error leaves the program: one line, one word, one exit code."""

import click
import pytest
from tests.journeys.warm import must_be_clear

from music_sync.adapters.lock_file import LockHeld
from music_sync.cli.errors import exit_code_of, result_of, sentence_of, told
from music_sync.model.errors import (
    BadSetting,
    EnvironmentFault,
    GiveUp,
    NeedsPerson,
    ServiceUnavailable,
    SyncError,
    TryAgainLater,
)

ERRORS = [
    (BadSetting("setting x: no; correct it"), "error", 2),
    (NeedsPerson("sign in again"), "needs_person", 4),
    (LockHeld("pid 1 is syncing; wait"), "locked", 5),
    (ServiceUnavailable("away; later"), "unavailable", 6),
    (TryAgainLater("busy; later"), "unavailable", 6),
    (EnvironmentFault("full; make space"), "environment", 7),
    (PermissionError(13, "Permission denied", "/x"), "environment", 7),
    (OSError(28, "No space left on device"), "environment", 7),
    (click.UsageError("no such option: --x"), "error", 2),
    (click.BadParameter("nan is no number"), "error", 2),
    (GiveUp("refused"), "error", 1),
    (ValueError("never thought of"), "error", 1),
]


@pytest.mark.parametrize(("error", "result", "code"), ERRORS, ids=lambda value: type(value).__name__)
def test_each_error_has_its_word_and_its_code(error: Exception, result: str, code: int) -> None:
    assert (result_of(error), exit_code_of(error)) == (result, code)


def _kinds(kind: type[SyncError]) -> set[type[SyncError]]:
    return {kind}.union(*(_kinds(below) for below in kind.__subclasses__()))


def test_every_error_of_ours_that_leaves_a_run_has_a_code_of_its_own() -> None:
    unexpected = {kind for kind in _kinds(SyncError) if exit_code_of(kind("x")) == 1}

    assert all(kind is SyncError or issubclass(kind, GiveUp) for kind in unexpected)


@pytest.mark.parametrize(("error", "result", "code"), ERRORS, ids=lambda value: type(value).__name__)
def test_each_error_is_told_in_one_clear_line(error: Exception, result: str, code: int) -> None:
    said = told(error)

    assert said.startswith("music-sync: ")
    must_be_clear(said)


def test_foreign_text_in_an_error_cannot_draw_on_the_terminal() -> None:
    """B26"""
    said = told(EnvironmentFault("\x1b[2J/x\ny\u202ez cannot be read"))

    assert said.isprintable()


def test_a_file_that_the_system_refused_is_named() -> None:
    assert sentence_of(PermissionError(13, "Permission denied", "/a/file")) == (
        "Permission denied (/a/file); mend that, then try again"
    )


def test_a_wrong_option_leads_to_the_help_of_its_command() -> None:
    command = click.Command("sync")
    error = click.UsageError("No such option: --x.", click.Context(command, info_name="music-sync sync"))

    assert sentence_of(error) == "No such option: --x; `music-sync sync --help` tells more"
