"""What needs a person, most urgent first, each with the page or the command that deals with it."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from music_sync.adapters import account_file, budget_file
from music_sync.adapters.inbox_folder import DEAD_LETTERS
from music_sync.adapters.last_run_file import LastRun
from music_sync.model.browsing import Waiting
from music_sync.settings import Settings
from music_sync.web.shown import number, stamp

LEAST_FREE_BYTES = 1_000_000_000
FAILURES_TOLD = 2
"""A single failed run is tried again within minutes; from the second one on someone may want to look."""


@dataclass(frozen=True)
class Need:
    """One thing that waits for a person."""

    tone: str
    """bad, warn or plain: how much it hinders."""
    text: str
    page: str = ""
    """Where it is dealt with."""
    command: str = ""
    """What is typed for it, where no page does it."""


def needs(settings: Settings, waiting: Waiting, offline: str, last: LastRun) -> list[Need]:
    """Everything, in the order in which it hinders."""
    return [
        *_machine(settings, offline),
        *_sign_ins(settings),
        *_runs(last),
        *_tracks(waiting),
        *_tasks(settings),
    ]


def _machine(settings: Settings, offline: str) -> Iterator[Need]:
    if offline:
        yield Need("bad", offline)
    for name, place in (("home", settings.home), ("library", settings.library)):
        there = next((folder for folder in (place, *place.parents) if folder.exists()), Path("/"))
        free = shutil.disk_usage(there).free
        if free < LEAST_FREE_BYTES:
            yield Need("bad", f"{free / 1e9:.1f} GB are free for the {name}; free some space on that drive")


def _sign_ins(settings: Settings) -> Iterator[Need]:
    for standing in account_file.standings(settings.accounts):
        trouble = standing.ended or standing.warning
        if trouble:
            text = trouble.partition(";")[0]
            yield Need("bad" if standing.ended else "warn", text, command=f"music-sync connect {standing.service}")
    for spent in budget_file.spent_in(settings.budgets):
        if spent.blocked_until:
            yield Need("plain", f"{spent.label} is left alone until {stamp(spent.blocked_until)}: {spent.why}")


def _runs(last: LastRun) -> Iterator[Need]:
    if last.consecutive_failures >= FAILURES_TOLD:
        since = f" since {stamp(last.last_run)}" if last.last_run else ""
        yield Need("bad", f"{last.consecutive_failures} runs in a row failed, none went well{since}", "/runs")


def _tracks(waiting: Waiting) -> Iterator[Need]:
    for ending, tone, text, page in (
        ("review", "warn", "wait for your verdict", "/reviews"),
        ("failed", "warn", "failed; look why, and try them again", "/library?ending=failed"),
        ("buy_list", "plain", "on the buy list", "/buy-list"),
    ):
        count = waiting.endings.get(ending, 0)
        if count:
            yield Need(tone, f"{number(count)} track{'' if count == 1 else 's'} {_one(text, count)}", page)


def _one(text: str, count: int) -> str:
    if count != 1:
        return text
    return text.replace("wait for", "waits for").replace("try them again", "try it again")


def _tasks(settings: Settings) -> Iterator[Need]:
    folder = settings.home / DEAD_LETTERS
    letters = list(folder.glob("*.json")) if folder.is_dir() else []
    if letters:
        yield Need("warn", f"{len(letters)} hand-offs could not be delivered", "/tasks#dead")
