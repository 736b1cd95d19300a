"""`run`: the music step again and again, or once."""

import logging
import threading
from collections.abc import Mapping
from datetime import UTC, datetime

import click

from music_sync.adapters import last_run_file
from music_sync.cli import show
from music_sync.cli.errors import result_of, told
from music_sync.cli.log import logged
from music_sync.cli.sync import remembered, stoppable
from music_sync.model.report import EXIT_CODES, RunReport
from music_sync.settings import Settings, load
from music_sync.track.detect import Request
from music_sync.triggers import clock

log = logging.getLogger("music_sync.run")

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
            report = _music_step(settings, force=force, never=never, as_json=as_json)
            log.info("music sync: %s %s %s", report.result, report.counts, report.message)
        if as_json:
            show.as_json({**report.as_json(), "tasks": dict(NO_TASKS)})
        else:
            show.report(report)
        if once:
            return report.exit_code
        force = False
        threading.Event().wait(interval)


def _music_step(settings: Settings, *, force: bool, never: bool, as_json: bool) -> RunReport:
    """Sync if it is due; a failure is reported and written down, and the next cycle comes all the same."""
    if never or not (force or (settings.enabled and _is_due(settings))):
        return RunReport()
    from music_sync import wiring

    request = Request()
    try:
        with show.progress() as tell, stoppable(as_json=as_json) as stop, remembered(settings, request) as remember:
            return remember(wiring.sync(settings, request, tell, stop))
    except Exception as error:  # noqa: BLE001 - the edge of a cycle
        click.echo(told(error), err=True)
        result = result_of(error)
        return RunReport(fault=result if result in EXIT_CODES else "error", message=str(error))


def _is_due(settings: Settings) -> bool:
    now = datetime.now(UTC).astimezone()
    last = last_run_file.read(settings.last_run_file)
    seen = clock.clamped(last, now.timestamp(), settings.interval)
    if seen != last:
        last_run_file.write(settings.last_run_file, seen)
    verdict = clock.judge(seen, now, settings.interval)
    log.info("music sync is %s: %s", "due" if verdict.is_due else "not due", verdict.reason)
    return verdict.is_due
