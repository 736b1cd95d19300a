"""How things look: one JSON object for scripts, a bar a track on a terminal, a plain line an event elsewhere."""

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from music_sync.settings import terminal_can_draw, wants_no_colour

if TYPE_CHECKING:
    from music_sync.model.happenings import Happening, Tell
    from music_sync.model.report import RunReport, TrackReport

SAID_EVERY = 25
"""Tracks after which a plain run says how far it is."""

SIGNS = {"synced": "✓", "already_have": "=", "review": "?", "buy_list": "€", "failed": "✗"}
COLOURS = {"synced": "green", "already_have": "blue", "review": "yellow", "buy_list": "cyan", "failed": "red"}
WORDS = {
    "new": "new",
    "already_have": "already yours",
    "review": "to review",
    "buy_list": "on the buy list",
    "failed": "failed",
}


def as_json(shape: object) -> None:
    """Print one object for a script on standard output."""
    is_utf8 = (sys.stdout.encoding or "").replace("-", "").casefold() == "utf8"
    click.echo(json.dumps(shape, ensure_ascii=not is_utf8))


def clean(text: str) -> str:
    """Foreign text for one line of a terminal: no control characters, no direction overrides."""
    if text.isprintable():
        return text
    return "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in text)


def coloured(text: str, colour: str) -> str:
    return text if wants_no_colour() else click.style(text, fg=colour)


def is_live() -> bool:
    """Is a person watching a terminal that can draw?"""
    return sys.stderr.isatty() and terminal_can_draw()


@contextmanager
def progress() -> Iterator["Tell"]:
    """Show what happens on standard error while the block runs."""
    if is_live():
        with _bars() as tell:
            yield tell
    else:
        yield _plain()


def _plain() -> "Tell":
    """A line an event; in a long run one for how far it is, now and then."""
    count = _Count()

    def tell(happening: "Happening") -> None:
        name = clean(happening.label)
        count.see(happening)
        if happening.kind == "started":
            click.echo(f"{happening.stage}: {name}", err=True)
        elif happening.kind == "ended":
            click.echo(f"{happening.text}: {name}", err=True)
            if count.ended % SAID_EVERY == 0 and count.total > SAID_EVERY:
                click.echo(count.text, err=True)
        elif happening.kind == "told":
            click.echo(clean(happening.text), err=True)

    return tell


class _Count:
    """How many of all tracks have ended, and how long the rest will take at that pace."""

    def __init__(self) -> None:
        self.total = 0
        self.ended = 0
        self._began = 0.0

    def see(self, happening: "Happening") -> None:
        if happening.kind == "counted":
            self.total += happening.count
            self._began = self._began or time.monotonic()
        elif happening.kind == "ended":
            self.ended += 1
            self._began = self._began or time.monotonic()

    @property
    def text(self) -> str:
        pace_s = (time.monotonic() - self._began) / max(self.ended, 1)
        left_s = round(pace_s * max(self.total - self.ended, 0))
        left = f"{left_s} s" if left_s < 90 else f"{round(left_s / 60)} min"
        return f"{self.ended} of {self.total} tracks have ended; about {left} left"


@contextmanager
def _bars() -> Iterator["Tell"]:
    """A bar per active track with its stage; a finished track leaves one line."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False, markup=False)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[stage]:<11}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.description}", markup=False),
        TimeRemainingColumn(),
    )
    bars: dict[str, TaskID] = {}
    lock = threading.Lock()
    count = _Count()
    with Progress(*columns, console=console, transient=True) as drawn:
        whole = drawn.add_task("", total=1.0, stage="", visible=False)

        def tell(happening: "Happening") -> None:
            with lock:
                count.see(happening)
                if count.total:
                    said = f"{count.ended} of {count.total}"
                    drawn.update(
                        whole, completed=count.ended, total=count.total, description=said, stage="all", visible=True
                    )
                if happening.kind == "ended":
                    bar = bars.pop(happening.key, None)
                    if bar is not None:
                        drawn.remove_task(bar)
                    sign = SIGNS.get(happening.text, "·")
                    drawn.console.print(f"{sign} {clean(happening.label)}", style=COLOURS.get(happening.text, ""))
                elif happening.kind == "told":
                    drawn.console.print(clean(happening.text))
                elif happening.kind != "counted" and happening.stage != "detect":
                    if happening.key not in bars:
                        bars[happening.key] = drawn.add_task(clean(happening.label), total=1.0, stage="")
                    drawn.update(bars[happening.key], completed=_how_far(happening), stage=happening.stage)

        yield tell


def _how_far(happening: "Happening") -> float:
    """How much of the whole journey lies behind, 0 to 1."""
    from music_sync.model.endings import STAGES

    stage = happening.stage.partition(" ")[0]
    number = STAGES.index(stage) if stage in STAGES else len(STAGES) - 1
    return (number + happening.fraction) / len(STAGES)


def report(told: "RunReport", *, future: bool = False) -> None:
    """Print how a run went, or what a plan foresees, in the same words; the last line says what to do next."""
    for source in told.sources:
        if not source.skipped and (not source.ok or source.message):
            sign = "!" if source.ok else "✗"
            click.echo(coloured(f"{sign} {source.label}: {clean(source.message)}", "yellow" if source.ok else "red"))
    skipped = [source.name for source in told.sources if source.skipped]
    if skipped:
        click.echo(f"· not connected, so not asked: {', '.join(skipped)}; `music-sync connect` tells of each")
    shown = [track for track in told.tracks if track.ending.name != "already_have"]
    for track in shown:
        click.echo(_line(track))
    counts = told.counts
    heading = "would be" if future else "sync"
    summary = " · ".join(f"{counts[word]} {text}" for word, text in WORDS.items() if counts[word] or word == "new")
    click.echo(f"{heading}: {summary}")
    click.echo(_next(told, future=future))


def _line(track: "TrackReport") -> str:
    ending = track.ending
    name = f"{ending.artist} - {ending.title}" if ending.artist else ending.title or track.found.label
    sign = coloured(SIGNS[ending.name], COLOURS[ending.name])
    return f"{sign} {clean(name)}: {clean(ending.reason)}"


def _next(told: "RunReport", *, future: bool) -> str:
    if told.fault:
        return f"next: {told.message}"
    if future:
        return "next: `music-sync sync` does it; nothing was changed"
    if told.result == "needs_person" and told.counts["review"]:
        return "next: `music-sync review` shows what is unsure, side by side"
    if told.result == "done" and not told.counts["new"]:
        return "next: `music-sync buy-list` says where to get what no allowed way could bring"
    return {
        "environment": "next: mend that, then `music-sync sync` goes on where it stopped",
        "unavailable": "next: `music-sync sync` tries again later",
        "partial": "next: `music-sync status` lists what failed, `music-sync retry` tries it again",
        "needs_person": "next: `music-sync status` lists what needs you",
        "nothing_new": "nothing new",
    }.get(told.result, "next: `music-sync library list` shows what you have")
