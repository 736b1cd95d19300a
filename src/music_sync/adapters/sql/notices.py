"""Notices that wait to be told, and what was told before; in the outbox, so that none is lost or told twice."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from music_sync.adapters.sql.engine import in_write, insert_into, name_of, translated
from music_sync.adapters.sql.tables import outbox, shown
from music_sync.adapters.sql.text import clean
from music_sync.model.notice import Notice, Waiting

TARGET = "notice"
MOST_LINES = 20
"""Lines of one notice that are kept; more are counted."""
PAUSE = timedelta(minutes=5)
"""Between two notices of one subject: a thousand failures in a minute are told as one."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 60, 3600
"""How long a notice waits that nobody took: doubled with each try."""

_FURTHER = re.compile(r" after \d+$")
"""Behind the subject of a notice while an earlier one is still being told."""
_WAITS = sa.and_(outbox.c.target == TARGET, outbox.c.sent_at == "")


class SqlNotices:
    """Raises TryAgainLater when the database stays busy, ServiceUnavailable or EnvironmentFault when it is away."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._writer = in_write(engine)
        self._clock = clock
        self._name = name_of(engine)

    def told(self) -> dict[str, str]:
        """The state of each subject as it was told last."""
        wanted = sa.select(shown.c.subject, shown.c.digest).where(shown.c.target == TARGET)
        with translated(self._name), self._engine.connect() as connection:
            return {row.subject: row.digest for row in connection.execute(wanted)}

    def store(self, notices: Iterable[Notice], states: Mapping[str, str]) -> None:
        """Leave notices in the outbox and the new states beside, in one transaction; an empty state is forgotten."""
        with translated(self._name), self._writer.begin() as connection:
            for notice in notices:
                self._put(connection, notice)
            for subject, state in states.items():
                self._remember(connection, clean(subject), clean(state))

    def waiting(self) -> list[Waiting]:
        """All that is to be told, oldest first."""
        wanted = sa.select(outbox).where(_WAITS).order_by(outbox.c.outgoing_id)
        with translated(self._name), self._engine.connect() as connection:
            return [_waiting(row, json.loads(row.payload)) for row in connection.execute(wanted)]

    def due(self) -> list[Waiting]:
        """What is to be told now, oldest first."""
        now = self._now()
        return [each for each in self.waiting() if each.due_at <= now]

    def sent(self, waiting: Waiting) -> None:
        """It was told everywhere; what came meanwhile stays in the outbox."""
        with translated(self._name), self._writer.begin() as connection:
            held = self._held(connection, waiting.outgoing_id)
            row = sa.update(outbox).where(outbox.c.outgoing_id == waiting.outgoing_id)
            if (tuple(held["lines"]), held["count"]) != (waiting.lines, waiting.count):
                rest = _rest(held, waiting, _text(self._clock() + PAUSE))
                connection.execute(row.values(payload=json.dumps(rest)))
                return
            subject = connection.scalar(row.values(sent_at=self._now()).returning(outbox.c.subject))
            about_it = sa.and_(outbox.c.target == TARGET, outbox.c.subject == subject, outbox.c.sent_at != "")
            connection.execute(sa.delete(outbox).where(about_it, outbox.c.outgoing_id != waiting.outgoing_id))

    def put_off(self, waiting: Waiting, told_to: Iterable[str]) -> None:
        """Somebody did not take it: it waits ever longer, and those who have it are not told again."""
        pause_s = min(FIRST_PAUSE_S * 2 ** min(waiting.tries, 16), LONGEST_PAUSE_S)
        with translated(self._name), self._writer.begin() as connection:
            held = self._held(connection, waiting.outgoing_id)
            due_at = _text(self._clock() + timedelta(seconds=pause_s))
            later = {"tries": waiting.tries + 1, "told_to": sorted(told_to), "due_at": due_at}
            row = sa.update(outbox).where(outbox.c.outgoing_id == waiting.outgoing_id)
            connection.execute(row.values(payload=json.dumps({**held, **later})))

    # Beneath

    def _put(self, connection: sa.Connection, notice: Notice) -> None:
        subject, former = clean(notice.subject), self._unsent(connection, clean(notice.subject))
        while former is not None and json.loads(former.payload)["told_to"]:
            # Some have the former one already; what is new goes out by itself, behind it.
            subject = f"{clean(notice.subject)} after {former.outgoing_id}"
            former = self._unsent(connection, subject)
        if former is not None:
            held = json.dumps(_joined(json.loads(former.payload), notice))
            changed = sa.update(outbox).where(outbox.c.outgoing_id == former.outgoing_id)
            connection.execute(changed.values(payload=held))
            return
        fresh = {"lines": [], "count": 0, "tries": 0, "told_to": [], "due_at": self._soonest(connection, notice)}
        row = {"target": TARGET, "subject": subject, "payload": json.dumps(_joined(fresh, notice))}
        connection.execute(sa.insert(outbox).values({**row, "created_at": self._now(), "sent_at": ""}))

    def _unsent(self, connection: sa.Connection, subject: str) -> "sa.Row[Any] | None":
        return connection.execute(sa.select(outbox).where(_WAITS, outbox.c.subject == subject)).first()

    def _soonest(self, connection: sa.Connection, notice: Notice) -> str:
        """From when on it may be told, for the sake of the one of its subject that was told last."""
        about_it = sa.and_(outbox.c.target == TARGET, outbox.c.subject == clean(notice.subject), outbox.c.sent_at != "")
        last = connection.scalar(sa.select(sa.func.max(outbox.c.sent_at)).where(about_it))
        return _text(datetime.fromisoformat(last) + PAUSE) if last and not notice.replaces else ""

    def _remember(self, connection: sa.Connection, subject: str, state: str) -> None:
        if not state:
            connection.execute(sa.delete(shown).where(shown.c.target == TARGET, shown.c.subject == subject))
            return
        row = {"target": TARGET, "subject": subject, "shown_as": "", "digest": state, "shown_at": self._now()}
        wanted = insert_into(connection, shown).values(row)
        connection.execute(wanted.on_conflict_do_update(index_elements=["target", "subject"], set_=row))

    def _held(self, connection: sa.Connection, outgoing_id: int) -> dict[str, Any]:
        text = connection.scalar(sa.select(outbox.c.payload).where(outbox.c.outgoing_id == outgoing_id))
        return dict(json.loads(text)) if text else {}

    def _now(self) -> str:
        return _text(self._clock())


def _joined(held: Mapping[str, Any], notice: Notice) -> dict[str, Any]:
    """A waiting notice with one more: a state takes the former one's place, lines are added up."""
    lines = [clean(line) for line in notice.lines]
    before = [] if notice.replaces else held["lines"]
    count = len(lines) + (0 if notice.replaces else held["count"])
    due_at = max(held["due_at"], notice.due_at) if not before else held["due_at"]
    return {
        **held,
        "lines": [*before, *lines][:MOST_LINES],
        "count": count,
        "urgency": notice.urgency,
        "replaces": notice.replaces,
        "due_at": due_at,
    }


def _rest(held: Mapping[str, Any], waiting: Waiting, due_at: str) -> dict[str, Any]:
    """What is still to be told when some was told: a newer state at once, further lines after a while."""
    fresh = {**held, "told_to": [], "tries": 0}
    if held["replaces"]:
        return fresh
    lines = held["lines"][len(waiting.lines) :]
    return {**fresh, "lines": lines, "count": held["count"] - waiting.count, "due_at": due_at}


def _waiting(row: "sa.Row[Any]", held: Mapping[str, Any]) -> Waiting:
    subject = _FURTHER.sub("", row.subject)
    return Waiting(
        row.outgoing_id,
        subject,
        tuple(held["lines"]),
        held["count"],
        held["urgency"],
        held["tries"],
        tuple(held["told_to"]),
        held["due_at"],
    )


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
