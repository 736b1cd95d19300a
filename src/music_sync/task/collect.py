"""Collect: what agents moved, returned or left lying becomes status and result on the task."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from music_sync.model.board import Place
from music_sync.model.errors import EnvironmentFault, GiveUp, SyncError, TryAgainLater
from music_sync.model.task import BLOCKED, COMPLETE, DONE, FAILED, IN_PROGRESS, Change, Handoff, Task
from music_sync.task.deliver import ATTEMPTS, Desk
from music_sync.task.handoff_file import Returned, returned, target_of
from music_sync.task.route import folder_of

ANSWERS = {"processed": ("processed", COMPLETE), "failed": ("failed", FAILED)}
"""Box a file was moved to -> the ledger's state and the task's status."""

WITHDRAWABLE = frozenset({"queue", "inbox"})
RETURN_MARK = "__RETURN__"
LONGEST_RESULT = 20_000
"""Letters of a result; what came first is cut."""


@dataclass
class Collected:
    """What one collection found; `answered` are the hand-offs that ended, `faults` the folders that would not do."""

    answered: list[Handoff] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    faults: list[SyncError] = field(default_factory=list)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """One folder that cannot be used hinders no other."""
        try:
            yield
        except EnvironmentFault as error:
            if str(error) not in map(str, self.faults):
                self.faults.append(error)


@dataclass(frozen=True)
class _Boxes:
    """All that one collection looks at."""

    desk: Desk
    tasks: Mapping[str, Task]
    handoffs: Sequence[Handoff]
    places: Mapping[str, Place]
    expiry: timedelta
    found: Collected

    def task_of(self, handoff: Handoff) -> Task | None:
        return self.tasks.get(handoff.task_id) or self.desk.board.task(handoff.task_id)

    @property
    def newest(self) -> dict[str, str]:
        """Task id -> the name of its last hand-off."""
        return {each.task_id: each.name for each in self.handoffs}


def collect(tasks: Mapping[str, Task], handoffs: Sequence[Handoff], desk: Desk, expiry: timedelta) -> Collected:
    """Read all boxes once and bring ledger, board and folders to the same state; what differs is reported.

    `handoffs` is the whole ledger, oldest first.
    """
    found = Collected()
    boxes = _Boxes(desk, tasks, handoffs, desk.inboxes.places(), expiry, found)
    _take_in_strangers(boxes)
    open_ones = {each.name: each for each in handoffs if each.state == "delivered"} | _stranded(boxes)
    _read_returns(boxes, open_ones)
    newest = boxes.newest
    for handoff in open_ones.values():
        with found.noting():
            _settle(handoff, boxes, is_newest=newest[handoff.task_id] == handoff.name)
    return found


def stale(handoffs: Sequence[Handoff], now: datetime, older_than: timedelta) -> list[str]:
    """One line an agent whose inbox holds hand-offs that nobody answered for so long."""
    late: dict[str, list[Handoff]] = {}
    for each in handoffs:
        if each.state == "delivered" and now - datetime.fromisoformat(each.delivered_at) > older_than:
            late.setdefault(each.agent, []).append(each)
    return [
        f"{agent} has not answered {len(each)} hand-offs, the oldest since {min(h.delivered_at for h in each)[:10]}"
        for agent, each in sorted(late.items())
    ]


def _stranded(boxes: _Boxes) -> dict[str, Handoff]:
    """Deliveries that were broken off, and whose task is not ours to hand over any more: settled as far as they came."""
    stranded: dict[str, Handoff] = {}
    for each in boxes.handoffs:
        if each.state != "delivering":
            continue
        task = boxes.task_of(each)
        if task is not None and task.is_ready and _fits(task, each):
            continue
        place = boxes.places.get(each.name)
        if place is None:
            _end(each, "withdrawn", boxes)
        else:
            stranded[each.name] = replace(each, state="delivered", path=str(place.path), told=True)
    boxes.desk.ledger.record_all(stranded.values())
    return stranded


def _settle(handoff: Handoff, boxes: _Boxes, *, is_newest: bool) -> None:
    place, task = boxes.places.get(handoff.name), boxes.task_of(handoff)
    if place is not None and place.box in ANSWERS:
        _moved(handoff, place, boxes, is_newest=is_newest)
    elif task is None or not task.is_open or not is_newest:
        _withdraw(handoff, place, boxes)
    elif not _fits(task, handoff):
        _take_back(handoff, place, task, boxes)
    elif _is_overdue(handoff, place, boxes):
        _expire(handoff, place, task, boxes)
    elif place is None:
        boxes.found.problems.append(
            f"{handoff.name} is in none of the boxes of {handoff.agent}; put it back or close the task"
        )


def _fits(task: Task, handoff: Handoff) -> bool:
    """Does the hand-off say what the task asks now?"""
    return task.content_key == handoff.revision.partition("-")[0]


def _moved(handoff: Handoff, place: Place, boxes: _Boxes, *, is_newest: bool) -> None:
    state, status = ANSWERS[place.box]
    if is_newest:
        _answer(handoff, state, Change(status=status, result=f"{state} by {handoff.agent}"), boxes)
    else:
        boxes.found.problems.append(f"{handoff.name} was {state}, but its task was handed over anew meanwhile")
        _end(handoff, state, boxes)


def _answer(handoff: Handoff, state: str, change: Change, boxes: _Boxes) -> None:
    """Board first, ledger second: a kill in between tells the board once more the same."""
    board, problems = boxes.desk.board, boxes.found.problems
    for _ in range(ATTEMPTS):
        task = board.task(handoff.task_id)
        if task is None:
            problems.append(f"{handoff.name} was {state}, but its task is not on the board any more")
            break
        if not task.is_open:
            if not _alike(task.status, change.status):
                problems.append(f"{task.title}: {task.status} on the board, but {state} by {handoff.agent}")
            break
        written = board.update(task.task_id, _with_former(change, task), if_status=task.status)
        problems += [f"{task.title}: {what}" for what in written.dropped]
        if not written.refused:
            break
    else:
        problems.append(f"{handoff.name}: somebody keeps changing the status of its task; the next cycle tries again")
        return
    boxes.found.answered.append(_end(handoff, state, boxes, result=change.result or ""))


def _with_former(change: Change, task: Task) -> Change:
    """What a task's result says already stays, such as the outcome of its music sync."""
    if not change.result or change.result in task.result:
        return replace(change, result=None)
    return replace(change, result=f"{task.result}\n{change.result}".strip()[-LONGEST_RESULT:])


def _alike(one: str, other: str | None) -> bool:
    return one == other or (one in DONE and other in DONE)


def _withdraw(handoff: Handoff, place: Place | None, boxes: _Boxes) -> None:
    """A file that an agent has claimed stays with it; one still lying there is taken away."""
    if place is not None and place.box not in WITHDRAWABLE:
        boxes.found.problems.append(
            f"{handoff.name} is claimed by {handoff.agent}, but its task was changed or closed; tell the agent"
        )
    else:
        _end(handoff, "withdrawn", boxes, taken=place)


def _take_back(handoff: Handoff, place: Place | None, task: Task, boxes: _Boxes) -> None:
    """The task asks for something else by now: it is ready again, and so will be handed over as it reads now."""
    if (place is None or place.box in WITHDRAWABLE) and task.status == IN_PROGRESS:
        boxes.desk.board.update(task.task_id, Change(status="Ready"), if_status=IN_PROGRESS)
    _withdraw(handoff, place, boxes)


def _is_overdue(handoff: Handoff, place: Place | None, boxes: _Boxes) -> bool:
    since = datetime.fromisoformat(handoff.delivered_at).timestamp()
    since = max(since, place.touched_s if place else 0.0)
    return boxes.desk.now().timestamp() - since > boxes.expiry.total_seconds()


def _expire(handoff: Handoff, place: Place | None, task: Task, boxes: _Boxes) -> None:
    """Nobody answered: the task is ready again and so will be handed over anew."""
    note = f"{handoff.agent} did not answer since {handoff.delivered_at[:10]}"
    if task.status == IN_PROGRESS:
        change = _with_former(Change(status="Ready", result=note), task)
        boxes.desk.board.update(task.task_id, change, if_status=IN_PROGRESS)
    _end(handoff, "expired", boxes, taken=place)
    boxes.found.problems.append(f"{task.title}: {note}; it is handed over again")


def _end(handoff: Handoff, state: str, boxes: _Boxes, *, taken: Place | None = None, result: str = "") -> Handoff:
    """Close it in the ledger; with `taken` its file is put out of reach first."""
    path = str(boxes.desk.inboxes.withdraw(taken, state)) if taken else handoff.path
    ended = replace(handoff, state=state, told=True, path=path, ended_at=_now(boxes.desk), result=result)
    boxes.desk.ledger.record_all([ended])
    return ended


# What others put into the queue


def _take_in_strangers(boxes: _Boxes) -> None:
    """Hand-offs in the queue that we are not about to deliver go to their agent; what cannot be read is put aside."""
    ours = {each.name: each for each in boxes.handoffs if each.state in {"delivering", "delivered"}}
    to_route: dict[str, dict[str, str]] = {}
    for place in boxes.desk.inboxes.queued():
        mine = ours.get(place.name)
        if RETURN_MARK in place.name or (mine and mine.state == "delivering"):
            continue
        with boxes.found.noting():
            folder = _folder_for(place, mine, boxes)
            if folder:
                to_route.setdefault(folder, {})[place.name] = folder
    for names in to_route.values():
        with boxes.found.noting():
            boxes.desk.inboxes.route(names)


def _folder_for(place: Place, mine: Handoff | None, boxes: _Boxes) -> str:
    """The folder it belongs to; empty when it was put aside, or is still being written."""
    try:
        return _belonging(place, mine, boxes)
    except TryAgainLater:
        return ""
    except GiveUp as error:
        boxes.desk.inboxes.refuse(place, str(error))
        boxes.found.problems.append(str(error))
        return ""


def _belonging(place: Place, mine: Handoff | None, boxes: _Boxes) -> str:
    """The folder it belongs to; raises GiveUp when there is none."""
    other = boxes.places.get(place.name)
    if other and other.box != "queue":
        raise GiveUp(f"{place.name} lies in the boxes of {other.agent_folder} already; give it a name of its own")
    if mine:
        return folder_of(mine.agent)
    wanted = target_of(boxes.desk.inboxes.read(place))
    if not wanted:
        raise GiveUp(f"{place.name} names no agent; write `target_agent` into it")
    agent = boxes.desk.agents.named(wanted)
    if agent is None:
        raise GiveUp(f"{place.name} names {wanted[:100]!r}, whom nobody knows; add it to `agent_names`")
    return folder_of(agent)


# What agents wrote


def _read_returns(boxes: _Boxes, open_ones: dict[str, Handoff]) -> None:
    """Take in every return file; what it answers is no longer among the open ones."""
    for place in [each for each in boxes.places.values() if RETURN_MARK in each.name]:
        with boxes.found.noting():
            try:
                told = returned(boxes.desk.inboxes.read(place))
            except TryAgainLater:
                continue
            except GiveUp as error:
                boxes.desk.inboxes.refuse(place, str(error))
                boxes.found.problems.append(str(error))
                continue
            _take_in(told, place, boxes, open_ones)
            boxes.desk.inboxes.keep(place)


def _take_in(told: Returned, place: Place, boxes: _Boxes, open_ones: dict[str, Handoff]) -> None:
    handoff = _answered_by(told, place, boxes.handoffs)
    if handoff is None:
        about = told.task_id or told.handoff_name or "no task"
        boxes.found.problems.append(f"{place.name} returns {about[:100]}, which was not handed over")
    elif handoff.name not in open_ones:
        _late(told, handoff, boxes)
    elif told.said and not told.status:
        boxes.found.problems.append(
            f"{place.name} says {told.said[:100]!r}, which is neither Complete, Failed nor Blocked; the hand-off stays open"
        )
        _note(told.summary, handoff, boxes)
    else:
        status = told.status or COMPLETE
        result = told.summary or f"returned by {handoff.agent}"
        reason = result if status == BLOCKED else None
        _answer(handoff, "returned", Change(status=status, result=result, blocking_reason=reason), boxes)
        del open_ones[handoff.name]
        lying = boxes.places.get(handoff.name)
        if lying and lying.box not in ANSWERS:
            boxes.desk.inboxes.withdraw(lying, "returned")


def _late(told: Returned, handoff: Handoff, boxes: _Boxes) -> None:
    """The file was moved before the return came: the return's words count, unless a person decided since."""
    task = boxes.desk.board.task(handoff.task_id)
    if task is None:
        return
    by_move = dict(ANSWERS.values()).get(handoff.state)
    is_other = bool(told.status) and not _alike(task.status, told.status)
    if is_other and task.status == by_move:
        boxes.desk.board.update(task.task_id, Change(status=told.status), if_status=by_move)
    elif is_other:
        boxes.found.problems.append(f"{task.title}: {task.status} on the board, but {handoff.agent} says {told.said}")
    _note(told.summary, handoff, boxes)


def _note(summary: str, handoff: Handoff, boxes: _Boxes) -> None:
    task = boxes.desk.board.task(handoff.task_id)
    if task is not None and summary:
        boxes.desk.board.update(task.task_id, _with_former(Change(result=summary), task))


def _answered_by(told: Returned, place: Place, handoffs: Sequence[Handoff]) -> Handoff | None:
    """The hand-off that a return answers: by a file's name, else the last one of the task."""
    names = {told.handoff_name, place.name.replace(RETURN_MARK, "__HANDOFF__")}
    by_name = [each for each in handoffs if each.name in names and told.task_id in {"", each.task_id}]
    by_task = [each for each in handoffs if told.task_id and each.task_id == told.task_id]
    chosen = by_name or by_task
    return chosen[-1] if chosen else None


def _now(desk: Desk) -> str:
    return desk.now().isoformat(timespec="seconds")
