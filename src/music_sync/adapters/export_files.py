"""The lists in an exported library, which is a folder or a zip: whatever it holds, only so much of it is read.

Names inside an export tell what a file is; they are never a path that is opened or written.
"""

import errno
import lzma
import os
import re
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from music_sync.adapters.file_names import path_id
from music_sync.adapters.list_rows import decoded
from music_sync.model.errors import BadSetting, EnvironmentFault
from music_sync.model.formats import AUDIO_ENDINGS

LARGEST_FILE_BYTES = 64 * 1024**2
LARGEST_EXPORT_BYTES = 512 * 1024**2
MOST_LISTS = 2_000
MOST_ENTRIES = 50_000
MOST_RATIO = 250
"""A file that is packed tighter is no list but a bomb; lists shrink to a twentieth."""
_DEEPEST = 6
_DAMAGES = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    RuntimeError,
    LookupError,
    struct.error,
    ValueError,
)
"""All that the standard library raises for a zip that it cannot read."""

_CERTAIN = re.compile(r"YourLibrary\.json|Playlist\d+\.json|.+-videos\.csv|music library songs\.csv", re.IGNORECASE)
_MAYBE_JSON = re.compile(r".*(?:lik(?:e|es|ed)|favou?rit|playlist|librar|track|song).*\.json", re.IGNORECASE)
_NEVER = re.compile(
    r"playlists\.csv|(?:watch later|.*history|endsong|.*uploads.metadata|subscriptions|comments|.*search).*",
    re.IGNORECASE,
)
"""Files of an export that hold no likes: what was played, searched and written, and the audio's own table."""


@dataclass(frozen=True)
class ExportFile:
    """One file of an export that may hold a list."""

    name: str
    """Its last name, for the playlist's name and for messages."""
    text: str
    written_at: datetime


@dataclass(frozen=True)
class Survey:
    """What lies in a folder, as far as names tell."""

    lists: tuple[Path, ...] = ()
    is_certain: bool = False
    """Among them are files that only an export has."""
    audio_files: int = 0


def export_files(path: Path) -> Iterator[ExportFile]:
    """Read the files of an export that may hold lists, one at a time.

    Raises BadSetting for a zip that is damaged, encrypted or a bomb, EnvironmentFault for what is not there.
    """
    shown = path_id(path)
    try:
        if path.is_dir():
            yield from _of_folder(path)
        else:
            with zipfile.ZipFile(path) as archive:
                yield from _of_zip(archive, shown)
    except OSError as error:
        # Damage may also send the reader to a place before the file's beginning, or break a stream of bzip2.
        if error.errno in {None, errno.EINVAL}:
            raise _damaged(shown) from error
        raise EnvironmentFault(
            f"the export {shown} cannot be read ({error.strerror or error}); connect its drive or mend its rights"
        ) from error
    except _DAMAGES as error:
        raise _damaged(shown) from error


def survey(folder: Path) -> Survey:
    """Look through a folder by names alone, so far that an export in it is found."""
    lists, audio, seen, is_certain = [], 0, 0, False
    waiting = deque([(folder, 0)])
    while waiting and seen < MOST_ENTRIES:
        here, depth = waiting.popleft()
        for entry in _entries(here):
            seen += 1
            if entry.is_dir(follow_symlinks=False):
                if depth < _DEEPEST and not entry.name.startswith("."):
                    waiting.append((Path(entry.path), depth + 1))
            elif entry.is_file(follow_symlinks=False) and _may_hold_a_list(entry.name):
                lists.append(Path(entry.path))
                is_certain = is_certain or bool(_CERTAIN.fullmatch(entry.name))
            elif entry.name.rpartition(".")[2].lower() in AUDIO_ENDINGS:
                audio += 1
    return Survey(tuple(lists), is_certain, audio)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        return sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return []


def _may_hold_a_list(name: str) -> bool:
    if name.startswith(".") or _NEVER.fullmatch(name):
        return False
    return name.lower().endswith(".csv") or bool(_CERTAIN.fullmatch(name) or _MAYBE_JSON.fullmatch(name))


def _of_folder(folder: Path) -> Iterator[ExportFile]:
    next(folder.iterdir(), None)  # raises where it cannot be read; what cannot be read deeper is passed over
    left = LARGEST_EXPORT_BYTES
    for path in survey(folder).lists[:MOST_LISTS]:
        status = path.stat()
        left -= status.st_size
        if status.st_size > LARGEST_FILE_BYTES or left < 0:
            raise _too_large(path_id(path))
        yield ExportFile(path_id(path).rpartition("/")[2], decoded(path.read_bytes()), _moment(status.st_mtime))


def _of_zip(archive: zipfile.ZipFile, shown: str) -> Iterator[ExportFile]:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise _too_large(shown)
    left = LARGEST_EXPORT_BYTES
    wanted = [entry for entry in entries if _may_hold_a_list(_last_name(entry.filename))]
    for entry in wanted[:MOST_LISTS]:
        left -= entry.file_size
        if entry.flag_bits & 0x1:
            raise BadSetting(f"{shown} is encrypted; unpack it and give the folder")
        if left < 0 or entry.file_size > min(LARGEST_FILE_BYTES, MOST_RATIO * max(entry.compress_size, 64)):
            raise _too_large(shown)
        with archive.open(entry) as packed:
            # What the entry says of its size may be a lie.
            raw = packed.read(LARGEST_FILE_BYTES + 1)
        if len(raw) > LARGEST_FILE_BYTES:
            raise _too_large(shown)
        yield ExportFile(_last_name(entry.filename), decoded(raw), _packed_at(entry))


def _last_name(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name


def _packed_at(entry: zipfile.ZipInfo) -> datetime:
    try:
        return datetime(*entry.date_time, tzinfo=UTC)
    except ValueError:
        return _moment(0)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _damaged(shown: str) -> BadSetting:
    return BadSetting(f"{shown} is damaged or no zip; download the export again")


def _too_large(shown: str) -> BadSetting:
    return BadSetting(f"{shown} holds more than lists of tracks can; unpack it and give the folder of the lists alone")
