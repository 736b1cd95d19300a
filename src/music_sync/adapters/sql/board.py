"""The embedded board: tasks in the state database, for a person and for every process of this home."""

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from music_sync.adapters.sql.catalogue import now_utc
from music_sync.adapters.sql.engine import in_write, insert_into, name_of, translated
from music_sync.adapters.sql.tables import board_tasks
from music_sync.model.task import ARCHIVED, BLOCKED, Change, Draft, Task, Written

PAGE = 500
"""Tasks read at a time, so that no read holds the database for long."""

FIRST_STATUS = "Ready"


class SqlBoard:
    """Fulfils `model.board.Board` on an engine of `open_engine`; one instance serves all threads.

    Every call raises TryAgainLater when the database stays busy, ServiceUnavailable or EnvironmentFault when it is away.
    """

    name = "local"

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime] = now_utc) -> None:
        self._engine = engine
        self._writer = in_write(engine)
        self._clock = clock
        self._database = name_of(engine)

    def tasks(self, *, archived: bool = False) -> Iterator[Task]:
        """Every task, oldest first; archived ones only when asked for. What is added meanwhile may be among them."""
        chosen = sa.true() if archived else board_tasks.c.status != ARCHIVED
        last = 0
        while True:
            wanted = sa.select(board_tasks).where(chosen, board_tasks.c.number > last)
            with translated(self._database), self._engine.connect() as connection:
                page = connection.execute(wanted.order_by(board_tasks.c.number).limit(PAGE)).all()
            yield from map(_task_of, page)
            if len(page) < PAGE:
                return
            last = page[-1].number

    def task(self, task_id: str) -> Task | None:
        with translated(self._database), self._engine.connect() as connection:
            row = connection.execute(sa.select(board_tasks).where(board_tasks.c.task_id == task_id)).first()
        return _task_of(row) if row else None

    def add(self, draft: Draft, task_id: str = "") -> Task:
        """Make a task with an id of 32 hex digits; a review of a task that has one already gives that one.

        With `task_id` the task of that id is made once, however often it is asked for.
        """
        now = self._now()
        row = _NOTHING_SAID | asdict(draft) | {"prerequisites": json.dumps(draft.prerequisites)}
        row |= {"task_id": task_id or uuid.uuid4().hex, "status": FIRST_STATUS, "created_at": now, "edited_at": now}
        with translated(self._database), self._writer.begin() as connection:
            connection.execute(insert_into(connection, board_tasks).values(row).on_conflict_do_nothing())
            is_review = bool(draft.review_of)
            key, value = ("review_of", draft.review_of) if is_review else ("task_id", row["task_id"])
            stored = connection.execute(sa.select(board_tasks).where(board_tasks.c[key] == value)).one()
        return _task_of(stored)

    def update(self, task_id: str, change: Change, if_status: str | None = None) -> Written:
        """Write on a task, at once or not at all. A status other than Blocked takes a blocking reason away."""
        with translated(self._database), self._writer.begin() as connection:
            return self._written(connection, task_id, change, if_status)

    def update_all(self, changes: Iterable[tuple[str, Change, str]]) -> list[Written]:
        """Write on many tasks in one transaction."""
        with translated(self._database), self._writer.begin() as connection:
            return [self._written(connection, task_id, change, if_status) for task_id, change, if_status in changes]

    def _written(self, connection: sa.Connection, task_id: str, change: Change, if_status: str | None) -> Written:
        row = {name: value for name, value in asdict(change).items() if value is not None}
        if change.status not in {None, BLOCKED}:
            row.setdefault("blocking_reason", "")
        wanted = sa.update(board_tasks).where(board_tasks.c.task_id == task_id)
        if if_status is not None:
            wanted = wanted.where(board_tasks.c.status == if_status)
        if connection.execute(wanted.values(row | {"edited_at": self._now()})).rowcount:
            return Written()
        status = connection.scalar(sa.select(board_tasks.c.status).where(board_tasks.c.task_id == task_id))
        if status is None:
            return Written(refused=f"task {task_id} is not on the board")
        return Written(refused=f"task {task_id} is {status} by now, not {if_status}")

    def _now(self) -> str:
        # To the microsecond: two writes one after the other never bear the same time.
        return self._clock().astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


_NOTHING_SAID: dict[str, Any] = {column.name: "" for column in board_tasks.columns if column.name != "number"}


def _task_of(row: sa.Row[Any]) -> Task:
    return Task(
        task_id=row.task_id,
        title=row.title,
        status=row.status,
        priority=row.priority,
        description=row.description,
        next_step=row.next_step,
        success_criteria=row.success_criteria,
        assigned_agent=row.assigned_agent,
        task_type=row.task_type,
        archived=row.status == ARCHIVED,
        blocked=bool(row.blocking_reason),
        blocking_reason=row.blocking_reason,
        prerequisites=tuple(json.loads(row.prerequisites)),
        review_of=row.review_of,
        created_at=row.created_at,
        edited_at=row.edited_at,
        result=row.result,
    )
