"""Rows that a person added to the Music Tracks database on Notion, with a link or with artist and title."""

import hashlib
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from music_sync.adapters import notion_music
from music_sync.adapters.links import is_isrc
from music_sync.adapters.means import Means
from music_sync.adapters.notion_calls import NotionCalls
from music_sync.adapters.notion_pages import title_of
from music_sync.adapters.notion_rows import NotionRows, Row
from music_sync.adapters.notion_table import NotionTable
from music_sync.model.errors import NeedsPerson
from music_sync.model.track import FoundTrack, Playlist

log = logging.getLogger(__name__)

NAME = "notion"
NEEDS = "TRACKS_DB_ID and NOTION_TOKEN"
LIMIT_S = 60.0
"""How long one reading takes; a database of many thousands is read over several syncs."""


def open_parts(means: Means) -> "Sequence[WantedRows]":
    return [WantedRows(means)] if means.setting("tracks_db_id") else []


class WantedRows:
    """Rows without evidence of being done, newest first; rows of our own making are none."""

    name = NAME
    part = ""
    is_view = True
    """Its database is a view of ours first: while it is away, a sync lacks nothing but what a person added there."""

    def __init__(self, means: Means) -> None:
        self.messages: list[str] = []
        self._means = means

    def detect(self) -> Iterator[FoundTrack]:
        self.messages = []
        token = str(self._means.setting("notion_token"))
        if not token:
            raise NeedsPerson("NOTION_TOKEN is not set; set it to the token of the connection that reads TRACKS_DB_ID")
        calls = notion_music.connection(token, str(self._means.setting("notion_url")), sleep=self._means.sleep)
        try:
            yield from self._wanted(calls)
        finally:
            calls.close()

    def _wanted(self, calls: NotionCalls) -> Iterator[FoundTrack]:
        table = notion_music.tracks_table(calls, str(self._means.setting("tracks_db_id")))
        rows = NotionRows(self._means.setting("notion_rows"))
        until = time.monotonic() + LIMIT_S
        rows.refresh(table, table.probe(), lambda: time.monotonic() < until)
        if not rows.is_whole:
            self.messages.append(f"{len(rows):,} rows are read so far; the next sync goes on")
        shown = self._means.shown(NAME)
        wanted = [row for row in rows if not row.is_done and _is_theirs(row, shown)]
        wrong = [f"row {_called(row)}: {sentence}" for row in wanted for sentence in row.wrong]
        without = [row for row in wanted if not row.links and not (row.title and (row.artist or row.artists))]
        self.messages += wrong
        if without:
            first = _called(without[0])
            self.messages.append(f"{len(without)} rows have neither a link nor artist and title, such as {first}")
        names = _Names(table)
        for row in sorted(wanted, key=lambda each: (each.created, each.page), reverse=True):
            if row not in without:
                yield found_in(row, names.artist(row), self._playlists(row, names, shown))

    def _playlists(self, row: Row, names: "_Names", shown: Mapping[str, str]) -> tuple[Playlist, ...]:
        """The lists that the row stands on; one that we show there is the list it shows."""
        found = [Playlist(NAME, name, name) for name in row.playlist_names]
        for page in row.playlists:
            name = names.of(page)
            kind, _, known = shown.get(page, "").partition(":")
            source, _, source_id = known.partition(":")
            ours = kind == "playlist" and bool(source_id)
            if name:
                found.append(Playlist(source, source_id, name) if ours else Playlist(NAME, page, name))
        return tuple(found)


class _Names:
    """The titles of related pages, each read once."""

    def __init__(self, table: NotionTable) -> None:
        self._table = table
        self._known: dict[str, str] = {}

    def of(self, page: str) -> str:
        if page not in self._known:
            try:
                self._known[page] = title_of(self._table.retrieved(page))
            except NeedsPerson:
                # It is not shared with the connection.
                self._known[page] = ""
        return self._known[page]

    def artist(self, row: Row) -> str:
        return row.artist or ", ".join(filter(None, map(self.of, row.artists)))


def found_in(row: Row, artist: str, playlists: tuple[Playlist, ...] = ()) -> FoundTrack:
    """The track that a row asks for; another link in the same row is looked at anew."""
    found = FoundTrack(
        source=NAME,
        source_id=row.page,
        artist=artist,
        title=row.title,
        album=row.album,
        isrc=row.isrc if is_isrc(row.isrc) else "",
        length_s=row.length_s,
        url=row.links[0] if row.links else "",
        playlists=playlists,
        links=row.links,
    )
    said = "\n".join(sorted(row.links) or [artist, row.title, row.isrc])
    return replace(found, revision=hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()[:16])


def _is_theirs(row: Row, shown: Mapping[str, str]) -> bool:
    """Did a person add it? Our own rows bear our id, or are those that we show something in."""
    subject = shown.get(row.page, "")
    if subject == f"track:{NAME}:{row.page}":
        return True
    return not subject and (not row.our_id.startswith("music-sync:") or row.our_id.endswith(row.page))


def _called(row: Row) -> str:
    return f'"{row.title[:60]}"' if row.title else row.page
