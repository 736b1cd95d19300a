"""A board in memory that passes the contract of the real ones."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from music_sync.model.task import ARCHIVED, BLOCKED, Change, Draft, Task, Written


class FakeBoard:
    """Tasks in a dict, and beside them what was written that a task does not tell."""

    name = "fake"

    def __init__(self) -> None:
        self.stored: dict[str, Task] = {}
        self.changes: list[tuple[str, Change]] = []

    def tasks(self) -> Iterator[Task]:
        yield from [task for task in self.stored.values() if not task.archived]

    def task(self, task_id: str) -> Task | None:
        return self.stored.get(task_id)

    def add(self, draft: Draft) -> Task:
        for task in self.stored.values():
            if draft.review_of and task.review_of == draft.review_of:
                return task
        now = _now()
        added = Task(uuid.uuid4().hex, **vars(draft), created_at=now, edited_at=now)
        return self.put(added)

    def put(self, task: Task) -> Task:
        """Lay down a task as it is, whatever it says."""
        self.stored[task.task_id] = task
        return task

    def update(self, task_id: str, change: Change, if_status: str | None = None) -> Written:
        task = self.stored.get(task_id)
        if task is None:
            return Written(refused=f"task {task_id} is not on the board")
        if if_status is not None and task.status != if_status:
            return Written(refused=f"task {task_id} is {task.status} by now, not {if_status}")
        self.changes.append((task_id, change))
        self.put(_changed(task, change))
        return Written()

    def update_all(self, changes: Iterable[tuple[str, Change, str]]) -> list[Written]:
        return [self.update(task_id, change, if_status) for task_id, change, if_status in changes]


def _changed(task: Task, change: Change) -> Task:
    status = task.status if change.status is None else change.status
    reason = task.blocking_reason if change.blocking_reason is None else change.blocking_reason
    if change.status not in {None, BLOCKED} and change.blocking_reason is None:
        reason = ""
    return replace(
        task,
        status=status,
        archived=status == ARCHIVED,
        blocking_reason=reason,
        blocked=bool(reason),
        result=task.result if change.result is None else change.result,
        edited_at=_now(),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
