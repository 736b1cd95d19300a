"""One round at Notion: each subject's row is found or made, says what it should, and is noted."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from music_sync.adapters.exports.notion_merge import fields_after, lacks, to_write
from music_sync.adapters.exports.notion_related import Artists, Playlists
from music_sync.adapters.exports.notion_wanted import Wanted, unproven
from music_sync.adapters.notion_calls import NotThere
from music_sync.adapters.notion_music import ALTERNATIVES, NOT_MISSED, TRACKS
from music_sync.adapters.notion_pages import Cells, Json, cells_of, is_in_trash
from music_sync.adapters.notion_properties import Schema, Value, to_send
from music_sync.adapters.notion_rows import NotionRows
from music_sync.adapters.notion_table import NotionTable, property_ids
from music_sync.model.errors import ServiceUnavailable
from music_sync.model.track import Playlist
from music_sync.model.view import Book, Shelf, Standing

_IDS = (
    "our_id",
    "spotify_id",
    "spotify_url",
    "soundcloud_url",
    "youtube_url",
    "bandcamp_url",
    "beatport_url",
    "apple_url",
)
_IDS_OF_LISTS = ("our_id", "url", "spotify_id", "spotify_url")


@dataclass
class Tables:
    """The databases, opened."""

    tracks: NotionTable
    schema: Schema
    rows: NotionRows
    artists: Artists | None = None
    playlists: Playlists | None = None


@dataclass
class Tally:
    """What a round did, to be told."""

    written: int = 0
    deleted: int = 0
    without_id: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """What was left out of rows, with the number of rows."""
    missing: Counter[str] = field(default_factory=Counter)
    """Properties that the database lacks."""
    refused: list[str] = field(default_factory=list)


@dataclass
class Showing:
    """All that is to be shown, `wanted` by subject, and what is, `shown`."""

    wanted: Mapping[str, Wanted]
    shown: dict[str, Standing]
    book: Book
    shelf: Shelf
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self._owners = {each.page: subject for subject, each in self.shown.items() if each.page}

    def bring(self, wanted: Wanted, tables: Tables) -> None:
        """One subject's row says what it should; its digest is noted last, so that a kill before it changes nothing."""
        lists = tables.playlists if wanted.subject.startswith("playlist:") else None
        table, schema = (lists.table, lists.schema) if lists else (tables.tracks, tables.schema)
        standing = self._standing(wanted, tables)
        if standing.deleted:
            self._note(wanted, replace(standing, wanted=wanted.digest))
            return
        page = self._read(table, schema, standing.page) if standing.page else None
        if standing.page and page is None:
            self.tally.deleted += 1
            tables.rows.drop(standing.page)
            self._note(wanted, Standing(standing.page, wanted.digest, standing.fields, deleted=True))
            return
        if page is None and (wanted.is_gone or not _can_be_found_again(wanted, schema, is_list=lists is not None)):
            self.tally.without_id += not wanted.is_gone
            return
        values = self._values(wanted, tables, is_list=lists is not None)
        before = table.whole(page, cells_of(page, schema)) if page else {}
        written = to_write(values, before, standing.fields, schema)
        page = self._written(table, schema, page, written, wanted)
        after = table.whole(page, cells_of(page, schema))
        self._verify(written, after, schema)
        if lists is None:
            tables.rows.put(page, schema)
        fields = fields_after(values, written, before, after, standing.fields)
        self._note(wanted, Standing(str(page["id"]), wanted.digest, fields))

    # Which row

    def _standing(self, wanted: Wanted, tables: Tables) -> Standing:
        """How its row stands, though it may have stood for something else before; without a page when there is none."""
        if wanted.subject in self.shown:
            return self.shown[wanted.subject]
        _, _, page = wanted.subject.partition("@")
        if wanted.subject.startswith("recording:") and page:
            return self._taken_over(page)
        waited = [self.shown[each] for each in wanted.forerunners if each in self.shown]
        for standing in waited:
            if not standing.deleted:
                return standing
        for page in wanted.pages:
            if not self._is_taken(page, wanted):
                return self._taken_over(page)
        found = self._found(wanted, tables)
        return waited[0] if waited and not found else self._taken_over(found)

    def _found(self, wanted: Wanted, tables: Tables) -> str:
        if wanted.subject.startswith("playlist:"):
            return tables.playlists.find(wanted, lambda page: self._is_taken(page, wanted)) if tables.playlists else ""
        return tables.rows.find(wanted.ids, lambda page: self._is_taken(page, wanted))

    def _taken_over(self, page: str) -> Standing:
        former = self.shown.get(self._owners.get(page, ""))
        return Standing(page, fields=former.fields if former else {})

    def _is_taken(self, page: str, wanted: Wanted) -> bool:
        owner = self._owners.get(page, "")
        if not owner or owner == wanted.subject or owner in wanted.forerunners:
            return False
        return not (owner in self.wanted and self.wanted[owner].is_gone)

    def _read(self, table: NotionTable, schema: Schema, page_id: str) -> Json | None:
        """The page as it stands; None for one that a person threw away."""
        try:
            page = table.retrieved(page_id, property_ids(schema))
        except NotThere:
            return None
        return None if is_in_trash(page) else page

    # What it says

    def _values(self, wanted: Wanted, tables: Tables, *, is_list: bool) -> dict[str, Value]:
        values = {**self._proven(wanted).values, **({"title": wanted.title} if wanted.title else {})}
        if is_list or wanted.is_gone:
            return values
        columns = tables.schema.columns
        if tables.artists and self._leads(tables, "artists", tables.artists.schema.source_id):
            values["artists"] = tables.artists.pages(wanted.artist)
        if tables.playlists and self._leads(tables, "playlists", tables.playlists.schema.source_id):
            pages = [self._playlist_page(each, tables) for each in wanted.playlists]
            values["playlists"] = tuple(dict.fromkeys(filter(None, pages)))
        for role, value in values.items():
            if value and role not in columns and ALTERNATIVES.get(role) not in columns and role not in NOT_MISSED:
                self.tally.missing[TRACKS[role][0]] += 1
        return values

    def _leads(self, tables: Tables, role: str, source_id: str) -> bool:
        column = tables.schema.columns.get(role)
        if column is not None and column.target != source_id:
            setting = {"artists": "ARTISTS_DB_ID", "playlists": "PLAYLISTS_DB_ID"}[role]
            self.tally.dropped[f"{column.name}: it leads to another database than {setting}"] += 1
        return column is not None and column.target == source_id

    def _proven(self, wanted: Wanted) -> Wanted:
        """Only what was looked at byte for byte is told to be there."""
        lacks_something = self.shelf.shortcomings(wanted.recording) if wanted.recording else ()
        return unproven(wanted, "; ".join(lacks_something)) if lacks_something else wanted

    def _playlist_page(self, playlist: Playlist, tables: Tables) -> str:
        subject = f"playlist:{playlist.source}:{playlist.source_id}"
        if subject not in self.shown and subject in self.wanted:
            self.bring(self.wanted[subject], tables)
        standing = self.shown.get(subject)
        return standing.page if standing and not standing.deleted else ""

    # Writing

    def _written(
        self, table: NotionTable, schema: Schema, page: Json | None, written: Mapping[str, Value], wanted: Wanted
    ) -> Json:
        sent = to_send(schema, written)
        self.tally.dropped.update(sent.dropped)
        what = f'write "{wanted.title or wanted.subject}"'
        if page is None:
            self.tally.written += 1
            return table.create(schema, sent.properties, what)
        if not sent.properties:
            return page
        self.tally.written += 1
        return table.update(str(page["id"]), sent.properties, what)

    def _verify(self, written: Mapping[str, Value], after: Cells, schema: Schema) -> None:
        if lost := lacks(written, after):
            names = ", ".join(schema.columns[role].name for role in lost)
            raise ServiceUnavailable(f"Notion took a row but not all of its {names}; the next sync writes it again")

    def _note(self, wanted: Wanted, standing: Standing) -> None:
        """Note the row, and that what it stood for before is this subject now."""
        self.book.show(wanted.subject, standing)
        former = self._owners.get(standing.page, "")
        if former and former != wanted.subject:
            self.book.forget(former)
            self.shown.pop(former, None)
        self.shown[wanted.subject] = standing
        self._owners[standing.page] = wanted.subject


def _can_be_found_again(wanted: Wanted, schema: Schema, *, is_list: bool) -> bool:
    """Would a row made for it hold an id, so that it is known again after a kill?"""
    columns = schema.columns
    if any(role in columns and wanted.values.get(role) for role in (_IDS_OF_LISTS if is_list else _IDS)):
        return True
    return not is_list and "isrc" in columns and bool(wanted.values.get("isrc"))
