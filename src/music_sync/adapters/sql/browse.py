"""Pages of tracks for a person who looks for one: by words, source, playlist, key, tempo and ending.

Pages follow each other by the last row's place in the order and not by a number of rows to skip, so that the hundredth
costs what the first does and nothing shows twice while a sync goes on.
"""

import base64
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from music_sync.adapters.sql.engine import name_of, translated
from music_sync.adapters.sql.tables import WORDS, attempts, playlist_members, playlists, recordings, source_links
from music_sync.adapters.sql.told import told_of
from music_sync.adapters.sql.words import Matches, contains, holding
from music_sync.model.browsing import FILED, Page, Row, Search, key_at
from music_sync.model.errors import BadSetting
from music_sync.model.track import Key

ROWS = 50
MANY = 5_000
"""Up to so many are counted; one more stands for all that is above."""

_Condition = sa.ColumnElement[bool]
_SHOWN = (
    *(recordings.c[name] for name in ("recording_id", "artist", "title", "album", "length_s", "filed_at")),
    *(recordings.c[name] for name in ("tempo_bpm", "key_tonic", "key_mode")),
)


class SqlBrowse:
    """Reads an engine of `open_engine`; one instance serves all threads.

    Raises TryAgainLater when the database stays busy, ServiceUnavailable or EnvironmentFault when it is away.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._name = name_of(engine)
        self._dialect = engine.dialect.name
        with translated(self._name):
            self._has_index = self._dialect != "sqlite" or sa.inspect(engine).has_table(WORDS)

    def page(self, search: Search, rows: int = ROWS) -> Page:
        """One page; raises BadSetting for an `after` that no page gave."""
        with translated(self._name), self._engine.connect() as connection:
            if search.ending == FILED:
                return self._filed(connection, search, rows)
            return self._unfiled(connection, search, rows)

    def sources(self) -> list[str]:
        """The sources that any track came from."""
        with translated(self._name), self._engine.connect() as connection:
            return sorted(_each(connection, source_links.c.source) | _each(connection, attempts.c.source))

    def playlists(self) -> list[tuple[int, str]]:
        """Number and name of each playlist, by name."""
        wanted = sa.select(playlists.c.playlist_id, playlists.c.name).order_by(playlists.c.name)
        with translated(self._name), self._engine.connect() as connection:
            return [(row.playlist_id, row.name) for row in connection.execute(wanted)]

    # In the library

    def _filed(self, connection: sa.Connection, search: Search, rows: int) -> Page:
        matches, conditions = holding(search.words, self._dialect, indexed=self._has_index)
        conditions += self._conditions(connection, search)
        order, falls = self._order(search.order), search.order == "newest"
        wanted = sa.select(*_SHOWN).where(*conditions, *_behind(order, search.after, falls=falls))
        if matches is not None:
            wanted = wanted.where(_among(connection, matches))
        wanted = wanted.order_by(*(column.desc() if falls else column for column in order)).limit(rows + 1)
        found = connection.execute(wanted).all()
        sources = _sources_of(connection, [row.recording_id for row in found[:rows]])
        total = _count(connection, _beside(matches).where(*conditions))
        goes_on = _place_of(found[rows - 1], _NAMES[search.order]) if len(found) > rows else ""
        return Page(tuple(_row(row, sources[row.recording_id]) for row in found[:rows]), total, goes_on)

    def _conditions(self, connection: sa.Connection, search: Search) -> "Iterator[_Condition]":
        if search.source:
            yield _from_source(connection, search.source)
        if search.playlist is not None:
            members = sa.select(playlist_members.c.recording_id)
            yield recordings.c.recording_id.in_(members.where(playlist_members.c.playlist_id == search.playlist))
        if search.keys:
            by_tempo = search.order == "tempo" or search.tempo_from is not None or search.tempo_to is not None
            pairs = [key_at(place) for place in search.keys]
            yield sa.or_(*(_in_key(tonic, mode, by_tempo=by_tempo) for tonic, mode in pairs))
        if search.order == "tempo":
            yield recordings.c.tempo_bpm.is_not(None)
        if search.tempo_from is not None:
            yield recordings.c.tempo_bpm >= search.tempo_from
        if search.tempo_to is not None:
            yield recordings.c.tempo_bpm <= search.tempo_to

    def _order(self, order: str) -> "list[sa.ColumnElement[Any]]":
        columns: list[sa.ColumnElement[Any]] = [recordings.c[name] for name in _NAMES[order]]
        if order == "artist" and self._dialect == "sqlite":
            return [*(column.collate("NOCASE") for column in columns[:-1]), columns[-1]]
        return columns

    # Not in the library

    def _unfiled(self, connection: sa.Connection, search: Search, rows: int) -> Page:
        conditions = [attempts.c.ending == search.ending, is_latest()]
        conditions += [contains(attempts.c.label, word, self._dialect) for word in search.words.split()[:12]]
        if search.source:
            conditions.append(attempts.c.source == search.source)
        order: list[sa.ColumnElement[Any]] = [attempts.c.ended_at, attempts.c.attempt_id]
        wanted = sa.select(attempts).where(*conditions, *_behind(order, search.after, falls=True))
        found = connection.execute(wanted.order_by(*(column.desc() for column in order)).limit(rows + 1)).all()
        total = _count(connection, sa.select(sa.literal(1)).select_from(attempts).where(*conditions))
        goes_on = _place_of(found[rows - 1], ("ended_at", "attempt_id")) if len(found) > rows else ""
        return Page(tuple(map(_attempt_row, found[:rows])), total, goes_on)


_NAMES: Mapping[str, tuple[str, ...]] = {
    "newest": ("filed_at", "recording_id"),
    "artist": ("artist", "title", "recording_id"),
    "tempo": ("tempo_bpm", "recording_id"),
}


def is_latest() -> _Condition:
    """Is an attempt the last one at its track?"""
    later = attempts.alias("later")
    same = sa.and_(later.c.source == attempts.c.source, later.c.source_id == attempts.c.source_id)
    return ~sa.exists().where(same, later.c.attempt > attempts.c.attempt)


def _among(connection: sa.Connection, matches: Matches) -> _Condition:
    """Is a recording one with the words? Where most are, the page is filled in its order instead of sorting them all."""
    is_common = _count(connection, matches.with_only_columns(sa.literal(1))) > MANY
    column = recordings.c.recording_id
    return (column.op("||")("") if is_common else column).in_(matches)


def _beside(matches: Matches | None) -> "sa.Select[Any]":
    """The recordings to be counted. Those with the words come first, so that counting may stop early."""
    if matches is None:
        return sa.select(sa.literal(1)).select_from(recordings)
    found = matches.subquery()
    both = found.join(recordings, recordings.c.recording_id == found.c.recording_id)
    return sa.select(sa.literal(1)).select_from(both)


def _count(connection: sa.Connection, wanted: "sa.Select[Any]") -> int:
    """How many there are, `MANY` and one at the most: whoever finds so many looks for more words, not for a number."""
    return connection.scalar(sa.select(sa.func.count()).select_from(wanted.limit(MANY + 1).subquery())) or 0


def _from_source(connection: sa.Connection, source: str) -> _Condition:
    """A source of few tracks gives its list; of one with many each recording is asked, and soon a page is full."""
    links = sa.select(source_links.c.recording_id).where(source_links.c.source == source)
    if _count(connection, links) <= MANY:
        return recordings.c.recording_id.in_(links)
    return sa.exists(links.where(source_links.c.recording_id == recordings.c.recording_id))


def _in_key(tonic: int, mode: str, *, by_tempo: bool) -> _Condition:
    """`by_tempo`: the index by tempo holds the key as well, and one way through it is shorter than many by key."""
    column: sa.ColumnElement[str] = recordings.c.key_mode
    return sa.and_((column.op("||")("") if by_tempo else column) == mode, recordings.c.key_tonic == tonic)


def _behind(order: "Sequence[sa.ColumnElement[Any]]", after: str, *, falls: bool) -> list[_Condition]:
    """Only rows that come after the place where the page before ended."""
    if not after:
        return []
    place = _read_place(after)
    if len(place) != len(order):
        raise BadSetting("that page belongs to another order; begin at the first page")
    # The same collation on both sides, else the index is of no use.
    values = [sa.literal(value) for value in place]
    row, bound = sa.tuple_(*order), sa.tuple_(*values)
    return [row < bound if falls else row > bound]


def _place_of(row: "sa.Row[Any]", names: Sequence[str]) -> str:
    place = json.dumps([getattr(row, name) for name in names])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _read_place(after: str) -> list[Any]:
    try:
        place = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
    except ValueError:
        place = None
    if not isinstance(place, list) or not all(isinstance(value, str | int | float) for value in place):
        raise BadSetting("there is no such page; begin at the first page")
    return place


def _each(connection: sa.Connection, column: "sa.Column[str]") -> set[str]:
    """The distinct values of a column that leads an index, by leaps from one to the next: there are few."""
    found: set[str] = set()
    latest: str | None = None
    while True:
        wanted = sa.select(sa.func.min(column))
        latest = connection.scalar(wanted.where(column > latest) if latest is not None else wanted)
        if latest is None:
            return found
        found.add(latest)


def _sources_of(connection: sa.Connection, recording_ids: Sequence[str]) -> Mapping[str, str]:
    names: dict[str, list[str]] = defaultdict(list)
    wanted = sa.select(source_links.c.recording_id, source_links.c.source)
    for row in connection.execute(wanted.where(source_links.c.recording_id.in_(recording_ids))):
        names[row.recording_id].append(row.source)
    return {each: ", ".join(sorted(set(names[each]))) for each in recording_ids}


def _row(row: "sa.Row[Any]", sources: str) -> Row:
    return Row(
        recording_id=row.recording_id,
        source=sources,
        source_id="",
        artist=row.artist,
        title=row.title or row.recording_id,
        album=row.album,
        length_s=row.length_s,
        tempo_bpm=row.tempo_bpm,
        camelot="" if row.key_tonic is None else Key(row.key_tonic, row.key_mode, 0.0).camelot,
        at=row.filed_at,
    )


def _attempt_row(row: "sa.Row[Any]") -> Row:
    told = told_of(row.found)
    return Row(
        recording_id="",
        source=row.source,
        source_id=row.source_id,
        artist=told.artist,
        title=told.title or row.label or row.source_id,
        album=told.album,
        length_s=told.length_s,
        at=row.ended_at,
        ending=row.ending,
        reason=row.reason,
        isrc=told.isrc,
        url=row.url,
    )
