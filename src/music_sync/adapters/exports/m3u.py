"""Playlists as M3U8 files in the library, with relative paths, so that they move with its drive."""

from collections.abc import Sequence
from pathlib import Path

from music_sync.adapters.durable_files import faults_about, write_whole
from music_sync.adapters.library_folder import FolderLibrary
from music_sync.model.ports import Exporter
from music_sync.model.track import LibraryFile, Playlist, Recording

FOLDER = "Playlists"


class M3uFolder(Exporter):
    """Writes `Playlists/<name>.m3u8`; a file that is not ours, or another list's, keeps its name and place."""

    def __init__(self, library: FolderLibrary) -> None:
        self._library = library
        self._folder = library.root / FOLDER

    @property
    def name(self) -> str:
        return "m3u"

    def export(self, playlist: Playlist, name: str, files: Sequence[tuple[Recording, LibraryFile]]) -> Path:
        """Write the list whole; `name` is safe for a file already. Raises EnvironmentFault when that cannot be."""
        ours = f"#MUSIC-SYNC:{playlist.source}:{_one_line(playlist.source_id)}"
        lines = ["#EXTM3U", ours, f"#PLAYLIST:{_one_line(playlist.name)}"]
        for recording, file in files:
            label = _one_line(recording.label)
            lines += [f"#EXTINF:{recording.analysis.length_s:.0f},{label}", f"../{file.path}"]
        content = ("\n".join(lines) + "\n").encode("utf-8", "replace")
        # What would be written beneath a drive that went away is seen by nobody.
        self._library.present()
        with faults_about(self._folder):
            target = self._free(name, ours)
            if not target.exists() or target.read_bytes() != content:
                self._folder.mkdir(mode=0o755, exist_ok=True)
                write_whole(target, content, mode=0o644)
        return target

    def _free(self, name: str, ours: str) -> Path:
        """The first of `name`, `name 2`, `name 3` ... that is free or holds this very list."""
        number = 1
        while True:
            target = self._folder / (f"{name}.m3u8" if number == 1 else f"{name} {number}.m3u8")
            if not target.exists() or _is(target, ours):
                return target
            number += 1


def _is(file: Path, ours: str) -> bool:
    try:
        with file.open(encoding="utf-8") as lines:
            return any(line.rstrip("\n") == ours for _, line in zip(range(5), lines, strict=False))
    except (OSError, UnicodeDecodeError):
        return False


def _one_line(text: str) -> str:
    return " ".join(text.split())
