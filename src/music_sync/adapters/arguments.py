"""What a person types after `sync`: a folder, a file, a list, an export, a link, a playlist's name; each means one source."""

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from music_sync.adapters import sources
from music_sync.adapters.export_files import survey
from music_sync.adapters.file_names import clean
from music_sync.adapters.link_text import LABELS, is_link
from music_sync.adapters.links import Place, playlist_place, read_place
from music_sync.adapters.means import Means
from music_sync.adapters.short_links import ShortLinks
from music_sync.adapters.sources.folder import FolderSource
from music_sync.adapters.sources.list import LIST_ENDINGS, ListSource
from music_sync.model.errors import BadSetting, GiveUp, NeedsPerson, NotSetUp, SyncError
from music_sync.model.formats import AUDIO_ENDINGS
from music_sync.model.listing import Listing
from music_sync.model.ports import Source
from music_sync.model.track import FoundTrack

BY_NAME = "playlist:"
"""Stands before a playlist's name, where a folder of that name would be meant otherwise."""


def source_for_argument(text: str, means: Means) -> Source:
    """The source that one typed argument means; nothing is asked of the network before its `detect`.

    Raises BadSetting when it means nothing or several things, NotSetUp for a link that wants an account.
    """
    if text.startswith(BY_NAME):
        return _by_name(text.removeprefix(BY_NAME), means)
    path = Path(text)
    kind = _kind(path) if text else ""
    if kind == "folder":
        return _source_of_folder(path)
    if kind == "file":
        return _source_of_file(path, means)
    if is_link(text):
        try:
            return _source_of_place(read_place(text), means)
        except GiveUp as error:
            raise BadSetting(str(error)) from error
    return _by_name(text, means)


def from_anywhere(text: str) -> str:
    """An argument that means the same in whatever folder it is read: paths become absolute, links get their scheme."""
    path = Path(text)
    if not text or text.startswith(BY_NAME):
        return text
    if _kind(path):
        return str(path.absolute())
    if not is_link(text):
        return f"{BY_NAME}{text}"
    try:
        return read_place(text).url
    except GiveUp:
        return text


# Folders and files


def _source_of_folder(path: Path) -> Source:
    """A folder of audio; or an exported library, and then what audio lies in it comes along."""
    found = survey(path)
    if found.is_certain and found.audio_files:
        return ExportWithAudio(ListSource(path), FolderSource(path))
    is_export = found.is_certain or (not found.audio_files and bool(found.lists) and _names_tracks(path))
    return ListSource(path) if is_export else FolderSource(path)


def _names_tracks(folder: Path) -> bool:
    """Does a table or an export in there name tracks?"""
    try:
        ListSource(folder).playlists()
    except SyncError:
        return False
    return True


def _source_of_file(path: Path, means: Means) -> Source:
    ending = path.suffix.lower().lstrip(".")
    if ending in LIST_ENDINGS:
        return ListSource(path, short_links=_short_links(means))
    if ending in AUDIO_ENDINGS:
        return FolderSource(path)
    raise BadSetting(f"{_shown(str(path))} is neither audio nor a list (.txt, .m3u, .m3u8, .csv, .json, .zip)")


class ExportWithAudio:
    """An exported library with the audio that lies in it."""

    name = "list"
    part = ""

    def __init__(self, *both: Source) -> None:
        self.messages: list[str] = []
        self._both = both

    def detect(self) -> Iterator[FoundTrack]:
        """Yield what the one holds, then the other; see `Source.detect`."""
        self.messages = []
        for source in self._both:
            yield from source.detect()
            self.messages += source.messages


def _kind(path: Path) -> str:
    """folder, file, or nothing where there is none; raises BadSetting for one that cannot be looked at."""
    try:
        return "folder" if path.is_dir() else "file" if path.is_file() else ""
    except PermissionError as error:
        raise BadSetting(f"{_shown(str(path))} cannot be read; give yourself the right to") from error
    except (OSError, ValueError):
        return ""


# Links


def _source_of_place(place: Place, means: Means) -> Source:
    if place.kind == "short":
        return ShortLinkSource(place, means, _short_links(means))
    for name in filter(_reads(place.service), sources.SOURCES):
        source = _source_there(name, place, means)
        if source is not None:
            return source
    if place.kind in {"track", "file"}:
        return ListSource((place.url,))
    raise _not_readable(place, means)


def _reads(service: str) -> Callable[[str], bool]:
    """Which sources read a service's links; YouTube has two."""
    names = {"youtube", "ytmusic"} if service == "youtube" else {service}
    return names.__contains__


def _source_there(name: str, place: Place, means: Means) -> Source | None:
    for_place: Callable[[Place, Means], Source | None] | None
    for_place = getattr(sources.module(name), "for_place", None)
    return for_place(place, means) if for_place else None


def _not_readable(place: Place, means: Means) -> NeedsPerson:
    """Why no source reads this place: nobody is connected, or the service does not show it."""
    name = "ytmusic" if place.id == "LM" else place.service
    label = "YouTube Music" if place.id == "LM" else LABELS[place.service]
    account = getattr(sources.module(name), "ACCOUNT", None) if name in sources.SOURCES else None
    if account is not None and means.accounts.is_set_up(account):
        return BadSetting(f"{place.label} cannot be read, for {label} does not show it; give a playlist or a track")
    public = place.kind in {"playlist", "album"} and place.service != "spotify"
    more = f", or add `{place.service}` to MUSIC_SYNC_EXTRACTORS if everyone may see it" if public else ""
    return NotSetUp(f"{place.label} is read with an account; `music-sync connect {name}` connects it{more}")


class ShortLinkSource:
    """What a short link leads to, which is asked when the source is read."""

    part = ""

    def __init__(self, place: Place, means: Means, short_links: ShortLinks) -> None:
        self.name = place.service
        self.messages: list[str] = []
        self._place = place
        self._means = means
        self._short_links = short_links

    def detect(self) -> Iterator[FoundTrack]:
        """Yield what is there; raises BadSetting for a dead link, ServiceUnavailable when it cannot be followed now."""
        self.messages = []
        try:
            source = _source_of_place(self._short_links.leads_to(self._place), self._means)
        except GiveUp as error:
            raise BadSetting(str(error)) from error
        except NotSetUp as error:
            # A source that nobody set up is passed over, but this one was asked for by name.
            raise NeedsPerson(str(error)) from error
        try:
            yield from source.detect()
        finally:
            self.messages += source.messages


def _short_links(means: Means) -> ShortLinks:
    return ShortLinks(frozenset(means.setting("link_hosts")))


# Names of playlists


@dataclass(frozen=True)
class _Named:
    """A list that is known by name, and where it is."""

    name: str
    where: str
    source: Callable[[], Source]


def _by_name(text: str, means: Means) -> Source:
    known = list(_known(means)) if text else []
    meant = {each.where: each for each in known if _folded(each.name) == _folded(text)}
    if len(meant) > 1:
        raise BadSetting(f"{len(meant)} lists are called {_shown(text)}; give the link or file of one: {_all(meant)}")
    for each in meant.values():
        return each.source()
    raise BadSetting(_nothing(text, [each.name for each in known]))


def _known(means: Means) -> Iterator[_Named]:
    """The lists that were read at services, and those of the list files of the settings."""
    for listing in means.listings().listings():
        is_list = listing.playlist_id or listing.listing == "likes"
        if is_list and listing.source in sources.SOURCES:
            place = playlist_place(listing.source, listing.playlist_id)
            where = f"{listing.source} {place.url or listing.playlist_id}"
            yield _Named(listing.name, where, _opener(listing, place, means))
    for path in means.setting("lists"):
        yield from _in_list_file(path)


def _opener(listing: Listing, place: Place, means: Means) -> Callable[[], Source]:
    def opened() -> Source:
        return _source_there(listing.source, place, means) or _source_of_place(place, means)

    return opened


def _in_list_file(path: Path) -> Iterator[_Named]:
    """A list file by its own name and by those of the playlists in it; one that cannot be read has only its own."""
    yield _Named(path.stem, str(path), partial(ListSource, path))
    try:
        names = ListSource(path).playlists()
    except SyncError:
        return
    for name in sorted(names - {path.stem}):
        yield _Named(name, f"{name} in {path}", partial(ListSource, path, only=name))


def _nothing(text: str, known: list[str]) -> str:
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]+(?=:)", text)
    if scheme:
        return f"`{scheme[0]}:` links are not understood; give an http or https link, a file or a folder"
    told = f"there is no file or folder {_shown(text)}; check the path, or give a link with https://"
    by_folded = {_folded(name): name for name in known}
    near = difflib.get_close_matches(_folded(text), by_folded, n=3)
    if near:
        told += f", or one of these playlists: {', '.join(_shown(by_folded[name]) for name in near)}"
    return told


def _all(meant: dict[str, _Named]) -> str:
    first = list(meant)[:10]
    return ", ".join(first) + (", ..." if len(meant) > len(first) else "")


def _folded(name: str) -> str:
    return clean(name).casefold()


def _shown(text: str) -> str:
    visible = "".join(letter if letter.isprintable() else "?" for letter in text)
    return f"`{visible if len(visible) <= 120 else visible[:117] + '...'}`"
