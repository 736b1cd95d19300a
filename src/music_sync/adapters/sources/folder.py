"""A folder of audio files: what lies there is wanted."""

import errno
import logging
import os
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from music_sync.adapters.file_names import path_id, words_of_name
from music_sync.adapters.means import Means
from music_sync.model.errors import EnvironmentFault
from music_sync.model.formats import AUDIO_ENDINGS
from music_sync.model.track import FoundTrack

log = logging.getLogger(__name__)

_FRESH_S = 5.0
_UNFINISHED = (".part", ".crdownload", ".download", ".tmp", ".!qb", ".aria2", "~")


def open_parts(means: Means) -> "Sequence[FolderSource]":
    """The drop folder. The one in the home is made by the first sync; before that it is as good as empty."""
    drop, home = means.setting("drop"), means.setting("home")
    return [] if drop == home / "drop" and not drop.exists() else [FolderSource(drop)]


@dataclass(frozen=True)
class _Seen:
    """A file and how it looked."""

    path: Path
    size_bytes: int
    mtime_ns: int
    inode: int


class FolderSource:
    """Every audio file in a folder and the folders in it, or one file that a person named.

    Hidden files, unfinished downloads and links to folders are passed over. A file written to a moment ago is looked at
    a second time, `still_s` later and once for all; one that changed in between waits in `held_back` for the next run.
    `messages` tells what could not be read. Both describe the latest `detect`.
    """

    part = ""

    def __init__(
        self,
        folder: Path,
        name: str = "folder",
        still_s: float = 2.0,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self.held_back: list[Path] = []
        self.messages: list[str] = []
        self._folder = folder.absolute()
        self._still_s = still_s
        self._now = now
        self._sleep = sleep

    def detect(self) -> Iterator[FoundTrack]:
        """Yield the files, newest first. Raises EnvironmentFault when the folder itself cannot be read."""
        self.held_back, self.messages = [], []
        seen = self._look()
        for file in sorted(self._still(seen), key=lambda file: (-file.mtime_ns, os.fsencode(file.path))):
            yield self._found(file)

    def _look(self) -> list[_Seen]:
        try:
            if stat.S_ISDIR(self._folder.stat().st_mode):
                return list(self._walk(self._folder))
            return [_seen(self._folder)]
        except OSError as error:
            raise EnvironmentFault(f"{path_id(self._folder)} {_cannot(error)}") from error

    def _walk(self, top: Path) -> Iterator[_Seen]:
        """Only the top folder's own trouble is raised; a folder or file below it becomes a message."""
        waiting: list[Path] = []
        yield from self._files_in(top, waiting)
        while waiting:
            folder = waiting.pop()
            try:
                yield from self._files_in(folder, waiting)
            except OSError as error:
                self._tell(folder, error)

    def _files_in(self, folder: Path, waiting: list[Path]) -> Iterator[_Seen]:
        """Yield the audio files of one folder and put the folders in it among those that wait."""
        with os.scandir(folder) as entries:
            names = {entry.name: entry for entry in entries}
        for name, entry in names.items():
            if name.startswith(".") or name.lower().endswith(_UNFINISHED):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif _is_audio_name(name) and not _is_in_the_making(name, names):
                    yield from self._file(Path(entry.path))
            except OSError as error:
                self._tell(Path(entry.path), error)

    def _file(self, path: Path) -> Iterator[_Seen]:
        """The file there; a link that leads nowhere raises, and what is no file (a pipe, a device) becomes a message."""
        kind = path.stat().st_mode
        if stat.S_ISREG(kind):
            yield _seen(path)
        elif not stat.S_ISDIR(kind):
            self._say(f"{path_id(path)} is no file; take it away")

    def _still(self, seen: list[_Seen]) -> list[_Seen]:
        """Those that nobody is writing to any more, by two looks at the fresh ones."""
        since_ns = int((self._now() - _FRESH_S) * 1e9)
        fresh = [file for file in seen if file.mtime_ns > since_ns]
        if not fresh:
            return seen
        self._sleep(self._still_s)
        self.held_back = [file.path for file in fresh if not file.size_bytes or _again(file) != file]
        moving = set(self.held_back)
        for path in self.held_back:
            self._say(f"{path_id(path)} is still being written; the next sync looks at it again")
        return [file for file in seen if file.path not in moving]

    def _tell(self, path: Path, error: OSError) -> None:
        self._say(f"{path_id(path)} {_cannot(error)}")

    def _say(self, message: str) -> None:
        log.warning("%s", message)
        self.messages.append(message)

    def _found(self, file: _Seen) -> FoundTrack:
        artist, title = words_of_name(file.path.name)
        return FoundTrack(
            source=self.name,
            source_id=path_id(file.path),
            revision=f"{file.size_bytes}-{file.mtime_ns}",
            artist=artist,
            title=title,
            guessed=True,
            path=file.path,
        )


def _seen(path: Path) -> _Seen:
    status = path.stat()
    return _Seen(path, status.st_size, status.st_mtime_ns, status.st_ino)


def _again(file: _Seen) -> _Seen | None:
    try:
        return _seen(file.path)
    except OSError:
        return None


def _is_audio_name(name: str) -> bool:
    return Path(name).suffix.lower().lstrip(".") in AUDIO_ENDINGS


def _is_in_the_making(name: str, names: dict[str, os.DirEntry[str]]) -> bool:
    """Firefox and aria2 keep a second file beside the one they are filling."""
    return any(f"{name}{ending}" in names for ending in (".part", ".aria2", ".crdownload"))


def _cannot(error: OSError) -> str:
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return "is not there; connect its drive or create it"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return "cannot be read; give yourself the right to"
    return f"cannot be read ({error.strerror or error})"
