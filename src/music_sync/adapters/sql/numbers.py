"""The catalogue in numbers, for charts and for what waits; each question is answered from an index alone."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from music_sync.adapters.sql.browse import is_latest
from music_sync.adapters.sql.engine import name_of, translated
from music_sync.adapters.sql.tables import attempts, outbox, recordings, source_links
from music_sync.model.browsing import Numbers, Waiting
from music_sync.model.track import Key

_WAITING = ("review", "buy_list", "failed", "running")


class SqlNumbers:
    """Reads an engine of `open_engine`; raises as `SqlBrowse` does."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._name = name_of(engine)

    def numbers(self, since: str) -> Numbers:
        """All charts' numbers; those by day from the day `since` on."""
        day = sa.func.substr(source_links.c.found_at, 1, 10)
        by_day = sa.select(day, source_links.c.source, sa.func.count()).where(source_links.c.found_at >= since)
        bpm = sa.func.round(recordings.c.tempo_bpm)
        by_tempo = sa.select(bpm, sa.func.count()).where(recordings.c.tempo_bpm.is_not(None)).group_by(bpm)
        pair = (recordings.c.key_mode, recordings.c.key_tonic)
        by_key = sa.select(*pair, sa.func.count()).where(recordings.c.key_tonic.is_not(None)).group_by(*pair)
        with translated(self._name), self._engine.connect() as connection:
            return Numbers(
                tuple(_rows(connection, by_day.group_by(day, source_links.c.source))),
                tuple(sorted((int(tempo), count) for tempo, count in _rows(connection, by_tempo))),
                {Key(tonic, mode, 0.0).camelot: count for mode, tonic, count in _rows(connection, by_key)},
            )

    def waiting(self) -> Waiting:
        """How many tracks wait and for whom, and what is to be told to the outside."""
        ended = sa.select(attempts.c.ending, sa.func.count()).where(attempts.c.ending.in_(_WAITING), is_latest())
        unsent = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.sent_at == sa.literal_column("''"))
        whole = sa.select(sa.func.count()).select_from(recordings)
        with translated(self._name), self._engine.connect() as connection:
            endings: Mapping[str, int] = dict(_rows(connection, ended.group_by(attempts.c.ending)))
            return Waiting(connection.scalar(whole) or 0, endings, connection.scalar(unsent) or 0)


def _rows(connection: sa.Connection, wanted: "sa.Select[Any]") -> "list[tuple[Any, ...]]":
    return [tuple(row) for row in connection.execute(wanted)]
