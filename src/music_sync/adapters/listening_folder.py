"""What a browser needs of a track's file: a sound that it can play, and a small picture of it.

Both are kept by the file's hash, so that they are made once and never belong to another file; the sounds only as long
as there is room for them.
"""

import hashlib
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from music_sync.adapters.durable_files import write_whole
from music_sync.audio.container import probe
from music_sync.audio.peaks import COLUMNS, peaks
from music_sync.model.ports import Encoder
from music_sync.model.track import LibraryFile

PLAYED = {
    "mp3": "audio/mpeg",
    "aac": "audio/mp4",
    "mp4": "audio/mp4",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/ogg",
    "wav": "audio/wav",
}
"""Formats that Chromium, Firefox and Safari play -> their type. AIFF is played by none but Safari, and neither is ALAC."""

TURNED_INTO = "flac"
MOST_BYTES = 600_000_000
"""Room for the sounds that were turned into another format: a dozen long tracks."""


def preferred(files: Sequence[LibraryFile]) -> LibraryFile | None:
    """The file to listen to: one that browsers play as it is, else the first."""
    order = list(PLAYED)
    return min(files, key=lambda file: order.index(file.format) if file.format in PLAYED else len(order), default=None)


def sound_of(path: Path) -> tuple[str, str]:
    """Format and a name for the contents of a file that is not in the catalogue; raises GiveUp when it is no audio."""
    about = probe(path)
    status = path.stat()
    name = hashlib.sha256(f"{path}\0{status.st_mtime_ns}\0{status.st_size}".encode("utf-8", "surrogateescape"))
    return about.codec if about.container == "mp4" else about.container, name.hexdigest()


class ListeningFolder:
    """`folder` is ours alone and may be emptied at any time."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self._folder = folder
        self._encoder = encoder
        # A decode takes a second of one core: a page full of pictures must not take all cores from a sync.
        self._one_at_a_time = threading.Lock()

    def playable(self, path: Path, sha256: str, format: str) -> tuple[Path, str]:  # noqa: A002
        """A file with this sound that a browser plays, and its type: the file itself, or one that is made now.

        Raises GiveUp for a file that is no sound audio, EnvironmentFault when there is no room.
        """
        if format in PLAYED:
            return path, PLAYED[format]
        made = self._made(f"{sha256}.{TURNED_INTO}")
        with self._one_at_a_time:
            if made.exists():
                with suppress(OSError):
                    made.touch()
            else:
                self._encoder.encode(path, TURNED_INTO, made, lambda _fraction: None)
                self._make_room(made)
        return made, PLAYED[TURNED_INTO]

    def picture(self, path: Path, sha256: str) -> bytes:
        """How loud it is along its length, one byte a column; raises as `playable` does."""
        made = self._made(f"{sha256}.peaks")
        with self._one_at_a_time:
            kept = made.read_bytes() if made.exists() else b""
            if len(kept) != COLUMNS:
                kept = peaks(path)
                write_whole(made, kept)
        return kept

    def _made(self, name: str) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._folder / name

    def _make_room(self, keep: Path) -> None:
        """Take away the sounds that nobody listened to for longest."""
        sounds = [(file.stat(), file) for file in self._folder.glob(f"*.{TURNED_INTO}") if file != keep]
        left = MOST_BYTES - keep.stat().st_size
        for about, file in sorted(sounds, key=lambda each: each[0].st_mtime, reverse=True):
            left -= about.st_size
            if left < 0:
                with suppress(OSError):
                    file.unlink()
