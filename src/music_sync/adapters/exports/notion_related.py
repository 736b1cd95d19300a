"""The pages that rows of tracks are related to: artists by their exact name, playlists by their id."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from music_sync.adapters.exports.notion_wanted import Wanted
from music_sync.adapters.links import read_place
from music_sync.adapters.notion_music import part_of
from music_sync.adapters.notion_pages import Json, cells_of, text_in
from music_sync.adapters.notion_properties import Schema, to_send
from music_sync.adapters.notion_table import NotionTable
from music_sync.model.errors import GiveUp

NAMES_AT_ONCE = 50
"""Notion takes 100 parts of a filter."""

_BETWEEN = re.compile(r"\s*(?:,|;|/|&|\+|\bx\b|\band\b|\bfeat\.?|\bft\.?|\bvs\.?)\s*", re.IGNORECASE)


@dataclass
class Artists:
    """The database of artists; without `may_add`, pages are only found in it."""

    table: NotionTable
    schema: Schema
    may_add: bool
    _known: dict[str, str] = field(default_factory=dict)
    """Name -> page; empty for a name of which there is none."""

    def look_up(self, artists: Iterable[str]) -> None:
        """Find the pages of all these and of the names within them, some at a time."""
        names = {name for artist in artists if artist for name in (artist, *_parts(artist))} - self._known.keys()
        ordered = sorted(name for name in names if name)
        for first in range(0, len(ordered), NAMES_AT_ONCE):
            self._find(ordered[first : first + NAMES_AT_ONCE])

    def pages(self, artist: str) -> tuple[str, ...]:
        """The page of this artist, made when there is none; of several artists that all have pages, theirs."""
        if not artist:
            return ()
        if self._known.get(artist) is None:
            self.look_up([artist])
        if page := self._known.get(artist):
            return (page,)
        several = [self._known.get(name, "") for name in _parts(artist)]
        if len(several) > 1 and all(several):
            return tuple(dict.fromkeys(several))
        if not self.may_add:
            return ()
        made = self.table.create(self.schema, to_send(self.schema, {"title": artist}).properties, "add an artist")
        self._known[artist] = str(made["id"])
        return (self._known[artist],)

    def _find(self, names: Sequence[str]) -> None:
        title = self.schema.columns["title"].name
        wanted = {"or": [{"property": title, "title": {"equals": name}} for name in names]}
        found: dict[str, str] = {}
        for page in self.table.rows(self.schema, wanted):
            found.setdefault(text_in(cells_of(page, self.schema), "title").strip(), str(page["id"]))
        folded = {name.casefold(): page for name, page in reversed(found.items())}
        # Notion's `equals` knows no case, and nobody keeps two artists of one name.
        self._known |= {name: found.get(name) or folded.get(name.casefold(), "") for name in names}


def _parts(artist: str) -> list[str]:
    return [part for part in _BETWEEN.split(artist) if part]


@dataclass
class Playlists:
    """The database of playlists, read as a whole when it is first needed: they are hundreds at most."""

    table: NotionTable
    schema: Schema
    _pages: dict[str, str] | None = None
    """What names a playlist -> its page: our id, its link, or name and source."""

    def find(self, wanted: Wanted, taken: Callable[[str], bool]) -> str:
        """The page of the playlist, by our id, by its id or link at the source, else by name and source; or empty."""
        if self._pages is None:
            self._pages = self._read()
        for key in _keys(wanted.ids.our_id, wanted.ids.links, wanted.title, str(wanted.values.get("source") or "")):
            page = self._pages.get(key, "")
            if page and not taken(page):
                return page
        return ""

    def _read(self) -> dict[str, str]:
        found: dict[str, str] = {}
        part = part_of(self.schema, ("title", "our_id", "source", "url", "spotify_id", "spotify_url"))
        for page in self.table.rows(part, None):
            for key in self._keys_of(page, part):
                found.setdefault(key, str(page["id"]))
        return found

    def _keys_of(self, page: Json, schema: Schema) -> list[str]:
        cells = cells_of(page, schema)
        links = []
        for role in ("url", "spotify_url", "spotify_id"):
            text = text_in(cells, role).strip()
            if role == "spotify_id" and text and ":" not in text:
                text = f"spotify:playlist:{text}"
            try:
                links.append(read_place(text).url if text else "")
            except GiveUp:
                continue
        ours, title, source = (text_in(cells, role).strip() for role in ("our_id", "title", "source"))
        return _keys(ours, links, title, source)


def _keys(ours: str, links: Iterable[str], title: str, source: str) -> list[str]:
    named = f"name:{title.casefold()}\n{source.casefold()}" if title and source else ""
    return list(filter(None, [ours and f"id:{ours}", *(link and f"link:{link}" for link in links), named]))
