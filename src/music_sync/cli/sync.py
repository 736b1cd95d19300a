"""`sync`, `plan` and `retry`: tracks from the sources into the library."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType
from typing import Any, TypeVar

import click

from music_sync.cli import show
from music_sync.cli.errors import result_of
from music_sync.cli.log import logged
from music_sync.model.errors import SyncError
from music_sync.model.happenings import Tell
from music_sync.model.ports import Past
from music_sync.model.report import RunReport
from music_sync.model.track import SourceLink
from music_sync.settings import Settings, load
from music_sync.track.detect import Request
from music_sync.triggers import clock

F = TypeVar("F", bound=Callable[..., Any])

STOP_WITHIN_S = 4.0
"""How long a stop waits for the steps in hand; a step that takes longer runs again at the next start."""


def _round_options(command: F) -> F:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output."),
        click.option("--only", default="", metavar="SOURCE", help="Ask this source only."),
        click.option("--limit", type=click.IntRange(min=1), help="Take at most so many new tracks."),
        click.argument("what", nargs=-1, metavar="[URL|FILE|FOLDER ...]"),
    ):
        command = option(command)
    return command


@click.command()
@_round_options
@click.option("--cron", "as_job", is_flag=True, help="As the job of a schedule: skip when another run is at work.")
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing, only say what would happen.")
@click.pass_context
def sync(
    ctx: click.Context,
    *,
    what: tuple[str, ...],
    limit: int | None,
    only: str,
    as_json: bool,
    as_job: bool,
    dry_run: bool,
) -> int:
    """Bring what the sources hold into the library: a folder, a file, a list, a link, or all sources of the settings.

    It may be stopped or killed at any moment; the next start goes on where it stopped.
    """
    request = Request(what, only, limit)
    dry = dry_run or (ctx.obj or {}).get("dry_run", False)

    def work() -> int:
        if dry:
            return _planned(request, as_json=as_json)
        return ended(as_json, lambda tell: _synced(request, tell, as_json=as_json))

    if as_job:
        from music_sync.cli import cron_job

        return cron_job.foreseen(work) if dry else cron_job.done(work)
    return work()


@click.command()
@_round_options
def plan(*, what: tuple[str, ...], limit: int | None, only: str, as_json: bool) -> int:
    """Say what a sync would do, in the words of its result; change nothing and fetch nothing."""
    return _planned(Request(what, only, limit), as_json=as_json)


@click.command()
@click.argument("track", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing, only list what would be tried again.")
@click.pass_context
def retry(ctx: click.Context, *, track: tuple[str, ...], as_json: bool, dry_run: bool) -> int:
    """Try tracks again that ended without a file: all that failed, or those with TRACK in their id, link or reason."""
    from music_sync.wiring import rounds

    settings = load().settings
    if dry_run or (ctx.obj or {}).get("dry_run"):
        _list(rounds.would_retry(settings, track), as_json=as_json)
        return 0

    def again(tell: Tell) -> RunReport:
        with logged(settings.log, settings.log_format), stoppable(as_json=as_json) as stop:
            return rounds.retry(settings, track, tell, stop)

    return ended(as_json, again)


def _list(waiting: Sequence[tuple[SourceLink, Past]], *, as_json: bool) -> None:
    if as_json:
        tracks = [
            {"source": link.source, "source_id": link.source_id, "ending": past.ending, "reason": past.reason}
            for link, past in waiting
        ]
        show.as_json({**RunReport().as_json(), "result": "done" if tracks else "nothing_new", "tracks": tracks})
        return
    for link, past in waiting:
        click.echo(show.clean(f"{link.source}:{link.source_id}: {past.reason}"))


def _planned(request: Request, *, as_json: bool) -> int:
    from music_sync.wiring import rounds

    settings = load().settings
    return ended(as_json, lambda tell: rounds.plan(settings, request, tell), future=True)


def _synced(request: Request, tell: Tell, *, as_json: bool) -> RunReport:
    from music_sync.wiring import rounds

    settings = load().settings
    with (
        logged(settings.log, settings.log_format),
        stoppable(as_json=as_json) as stop,
        remembered(settings, request) as remember,
    ):
        return remember(rounds.sync(settings, request, tell, stop))


def ended(as_json: bool, work: Callable[[Tell], RunReport], *, future: bool = False) -> int:  # noqa: FBT001
    """Do the work under a progress display, print its report, give its exit code."""
    with show.progress() as tell:
        report = work(tell)
    if as_json:
        show.as_json(report.as_json())
    else:
        show.report(report, future=future)
    return report.exit_code


@contextmanager
def remembered(settings: Settings, request: Request) -> Iterator[Callable[[RunReport], RunReport]]:
    """Write down how a sync of all sources went, failed or not, for clock and cron; one of some files does not count."""
    reports: list[RunReport] = []
    began = datetime.now(UTC)

    def remember(report: RunReport) -> RunReport:
        reports.append(report)
        return report

    result, message = "error", ""
    try:
        yield remember
        result = reports[0].result
    except Exception as error:
        result = result_of(error)
        message = str(error) if isinstance(error, SyncError) else type(error).__name__
        raise
    finally:
        if result != "locked":
            _write_down(settings, request, began, Ended(result, message, reports[0] if reports else RunReport()))
        if result != "locked" and request == Request():
            clock.remember(settings.last_run_file, result, settings.interval)
            _tell_owner(settings, result, message, reports)


@dataclass(frozen=True)
class Ended:
    """How a run ended: in one word, with a sentence when it stopped, and with what it counted."""

    result: str
    message: str
    report: RunReport


def _write_down(settings: Settings, request: Request, began: datetime, ended: Ended) -> None:
    """For whoever asks later how the runs went."""
    from music_sync.model.browsing import Run
    from music_sync.wiring import dashboard

    what = " ".join(filter(None, [request.only and f"only {request.only}", *map(str, request.arguments)]))
    if not what and request.limit:
        what = f"at most {request.limit}"
    now = datetime.now(UTC)
    stamps = [each.isoformat(timespec="milliseconds").replace("+00:00", "Z") for each in (began, now)]
    message = ended.message or ended.report.message
    dashboard.write_down(settings, Run(stamps[0], stamps[1], ended.result, what[:500], message, ended.report.counts))


def _tell_owner(settings: Settings, result: str, message: str, reports: Sequence[RunReport]) -> None:
    """A person who looks at nothing hears of it."""
    if settings.notices or settings.ping_url:
        from music_sync.wiring import notices

        notices.heard(settings, result, message, reports[0] if reports else None)


@contextmanager
def stoppable(*, as_json: bool = False) -> Iterator[Any]:
    """Let the first SIGINT or SIGTERM end the steps in hand and stop, the second one stop at once."""
    from music_sync.flows.engine import Stop

    stop = Stop()

    def leave(number: int) -> None:
        stop.wait(STOP_WITHIN_S)
        if as_json:
            message = f"stopped by {signal.Signals(number).name}; the next start goes on from there"
            show.as_json(RunReport(fault="error", message=message).as_json())
        os._exit(128 + number)

    def asked(number: int, _frame: FrameType | None) -> None:
        if stop.is_asked:
            os._exit(128 + number)
        stop.ask()
        # Not through the stream: a handler may interrupt its own thread in the middle of a write.
        os.write(2, b"stopping after the steps in hand; the next start goes on from there\n")
        threading.Thread(target=leave, args=(number,), daemon=True).start()

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
