"""The board, what was handed to whom, and what lies where it should not."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request
from starlette.responses import Response

from music_sync.adapters.inbox_folder import DEAD_LETTERS, REFUSED, FolderInboxes
from music_sync.model.board import Place
from music_sync.model.errors import SyncError
from music_sync.model.task import Handoff, Task
from music_sync.settings import Settings
from music_sync.task.pick import rank
from music_sync.web.pages import page, private_router
from music_sync.web.reading import dashboard_of
from music_sync.web.shown import span
from music_sync.web.site import site_of

routes = private_router()

MOST_TASKS = 200
MOST_HANDOFFS = 100
OLD_S = 7 * 86400.0
"""A hand-off that waits for so long is marked: nobody seems to look into that inbox."""
_REASON_BYTES = 1000


@dataclass(frozen=True)
class Box:
    """One agent's inbox in numbers."""

    agent: str
    counts: dict[str, int]
    """By box: inbox, claimed, processed, failed."""
    oldest: str
    is_old: bool


@routes.get("/tasks")
def tasks(request: Request) -> Response:
    dashboard, settings = dashboard_of(request), site_of(request).settings
    is_elsewhere = bool(settings.agent_tasks_db_id)
    # A page must not wait for Notion, nor use up its calls.
    stored = [] if is_elsewhere else list(dashboard.board.tasks())
    open_tasks = sorted(
        (task for task in stored if task.is_open), key=lambda task: (rank(task.priority), task.created_at)
    )
    closed = sorted((task for task in stored if not task.is_open), key=lambda task: task.edited_at, reverse=True)
    handoffs = list(dashboard.ledger.handoffs())
    triggers = dashboard.ledger.triggers()
    latest = {each.task_id: each for each in handoffs}
    shown = {
        "is_elsewhere": is_elsewhere,
        "open": [
            _row(task, triggers.get(task.task_id, ""), latest.get(task.task_id)) for task in open_tasks[:MOST_TASKS]
        ],
        "closed": [_row(task, triggers.get(task.task_id, ""), latest.get(task.task_id)) for task in closed[:20]],
        "more": max(len(open_tasks) - MOST_TASKS, 0),
        "handoffs": list(reversed(handoffs))[:MOST_HANDOFFS],
        "titles": {task.task_id: task.title for task in stored},
        "inboxes": _inboxes(settings),
        "dead": _put_aside(settings.home / DEAD_LETTERS),
        "refused": _put_aside(settings.home / REFUSED),
    }
    return page(request, "tasks.html", shown)


def _row(task: Task, triggered: str, handoff: Handoff | None) -> dict[str, Any]:
    said = ""
    if triggered:
        said = "started a sync" if triggered == task.content_key else "started a sync before its text was changed"
    return {"task": task, "triggered": said, "handoff": handoff}


def _inboxes(settings: Settings) -> list[Box]:
    """Every agent's, the one with the oldest waiting hand-off first."""
    by_agent: dict[str, list[Place]] = {}
    try:
        places = FolderInboxes(settings.home, settings.agents).places().values()
    except SyncError:
        return []
    for place in places:
        by_agent.setdefault(place.agent_folder or "(queue)", []).append(place)
    boxes = [_box(agent, places) for agent, places in by_agent.items()]
    return sorted(boxes, key=lambda box: (not box.is_old, box.agent))


def _box(agent: str, places: list[Place]) -> Box:
    counts: dict[str, int] = {}
    for place in places:
        counts[place.box] = counts.get(place.box, 0) + 1
    waiting = [_age_s(place.path) for place in places if place.box in {"inbox", "claimed", "queue"}]
    oldest_s = max(waiting, default=0.0)
    return Box(agent, counts, span(oldest_s) if waiting else "", oldest_s > OLD_S)


def _age_s(path: Path) -> float:
    try:
        return max(time.time() - path.stat().st_mtime, 0.0)
    except OSError:
        return 0.0


def _put_aside(folder: Path) -> list[dict[str, str]]:
    """Files that were put aside, each with the reason that lies beside it; newest first."""
    if not folder.is_dir():
        return []
    files = sorted((file for file in folder.iterdir() if file.suffix == ".json"), key=_age_s)
    return [{"name": file.name, "reason": _reason(file), "age": span(_age_s(file))} for file in files[:50]]


def _reason(file: Path) -> str:
    beside = file.with_name(f"{file.name}.reason.txt")
    try:
        with beside.open("rb") as opened:
            return opened.read(_REASON_BYTES).decode("utf-8", "replace").strip()
    except OSError:
        return ""
