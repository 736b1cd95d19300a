"""Reads the lists that services and exporters give away: Spotify's and SoundCloud's JSON, Google's and others' CSV.

Text in, rows out, no file touched. Liked songs are on no playlist; all else bears the name of its playlist.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote_plus

from music_sync.adapters.file_names import clean
from music_sync.adapters.links import is_isrc
from music_sync.adapters.list_rows import (
    LONGEST_ROW,
    Complaint,
    Row,
    is_exported,
    moment_of,
    read_rows,
    seconds_of,
    uri_of,
    video_page,
)
from music_sync.model.errors import BadSetting

_LIKED = re.compile(
    r"(?:your|my)?\s*(?:(?:liked|saved|loved|favou?rite)\s*(?:songs|tracks|music|videos|sounds)?|likes|favou?rites"
    r"|your\s*library|music library songs|(?:soundcloud|track)\s*likes)",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"(?<=.)-vid[eé]os$", re.IGNORECASE)
"""Google calls the list of a playlist `NAME-videos.csv`."""


@dataclass(frozen=True)
class Contents:
    """What one file of lists holds."""

    rows: tuple[Row | Complaint, ...]
    newest: str = ""
    """The newest date that stands in it, ISO 8601; empty when it tells none."""
    is_export: bool = False
    """A service or a program wrote it, so that it grows old."""
    notes: tuple[str, ...] = ()


def read_contents(name: str, text: str) -> Contents:
    """Read a list by its file's name; each row is liked or bears its playlist's name.

    Raises BadSetting when nothing in it names a track.
    """
    ending = name.rpartition(".")[2].lower()
    if ending == "json":
        return _of_json(title_of(name), text)
    about, text = _cut(text) if ending == "csv" else ("", text)
    title = about or title_of(name)
    is_export = ending == "csv" and is_exported(text)
    rows = tuple(_on_list(row, title, may_be_liked=is_export) for row in _rows(text, ending))
    moments = [row.liked_at for row in rows if isinstance(row, Row)]
    return Contents(rows, max(moments, default=""), is_export)


def title_of(name: str) -> str:
    """What a list is called by its file's name."""
    stem = name.rpartition(".")[0] or name
    return clean(_SUFFIX.sub("", stem) if name.lower().endswith(".csv") else stem)


def is_liked_list(title: str) -> bool:
    """Is this what services call the liked songs?"""
    return bool(_LIKED.fullmatch(" ".join(re.split(r"[\s_-]+", title)).strip()))


def _on_list(row: Row | Complaint, title: str, *, may_be_liked: bool) -> Row | Complaint:
    if isinstance(row, Complaint):
        return row
    called = row.playlist or title
    is_liked = row.is_liked or (may_be_liked and is_liked_list(called))
    return replace(row, playlist="" if is_liked else called, is_liked=is_liked)


# CSV


def _cut(text: str) -> tuple[str, str]:
    """Google's older lists begin with a table about the playlist: its title, and the table of its videos."""
    parts = re.split(r"\r?\n\s*\r?\n(?=Video ID\s*,)", text, maxsplit=1, flags=re.IGNORECASE)
    if len(parts) < 2:
        return "", text
    try:
        about = next(csv.DictReader(parts[0].splitlines()), {})
    except csv.Error:
        about = {}
    return clean(str(about.get("Title") or "")), parts[1]


def _rows(text: str, ending: str) -> list[Row | Complaint]:
    try:
        return list(read_rows(text, ending))
    except BadSetting:
        videos = _only_videos(text) if ending == "csv" else []
        if not videos:
            raise
        return videos


def _only_videos(text: str) -> list[Row | Complaint]:
    """A table whose head is in a language we do not know, but whose first column holds ids of videos all along."""
    lines = [(number, line.split(",")) for number, line in enumerate(text.splitlines(), start=1) if line.strip()][1:]
    pages = [(number, video_page(cells[0]), moment_of(cells[-1])) for number, cells in lines if len(cells) <= 3]
    if len(pages) < len(lines) or not all(page for _number, page, _moment in pages):
        return []
    return [Row(number, page, liked_at=moment) for number, page, moment in pages]


# JSON


def _of_json(title: str, text: str) -> Contents:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadSetting("it is no JSON that can be read; export it anew") from error
    lists = list(_lists_in(title, content))
    if not lists:
        raise BadSetting("it holds no list of tracks; known are the exports of Spotify, SoundCloud and YouTube")
    rows: list[Row | Complaint] = []
    for each in lists:
        rows += _rows_of(each)
    dates = [each.changed_at for each in lists] + [row.liked_at for row in rows if isinstance(row, Row)]
    same = [name for name, often in Counter(each.name for each in lists).items() if often > 1 and name]
    notes = tuple(f"several playlists of the export are called {name}; they are one here" for name in same)
    return Contents(tuple(rows), max(dates, default=""), is_export=True, notes=notes)


@dataclass(frozen=True)
class _List:
    """One list of a JSON export; without a name its tracks are liked."""

    name: str
    entries: tuple[Any, ...]
    changed_at: str = ""


def _lists_in(title: str, content: Any) -> Iterator[_List]:
    liked = "" if is_liked_list(title) or title.casefold() == "yourlibrary" else title
    if isinstance(content, list):
        yield _List(liked, tuple(content))
        return
    about = content if isinstance(content, dict) else {}
    for key in ("likes", "liked_tracks", "track_likes", "favorites"):
        if isinstance(about.get(key), list):
            yield _List("", tuple(about[key]))
    named = liked and (_text(about, "name", "title") or liked)
    for key in ("tracks", "collection", "items", "entries", "songs"):
        if isinstance(about.get(key), list):
            yield _List(named, tuple(about[key]), moment_of(_text(about, "exported_at")))
    for playlist in about["playlists"] if isinstance(about.get("playlists"), list) else ():
        if isinstance(playlist, dict):
            yield from _playlist(playlist)


def _playlist(playlist: dict[str, Any]) -> Iterator[_List]:
    name = _text(playlist, "name", "title") or "Unnamed"
    for key in ("items", "tracks", "entries", "collection"):
        if isinstance(playlist.get(key), list):
            changed_at = moment_of(_text(playlist, "lastModifiedDate", "last_modified"))
            yield _List("" if is_liked_list(name) else name, tuple(playlist[key]), changed_at)
            return


def _rows_of(each: _List) -> Iterable[Row | Complaint]:
    unusable = 0
    for number, entry in enumerate(each.entries, start=1):
        row = _row(number, entry) if isinstance(entry, dict) else None
        if row is None:
            unusable += 1
        else:
            yield replace(row, playlist=each.name, is_liked=not each.name)
    if unusable:
        are = "entry is no track" if unusable == 1 else "entries are no tracks"
        yield Complaint(0, f"{unusable} {are} ({each.name or 'liked songs'})")


def _row(number: int, entry: dict[str, Any]) -> Row | None:
    """A track of an export; None for an episode, for what was taken away, and for what has no words and no link."""
    told = next((entry[key] for key in ("track", "localTrack") if isinstance(entry.get(key), dict)), entry)
    if told is entry and any(isinstance(entry.get(key), dict) for key in ("episode", "audiobook")):
        return None
    uri = _text(told, "trackUri", "uri", "spotify_track_uri")
    isrc = _text(told, "isrc").replace("-", "").upper()
    row = Row(
        number,
        uri_of(uri) or _link(told),
        _artist(told),
        _text(told, "trackName", "title", "name", "track", "song"),
        _text(told, "albumName", "album"),
        isrc if is_isrc(isrc) else "",
        genre=_text(told, "genre"),
        length_s=_length(told),
        liked_at=moment_of(_text(entry, "addedDate", "liked_at", "added_at", "addedAt", "created_at")),
    )
    row = _of_own_file(row, uri)
    return row if row.title or row.place or row.isrc else None


def _link(told: Mapping[str, Any]) -> str:
    link = _text(told, "permalink_url", "permalinkUrl", "url", "link", "track_url")
    if link.startswith(("http://", "https://")):
        return link
    parts = [told, *(part for key in ("contentDetails", "snippet") if isinstance(part := told.get(key), dict))]
    parts += [part for each in parts if isinstance(part := each.get("resourceId"), dict)]
    return next((page for part in parts if (page := video_page(_text(part, "videoId", "video_id")))), "")


def _artist(told: Mapping[str, Any]) -> str:
    written = _text(told, "artistName", "artist", "artist_name")
    if written:
        return written
    artists = told.get("artists")
    user = told.get("user")
    names = [each.get("name") if isinstance(each, dict) else each for each in _listed(artists)]
    names += [user.get("username"), user.get("full_name")][: not names] if isinstance(user, dict) else []
    return clean(", ".join(name for name in names if isinstance(name, str)))


def _of_own_file(row: Row, uri: str) -> Row:
    """`spotify:local:Artist:Album:Title:205` tells the words of a file that a person has."""
    parts = uri.split(":")
    if not uri.startswith("spotify:local:") or len(parts) != 6:
        return row
    artist, album, title, length = (clean(unquote_plus(part)) for part in parts[2:])
    return replace(
        row,
        artist=row.artist or artist,
        album=row.album or album,
        title=row.title or title,
        length_s=row.length_s or seconds_of(length),
    )


def _length(told: Mapping[str, Any]) -> float | None:
    for key in ("duration_ms", "durationMs", "duration", "length_s"):
        number = told.get(key)
        if isinstance(number, int | float) and 0 < number < 1e10:
            seconds = seconds_of(f"{number:.3f}")
            is_ms = key in {"duration_ms", "durationMs"} or (seconds or 0) >= 30_000
            return seconds / 1000 if seconds and is_ms else seconds
    return None


def _text(told: Mapping[str, Any], *names: str) -> str:
    """The first of these that is text and not empty."""
    found = (told.get(name) for name in names)
    return next((text for each in found if isinstance(each, str) and (text := _one_line(each))), "")


def _one_line(text: str) -> str:
    return text.strip() if text.startswith(("http", "spotify:")) and len(text) < LONGEST_ROW else clean(text)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
