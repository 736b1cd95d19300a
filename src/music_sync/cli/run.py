"""`run`: the orchestrator, cycle after cycle, or once."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from music_sync.adapters.lock_file import locked
from music_sync.adapters.sync_process import STOP_WITHIN_S, SyncProcess
from music_sync.adapters.wake_pipe import WakePipe
from music_sync.cli import show
from music_sync.cli.errors import exit_code_of, result_of
from music_sync.cli.log import logged
from music_sync.cli.sync import ended
from music_sync.model.happenings import Tell
from music_sync.model.report import EXIT_CODES, RunReport
from music_sync.settings import LONGEST_INTERVAL_S, Settings, load
from music_sync.track.detect import Request

if TYPE_CHECKING:
    from music_sync.flows.hand_off_tasks import CycleReport


def _some_seconds(_ctx: click.Context, _parameter: click.Parameter, seconds: float) -> float:
    if not 0 < seconds <= LONGEST_INTERVAL_S:  # false for NaN too
        raise click.BadParameter(f"{seconds} is not between 0 and {LONGEST_INTERVAL_S:.0f} seconds")
    return seconds


FORCE = "Sync music in the first cycle, whatever the interval says and even when MUSIC_SYNC_ENABLED=false."


@click.command()
@click.option("--once", is_flag=True, help="One cycle, then leave with its exit code.")
@click.option("--interval", type=float, callback=_some_seconds, default=60, help="Seconds between cycles.")
@click.option("--until-empty", is_flag=True, help="Leave when no open task is on the board any more.")
@click.option("--music-sync", "force", is_flag=True, help=FORCE)
@click.option("--no-music-sync", "never", is_flag=True, help="Sync no music.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a cycle on standard output.")
@click.option("-n", "--dry-run", is_flag=True, help="Change nothing, only say which music a cycle would sync now.")
def run(
    *, once: bool, interval: float, until_empty: bool, force: bool, never: bool, as_json: bool, dry_run: bool
) -> int:
    """Run the orchestrator: sync music when it is due or asked for, hand tasks to their agents, collect answers.

    It goes on until it is stopped; the first SIGINT or SIGTERM ends the step in hand, the second one leaves at once.
    """
    if force and never:
        raise click.UsageError("--music-sync and --no-music-sync contradict each other; give one of them")
    from music_sync.wiring import cycle, notices

    settings = load().settings
    if dry_run or (click.get_current_context().obj or {}).get("dry_run"):
        return _foreseen(settings, force=force, never=never, as_json=as_json)
    process = SyncProcess()
    with (
        locked(settings.var / "orchestrator.lock", "music-sync run"),
        logged(settings.loop_log, settings.log_format, and_print=not as_json),
        _ending(process) as check,
    ):
        orchestrator = cycle.orchestrator(settings, process)
        pipe = WakePipe(settings.wake)
        while True:
            music, report = orchestrator.cycle(force=force, never=never)
            if as_json:
                show.as_json(shape_of(music, report))
            check()
            if once or (until_empty and report.remaining == 0 and not report.faults):
                return exit_code(music, report)
            force = False
            if settings.notices or settings.ping_url:
                notices.watch(settings)
            pipe.wait(interval)


def _foreseen(settings: Settings, *, force: bool, never: bool, as_json: bool) -> int:
    """What a cycle would sync; the tasks are left to it, `music-sync tasks list` shows them."""
    from music_sync.wiring import cycle, rounds

    is_due = settings.enabled and cycle.verdict(settings).is_due

    def work(tell: Tell) -> RunReport:
        return rounds.plan(settings, Request(), tell) if not never and (force or is_due) else RunReport()

    return ended(as_json, work, future=True)


def shape_of(music: Mapping[str, Any], report: "CycleReport") -> dict[str, Any]:
    """What a script gets of a cycle: the sync's report, with the tasks, and in `problems` what a person should see."""
    shape = {**music, "result": result_word(music, report), "tasks": report.counts}
    if report.faults:
        shape.setdefault("message", str(report.faults[0]))
    return {**shape, "problems": [*map(str, report.faults), *report.problems]}


def result_word(music: Mapping[str, Any], report: "CycleReport") -> str:
    """The cycle in one word: the music's unless that went well and a step of the tasks did not."""
    if EXIT_CODES[music["result"]] or not report.faults:
        return str(music["result"])
    word = result_of(report.faults[0])
    return word if word in EXIT_CODES else "error"


def exit_code(music: Mapping[str, Any], report: "CycleReport") -> int:
    if EXIT_CODES[music["result"]] or not report.faults:
        return EXIT_CODES[music["result"]]
    return exit_code_of(report.faults[0])


@contextmanager
def _ending(process: SyncProcess) -> Iterator[Callable[[], None]]:
    """Leave on SIGINT and SIGTERM: a running sync gets time to end its steps, and nothing of it stays behind."""
    asked: list[int] = []

    def leave(number: int, _frame: FrameType | None) -> None:
        if asked:
            process.end(signal.SIGKILL)
            os._exit(128 + number)
        asked.append(number)
        process.end(signal.SIGTERM)
        raise _StopError(number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}

    def check() -> None:
        # Python drops what is raised inside a finaliser; then it is raised again here.
        if asked:
            raise _StopError(asked[0])

    try:
        yield check
    except _StopError as stop:
        process.end(signal.SIGTERM)
        process.wait(STOP_WITHIN_S)
        click.echo("stopped; the next start goes on from here", err=True)
        sys.stderr.flush()
        os._exit(128 + stop.number)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _StopError(BaseException):
    """Unwinds to the edge; not an Exception, so that no step takes it for a fault of its own."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number
