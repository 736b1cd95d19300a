"""What services are asked of recordings, and what they told, in the catalogue's database."""

import json
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from music_sync.adapters.sql.engine import insert_into
from music_sync.adapters.sql.journal import SqlJournal
from music_sync.adapters.sql.tables import enrichments, fingerprints, recordings
from music_sync.model.enrichment import WAITING, Question

_COLUMNS = ("recording_id", "service", "state", "asked_at", "due_at", "tries")


class SqlEnrichments(SqlJournal):
    """The catalogue with the questions to services.

    A question need not be noted when a track is filed: which are open follows from the recordings, in one look.
    """

    def note(self, service: str, by: str) -> None:
        """Note the question to a service for every recording that it can be asked by: isrc or fingerprint."""
        told = sa.select(
            recordings.c.recording_id,
            *(sa.literal(value) for value in (service, WAITING, "{}", "", self._now(), 0)),
        )
        has_it = (
            recordings.c.isrc != ""
            if by == "isrc"
            else recordings.c.recording_id.in_(sa.select(fingerprints.c.recording_id))
        )
        asked = sa.select(enrichments.c.recording_id).where(enrichments.c.service == service)
        unasked = told.where(has_it, recordings.c.recording_id.not_in(asked))
        names = ["recording_id", "service", "state", "answer", "asked_at", "due_at", "tries"]
        with self._writing() as connection:
            wanted = insert_into(connection, enrichments).from_select(names, unasked)
            connection.execute(wanted.on_conflict_do_nothing())

    def note_one(self, recording_id: str, service: str) -> None:
        """Note a question that an answer gave rise to; again is harmless."""
        row = _row_of(Question(recording_id, service, due_at=self._now()))
        with self._writing() as connection:
            connection.execute(insert_into(connection, enrichments).values(row).on_conflict_do_nothing())

    def due(self, services: Collection[str], limit: int) -> list[str]:
        """Recordings of which something is to be asked or filled in now: those never asked first, newest first."""
        now = self._now()
        wanted = (
            sa.select(recordings.c.recording_id)
            .join_from(recordings, enrichments, recordings.c.recording_id == enrichments.c.recording_id)
            .where(enrichments.c.service.in_(services), enrichments.c.due_at != "", enrichments.c.due_at <= now)
            .group_by(recordings.c.recording_id, recordings.c.filed_at)
            .order_by(sa.func.min(enrichments.c.tries), recordings.c.filed_at.desc())
            .limit(limit)
        )
        with self._reading() as connection:
            return list(connection.scalars(wanted))

    def open_questions(self, services: Collection[str]) -> int:
        """How many questions to these services wait, now or for a later time."""
        waiting = self.waiting_questions()
        return sum(waiting.get(service, 0) for service in services)

    def waiting_questions(self) -> dict[str, int]:
        """How many wait, by service."""
        known = enrichments.c.recording_id.in_(sa.select(recordings.c.recording_id))
        wanted = sa.select(enrichments.c.service, sa.func.count()).where(enrichments.c.state == WAITING, known)
        with self._reading() as connection:
            return {row[0]: row[1] for row in connection.execute(wanted.group_by(enrichments.c.service))}

    def questions(self, recording_id: str) -> list[Question]:
        """All that was asked of a recording."""
        wanted = sa.select(enrichments).where(enrichments.c.recording_id == recording_id)
        with self._reading() as connection:
            found = connection.execute(wanted.order_by(enrichments.c.service)).mappings()
            return [question_of(dict(row)) for row in found]

    def put(self, questions: Iterable[Question]) -> None:
        """Write down how these stand, over how they stood; one transaction."""
        with self._writing() as connection:
            for question in questions:
                put_question(connection, question)

    @property
    def now(self) -> datetime:
        return self._clock().astimezone(UTC)


def put_question(connection: sa.Connection, question: Question) -> None:
    wanted = insert_into(connection, enrichments).values(_row_of(question))
    changed = {name: wanted.excluded[name] for name in ("state", "answer", "asked_at", "due_at", "tries")}
    connection.execute(wanted.on_conflict_do_update(index_elements=["recording_id", "service"], set_=changed))


def question_of(row: dict[str, Any]) -> Question:
    return Question(**{name: row[name] for name in _COLUMNS}, told=json.loads(row["answer"]))


def _row_of(question: Question) -> dict[str, Any]:
    row = {name: getattr(question, name) for name in _COLUMNS}
    return row | {"answer": json.dumps(dict(question.told))}


def stamp(moment: datetime) -> str:
    """A time as the catalogue writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
