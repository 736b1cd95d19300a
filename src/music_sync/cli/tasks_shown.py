"""How tasks look: one line each, one in full, and as the shape that scripts read."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from music_sync.cli import show
from music_sync.model.task import Handoff, Task

SHOWN = 8
"""Digits of an id that a list shows, more when two tasks share them."""


def shape_of(task: Task) -> dict[str, object]:
    """The shape that scripts rely on."""
    return {
        "task_id": task.task_id,
        "title": task.title,
        "status": task.status,
        "priority": task.priority,
        "description": task.description,
        "next_step": task.next_step,
        "success_criteria": task.success_criteria,
        "assigned_agent": task.assigned_agent,
        "task_type": task.task_type,
        "url": task.url,
        "archived": task.archived,
        "blocked": task.is_blocked,
        "blocking_reason": task.blocking_reason,
        "prerequisites": list(task.prerequisites),
        "review_of": task.review_of,
        "created_at": task.created_at,
        "edited_at": task.edited_at,
        "result": task.result,
    }


def is_asked_for(task: Task, *, everything: bool, status: str) -> bool:
    if status:
        return task.status.casefold() == status.casefold()
    return everything or task.is_open


def line_of(task: Task, waits_for: Sequence[str], digits: int) -> str:
    about = [task.priority, task.assigned_agent, task.blocking_reason and f"waits: {task.blocking_reason}"]
    about += [f"after {task_id[:digits]}" for task_id in waits_for]
    said = show.clean(", ".join(text for text in about if text))
    end = f"  [{said}]" if said else ""
    return f"{task.task_id[:digits]}  {show.clean(task.status):<12}  {show.clean(task.title)}{end}"


def digits_for(ids: Iterable[str]) -> int:
    """How many digits tell all tasks apart, `SHOWN` at least."""
    ordered = sorted(ids)
    shared = (_shared(one, other) for one, other in pairwise(ordered))
    return max([SHOWN, *(number + 1 for number in shared)])


def nothing_said(stored: Sequence[Task], status: str) -> str:
    if status:
        there = ", ".join(sorted({task.status for task in stored})) or "none"
        return show.clean(f"no task is {status}; the statuses on the board: {there}")
    return "no open tasks; `music-sync tasks add TITLE` makes one"


def whole(task: Task, handoffs: Sequence[Handoff], triggered: str) -> Iterator[str]:
    """One task in full, line by line."""
    waits_for = ", ".join(task.prerequisites)
    lines = {
        "task": task.task_id,
        "title": task.title,
        "status": task.status + (f": {task.blocking_reason}" if task.blocking_reason else ""),
        "priority": task.priority,
        "agent": task.assigned_agent,
        "type": task.task_type,
        "after": waits_for,
        "review of": task.review_of,
        "next step": task.next_step,
        "criteria": task.success_criteria,
        "description": task.description,
        "result": task.result,
        "link": task.url,
        "created": task.created_at,
        "edited": task.edited_at,
        "sync": _trigger_said(task, triggered),
    }
    for name, text in lines.items():
        if text:
            yield f"{name:<12}{_block(text)}"
    for each in handoffs:
        yield f"{'hand-off':<12}{_block(_handoff_said(each))}"
    if not handoffs:
        yield f"{'hand-off':<12}none yet"


def _block(text: str) -> str:
    return f"\n{'':<12}".join(show.clean(line) for line in text.splitlines())


def _trigger_said(task: Task, triggered: str) -> str:
    if not triggered:
        return ""
    return "started one" if triggered == task.content_key else "started one before its text was changed"


def _handoff_said(each: Handoff) -> str:
    at = each.ended_at or each.delivered_at
    lines = [f"{each.state} {at} {each.agent} ({each.reason})", each.path]
    return "\n".join([*lines, each.result] if each.result else lines)


def _shared(one: str, other: str) -> int:
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
