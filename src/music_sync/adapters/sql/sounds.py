"""Recordings by their sound: a walk over those of that length while they are few, an index when they are many."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from music_sync.adapters.sql.tables import facts, fingerprints, journal

if TYPE_CHECKING:
    import numpy as np

    from music_sync.adapters.sound_index import SoundIndex

FEW = 2000
"""Up to so many fingerprints the walk is quick enough, and there is nothing to keep up to date."""
_AT_ONCE = 500
_KNOWN_ANEW = 5000
"""When so many came since the index was written down, it is written anew."""


class Sounds:
    """What one catalogue knows of sounds; one instance serves all threads. It follows the journal, whoever writes."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._keep = False
        self._index: SoundIndex | None = None
        self._unlisted: list[str] = []
        self._one_at_a_time = threading.RLock()

    def remember_in(self, path: Path, *, keep: bool) -> None:
        """Read the index from that file where there is one; without `keep` it is never written."""
        self._path, self._keep = path, keep

    def came(self, recording_id: str) -> None:
        """A fingerprint was written by this process, perhaps without an entry in the journal, as in a plan."""
        with self._one_at_a_time:
            self._unlisted.append(recording_id)

    def like(
        self, connection: sa.Connection, fingerprint: Sequence[int], shortest_s: float, longest_s: float
    ) -> list[str] | None:
        """The ids of recordings that may be of this sound; None when there are so few that all can be walked."""
        with self._one_at_a_time:
            if self._index is None:
                if (connection.scalar(sa.select(sa.func.count()).select_from(fingerprints)) or 0) <= FEW:
                    return None
                self._index = self._opened(connection)
            self._follow(connection, self._index)
            proposed = self._index.like(fingerprint, shortest_s, longest_s)
        from music_sync.audio.fingerprint import landmarks, may_be_same

        marks = landmarks(tuple(fingerprint))
        found = _rows(connection, proposed)
        return [recording_id for recording_id, _, stored in found if may_be_same(marks, tuple(stored.tolist()))]

    def _opened(self, connection: sa.Connection) -> "SoundIndex":
        from music_sync.adapters.sound_index import SoundIndex

        name = connection.scalar(sa.select(facts.c.value).where(facts.c.name == "library")) or ""
        mark = connection.scalar(sa.select(sa.func.max(journal.c.entry_id))) or 0
        total = connection.scalar(sa.select(sa.func.count()).select_from(fingerprints)) or 0
        kept = SoundIndex.kept(self._path, name) if self._path else None
        if kept is not None and kept.mark <= mark:
            written = len(kept)
            self._follow(connection, kept)
            # Fewer than there are: it is of another state of this database, such as a backup.
            if len(kept) >= total and len(kept) - written < _KNOWN_ANEW:
                return kept
        self._unlisted.clear()
        index = SoundIndex(mark)
        for rows in _pages(connection):
            index.add(rows)
        if self._keep and self._path:
            index.keep(self._path, name)
            return SoundIndex.kept(self._path, name) or index
        return index

    def _follow(self, connection: sa.Connection, index: "SoundIndex") -> None:
        """Take in what came since, by the journal and by ourselves; what went is found out by whoever loads it."""
        mark = connection.scalar(sa.select(sa.func.max(journal.c.entry_id))) or 0
        came, self._unlisted = self._unlisted, []
        if mark > index.mark:
            since = sa.select(journal.c.recording_id).where(journal.c.entry_id > index.mark).distinct()
            came += connection.scalars(since)
            index.mark = mark
        ids = list(dict.fromkeys(came))
        for first in range(0, len(ids), _AT_ONCE):
            index.add(_rows(connection, ids[first : first + _AT_ONCE]))


Row = tuple[str, float, "np.ndarray[tuple[int], np.dtype[np.uint32]]"]


def _rows(connection: sa.Connection, ids: Sequence[str]) -> list[Row]:
    if not ids:
        return []
    import numpy as np

    wanted = sa.select(fingerprints.c.recording_id, fingerprints.c.length_s, fingerprints.c.fingerprint)
    found = connection.execute(wanted.where(fingerprints.c.recording_id.in_(ids)))
    by_id = {row[0]: (row[0], row[1], np.frombuffer(row[2], "<u4").astype(np.uint32, copy=False)) for row in found}
    return [by_id[each] for each in ids if each in by_id]


def _pages(connection: sa.Connection) -> Iterator[list[Row]]:
    last = ""
    order = sa.select(fingerprints.c.recording_id).order_by(fingerprints.c.recording_id).limit(_AT_ONCE)
    while ids := list(connection.scalars(order.where(fingerprints.c.recording_id > last))):
        yield _rows(connection, ids)
        last = ids[-1]
