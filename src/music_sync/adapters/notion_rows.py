"""The rows of the Music Tracks database, remembered on this machine: read once from end to end, then what was edited.

Finding a row again by its ids takes an index of all of them, and a database may hold many thousands.
"""

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from music_sync.adapters.durable_files import write_whole
from music_sync.adapters.link_text import LABELS
from music_sync.adapters.links import read_place
from music_sync.adapters.notion_music import LINKS, part_of
from music_sync.adapters.notion_pages import Cells, Json, cells_of, is_in_trash, related, text_in
from music_sync.adapters.notion_properties import Schema
from music_sync.adapters.notion_table import NotionTable
from music_sync.model.errors import EnvironmentFault, GiveUp

log = logging.getLogger(__name__)

ROLES = (
    "title", "our_id", "artist", "artists", "album", "isrc", "length_s", "length_ms", "downloaded", "playlists",
    "playlist_names", *LINKS,
)  # fmt: skip
"""What is read of a row to know it again."""
KEPT_DAYS = 7
"""After so long all is read anew: what went to the trash is told by no query."""
OVERLAP = timedelta(minutes=2)
"""Notion rounds moments down to the minute."""
SAVED_EVERY = 2_000

_FORMAT = 1
_LENGTH_S, _LENGTH_SHARE = 2.0, 0.03


@dataclass(frozen=True)
class Row:
    """A row, as far as it is needed to know it again, and to take it for a track that is wanted."""

    page: str
    created: str
    title: str = ""
    artist: str = ""
    artists: tuple[str, ...] = ()
    """Ids of related pages."""
    album: str = ""
    isrc: str = ""
    length_s: float | None = None
    our_id: str = ""
    links: tuple[str, ...] = ()
    """In one spelling each; those that may bring audio first."""
    wrong: tuple[str, ...] = ()
    """Why further links of it cannot be used, a sentence each."""
    is_done: bool = False
    playlists: tuple[str, ...] = ()
    """Ids of related pages."""
    playlist_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ids:
    """By what a row of a recording or a track is known again; what is not known is empty."""

    our_id: str = ""
    links: tuple[str, ...] = ()
    isrc: str = ""
    length_s: float | None = None
    title: str = ""


@dataclass
class _Memory:
    database: str = ""
    columns: str = ""
    """Digest of all properties that the table had."""
    edited: str = ""
    """All that was edited before this moment is known."""
    whole_at: str = ""
    """When the last whole reading began; empty before the first has ended."""
    began: str = ""
    """When the whole reading began that is under way."""
    through: str = ""
    """How far that has come: rows made before are known."""


class NotionRows:
    """The remembered rows, in one file; a lost or foreign file is read anew from Notion."""

    def __init__(self, file: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._file = file
        self._now = now
        self._memory = _Memory()
        self._rows: dict[str, Row] = {}
        self._by: dict[str, dict[str, list[str]]] = {}
        self._load()

    @property
    def columns(self) -> str:
        """Changes when the table gets, loses or changes a property."""
        return self._memory.columns

    @property
    def is_whole(self) -> bool:
        """Has everything been read?"""
        return bool(self._memory.whole_at) and not self._memory.began

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

    def refresh(self, table: NotionTable, schema: Schema, may_go_on: Callable[[], bool]) -> None:
        """Read what is not known yet, as long as `may_go_on`; a reading that was broken off goes on where it stopped."""
        columns = columns_digest(schema)
        if (self._memory.database, self._memory.columns) != (schema.source_id, columns):
            self._memory, self._rows = _Memory(schema.source_id, columns), {}
        wanted = part_of(schema, ROLES)
        try:
            if self._is_old() or self._memory.began:
                self._read_all(table, wanted, may_go_on)
            else:
                self._read_edited(table, wanted)
        finally:
            self._by = {}
            self._save()

    def put(self, page: Json, schema: Schema) -> None:
        """Take in a row that was just read or written."""
        row = row_of(page, cells_of(page, part_of(schema, ROLES)))
        self._rows[row.page] = row
        if self._by:
            self._enter(row)

    def drop(self, page: str) -> None:
        self._rows.pop(page, None)

    def save(self) -> None:
        self._save()

    def find(self, ids: Ids, taken: Callable[[str], bool]) -> str:
        """The page of the row that bears one of these ids, the oldest first, `taken` ones left out; never by words."""
        index = self._index()
        keys = [("our_id", ids.our_id), *(("link", link) for link in ids.links), ("isrc", ids.isrc)]
        for kind, key in keys:
            for page in index[kind].get(key, ()) if key else ():
                row = self._rows.get(page)
                # The index may still know what a row said before.
                if row and key in _keys_of(row)[kind] and (kind != "isrc" or self._fits(row, ids)) and not taken(page):
                    return page
        return ""

    def _fits(self, row: Row, ids: Ids) -> bool:
        """ISRC alone names no recording; with the length, or where the row has none the very title, it does."""
        if row.length_s is None or ids.length_s is None:
            return row.title.strip().casefold() == ids.title.strip().casefold() != ""
        apart = abs(row.length_s - ids.length_s)
        return apart <= max(_LENGTH_S, _LENGTH_SHARE * max(row.length_s, ids.length_s))

    def _index(self) -> Mapping[str, Mapping[str, Sequence[str]]]:
        if not self._by:
            self._by = {kind: defaultdict(list) for kind in ("our_id", "link", "isrc")}
            for row in sorted(self._rows.values(), key=lambda each: each.created):
                self._enter(row)
        return self._by

    def _enter(self, row: Row) -> None:
        for kind, keys in _keys_of(row).items():
            for key in filter(None, keys):
                self._by[kind][key].append(row.page)

    # Reading

    def _is_old(self) -> bool:
        whole_at = self._memory.whole_at
        return not whole_at or datetime.fromisoformat(whole_at) < self._now() - timedelta(days=KEPT_DAYS)

    def _read_all(self, table: NotionTable, schema: Schema, may_go_on: Callable[[], bool]) -> None:
        memory = self._memory
        if not memory.began:
            memory.began, memory.through = _moment(self._now()), ""
        seen: set[str] = set()
        since = memory.through
        for number, page in enumerate(table.rows(schema, None, since), 1):
            row = row_of(page, cells_of(page, schema))
            self._rows[row.page] = row
            seen.add(row.page)
            # Rows come by the moment they were made: all before that of the newest are known.
            memory.through = max(memory.through, row.created)
            if number % SAVED_EVERY == 0:
                self._save()
            if number % 100 == 0 and not may_go_on():
                return
        if not since:
            self._rows = {page: row for page, row in self._rows.items() if page in seen}
        memory.whole_at = memory.edited = memory.began
        memory.began = memory.through = ""

    def _read_edited(self, table: NotionTable, schema: Schema) -> None:
        now = self._now()
        since = _moment(datetime.fromisoformat(self._memory.edited) - OVERLAP)
        edited = {"timestamp": "last_edited_time", "last_edited_time": {"on_or_after": since}}
        for page in table.rows(schema, edited):
            row = row_of(page, cells_of(page, schema))
            self._rows[row.page] = row
        self._memory.edited = _moment(now)

    # The file

    def _load(self) -> None:
        try:
            said = json.loads(self._file.read_text("utf-8"))
            if said["format"] == _FORMAT:
                self._rows = {each[0]: _row_from(each) for each in said["rows"]}
                self._memory = _Memory(**said["memory"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.info("the memory of Notion's rows is read anew from Notion: %s", error)
            self._memory, self._rows = _Memory(), {}

    def _save(self) -> None:
        said = {"format": _FORMAT, "memory": asdict(self._memory)}
        rows = [[getattr(row, name) for name in _NAMES] for row in self._rows.values()]
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self._file, json.dumps({**said, "rows": rows}).encode())
        except (OSError, EnvironmentFault) as error:
            # What could not be remembered is read again.
            log.warning("the memory of Notion's rows cannot be written: %s", error)


def _keys_of(row: Row) -> Mapping[str, Sequence[str]]:
    return {"our_id": (row.our_id,), "link": row.links, "isrc": (row.isrc,)}


_NAMES = tuple(field.name for field in fields(Row))


def _row_from(values: list[Any]) -> Row:
    values = [tuple(value) if isinstance(value, list) else value for value in values]
    return Row(**dict(zip(_NAMES, values, strict=True)))


def columns_digest(schema: Schema) -> str:
    said = sorted((role, column.name, column.kind, *column.options) for role, column in schema.columns.items())
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00.000Z")


# A page read as a row


def row_of(page: Json, cells: Cells) -> Row:
    links, wrong = _links(cells)
    row = Row(
        page=str(page["id"]),
        created=str(page.get("created_time") or ""),
        title=text_in(cells, "title").strip(),
        artist=text_in(cells, "artist").strip(),
        artists=tuple(related(cells.get("artists", {}))),
        album=text_in(cells, "album").strip(),
        isrc=text_in(cells, "isrc").replace("-", "").strip().upper(),
        length_s=_length_s(cells),
        our_id=text_in(cells, "our_id").strip(),
        links=links,
        wrong=wrong,
        # Without the property nothing says that the row is done.
        is_done=cells.get("downloaded", {}).get("checkbox") is True,
        playlists=tuple(related(cells.get("playlists", {}))),
        playlist_names=tuple(filter(None, map(str.strip, text_in(cells, "playlist_names").split(",")))),
    )
    return replace(row, is_done=True) if is_in_trash(page) else row


def _links(cells: Cells) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found: list[str] = []
    wrong: list[str] = []
    for role in LINKS:
        text = text_in(cells, role).strip()
        if not text:
            continue
        try:
            found.append(link_of(role, text))
        except GiveUp as error:
            wrong.append(str(error))
    return tuple(dict.fromkeys(found)), tuple(wrong)


def link_of(role: str, text: str) -> str:
    """The link in one spelling that stands in a property; raises GiveUp when it names no track of that service."""
    if role == "spotify_id" and ":" not in text:
        text = f"spotify:track:{text}"
    place = read_place(text)
    service = role.partition("_")[0]
    if place.kind not in {"track", "short", "file"}:
        raise GiveUp(f"{text[:100]!r} names no single track; put the link of the track itself there")
    if service in LABELS and place.service != service:
        raise GiveUp(f"{text[:100]!r} is no link to {LABELS[service]}; put it into the property where it belongs")
    return place.url


def _length_s(cells: Cells) -> float | None:
    for role, unit_s in (("length_s", 1.0), ("length_ms", 0.001)):
        try:
            length_s = float(text_in(cells, role)) * unit_s
        except ValueError:
            continue
        if length_s > 0:
            return length_s
    return None
