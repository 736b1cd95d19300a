"""Deliver: one hand-off file a task and revision, whole or not at all, and never twice.

A delivery is written down before it is made. After a kill the ledger says what was under way, and the file's name, which
never changes, says how far it came.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from music_sync.model.board import Board, Inboxes, Ledger, Place
from music_sync.model.task import IN_PROGRESS, Change, Handoff, Task
from music_sync.task.handoff_file import content_of, name_of, packed
from music_sync.task.music import is_music
from music_sync.task.route import Agents, Routed, folder_of, route

BATCH = 200
"""Deliveries that share a transaction and the flush of a folder."""


@dataclass(frozen=True)
class Desk:
    """What deliveries need of the world."""

    board: Board
    ledger: Ledger
    inboxes: Inboxes
    agents: Agents
    now: Callable[[], datetime]


@dataclass(frozen=True)
class Delivered:
    """What came of one round of deliveries."""

    handoffs: tuple[Handoff, ...]
    problems: tuple[str, ...] = ()


def deliver(tasks: Iterable[Task], desk: Desk, history: Mapping[str, Sequence[Handoff]]) -> Delivered:
    """Hand tasks over in their order; `history` holds what the ledger knows of each of them, oldest first."""
    due = [
        (task, _drafted(task, revision, desk))
        for task in tasks
        if (revision := due_revision(task, history.get(task.task_id, ()), desk)) is not None
    ]
    made: list[Handoff] = []
    problems: list[str] = []
    there = desk.inboxes.places() if due else {}
    for start in range(0, len(due), BATCH):
        batch = _as_written_down(due[start : start + BATCH], history)
        desk.ledger.record_all(handoff for _, handoff in batch)
        placed = _placed(batch, there, desk)
        desk.ledger.record_all(placed)
        made += placed
        problems += [each.reason for each in placed if each.state == "dead"]
        problems += tell([(task, each) for (task, _), each in zip(batch, placed, strict=True)], desk)
    return Delivered(tuple(made), tuple(problems))


def due_revision(task: Task, history: Sequence[Handoff], desk: Desk) -> str | None:
    """The revision that is to be handed over now, or None when it was already.

    A task that the board knows to be in our hands and that is ready again was opened again by a person; since a board
    may show an older state in its lists, that is asked of the task itself.
    """
    same = [each for each in history if each.revision.split("-")[0] == task.content_key]
    if not same:
        return task.content_key
    latest = same[-1]
    if latest.state == "delivering":
        return latest.revision
    if latest.state == "dead":
        return latest.revision if route(task, desk.agents).agent else None
    if not latest.told:
        return None
    fresh = desk.board.task(task.task_id)
    if fresh is None or not fresh.is_ready or fresh.content_key != task.content_key:
        return None
    return f"{task.content_key}-{len(same) + 1}"


def retell(tasks: Mapping[str, Task], desk: Desk, history: Mapping[str, Sequence[Handoff]]) -> list[str]:
    """Tell the board what it was not told because we were killed after the delivery."""
    untold = [
        each for past in history.values() for each in past if not each.told and each.state in {"delivered", "dead"}
    ]
    return tell([(tasks[each.task_id], each) for each in untold if each.task_id in tasks], desk)


def tell(pairs: Iterable[tuple[Task, Handoff]], desk: Desk) -> list[str]:
    """Write each delivery on its task, unless a person changed its status meanwhile; gives what could not be told."""
    problems: list[str] = []
    told: list[Handoff] = []
    for task, handoff in pairs:
        change = Change(
            status=IN_PROGRESS if handoff.state == "delivered" and task.is_ready else None,
            blocking_reason=handoff.reason if handoff.state == "dead" else None,
            delivered_path=handoff.path,
            delivered_at=handoff.delivered_at,
            handoff_status="Handoff Delivered" if handoff.state == "delivered" else None,
        )
        written = desk.board.update(task.task_id, change, if_status=task.status)
        problems += [f"{task.title}: {what}" for what in written.dropped]
        told.append(replace(handoff, told=True))
    desk.ledger.record_all(told)
    return problems


def _drafted(task: Task, revision: str, desk: Desk) -> Handoff:
    routed = route(task, desk.agents)
    now = desk.now()
    return Handoff(
        task_id=task.task_id,
        revision=revision,
        agent=routed.agent,
        reason=routed.reason,
        name=name_of(task, now),
        path="",
        state="delivering",
        told=False,
        delivered_at=now.isoformat(timespec="seconds"),
    )


def _as_written_down(
    due: Sequence[tuple[Task, Handoff]], history: Mapping[str, Sequence[Handoff]]
) -> list[tuple[Task, Handoff]]:
    """A delivery that was under way keeps the name it was written down with."""
    kept = []
    for task, drafted in due:
        under_way = [
            each
            for each in history.get(task.task_id, ())
            if each.state == "delivering" and (each.revision, each.agent) == (drafted.revision, drafted.agent)
        ]
        kept.append((task, under_way[-1] if under_way else drafted))
    return kept


def _placed(batch: Sequence[tuple[Task, Handoff]], there: Mapping[str, Place], desk: Desk) -> list[Handoff]:
    to_route: dict[str, str] = {}
    dead: dict[str, str] = {}
    for task, handoff in batch:
        if handoff.name in there and there[handoff.name].box != "queue":
            continue
        content = packed(_content(task, handoff, desk))
        if not handoff.agent:
            dead[handoff.name] = str(desk.inboxes.bury(handoff.name, content, handoff.reason))
        else:
            desk.inboxes.put(handoff.name, content)
            to_route[handoff.name] = folder_of(handoff.agent)
    placed = {**there, **desk.inboxes.route(to_route)}
    return [_done(handoff, placed, dead) for _, handoff in batch]


def _content(task: Task, handoff: Handoff, desk: Desk) -> dict[str, object]:
    at = datetime.fromisoformat(handoff.delivered_at)
    routed = Routed(handoff.agent, handoff.reason)
    return content_of(task, handoff.revision, routed, at, desk.board.name, is_music=is_music(task))


def _done(handoff: Handoff, placed: Mapping[str, Place], dead: Mapping[str, str]) -> Handoff:
    if handoff.name in dead:
        return replace(handoff, state="dead", path=dead[handoff.name])
    return replace(handoff, state="delivered", path=str(placed[handoff.name].path))
