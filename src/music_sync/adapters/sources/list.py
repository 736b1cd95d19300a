"""Lists of tracks: text files, M3U playlists, CSV, exported libraries, or links that a person types."""

import errno
import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from music_sync.adapters.export_files import export_files
from music_sync.adapters.export_rows import Contents, read_contents
from music_sync.adapters.file_names import artist_and_title, clean, path_id
from music_sync.adapters.link_text import is_link
from music_sync.adapters.links import Place, read_place, track_at
from music_sync.adapters.list_rows import Complaint, Row, decoded
from music_sync.adapters.means import Means
from music_sync.adapters.short_links import ShortLinks
from music_sync.model.errors import BadSetting, EnvironmentFault, GiveUp, ServiceUnavailable
from music_sync.model.formats import AUDIO_ENDINGS
from music_sync.model.track import FoundTrack, Playlist

log = logging.getLogger(__name__)

LIST_ENDINGS = frozenset({"txt", "m3u", "m3u8", "csv", "json", "zip"})
_LARGEST_BYTES = 64 * 1024**2
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
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
    """Each list file and export of the settings."""
    short_links = ShortLinks(frozenset(means.setting("link_hosts")))
    return [ListSource(path, short_links=short_links) for path in means.setting("lists")]


class ListSource:
    """The tracks of a list file or of an exported library, in their order; or of links and paths given one by one.

    A row that cannot be used becomes one of `messages` (of the latest `detect`), and the others go on.
    What a track is called at its source: its Spotify URI, link, path, ISRC, or else its words, never its row.
    """

    part = ""

    def __init__(
        self, path: Path | Sequence[str], name: str = "list", *, short_links: ShortLinks | None = None, only: str = ""
    ) -> None:
        """`only`: the name of one playlist in the list."""
        self.name = name
        self.messages: list[str] = []
        self._path = path.absolute() if isinstance(path, Path) else None
        self._given = () if isinstance(path, Path) else tuple(path)
        self._short_links = short_links or ShortLinks()
        self._away = ""
        self._only = only

    def detect(self) -> Iterator[FoundTrack]:
        """Yield each track once, with all playlists that name it.

        Raises EnvironmentFault or BadSetting when the list as a whole cannot be read.
        """
        self.messages = []
        self._away = ""
        tracks: dict[str, FoundTrack] = {}
        places: Counter[str] = Counter()
        for file, row in self._rows():
            found = self._read_row(file, row)
            if found is not None:
                playlist = self._playlist(row, places)
                tracks[found.source_id] = _merged(tracks.get(found.source_id, found), found, playlist)
        yield from tracks.values()

    def playlists(self) -> set[str]:
        """The names of the playlists in it, read from the files alone; raises as `detect` does."""
        contents = self._contents(self._path) if self._path else ()
        rows = (row for _file, each, _written_at in contents for row in each.rows)
        return {row.playlist for row in rows if isinstance(row, Row) and row.playlist}

    def _rows(self) -> Iterator[tuple[str, Row | Complaint]]:
        """Each row that is wanted, with the name of the file it stands in."""
        if self._path is None:
            yield from (("", Row(number, words.strip())) for number, words in enumerate(self._given, start=1))
            return
        newest = written = ""
        for file, contents, written_at in self._contents(self._path):
            for row in contents.rows:
                if isinstance(row, Complaint) or self._only in {"", row.playlist}:
                    yield file, row
            if contents.is_export:
                newest, written = max(newest, contents.newest), max(written, written_at)
            self.messages += contents.notes
        if written:
            self.messages.insert(0, f"exported on {(newest or written)[:10]}; what was liked since is not in it")

    def _contents(self, path: Path) -> Iterator[tuple[str, Contents, str]]:
        """The lists at a path: name of the file, what it holds, when it was written."""
        if not is_export(path):
            text = _read(path)
            try:
                yield path_id(path), read_contents(path_id(path).rpartition("/")[2], text), _written_at(path)
            except BadSetting as error:
                raise BadSetting(f"{path_id(path)}: {error}") from error
            return
        lists = 0
        for file in export_files(path):
            try:
                contents = read_contents(file.name, file.text)
            except BadSetting as error:
                log.info("%s in %s is no list of tracks: %s", file.name, path_id(path), error)
                continue
            lists += 1
            written_at = file.written_at.isoformat(timespec="seconds")
            newest = max(contents.newest, written_at) if path.is_file() else contents.newest
            yield f"{file.name} in {path_id(path)}", replace(contents, newest=newest, is_export=True), written_at
        if not lists:
            raise BadSetting(f"{path_id(path)} holds no exported list of tracks; give a list file or a folder of audio")

    def _read_row(self, file: str, row: Row | Complaint) -> FoundTrack | None:
        if isinstance(row, Complaint):
            self._tell(file, row.line, row.why)
            return None
        try:
            return self._found(row)
        except GiveUp as error:
            self._tell(file, row.line, str(error))
            return None

    def _found(self, row: Row) -> FoundTrack:
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
        if is_link(place):
            link = track_at(self._followed(read_place(place)))
            return link.source_id, link.url, None
        if _SCHEME.match(place) or place.lower().startswith(_BARE_SCHEMES):
            raise GiveUp(f"its scheme `{place.partition(':')[0]}:` is not understood; http and https links are")
        return self._local(place, row)

    def _followed(self, place: Place) -> Place:
        """What a short link leads to; when one cannot be told now, the others wait too."""
        if place.kind != "short":
            return place
        if self._away:
            raise GiveUp(self._away)
        try:
            return self._short_links.leads_to(place)
        except ServiceUnavailable as error:
            self._away = str(error)
            raise GiveUp(self._away) from error

    def _local(self, place: str, row: Row) -> tuple[str, str, Path | None]:
        if self._path and is_export(self._path):
            if row.title:
                return "", "", None
            raise GiveUp("it names a file, and no path out of an export is opened; sync the file itself")
        if re.match(r"[A-Za-z]:[\\/]", place):
            raise GiveUp("it is a path of another system; write it as this machine knows it")
        if place.rpartition(".")[2].lower() in AUDIO_ENDINGS:
            path = _path_meant(self._path.parent if self._path else Path.cwd(), place)
            return path_id(path), "", path
        if not row.title and not all(artist_and_title(clean(place))):
            raise GiveUp("it is neither a link nor a path to an audio file nor `Artist - Title`")
        return "", "", None

    def _playlist(self, row: Row | Complaint, places: Counter[str]) -> tuple[Playlist, ...]:
        """The playlist that a row is on, with its place there; nothing for what is only liked."""
        if self._path is None or isinstance(row, Complaint) or not row.playlist:
            return ()
        places[row.playlist] += 1
        return (Playlist(self.name, row.playlist, row.playlist, places[row.playlist] - 1),)

    def _tell(self, file: str, line: int, why: str) -> None:
        where = f"line {line} of {file}" if file and line else file or f"link {line}"
        told = f"{where} was left out: {why}" if line else f"{where}: {why}"
        log.warning("%s", told)
        self.messages.append(told)


def is_export(path: Path) -> bool:
    """Is this an exported library, of which only what services write is read: a folder, or a zip?"""
    return path.suffix.lower() == ".zip" or path.is_dir()


def _merged(first: FoundTrack, found: FoundTrack, playlists: tuple[Playlist, ...]) -> FoundTrack:
    """A track that is named once more: on one more playlist, perhaps with words that it did not have before."""
    added = tuple(playlist for playlist in playlists if playlist.name not in _names(first))
    knows = found if found.title and not first.title else first
    return replace(knows, liked_at=first.liked_at or found.liked_at, playlists=(*first.playlists, *added))


def _written_at(path: Path) -> str:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")


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
