"""The job of a schedule, as `sync --cron` runs it: nobody watches, and all it says goes to a log."""

import locale
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import click

from music_sync.adapters.job_log import rotate_when_large
from music_sync.adapters.lock_file import LockHeld, holder
from music_sync.cli import show
from music_sync.settings import Settings, load


def done(work: Callable[[], int]) -> int:
    """Sync for the schedule: not when music sync is switched off, and not while another run is at work."""
    loaded = load()
    rotate_when_large(loaded.settings.cron_log)
    _say("music sync started by its schedule")
    if not loaded.settings.enabled:
        _say(f"music sync is switched off ({_where(loaded.origins['enabled'])}); nothing was done")
        return 0
    try:
        code = work()
    except LockHeld as error:
        _say(f"music sync skipped: still running ({show.clean(str(error).partition(';')[0])})")
        return 0
    _say(f"music sync ended with exit code {code}")
    return code


def foreseen(work: Callable[[], int]) -> int:
    """Say what the job finds in the environment it was started in, then what it would do; change nothing."""
    loaded = load()
    for name, text in _findings(loaded.settings):
        click.echo(f"{name:<12} {show.clean(text)}")
    if not loaded.settings.enabled:
        click.echo(f"switched off  the job does nothing ({_where(loaded.origins['enabled'])})")
        return 0
    return work()


def _findings(settings: Settings) -> list[tuple[str, str]]:
    library = settings.library
    there = "" if library.is_dir() else " (not there)"
    return [
        ("environment", f"Python {sys.version.split()[0]}, {locale.getpreferredencoding(do_setlocale=False)}"),
        ("home", str(settings.home)),
        ("library", f"{library}{there}"),
        ("accounts", "none needed"),
        ("lock", holder(settings.lock_file) or "free"),
    ]


def _where(origin: str) -> str:
    return f"setting enabled, {origin}"


def _say(text: str) -> None:
    click.echo(f"{datetime.now(UTC).astimezone():%Y-%m-%d %H:%M:%S} {text}", err=True)
