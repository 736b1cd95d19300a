"""Syncs that ended, one row each, for whoever asks how they went."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from music_sync.adapters.sql.engine import in_write, name_of, translated
from music_sync.adapters.sql.tables import attempts, runs
from music_sync.adapters.sql.text import clean
from music_sync.model.browsing import Run

COUNTED = ("new", "already_have", "review", "buy_list", "failed")


class SqlRuns:
    """Raises TryAgainLater when the database stays busy, ServiceUnavailable or EnvironmentFault when it is away."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = in_write(engine)
        self._name = name_of(engine)

    def add(self, run: Run) -> None:
        """Write down a run; how many tracks are still under way is counted here."""
        under_way = sa.select(sa.func.count()).select_from(attempts).where(attempts.c.ending == "running")
        texts = {name: clean(getattr(run, name)) for name in ("what", "started_at", "ended_at", "result", "message")}
        counts = {name: run.counts.get(name, 0) for name in COUNTED}
        with translated(self._name), self._writer.begin() as connection:
            queue = connection.scalar(under_way) or 0
            connection.execute(sa.insert(runs).values(**texts, **counts, queue=queue))

    def latest(self, most: int = 100) -> Sequence[Run]:
        """The last ones, newest first."""
        wanted = sa.select(runs).order_by(runs.c.run_id.desc()).limit(most)
        with translated(self._name), self._engine.connect() as connection:
            return [_run(row) for row in connection.execute(wanted)]


def _run(row: "sa.Row[Any]") -> Run:
    counts = {name: getattr(row, name) for name in COUNTED}
    return Run(row.started_at, row.ended_at, row.result, row.what, row.message, counts, row.queue)
