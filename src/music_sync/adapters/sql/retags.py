"""Changes of tags as rows: an intent before the first file changes, and what it comes to when all are in place.

The intent is a journal entry of kind `retagging`. In one transaction it becomes the entry that a person can undo, with
the files' new hashes and the recording's new fields; or it is taken away again, when nothing was changed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from music_sync.adapters.sql import rows
from music_sync.adapters.sql.engine import translated
from music_sync.adapters.sql.enrichments import SqlEnrichments, put_question, question_of
from music_sync.adapters.sql.rows import JournalEntry
from music_sync.adapters.sql.tables import enrichments, files, journal, recordings
from music_sync.adapters.sql.text import path_key
from music_sync.model.track import LibraryFile

RETAGGING = "retagging"
_LOCK = 0x6D75735F746167
"""Any number, as long as it is always this one."""


@dataclass(frozen=True)
class Intent:
    """Files of one recording that get other tags."""

    number: int
    recording_id: str
    kind: str
    """What the entry becomes: retag, or undo."""
    files: tuple[tuple[LibraryFile, LibraryFile], ...]
    """Each as it is, and as it is to be."""


class SqlRetags(SqlEnrichments):
    """The catalogue with what changes tags of files that are in the library."""

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Is nobody else changing tags while the block runs? On one machine the home's lock has seen to that.

        Machines that share a Postgres have homes of their own, and would settle each other's intents.
        """
        if self._engine.dialect.name != "postgresql":
            yield True
            return
        with translated(self._name), self._engine.connect() as connection:
            is_alone = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_LOCK))))
            try:
                yield is_alone
            finally:
                if is_alone:
                    connection.execute(sa.select(sa.func.pg_advisory_unlock(_LOCK)))

    def intend(
        self,
        kind: str,
        recording_id: str,
        pairs: Sequence[tuple[LibraryFile, LibraryFile]],
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> Intent:
        """Write down what is about to be changed.

        `columns` of `before` and `after` are the recording's fields; `services` of `after` tells which service's answer
        fills in which fields.
        """
        changed = [[vars(one), vars(other)] for one, other in pairs]
        with self.locked(), self._writing() as connection:
            told = {**after, "kind": kind, "files": changed}
            number = self._noted(connection, RETAGGING, recording_id, before, told)
        return Intent(number, recording_id, kind, tuple(pairs))

    def intents(self) -> list[Intent]:
        """Those that were not brought to an end."""
        wanted = sa.select(journal).where(journal.c.kind == RETAGGING).order_by(journal.c.entry_id)
        with self._reading() as connection:
            return [_intent_of(rows.entry_of(row)) for row in connection.execute(wanted)]

    def fulfil(self, intent: Intent, done: Sequence[tuple[LibraryFile, LibraryFile]]) -> None:
        """These files are in place: their rows, the recording's fields, the journal and the answers used say so."""
        with self.locked(), self._writing() as connection:
            entry = _entry(connection, intent.number)
            for former, file in done:
                chosen = sa.and_(files.c.path_key == path_key(former.path), files.c.sha256 == former.sha256)
                row = rows.file_row(intent.recording_id, file, path_key(file.path))
                connection.execute(sa.update(files).where(chosen).values(row))
            columns = entry.after.get("columns", {})
            if columns:
                of_it = recordings.c.recording_id == intent.recording_id
                connection.execute(sa.update(recordings).where(of_it).values(dict(columns)))
            after = {**entry.after, "files": [[vars(one), vars(other)] for one, other in done]}
            values = {"kind": intent.kind, "after": json.dumps(after)}
            connection.execute(sa.update(journal).where(journal.c.entry_id == intent.number).values(values))
            for service, names in entry.after.get("services", {}).items():
                _fill_in(connection, intent.recording_id, service, names)

    def drop(self, intent: Intent) -> None:
        """Nothing was changed: the intent goes."""
        with self._writing() as connection:
            connection.execute(sa.delete(journal).where(journal.c.entry_id == intent.number))


def _fill_in(connection: sa.Connection, recording_id: str, service: str, names: Sequence[str]) -> None:
    """The answer of a service was used, for these fields."""
    chosen = sa.and_(enrichments.c.recording_id == recording_id, enrichments.c.service == service)
    row = connection.execute(sa.select(enrichments).where(chosen)).mappings().first()
    if row is not None:
        question = question_of(dict(row))
        told = {**question.told, "verdict": "applied", "filled": list(names)}
        put_question(connection, replace(question, told=told, due_at=""))


def _entry(connection: sa.Connection, number: int) -> JournalEntry:
    return rows.entry_of(connection.execute(sa.select(journal).where(journal.c.entry_id == number)).one())


def _intent_of(entry: JournalEntry) -> Intent:
    pairs = tuple((LibraryFile(**one), LibraryFile(**other)) for one, other in entry.after["files"])
    return Intent(entry.entry_id, entry.recording_id, entry.after["kind"], pairs)
