"""Deliver: one hand-off file a task and revision, whole or not at all, and never twice.

A delivery is written down before it is made. After a kill the ledger says what was under way, and the file's name, which
never changes, says how far it came.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from music_sync.model.board import Board, Inboxes, Ledger, Place
from music_sync.model.errors import EnvironmentFault, SyncError
from music_sync.model.task import BLOCKED, IN_PROGRESS, Change, Handoff, Task
from music_sync.task.handoff_file import content_of, name_of, packed
from music_sync.task.music import is_music
from music_sync.task.route import Agents, Routed, folder_of, route

BATCH = 200
"""Deliveries that share a transaction and the flush of a folder."""
ATTEMPTS = 3
"""How often a write on a task is tried anew when somebody changes its status at that moment."""

T = TypeVar("T")


@dataclass(frozen=True)
class Desk:
    """What deliveries need of the world."""

    board: Board
    ledger: Ledger
    inboxes: Inboxes
    agents: Agents
    now: Callable[[], datetime]


@dataclass
class Delivered:
    """What came of one round of deliveries: `handoffs` lie in an inbox or, dead, where nobody would have read them."""

    picked: int = 0
    handoffs: list[Handoff] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    faults: list[SyncError] = field(default_factory=list)
    """An inbox that takes no files; its hand-offs wait, those of other agents do not."""


def deliver(
    tasks: Iterable[Task], desk: Desk, history: Mapping[str, Sequence[Handoff]], most: int | None = None
) -> Delivered:
    """Hand tasks over in their order; `history` holds what the ledger knows of each of them, oldest first.

    `most` limits those that are handed over for the first time: what waits for a broken inbox holds up nobody.
    """
    due = _due(tasks, desk, history, most)
    made = Delivered(picked=len(due))
    there = desk.inboxes.places() if due else {}
    for batch in _batches(due):
        desk.ledger.record_all(handoff for _, handoff in batch)
        placed = _placed(batch, there, desk, made)
        desk.ledger.record_all(handoff for _, handoff in placed)
        made.handoffs += [handoff for _, handoff in placed]
        made.problems += [handoff.reason for _, handoff in placed if handoff.state == "dead"]
        made.problems += tell(placed, desk)
    return made


def _due(
    tasks: Iterable[Task], desk: Desk, history: Mapping[str, Sequence[Handoff]], most: int | None
) -> list[tuple[Task, Handoff]]:
    due: list[tuple[Task, Handoff]] = []
    fresh = 0
    for task in tasks:
        past = history.get(task.task_id, ())
        handoff = due_handoff(task, past, desk)
        is_fresh = handoff is not None and handoff not in past
        if handoff is not None and not (is_fresh and fresh == most):
            due.append((task, handoff))
            fresh += is_fresh
    return due


def due_handoff(task: Task, history: Sequence[Handoff], desk: Desk) -> Handoff | None:
    """The hand-off that is to be made now, or None when it was made already.

    One that was under way keeps the agent and the name it was written down with. A task that the board knows to be in
    our hands and that is ready again was opened again by a person; since a board may show an older state in its lists,
    that is asked of the task itself.
    """
    same = [each for each in history if _key_of(each) == task.content_key]
    if not same:
        return _drafted(task, task.content_key, history, desk)
    latest = same[-1]
    if latest.state == "delivering" and latest.agent:
        return latest
    if latest.state in {"delivering", "dead"}:
        if route(task, desk.agents).agent:
            return _drafted(task, latest.revision, history, desk)
        return latest if latest.state == "delivering" else None
    if latest.told and _is_opened_again(task, desk.board):
        return _drafted(task, f"{task.content_key}-{len(same) + 1}", history, desk)
    return None


def _is_opened_again(task: Task, board: Board) -> bool:
    fresh = board.task(task.task_id)
    return fresh is not None and fresh.is_ready and fresh.content_key == task.content_key


def freed(task: Task, history: Sequence[Handoff], agents: Agents) -> Task:
    """The task without the block that we wrote on it because its agent was unknown, once that agent is known."""
    ours = {each.reason for each in history if each.state == "dead"}
    if task.blocking_reason in ours and task.status != BLOCKED and route(task, agents).agent:
        return replace(task, blocked=False, blocking_reason="")
    return task


def retell(tasks: Mapping[str, Task], desk: Desk, history: Mapping[str, Sequence[Handoff]]) -> list[str]:
    """Tell the board what it was not told because we were killed after the delivery."""
    untold = [
        each for past in history.values() for each in past if not each.told and each.state in {"delivered", "dead"}
    ]
    return tell([(tasks[each.task_id], each) for each in untold if each.task_id in tasks], desk)


def tell(pairs: Sequence[tuple[Task, Handoff]], desk: Desk) -> list[str]:
    """Write each delivery on its task, unless a person took the task out of our hands; gives what could not be told."""
    dropped: Counter[str] = Counter()
    for batch in _batches(pairs):
        waiting = batch
        for _ in range(ATTEMPTS):
            waiting = _tell_once(waiting, desk, dropped)
            if not waiting:
                break
    return [f"{what} (on {number} tasks)" for what, number in dropped.items()]


def _tell_once(
    pairs: Sequence[tuple[Task, Handoff]], desk: Desk, dropped: Counter[str]
) -> Sequence[tuple[Task, Handoff]]:
    """Gives those whose status was changed meanwhile, but to another that leaves them with us."""
    written = desk.board.update_all((task.task_id, _news(task, handoff), task.status) for task, handoff in pairs)
    told: list[Handoff] = []
    again: list[tuple[Task, Handoff]] = []
    for (task, handoff), answer in zip(pairs, written, strict=True):
        dropped.update(answer.dropped)
        fresh = desk.board.task(task.task_id) if answer.refused else None
        if fresh is not None and fresh.is_ready:
            again.append((fresh, handoff))
        else:
            told.append(replace(handoff, told=True))
    desk.ledger.record_all(told)
    return again


def _news(task: Task, handoff: Handoff) -> Change:
    is_delivered = handoff.state == "delivered"
    return Change(
        status=IN_PROGRESS if is_delivered and task.is_ready else None,
        blocking_reason=None if is_delivered else handoff.reason,
        delivered_path=handoff.path,
        delivered_at=handoff.delivered_at,
        handoff_status="Handoff Delivered" if is_delivered else None,
    )


def _key_of(handoff: Handoff) -> str:
    return handoff.revision.partition("-")[0]


def _drafted(task: Task, revision: str, history: Sequence[Handoff], desk: Desk) -> Handoff:
    routed = route(task, desk.agents)
    at, taken = desk.now(), {each.name for each in history}
    while name_of(task, at) in taken:
        # Two revisions within one second: the name tells seconds only.
        at += timedelta(seconds=1)
    return Handoff(
        task_id=task.task_id,
        revision=revision,
        agent=routed.agent,
        reason=routed.reason,
        name=name_of(task, at),
        path="",
        state="delivering",
        told=False,
        delivered_at=at.isoformat(timespec="seconds"),
    )


def _placed(
    batch: Sequence[tuple[Task, Handoff]], there: Mapping[str, Place], desk: Desk, made: Delivered
) -> list[tuple[Task, Handoff]]:
    """Write the files and bring each to its inbox; gives those that arrived."""
    paths = {
        each.name: str(there[each.name].path)
        for _, each in batch
        if each.name in there and there[each.name].box != "queue"
    }
    by_folder: dict[str, list[str]] = defaultdict(list)
    for task, handoff in batch:
        if handoff.name in paths:
            continue
        content = _content(task, handoff, desk)
        if handoff.agent:
            desk.inboxes.put(handoff.name, content)
            by_folder[folder_of(handoff.agent)].append(handoff.name)
        else:
            paths[handoff.name] = str(desk.inboxes.bury(handoff.name, content, handoff.reason))
    for folder, names in by_folder.items():
        try:
            routed = desk.inboxes.route(dict.fromkeys(names, folder))
            paths |= {name: str(place.path) for name, place in routed.items()}
        except EnvironmentFault as error:
            if str(error) not in map(str, made.faults):
                made.faults.append(error)
    return [
        (task, replace(each, state="delivered" if each.agent else "dead", path=paths[each.name]))
        for task, each in batch
        if each.name in paths
    ]


def _content(task: Task, handoff: Handoff, desk: Desk) -> bytes:
    at = datetime.fromisoformat(handoff.delivered_at)
    routed = Routed(handoff.agent, handoff.reason)
    return packed(content_of(task, handoff.revision, routed, at, desk.board.name, is_music=is_music(task)))


def _batches(several: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(several), BATCH):
        yield several[start : start + BATCH]
