"""The orchestrator, its clock, board and desk."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from music_sync.adapters import last_run_file
from music_sync.adapters.inbox_folder import FolderInboxes
from music_sync.adapters.sql.board import SqlBoard
from music_sync.adapters.sql.ledger import SqlLedger
from music_sync.adapters.sync_process import SyncProcess
from music_sync.flows.hand_off_tasks import Habits
from music_sync.model.board import Board
from music_sync.model.errors import BadSetting
from music_sync.model.report import COUNTED
from music_sync.model.task import Task
from music_sync.settings import Settings
from music_sync.task.deliver import Desk
from music_sync.task.route import Agents, Rule
from music_sync.triggers import clock
from music_sync.triggers.orchestrator import Orchestrator
from music_sync.wiring.state import open_state

log = logging.getLogger("music_sync.orchestrator")


def orchestrator(settings: Settings, process: SyncProcess) -> Orchestrator:
    """The orchestrator with board, ledger, inboxes, clock and a way to sync."""
    habits = Habits(settings.handoffs or None, settings.reviews, timedelta(days=settings.expiry))
    return Orchestrator(
        sync=lambda _cause: _synced(settings, process),
        verdict=partial(verdict, settings, keep=True),
        desk=desk(settings),
        habits=habits,
        enabled=settings.enabled,
    )


def _synced(settings: Settings, process: SyncProcess) -> Mapping[str, Any]:
    """Sync in a process of its own; what was killed before it could write down how it went is written down here."""
    before = last_run_file.read(settings.last_run_file).last_attempt
    report = process.run(_told)
    unwritten = last_run_file.read(settings.last_run_file).last_attempt == before
    if unwritten and report["result"] != "locked":
        clock.remember(settings.last_run_file, report["result"], settings.interval)
    return report


def _told(line: str) -> None:
    """A sync's line of progress; only how a track ended is news."""
    if line.partition(":")[0] in COUNTED:
        log.info("music sync: %s", line)


def verdict(settings: Settings, *, keep: bool = False) -> clock.Verdict:
    """The clock's verdict now; with `keep` a stamp of the future is brought to now for good."""
    now = datetime.now(UTC).astimezone()
    last = last_run_file.read(settings.last_run_file)
    seen = clock.clamped(last, now.timestamp(), settings.interval)
    if keep and seen != last:
        last_run_file.write(settings.last_run_file, seen)
    return clock.judge(seen, now, settings.interval, clock.QuietHours.read(settings.quiet_hours))


def desk(settings: Settings) -> Desk:
    """What deliveries need."""
    rules = [Rule(rule.words, rule.agent) for rule in settings.agent_rules]
    agents = Agents(settings.agent_names, rules, settings.default_agent)
    inboxes = FolderInboxes(settings.home, settings.agents)
    return Desk(open_board(settings), open_ledger(settings), inboxes, agents, lambda: datetime.now(UTC))


def open_board(settings: Settings, *, to_read: bool = False) -> Board:
    """The board that tasks stand on: Notion when its token and database are set, else the embedded one.

    `to_read` makes no database where there is none yet, and shows an empty board.
    """
    return _notion(settings) or SqlBoard(open_state(settings, to_read=to_read))


def open_ledger(settings: Settings, *, to_read: bool = False) -> SqlLedger:
    """What was handed to whom; `to_read` as for `open_board`."""
    return SqlLedger(open_state(settings, to_read=to_read))


def every_task(settings: Settings) -> Iterator[Task]:
    """What stands on the board; on the embedded one archived tasks as well."""
    notion = _notion(settings)
    return notion.tasks() if notion else SqlBoard(open_state(settings, to_read=True)).tasks(archived=True)


def _notion(settings: Settings) -> Board | None:
    token, database = settings.notion_token, settings.agent_tasks_db_id
    if not database and (not token or settings.tracks_db_id):
        return None
    if not token or not database:
        missing = "AGENT_TASKS_DB_ID" if token else "NOTION_TOKEN"
        raise BadSetting(f"setting {missing} is missing: the board on Notion needs a token and a database; set both")
    from music_sync.adapters.board_notion import NotionBoard
    from music_sync.adapters.board_notion_schema import NotionNames
    from music_sync.adapters.notion_calls import NotionCalls

    known = {field.name for field in fields(NotionNames)}
    unknown = [name for name in settings.notion_names if name not in known]
    if unknown:
        raise BadSetting(
            f"setting notion_names: nothing is called {unknown[0]!r}; known are {', '.join(sorted(known))}"
        )
    names = NotionNames(**settings.notion_names)
    return NotionBoard(NotionCalls(token.get_secret_value(), settings.notion_url), database, names)
