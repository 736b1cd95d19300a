"""`run`: the music step again and again, or once."""

import logging
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import click

from music_sync.adapters import last_run_file
from music_sync.cli import show
from music_sync.cli.errors import exit_code_of, result_of, sentence_of, told
from music_sync.cli.log import logged
from music_sync.cli.sync import remembered, stoppable
from music_sync.model.report import RunReport
from music_sync.settings import LONGEST_INTERVAL_S, Settings, load
from music_sync.track.detect import Request
from music_sync.triggers import clock

log = logging.getLogger("music_sync.run")

NO_TASKS: Mapping[str, int] = dict.fromkeys(("picked", "delivered", "collected", "reviews", "remaining"), 0)


def _some_seconds(_ctx: click.Context, _parameter: click.Parameter, seconds: float) -> float:
    if not 0 < seconds <= LONGEST_INTERVAL_S:  # false for NaN too
        raise click.BadParameter(f"{seconds} is not between 0 and {LONGEST_INTERVAL_S:.0f} seconds")
    return seconds


@click.command()
@click.option("--once", is_flag=True, help="One cycle, then leave with its exit code.")
@click.option("--interval", type=float, callback=_some_seconds, default=60, help="Seconds between cycles.")
@click.option("--music-sync", "force", is_flag=True, help="Sync music in the first cycle, whatever the interval says.")
@click.option("--no-music-sync", "never", is_flag=True, help="Sync no music.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a cycle on standard output.")
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing, only say what the next cycle would do.")
@click.pass_context
def run(
    ctx: click.Context, *, once: bool, interval: float, force: bool, never: bool, as_json: bool, dry_run: bool
) -> int:
    """Sync music whenever the interval of the settings has passed; with --once just look once."""
    if force and never:
        raise click.UsageError("--music-sync and --no-music-sync contradict each other; give one of them")
    settings = load().settings
    if dry_run or (ctx.obj or {}).get("dry_run"):
        report = _foreseen(settings, force=force, never=never)
        _print(report, as_json=as_json, future=True)
        return report.exit_code
    while True:
        with logged(settings.loop_log):
            report, code = _music_step(settings, force=force, never=never, as_json=as_json)
            log.info("music sync: %s %s %s", report.result, report.counts, report.message)
        _print(report, as_json=as_json)
        if once:
            return code
        force = False
        threading.Event().wait(interval)


def _print(report: RunReport, *, as_json: bool, future: bool = False) -> None:
    if as_json:
        show.as_json({**report.as_json(), "tasks": dict(NO_TASKS)})
    else:
        show.report(report, future=future)


def _foreseen(settings: Settings, *, force: bool, never: bool) -> RunReport:
    if never or not (force or (settings.enabled and _verdict(settings).is_due)):
        return RunReport()
    from music_sync import wiring

    with show.progress() as tell:
        return wiring.plan(settings, Request(), tell)


def _music_step(settings: Settings, *, force: bool, never: bool, as_json: bool) -> tuple[RunReport, int]:
    """Sync if it is due; a failure is reported and written down, and the next cycle comes all the same.

    Gives the exit code too, for an error may have a finer one than its report.
    """
    if never or not (force or (settings.enabled and _is_due(settings))):
        return RunReport(), 0
    from music_sync import wiring

    request = Request()
    try:
        with show.progress() as tell, stoppable(as_json=as_json) as stop, remembered(settings, request) as remember:
            report = remember(wiring.sync(settings, request, tell, stop))
            return report, report.exit_code
    except Exception as error:  # noqa: BLE001 - the edge of a cycle
        click.echo(told(error), err=True)
        return RunReport(fault=result_of(error), message=sentence_of(error)), exit_code_of(error)


def _is_due(settings: Settings) -> bool:
    last = last_run_file.read(settings.last_run_file)
    seen = clock.clamped(last, time.time(), settings.interval)
    if seen != last:
        last_run_file.write(settings.last_run_file, seen)
    verdict = _verdict(settings)
    log.info("music sync is %s: %s", "due" if verdict.is_due else "not due", verdict.reason)
    return verdict.is_due


def _verdict(settings: Settings) -> clock.Verdict:
    now = datetime.now(UTC).astimezone()
    last = clock.clamped(last_run_file.read(settings.last_run_file), now.timestamp(), settings.interval)
    return clock.judge(last, now, settings.interval)
