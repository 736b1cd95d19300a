"""Reads lists of tracks as people and programs write them: plain text, M3U and CSV. Text in, rows out, no file touched."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from music_sync.adapters.file_names import artist_and_title, clean
from music_sync.adapters.links import is_isrc
from music_sync.model.errors import BadSetting

LONGEST_ROW = 20_000
LONGEST_RECORD_LINES = 20
"""A CSV row that spans more lines has lost a quote."""
LONGEST_TRACK_S = 7 * 24 * 3600


@dataclass(frozen=True)
class Row:
    """One track of a list."""

    line: int
    """Counted from 1."""
    place: str = ""
    """Path, link or Spotify URI as it stands in the list."""
    artist: str = ""
    title: str = ""
    album: str = ""
    isrc: str = ""
    year: int | None = None
    genre: str = ""
    length_s: float | None = None
    liked_at: str = ""
    playlist: str = ""
    is_liked: bool = False
    """It was liked, and so is on no playlist."""


@dataclass(frozen=True)
class Complaint:
    """A row that cannot be read, and why."""

    line: int
    """Counted from 1; 0 when it is about several."""
    why: str


Parsed = Iterator[Row | Complaint]


def read_rows(text: str, ending: str) -> Parsed:
    """Yield the rows of a list by the file ending it came with: csv, m3u, m3u8, else plain text.

    Raises BadSetting for a CSV without any column that names a track.
    """
    if ending == "csv":
        return _csv_rows(text)
    if ending in {"m3u", "m3u8"} or text.startswith("#EXTM3U"):
        return _m3u_rows(text)
    return _text_rows(text)


def decoded(raw: bytes) -> str:
    """Text of a list in UTF-8 or, by its mark, UTF-16; else Latin-1, which old players write and which never fails."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _text_rows(text: str) -> Parsed:
    for line, words in _lines(text):
        if not words or words.startswith("#"):
            continue
        yield _too_long(line, words) or Row(line, words)


def _m3u_rows(text: str) -> Parsed:
    playlist, about = "", Row(0)
    for line, words in _lines(text):
        if words.upper().startswith("#PLAYLIST:"):
            playlist = clean(words[10:])
        elif words.upper().startswith("#EXT-X-"):
            yield Complaint(line, "it is a broadcast stream (HLS), not a list of tracks")
            return
        elif words.upper().startswith("#EXTINF:"):
            about = _about(words[8:])
        elif words and not words.startswith("#"):
            told = Row(line, words, about.artist, about.title, length_s=about.length_s, playlist=playlist)
            yield _too_long(line, words) or told
            about = Row(0)


def _about(words: str) -> Row:
    """`123 attribute="x",Artist - Title`: a length of -1 means unknown."""
    match = re.match(r"\s*(-?[\d.]+)?(?:\s+[\w-]+=\"[^\"]*\")*\s*,?(.*)", words)
    length, told = (match[1], match[2]) if match else ("", words)
    name = clean(told)
    artist, title = artist_and_title(name)
    return Row(0, "", artist, title or name, length_s=seconds_of(length or ""))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    # Not splitlines: it also breaks at U+2028, form feeds and the like, which stand in file names.
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        yield number, line.strip()


def _too_long(line: int, words: str) -> Complaint | None:
    return Complaint(line, f"it has {len(words)} characters") if len(words) > LONGEST_ROW else None


_COLUMNS: dict[str, tuple[str, ...]] = {
    "uri": ("trackuri", "spotifyuri", "uri", "spotifyid", "spotifytrackid", "trackid"),
    "url": ("url", "link", "trackurl", "spotifyurl", "tracklink", "permalink", "permalinkurl", "songurl"),
    "video": ("videoid", "youtubeid", "youtubevideoid"),
    "path": ("path", "file", "filename", "filepath", "location"),
    "title": ("trackname", "title", "name", "track", "tracktitle", "song", "songname", "songtitle"),
    "artist": ("artistnames", "artistname", "artistname1", "artist", "artists", "trackartist"),
    "artist2": ("artistname2",),
    "artist3": ("artistname3",),
    "album": ("albumname", "album", "albumtitle"),
    "isrc": ("isrc", "trackisrc", "isrccode"),
    "milliseconds": ("trackdurationms", "durationms", "lengthms"),
    "length": ("length", "duration", "time", "lengths", "durations", "trackduration"),
    "liked_at": (
        *("addedat", "added", "dateadded", "likedat", "addeddate", "timeadded", "likeddate", "createdat"),
        "playlistvideocreationtimestamp",
    ),
    "year": ("year", "releasedate", "albumreleasedate"),
    "genre": ("genre", "genres"),
    "playlist": ("playlist", "playlistname"),
    "kind": ("type",),
}
"""What a column holds -> how exporters head it (Exportify, TuneMyMusic, Soundiiz, Google, spreadsheets), letters and
digits only."""


def is_exported(text: str) -> bool:
    """Is this CSV what a program writes of an account, by the columns that only those have?"""
    header = next((line for _number, line in _lines(text) if line and not line.lower().startswith("sep=")), "")
    try:
        columns = _columns(next(csv.reader([header], delimiter=_delimiter(header))))
    except (BadSetting, csv.Error, StopIteration):
        return True
    return bool(columns.keys() & {"uri", "video", "liked_at"})


def _csv_rows(text: str) -> Parsed:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start, told = (1, lines[0][4:5]) if re.fullmatch(r"(?i)sep=.", lines[0]) else (0, "")
    while start < len(lines) and not lines[start].strip():
        start += 1
    delimiter = told or _delimiter(lines[start] if start < len(lines) else "")
    columns: dict[str, int] | None = None
    width = 0
    for line, record in _records(lines, start, delimiter):
        if isinstance(record, Complaint):
            yield record
        elif columns is None:
            columns, width = _columns(record), len(record)
        elif any(cell.strip() for cell in record):
            yield _csv_row(line, record, columns, width)


def _delimiter(header: str) -> str:
    outside_quotes = re.sub(r'"[^"]*"', "", header)
    return max(",;\t|", key=outside_quotes.count)


def _records(lines: list[str], start: int, delimiter: str) -> Iterator[tuple[int, list[str] | Complaint]]:
    """Each record with its first line; after one that cannot be read the next line begins a new one."""
    while start < len(lines):
        block = [f"{line}\n" for line in lines[start : start + LONGEST_RECORD_LINES]]
        reader = csv.reader(block, delimiter=delimiter, strict=True)
        try:
            record = next(reader)
        except (csv.Error, StopIteration):
            yield start + 1, Complaint(start + 1, "its quotes do not fit together")
            start += 1
        else:
            yield start + 1, record
            start += reader.line_num


def _columns(header: list[str]) -> dict[str, int]:
    heads = {re.sub(r"[^a-z0-9]", "", head.casefold()): number for number, head in reversed(list(enumerate(header)))}
    columns = {}
    for meaning, names in _COLUMNS.items():
        name = next((name for name in names if name in heads), None)
        if name is not None:
            columns[meaning] = heads[name]
    # Tables of comments and of one's own videos hold ids of videos too.
    if "title" not in columns and (columns.get("video", 0) > 0 or len(header) > 3):
        columns.pop("video", None)
    if not columns.keys() & {"uri", "url", "video", "path", "title", "isrc"}:
        raise BadSetting("no column names a track; expected is a first row such as `Track Name,Artist Name(s),ISRC`")
    return columns


def _csv_row(line: int, record: list[str], columns: Mapping[str, int], width: int) -> Row | Complaint:
    if any(cell.strip() for cell in record[width:]):
        return Complaint(line, f"it has {len(record)} columns where the first row has {width}")
    if sum(map(len, record)) > LONGEST_ROW:
        return Complaint(line, f"it has {sum(map(len, record))} characters")

    def cell(meaning: str) -> str:
        number = columns.get(meaning, len(record))
        return record[number].strip() if number < len(record) else ""

    row = _row_of(line, cell)
    if not (row.place or row.isrc or row.title):
        return Complaint(line, "it has no title, link, path or ISRC")
    return row


def _row_of(line: int, cell: Callable[[str], str]) -> Row:
    isrc = cell("isrc").replace("-", "").upper()
    year = re.match(r"(?:19|20)\d\d", cell("year"))
    return Row(
        line=line,
        place=uri_of(cell("uri")) or cell("url") or video_page(cell("video")) or cell("path"),
        artist=clean(", ".join(filter(None, map(cell, ("artist", "artist2", "artist3")))).replace(";", ", ")),
        title=clean(cell("title")),
        album=clean(cell("album")),
        isrc=isrc if is_isrc(isrc) else "",
        year=int(year[0]) if year else None,
        genre=clean(cell("genre").split(",")[0]),
        length_s=_length(cell),
        liked_at=moment_of(cell("liked_at")),
        playlist=clean(cell("playlist")),
        is_liked=cell("kind").casefold() in {"favorite", "favourite", "liked"},
    )


def uri_of(text: str) -> str:
    """A Spotify URI, also from a bare id; tracks of a person's own files have a URI that names nothing elsewhere."""
    if text.startswith("spotify:local:"):
        return ""
    if re.fullmatch(r"[0-9A-Za-z]{22}", text):
        return f"spotify:track:{text}"
    return text if text.startswith(("spotify:", "http://", "https://")) else ""


def video_page(video_id: str) -> str:
    """The page of a video by its id; empty for what is no id."""
    is_id = re.fullmatch(r"[0-9A-Za-z_-]{11}", video_id.strip())
    return f"https://www.youtube.com/watch?v={is_id[0]}" if is_id else ""


def _length(cell: Callable[[str], str]) -> float | None:
    if cell("milliseconds"):
        milliseconds = seconds_of(cell("milliseconds"))
        return milliseconds / 1000 if milliseconds else None
    seconds = seconds_of(cell("length"))
    # A column headed only `Duration` holds seconds or milliseconds; no track of 30,000 s meets one under 30 s.
    return seconds / 1000 if seconds and seconds >= 30_000 else seconds


def seconds_of(text: str) -> float | None:
    """`205`, `205.3`, `3:25` or `1:02:03`; None for what is unknown, negative or impossible."""
    if not re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?|(?:\d{1,3}:)?\d{1,3}:\d\d(?:\.\d{1,3})?", text.strip()):
        return None
    seconds = 0.0
    for part in text.strip().split(":"):
        seconds = seconds * 60 + float(part)
    return seconds if 0 < seconds <= LONGEST_TRACK_S * 1000 else None


def moment_of(text: str) -> str:
    """A date or time as exporters write it, ISO 8601 in UTC; empty for what is none."""
    try:
        moment = datetime.fromisoformat(text.strip().replace(" UTC", "+00:00"))
    except ValueError:
        return ""
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return known.astimezone(UTC).isoformat(timespec="seconds")
    except OverflowError:
        return ""
