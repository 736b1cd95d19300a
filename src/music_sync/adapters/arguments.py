"""What a person types after `sync`: a folder, a file, a list, a link; each means one source."""

import re
from pathlib import Path

from music_sync.adapters.links import track_link
from music_sync.adapters.means import Means
from music_sync.adapters.sources.folder import FolderSource
from music_sync.adapters.sources.list import LIST_ENDINGS, ListSource
from music_sync.model.errors import BadSetting, GiveUp
from music_sync.model.formats import AUDIO_ENDINGS
from music_sync.model.ports import Source


def source_for_argument(text: str, means: Means) -> Source:  # noqa: ARG001 - links to services need it
    """The source that one typed argument means: a folder, an audio file, a list file, a link or a Spotify URI.

    Raises BadSetting when it is none of them.
    """
    path = Path(text)
    kind = _kind(path) if text else ""
    if kind == "folder":
        return FolderSource(path)
    if kind == "file":
        return _source_of_file(path)
    if re.match(r"(?i)https?:|spotify:", text):
        try:
            track_link(text)
        except GiveUp as error:
            raise BadSetting(str(error)) from error
        return ListSource((text,))
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]+(?=:)", text)
    if scheme:
        raise BadSetting(f"`{scheme[0]}:` links are not understood; give an http or https link, a file or a folder")
    raise BadSetting(f"there is no file or folder {_shown(text)}; check the path, or give a link with https://")


def from_anywhere(text: str) -> str:
    """An argument that means the same in whatever folder it is read: a path becomes absolute, a link stays."""
    path = Path(text)
    return str(path.absolute()) if text and _kind(path) else text


def _source_of_file(path: Path) -> Source:
    ending = path.suffix.lower().lstrip(".")
    if ending in LIST_ENDINGS:
        return ListSource(path)
    if ending in AUDIO_ENDINGS:
        return FolderSource(path)
    raise BadSetting(f"{_shown(str(path))} is neither audio nor a list (.txt, .m3u, .m3u8, .csv)")


def _kind(path: Path) -> str:
    """folder, file, or nothing where there is none; raises BadSetting for one that cannot be looked at."""
    try:
        return "folder" if path.is_dir() else "file" if path.is_file() else ""
    except PermissionError as error:
        raise BadSetting(f"{_shown(str(path))} cannot be read; give yourself the right to") from error
    except (OSError, ValueError):
        return ""


def _shown(text: str) -> str:
    visible = "".join(letter if letter.isprintable() else "?" for letter in text)
    return f"`{visible if len(visible) <= 120 else visible[:117] + '...'}`"
