"""`run`: the music step again and again, or once."""

import logging
import threading
import time
from collections.abc import Mapping

import click

from music_sync.adapters import last_run_file
from music_sync.cli import show
from music_sync.cli.errors import result_of, told
from music_sync.cli.log import logged
from music_sync.cli.sync import stoppable
from music_sync.model.report import EXIT_CODES, RunReport
from music_sync.settings import Settings, load
from music_sync.track.detect import Request

log = logging.getLogger("music_sync.run")

SUCCESSES = frozenset({"done", "nothing_new", "partial", "needs_person"})
NO_TASKS: Mapping[str, int] = dict.fromkeys(("picked", "delivered", "collected", "reviews", "remaining"), 0)


@click.command()
@click.option("--once", is_flag=True, help="One cycle, then leave with its exit code.")
@click.option("--interval", type=click.FloatRange(min=0, min_open=True), default=60, help="Seconds between cycles.")
@click.option("--music-sync", "force", is_flag=True, help="Sync music in the first cycle, whatever the interval says.")
@click.option("--no-music-sync", "never", is_flag=True, help="Sync no music.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a cycle on standard output.")
def run(*, once: bool, interval: float, force: bool, never: bool, as_json: bool) -> int:
    """Sync music whenever the interval of the settings has passed; with --once just look once."""
    if force and never:
        raise click.UsageError("--music-sync and --no-music-sync contradict each other; give one of them")
    settings = load().settings
    while True:
        with logged(settings.loop_log):
            report = _music_step(settings, force=force, never=never)
            log.info("music sync: %s %s %s", report.result, report.counts, report.message)
        if as_json:
            show.as_json({**report.as_json(), "tasks": dict(NO_TASKS)})
        else:
            show.report(report)
        if once:
            return report.exit_code
        force = False
        threading.Event().wait(interval)


def _music_step(settings: Settings, *, force: bool, never: bool) -> RunReport:
    """Sync if it is due, and write down how it went; a failure is remembered too."""
    last = last_run_file.read(settings.last_run_file)
    due = force or (settings.enabled and last_run_file.is_due(last, time.time(), settings.interval))
    if never or not due:
        return RunReport()
    report = _synced(settings)
    if report.result != "locked":
        succeeded = report.result in SUCCESSES
        state = last_run_file.after(
            last, report.result, succeeded=succeeded, now=time.time(), interval_s=settings.interval
        )
        last_run_file.write(settings.last_run_file, state)
    return report


def _synced(settings: Settings) -> RunReport:
    from music_sync import wiring

    try:
        with show.progress() as tell, stoppable() as stop:
            return wiring.sync(settings, Request(), tell, stop)
    except Exception as error:  # noqa: BLE001 - a failing step is reported and counts; the cycle goes on
        click.echo(told(error), err=True)
        result = result_of(error)
        return RunReport(fault=result if result in EXIT_CODES else "error", message=str(error))
