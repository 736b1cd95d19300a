"""`run`: the orchestrator, cycle after cycle, or once."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from music_sync.adapters.sync_process import STOP_WITHIN_S, SyncProcess
from music_sync.adapters.wake_pipe import WakePipe
from music_sync.cli import show
from music_sync.cli.errors import exit_code_of, result_of
from music_sync.cli.log import logged
from music_sync.model.report import EXIT_CODES
from music_sync.settings import load

if TYPE_CHECKING:
    from music_sync.flows.hand_off_tasks import CycleReport


@click.command()
@click.option("--once", is_flag=True, help="One cycle, then leave with its exit code.")
@click.option("--interval", type=click.FloatRange(min=0, min_open=True), default=60, help="Seconds between cycles.")
@click.option("--until-empty", is_flag=True, help="Leave when no open task is on the board any more.")
@click.option("--music-sync", "force", is_flag=True, help="Sync music in the first cycle, whatever the interval says.")
@click.option("--no-music-sync", "never", is_flag=True, help="Sync no music.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a cycle on standard output.")
def run(*, once: bool, interval: float, until_empty: bool, force: bool, never: bool, as_json: bool) -> int:
    """Run the orchestrator: sync music when it is due or asked for, hand tasks to their agents, collect answers.

    It goes on until it is stopped; the first SIGINT or SIGTERM ends the step in hand, the second one leaves at once.
    """
    if force and never:
        raise click.UsageError("--music-sync and --no-music-sync contradict each other; give one of them")
    from music_sync import wiring

    settings = load().settings
    process = SyncProcess()
    with logged(settings.loop_log, and_print=not as_json), _ending(process):
        orchestrator = wiring.orchestrator(settings, process)
        pipe = WakePipe(settings.wake)
        while True:
            music, report = orchestrator.cycle(force=force, never=never)
            if as_json:
                show.as_json({**music, "result": result_word(music, report), "tasks": report.counts})
            if once or (until_empty and not report.remaining and not report.faults):
                return exit_code(music, report)
            force = False
            pipe.wait(interval)


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
def _ending(process: SyncProcess) -> Iterator[None]:
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
    try:
        yield
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
