"""Lists of tracks: text files, M3U playlists and CSV exports, or links that a person types."""

import errno
import logging
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from music_sync.adapters.file_names import artist_and_title, clean, path_id
from music_sync.adapters.links import track_link
from music_sync.adapters.list_rows import Complaint, Row, decoded, read_rows
from music_sync.adapters.means import Means
from music_sync.model.errors import BadSetting, EnvironmentFault, GiveUp
from music_sync.model.formats import AUDIO_ENDINGS
from music_sync.model.track import FoundTrack, Playlist

log = logging.getLogger(__name__)

LIST_ENDINGS = frozenset({"txt", "m3u", "m3u8", "csv"})
_LARGEST_BYTES = 64 * 1024**2
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_BARE_SCHEMES = (
    "file:",
    "ftp:",
    "data:",
    "javascript:",
    "gopher:",
    "concat:",
    "subfile:",
    "pipe:",
    "mailto:",
    "magnet:",
)


def open_parts(means: Means) -> "Sequence[ListSource]":
    """Each list file of the settings."""
    return [ListSource(path) for path in means.setting("lists")]


class ListSource:
    """The tracks of a list file, in its order; or of links and paths that are given one by one.

    A row that cannot be used becomes one of `messages` (of the latest `detect`), and the others go on.
    What a track is called at its source: its Spotify URI, link, path, ISRC, or else its words, never its row.
    """

    part = ""

    def __init__(self, path: Path | Sequence[str], name: str = "list") -> None:
        self.name = name
        self.messages: list[str] = []
        self._path = path.absolute() if isinstance(path, Path) else None
        self._given = () if isinstance(path, Path) else tuple(path)

    def detect(self) -> Iterator[FoundTrack]:
        """Yield each track once, with all playlists that name it.

        Raises EnvironmentFault or BadSetting when the list as a whole cannot be read.
        """
        self.messages = []
        tracks: dict[str, FoundTrack] = {}
        for row in self._rows():
            found = self._read_row(row, len(tracks))
            if found is not None:
                first = tracks.setdefault(found.source_id, found)
                added = [playlist for playlist in found.playlists if playlist.name not in _names(first)]
                tracks[found.source_id] = replace(first, playlists=(*first.playlists, *added))
        yield from tracks.values()

    def _rows(self) -> Iterator[Row | Complaint]:
        if self._path is None:
            return (Row(number, words.strip()) for number, words in enumerate(self._given, start=1))
        text = _read(self._path)
        try:
            rows = list(read_rows(text, self._path.suffix.lower().lstrip(".")))
        except BadSetting as error:
            raise BadSetting(f"{path_id(self._path)}: {error}") from error
        return iter(rows)

    def _read_row(self, row: Row | Complaint, position: int) -> FoundTrack | None:
        if isinstance(row, Complaint):
            self._tell(row.line, row.why)
            return None
        try:
            return self._found(row, position)
        except GiveUp as error:
            self._tell(row.line, str(error))
            return None

    def _found(self, row: Row, position: int) -> FoundTrack:
        source_id, url, path = self._place(row)
        artist, title = row.artist, row.title
        if not title and not url:
            artist, title = artist_and_title(clean(path.stem if path else row.place))
        return FoundTrack(
            source=self.name,
            source_id=source_id or (f"isrc:{row.isrc}" if row.isrc else _words_id(artist, title)),
            artist=artist,
            title=title,
            album=row.album,
            isrc=row.isrc,
            year=row.year,
            genre=row.genre,
            length_s=row.length_s,
            url=url,
            path=path,
            playlists=self._playlists(row, position),
            liked_at=row.liked_at,
            guessed=path is not None and not row.title,
        )

    def _place(self, row: Row) -> tuple[str, str, Path | None]:
        """Source id, link and path of a row; nothing of them when it only has words. Raises GiveUp for a bad place."""
        place = row.place
        if not place:
            return "", "", None
        if "\0" in place:
            raise GiveUp("it holds a NUL character")
        scheme = _SCHEME.match(place)
        if place.startswith("spotify:") or (scheme and scheme[1].lower() in {"http", "https"}):
            link = track_link(place)
            return link.source_id, link.url, None
        if scheme or place.lower().startswith(_BARE_SCHEMES):
            raise GiveUp(f"its scheme `{place.partition(':')[0]}:` is not understood; http and https links are")
        return self._local(place, row)

    def _local(self, place: str, row: Row) -> tuple[str, str, Path | None]:
        if re.match(r"[A-Za-z]:[\\/]", place):
            raise GiveUp("it is a path of another system; write it as this machine knows it")
        if place.rpartition(".")[2].lower() in AUDIO_ENDINGS:
            path = _path_meant(self._path.parent if self._path else Path.cwd(), place)
            return path_id(path), "", path
        if not row.title and not all(artist_and_title(clean(place))):
            raise GiveUp("it is neither a link nor a path to an audio file nor `Artist - Title`")
        return "", "", None

    def _playlists(self, row: Row, position: int) -> tuple[Playlist, ...]:
        if self._path is None:
            return ()
        called = row.playlist or clean(path_id(Path(self._path.stem)).rpartition("/")[2])
        return (Playlist(self.name, called, called, position),)

    def _tell(self, line: int, why: str) -> None:
        where = f"line {line} of {path_id(self._path)}" if self._path else f"link {line}"
        log.warning("%s was left out: %s", where, why)
        self.messages.append(f"{where} was left out: {why}")


def _read(path: Path) -> str:
    shown = path_id(path)
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise BadSetting(f"{shown} is larger than {_LARGEST_BYTES // 1024**2} MiB; is it a list of tracks?")
        text = decoded(path.read_bytes())
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR}:
            raise EnvironmentFault(f"the list {shown} is not there; connect its drive or mend the setting") from error
        raise EnvironmentFault(f"the list {shown} cannot be read ({error.strerror}); mend its rights") from error
    if text.count("\0") > 8:
        raise BadSetting(f"{shown} is not a text; a list holds one track a line")
    return text


def _path_meant(folder: Path, place: str) -> Path:
    """The file a list names; some programs write backslashes, %20 or letters composed otherwise than on the disk.

    Each counts only if such a file is there.
    """
    plain = folder / place
    as_written = (place, place.replace("\\", "/"), unquote(place))
    spellings = (*as_written, *(unicodedata.normalize(form, each) for form in ("NFC", "NFD") for each in as_written))
    return next((folder / spelling for spelling in spellings if (folder / spelling).is_file()), plain)


def _names(found: FoundTrack) -> set[str]:
    return {playlist.name for playlist in found.playlists}


def _words_id(artist: str, title: str) -> str:
    return f"text:{artist.casefold()} - {title.casefold()}"
