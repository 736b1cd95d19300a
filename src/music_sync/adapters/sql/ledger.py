"""The ledger in the state database: what was handed to whom, and which task started a sync."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from music_sync.adapters.sql.catalogue import now_utc
from music_sync.adapters.sql.engine import in_write, insert_into, name_of, translated
from music_sync.adapters.sql.tables import facts, handoffs, task_triggers
from music_sync.model.errors import TryAgainLater
from music_sync.model.task import Handoff

_KEY = ("task_id", "revision", "agent")
_COLUMNS = tuple(field.name for field in fields(Handoff))


class SqlLedger:
    """Fulfils `model.board.Ledger` on an engine of `open_engine`; one instance serves all threads.

    Every call raises TryAgainLater when the database stays busy, ServiceUnavailable or EnvironmentFault when it is away.
    """

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime] = now_utc) -> None:
        self._engine = engine
        self._writer = in_write(engine)
        self._clock = clock
        self._database = name_of(engine)

    def handoffs(self, task_id: str = "") -> Sequence[Handoff]:
        chosen = handoffs.c.task_id == task_id if task_id else sa.true()
        wanted = sa.select(*(handoffs.c[name] for name in _COLUMNS)).where(chosen).order_by(handoffs.c.number)
        with translated(self._database), self._engine.connect() as connection:
            return [Handoff(*row) for row in connection.execute(wanted)]

    def record(self, handoff: Handoff) -> None:
        self.record_all([handoff])

    def record_all(self, several: Iterable[Handoff]) -> None:
        """Store or replace deliveries by task, revision and agent: all of them or none.

        Raises TryAgainLater when a file name among them belongs to another delivery already.
        """
        listed = [asdict(handoff) for handoff in several]
        if not listed:
            return
        with translated(self._database), self._writer.begin() as connection:
            wanted = insert_into(connection, handoffs)
            renewed = {name: wanted.excluded[name] for name in _COLUMNS if name not in _KEY}
            try:
                connection.execute(wanted.on_conflict_do_update(index_elements=_KEY, set_=renewed), listed)
            except exc.IntegrityError as error:
                raise TryAgainLater(
                    f"a file name among {_some(listed)} belongs to another hand-off; the next cycle finds a free one"
                ) from error

    def triggered(self, task_id: str) -> str:
        wanted = sa.select(task_triggers.c.revision).where(task_triggers.c.task_id == task_id)
        with translated(self._database), self._engine.connect() as connection:
            return connection.scalar(wanted) or ""

    def triggers(self) -> Mapping[str, str]:
        with translated(self._database), self._engine.connect() as connection:
            return {row.task_id: row.revision for row in connection.execute(sa.select(task_triggers))}

    def trigger(self, task_id: str, revision: str) -> None:
        now = self._clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with translated(self._database), self._writer.begin() as connection:
            wanted = insert_into(connection, task_triggers).values(task_id=task_id, revision=revision, triggered_at=now)
            renewed = {name: wanted.excluded[name] for name in ("revision", "triggered_at")}
            connection.execute(
                wanted.on_conflict_do_update(
                    index_elements=["task_id"],
                    set_=renewed,
                    where=task_triggers.c.revision != wanted.excluded.revision,
                )
            )

    def fact(self, name: str) -> str:
        with translated(self._database), self._engine.connect() as connection:
            return connection.scalar(sa.select(facts.c.value).where(facts.c.name == name)) or ""

    def remember(self, name: str, value: str) -> None:
        with translated(self._database), self._writer.begin() as connection:
            wanted = insert_into(connection, facts).values(name=name, value=value)
            renewed = {"value": wanted.excluded.value}
            connection.execute(wanted.on_conflict_do_update(index_elements=["name"], set_=renewed))


def _some(listed: Sequence[dict[str, Any]]) -> str:
    names = [row["name"] for row in listed[:3]]
    return ", ".join(names) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
