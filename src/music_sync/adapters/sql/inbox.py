"""The events that webhooks brought, in SQLite or Postgres, and the one writer that stores them in groups.

A commit that reaches the disk costs the same for one event as for 256, so what is queued is stored together; each is
answered after the commit that holds it. The writer has a connection of its own, so that it never waits for a free one.
"""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from music_sync.adapters.sql.catalogue import now_utc
from music_sync.adapters.sql.engine import in_write, name_of, translated
from music_sync.adapters.sql.tables import events as table
from music_sync.adapters.sql.text import clean
from music_sync.model.errors import SyncError, TryAgainLater
from music_sync.model.events import DONE, FAILED, IGNORED, STARTED, WAITING, Event, Outcome, Pile, Stored

log = logging.getLogger(__name__)

MOST_AT_ONCE = 256
ROWS_AT_ONCE = 32
"""SQLite took at most 999 values in a statement for long."""
BUSY_FROM = 4
GATHERED_S = 0.005
"""After a group of so many the next one gathers so long: each group costs this thread time of the interpreter, which
it takes from the thread that answers."""
MOST_QUEUED = 4096
MOST_QUEUED_BYTES = 32 * 1024**2
WRITE_WITHIN_MS = 4000
"""How long a group waits for another writer; then its senders are told to come again."""

_SHOWN = [
    *(table.c[name] for name in ("number", "hook", "event_id", "type", "subject", "wish")),
    sa.func.length(table.c.body).label("size_bytes"),
    *(table.c[name] for name in ("received_at", "state", "tries", "result", "told", "done_at")),
]
_INSERTED = (
    "home", "hook", "event_id", "type", "subject", "wish", "body", "digest", "received_at", "state", "tries", "told",
    "done_at", "run", "due_at", "result",
)  # fmt: skip
_ENDED = (DONE, IGNORED, FAILED)


class SqlInbox:
    """Fulfils `model.events.Inbox` for one home on an engine of `open_engine`; one instance serves all threads."""

    def __init__(self, engine: sa.Engine, home: str, clock: Callable[[], datetime] = now_utc) -> None:
        self._engine = engine
        self._writer = in_write(engine)
        self._home = home
        self._clock = clock
        self._name = name_of(engine)

    # Taking in

    def keep(self, events: Sequence[Event]) -> Sequence[Outcome]:
        with translated(self._name), self._writer.begin() as connection:
            return self.keep_in(connection, events)

    def keep_in(self, connection: sa.Connection, events: Sequence[Event]) -> list[Outcome]:
        """As `keep`, in a transaction that is under way and in which this process alone writes."""
        last = connection.exec_driver_sql("SELECT max(number) FROM events").scalar() or 0
        now, new = self._now(), 0
        # Some rows a statement: with one each, SQLite would hand the interpreter's lock over for every row.
        for at in range(0, len(events), ROWS_AT_ONCE):
            some = events[at : at + ROWS_AT_ONCE]
            values = tuple(value for event in some for value in self._row(event, now))
            new += connection.exec_driver_sql(_insert_on(connection.dialect.name, len(some)), values).rowcount
        return ["new"] * new if new == len(events) else self._told_apart(connection, events, last)

    def _told_apart(self, connection: sa.Connection, events: Sequence[Event], last: int) -> list[Outcome]:
        """Which of these are new, when not all are; `last` is the greatest number before they came."""
        known = self._known(connection, events)
        outcomes = list[Outcome]()
        for event in events:
            key = (clean(event.hook), clean(event.event_id))
            number, digest = known[key]
            outcomes.append("other_body" if digest != event.digest else "new" if number > last else "repeat")
            known[key] = (last, digest)
        return outcomes

    def _known(self, connection: sa.Connection, events: Sequence[Event]) -> dict[tuple[str, str], tuple[int, str]]:
        """Number and digest of each of these, by hook and id."""
        found: dict[tuple[str, str], tuple[int, str]] = {}
        for hook in {clean(event.hook) for event in events}:
            ids = [clean(each.event_id) for each in events if clean(each.hook) == hook]
            wanted = sa.select(table.c.event_id, table.c.number, table.c.digest)
            rows = connection.execute(wanted.where(table.c.hook == hook, table.c.event_id.in_(ids)))
            found |= {(hook, event_id): (number, digest) for event_id, number, digest in rows}
        return found

    def _row(self, event: Event, now: str) -> tuple[object, ...]:
        """The values of `_INSERTED`, in its order."""
        state, told, done_at = (WAITING, "", "") if event.subject else (IGNORED, "it starts nothing here", now)
        foreign = (event.hook, event.event_id, event.type, event.subject, event.wish)
        return (self._home, *map(clean, foreign), event.body, event.digest, now, state, 0, told, done_at, "", "", "")

    # Working on it

    def resume(self) -> None:
        self._change(sa.and_(self._mine(), table.c.state == STARTED), state=WAITING, run="")

    def piles(self) -> Sequence[Pile]:
        wanted = (
            sa.select(table.c.subject, sa.func.count(), sa.func.min(table.c.due_at))
            .where(self._mine(), table.c.state == WAITING)
            .group_by(table.c.subject)
            .order_by(sa.func.min(table.c.number))
        )
        with translated(self._name), self._engine.connect() as connection:
            return [Pile(*row) for row in connection.execute(wanted)]

    def start(self, subject: str, run: str) -> Sequence[Stored]:
        waiting = sa.and_(self._mine(), table.c.state == WAITING, table.c.subject == subject)
        with translated(self._name), self._writer.begin() as connection:
            connection.execute(sa.update(table).where(waiting).values(state=STARTED, run=run))
            return self._stored(connection, table.c.run == run)

    def end(self, run: str, state: str, result: str, told: str) -> None:
        self._change(table.c.run == run, state=state, result=result, told=told, done_at=self._now())

    def put_back(self, run: str, due_at: str, result: str, told: str, *, tried: bool) -> None:
        tries = table.c.tries + int(tried)
        self._change(table.c.run == run, state=WAITING, run="", due_at=due_at, result=result, told=told, tries=tries)

    def again(self, number: int) -> bool:
        chosen = sa.and_(table.c.number == number, table.c.state.in_(_ENDED), table.c.subject != "")
        values = {"state": WAITING, "run": "", "due_at": "", "result": "", "told": "", "done_at": "", "tries": 0}
        return self._change(chosen, home=self._home, **values) > 0

    # Looking

    def events(self, *, after: int = 0, newest: int = 0) -> Sequence[Stored]:
        with translated(self._name), self._engine.connect() as connection:
            return self._stored(connection, table.c.number > after, newest)

    def event(self, hook: str, event_id: str) -> Stored | None:
        with translated(self._name), self._engine.connect() as connection:
            found = self._stored(connection, sa.and_(table.c.hook == hook, table.c.event_id == event_id))
        return found[0] if found else None

    def numbered(self, number: int) -> Stored | None:
        with translated(self._name), self._engine.connect() as connection:
            found = self._stored(connection, table.c.number == number)
        return found[0] if found else None

    def body(self, number: int) -> bytes:
        with translated(self._name), self._engine.connect() as connection:
            return connection.scalar(sa.select(table.c.body).where(table.c.number == number)) or b""

    def forget(self, before: str) -> int:
        old = sa.and_(self._mine(), table.c.state.in_(_ENDED), table.c.received_at < before)
        with translated(self._name), self._writer.begin() as connection:
            return connection.execute(sa.delete(table).where(old)).rowcount

    # Beneath

    def _mine(self) -> "sa.ColumnElement[bool]":
        return table.c.home == self._home

    def _change(self, chosen: "sa.ColumnElement[bool]", **values: Any) -> int:
        with translated(self._name), self._writer.begin() as connection:
            return connection.execute(sa.update(table).where(chosen).values(values)).rowcount

    def _stored(self, connection: sa.Connection, chosen: "sa.ColumnElement[bool]", newest: int = 0) -> list[Stored]:
        wanted = sa.select(*_SHOWN).where(chosen)
        if newest:
            rows = connection.execute(wanted.order_by(table.c.number.desc()).limit(newest)).mappings().all()
            return [Stored(**row) for row in reversed(rows)]
        return [Stored(**row) for row in connection.execute(wanted.order_by(table.c.number)).mappings()]

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@cache
def _insert_on(dialect: str, rows: int) -> str:
    """As text: building it anew for each group would take longer than the database does."""
    mark = "?" if dialect == "sqlite" else "%s"
    places = ", ".join([f"({', '.join([mark] * len(_INSERTED))})"] * rows)
    return f"INSERT INTO events ({', '.join(_INSERTED)}) VALUES {places} ON CONFLICT DO NOTHING"  # noqa: S608 - ours


Answer = Outcome | SyncError
Answered = Callable[[Answer], None]


Settled = tuple[Event, Answered, Answer]


@dataclass(frozen=True, slots=True)
class _Queued:
    event: Event
    answered: Answered


class QueueFull(TryAgainLater):
    """More events wait to be written than fit into memory."""


class InboxWriter:
    """The one thread that stores events; `deliver` is given all answers of a group at once.

    An error of the database goes to everyone in the group: none of it was stored.
    """

    def __init__(
        self,
        inbox: SqlInbox,
        engine: sa.Engine,
        deliver: Callable[[Sequence[Settled]], None],
    ) -> None:
        self._inbox = inbox
        self._engine = in_write(engine)
        self._name = name_of(engine)
        self._deliver = deliver
        self._queued: list[_Queued] = []
        self._bytes = 0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._work: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._connection: sa.Connection | None = None
        self._thread = threading.Thread(target=self._run, name="inbox writer", daemon=True)
        self._thread.start()

    def offer(self, event: Event, answered: Answered) -> None:
        """Queue an event; raises QueueFull at once when too much waits."""
        with self._lock:
            size = self._bytes + len(event.body)
            if len(self._queued) >= MOST_QUEUED or size > MOST_QUEUED_BYTES:
                raise QueueFull("too many events wait to be stored; send it again in some seconds")
            self._bytes = size
            self._queued.append(_Queued(event, answered))
            is_first = len(self._queued) == 1
        # Only the first wakes the writer: each waking costs a switch of threads.
        if is_first:
            self._work.put(None)

    def close(self) -> None:
        """Store what is queued and end."""
        self._closed.set()
        self._work.put(None)
        self._thread.join(30)

    def _run(self) -> None:
        group: list[_Queued] = []
        while group := self._next_group(len(group)):
            answers = self._written([each.event for each in group])
            with self._lock:
                self._bytes -= sum(len(each.event.body) for each in group)
            self._deliver([(each.event, each.answered, answer) for each, answer in zip(group, answers, strict=True)])
        self._drop_connection()

    def _next_group(self, before: int) -> list[_Queued]:
        """Wait for some and take them; none when it is time to end. `before` is the size of the group before."""
        if before >= BUSY_FROM:
            self._closed.wait(GATHERED_S)
        while True:
            with self._lock:
                group, self._queued = self._queued[:MOST_AT_ONCE], self._queued[MOST_AT_ONCE:]
            if group or self._closed.is_set():
                return group
            self._work.get()

    def _written(self, events: Sequence[Event]) -> Sequence[Answer]:
        try:
            with translated(self._name), self._connected().begin():
                return self._inbox.keep_in(self._connected(), events)
        except SyncError as error:
            fault = error
        except Exception as error:
            # The edge of the thread: whatever it is, it must neither end the writer nor be answered with yes.
            log.exception("%d events could not be stored", len(events))
            fault = TryAgainLater(f"the event could not be stored ({type(error).__name__}); send it again")
        self._drop_connection()
        return [fault] * len(events)

    def _connected(self) -> sa.Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            if self._engine.dialect.name == "sqlite":
                self._connection.exec_driver_sql(f"PRAGMA busy_timeout={WRITE_WITHIN_MS}")
                self._connection.commit()
        return self._connection

    def _drop_connection(self) -> None:
        """A connection that failed is not asked again."""
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
