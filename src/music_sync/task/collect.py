"""Collect: what agents moved, returned or left lying becomes status and result on the task."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from music_sync.model.board import Place
from music_sync.model.errors import GiveUp
from music_sync.model.task import COMPLETE, DONE, FAILED, IN_PROGRESS, Change, Handoff, Task
from music_sync.task.deliver import Desk
from music_sync.task.handoff_file import returned_task, target_of
from music_sync.task.route import folder_of

ANSWERS = {"processed": ("processed", COMPLETE), "failed": ("failed", FAILED)}
"""Box a file was moved to -> the ledger's state and the task's status."""

WITHDRAWABLE = frozenset({"queue", "inbox"})


@dataclass
class Collected:
    """What one collection found; `answered` are the hand-offs that ended."""

    answered: list[Handoff] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def collect(tasks: Mapping[str, Task], desk: Desk, expiry: timedelta) -> Collected:
    """Read all boxes once and bring ledger, board and folders to the same state; what differs is reported."""
    found = Collected()
    places = desk.inboxes.places()
    open_ones = {each.name: each for each in desk.ledger.handoffs() if each.state == "delivered"}
    _take_in_strangers(places, open_ones, desk, found)
    _read_returns(places, open_ones, tasks, desk, found)
    for name, handoff in open_ones.items():
        place = places.get(name)
        task = tasks.get(handoff.task_id) or desk.board.task(handoff.task_id)
        _settle(handoff, place, task, desk, found, expiry)
    return found


def stale(desk: Desk, older_than: timedelta) -> list[str]:
    """One line an agent whose inbox holds hand-offs that nobody answered for so long."""
    now = desk.now()
    late: dict[str, list[Handoff]] = {}
    for each in desk.ledger.handoffs():
        if each.state == "delivered" and now - datetime.fromisoformat(each.delivered_at) > older_than:
            late.setdefault(each.agent, []).append(each)
    return [
        f"{agent} has not answered {len(each)} hand-offs, the oldest since {min(h.delivered_at for h in each)[:10]}"
        for agent, each in sorted(late.items())
    ]


def _settle(
    handoff: Handoff, place: Place | None, task: Task | None, desk: Desk, found: Collected, expiry: timedelta
) -> None:
    if place is None:
        found.problems.append(
            f"{handoff.name} is in none of the boxes of {handoff.agent}; put it back or close the task"
        )
    elif place.box in ANSWERS:
        state, status = ANSWERS[place.box]
        _answer(handoff, task, state, Change(status=status, result=f"{state} by {handoff.agent}"), desk, found)
    elif task is None or not task.is_open or task.content_key != handoff.revision.split("-")[0]:
        _withdraw(handoff, place, "withdrawn", desk, found)
    elif desk.now() - datetime.fromisoformat(handoff.delivered_at) > expiry:
        _expire(handoff, place, task, desk, found)


def _answer(handoff: Handoff, task: Task | None, state: str, change: Change, desk: Desk, found: Collected) -> None:
    """Board first, ledger second: a kill in between tells the board once more the same."""
    if task is None:
        found.problems.append(f"{handoff.name} was {state}, but its task is not on the board any more")
    elif task.status in DONE | {FAILED} and task.status != change.status and not _alike(task.status, change.status):
        found.problems.append(f"{task.title}: {task.status} on the board, but {state} in the box of {handoff.agent}")
    elif task.is_open:
        written = desk.board.update(task.task_id, change, if_status=task.status)
        found.problems += [f"{task.title}: {what}" for what in written.dropped]
        if written.refused:
            found.problems.append(f"{task.title}: {written.refused}")
    ended = replace(handoff, state=state, told=True, ended_at=_now(desk), result=change.result or "")
    desk.ledger.record_all([ended])
    found.answered.append(ended)


def _alike(one: str, other: str | None) -> bool:
    return one in DONE and other in DONE


def _withdraw(handoff: Handoff, place: Place, state: str, desk: Desk, found: Collected) -> None:
    """A file that an agent has claimed stays with it; one still lying there is taken away."""
    if place.box not in WITHDRAWABLE:
        found.problems.append(f"{handoff.name} is claimed by {handoff.agent}, but its task was changed or closed")
        return
    path = desk.inboxes.withdraw(place, state)
    ended = replace(handoff, state=state, told=True, path=str(path), ended_at=_now(desk))
    desk.ledger.record_all([ended])


def _expire(handoff: Handoff, place: Place, task: Task, desk: Desk, found: Collected) -> None:
    """Nobody answered: the task is ready again and so will be handed over anew."""
    if place.box not in WITHDRAWABLE:
        return
    note = f"{handoff.agent} did not answer since {handoff.delivered_at[:10]}"
    if task.status == IN_PROGRESS:
        desk.board.update(task.task_id, Change(status="Ready", result=note), if_status=IN_PROGRESS)
    _withdraw(handoff, place, "expired", desk, found)
    found.problems.append(f"{task.title}: {note}; it is handed over again")


def _take_in_strangers(places: Mapping[str, Place], ours: Mapping[str, Handoff], desk: Desk, found: Collected) -> None:
    """Hand-offs that others put into the queue go to their agent; what cannot be read or routed is put aside."""
    strangers = [p for p in places.values() if p.box == "queue" and p.name not in ours and "__RETURN__" not in p.name]
    to_route = {}
    for place in strangers:
        try:
            wanted = target_of(desk.inboxes.read(place))
        except GiveUp as error:
            desk.inboxes.refuse(place, str(error))
            found.problems.append(str(error))
            continue
        agent = desk.agents.named(wanted) if wanted else None
        if agent is None:
            reason = f"{place.name} names {wanted or 'no agent'}, whom nobody knows; add it to `agent_names`"
            desk.inboxes.refuse(place, reason)
            found.problems.append(reason)
        else:
            to_route[place.name] = folder_of(agent)
    desk.inboxes.route(to_route)


def _read_returns(
    places: dict[str, Place],
    open_ones: dict[str, Handoff],
    tasks: Mapping[str, Task],
    desk: Desk,
    found: Collected,
) -> None:
    for place in [each for each in places.values() if "__RETURN__" in each.name]:
        try:
            task_id, status, summary = returned_task(desk.inboxes.read(place))
        except GiveUp as error:
            desk.inboxes.refuse(place, str(error))
            found.problems.append(str(error))
            continue
        handoff = _of_task(task_id, place, open_ones.values())
        if handoff is not None:
            task = tasks.get(handoff.task_id) or desk.board.task(handoff.task_id)
            change = Change(status=status or COMPLETE, result=summary or f"returned by {handoff.agent}")
            _answer(handoff, task, "returned", change, desk, found)
            del open_ones[handoff.name]
        else:
            found.problems.append(f"{place.name} returns a task that was not handed over: {task_id or 'no task id'}")
        desk.inboxes.keep(place)


def _of_task(task_id: str, place: Place, open_ones: Iterable[Handoff]) -> Handoff | None:
    """The hand-off a return answers: by the task's id, else by the file's name."""
    candidates: Sequence[Handoff] = [
        each
        for each in open_ones
        if each.task_id == task_id or each.name == place.name.replace("__RETURN__", "__HANDOFF__")
    ]
    return candidates[-1] if candidates else None


def _now(desk: Desk) -> str:
    return desk.now().isoformat(timespec="seconds")
