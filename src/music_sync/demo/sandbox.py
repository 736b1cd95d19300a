"""The folder the demo plays in: marked as the demo's own, so that nothing of a person's is ever touched."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from music_sync import __version__
from music_sync.adapters.durable_files import write_whole
from music_sync.adapters.lock_file import locked
from music_sync.model.errors import BadSetting

_MARKER = ".music-sync-demo.json"
_LOCK = ".music-sync-demo.lock"
_OWN = re.compile(r"\.music-sync-(demo\.(json|lock)|[0-9a-f]{16}\.tmp)")
"""Files of the sandbox itself; a kill while the marker is written may leave its unfinished copy."""


@dataclass(frozen=True)
class Sandbox:
    """A folder for one demo, open while its lock is held."""

    folder: Path
    link_base: str
    """Where the links of the demo that was finished here pointed to; empty when none was."""

    @property
    def home(self) -> Path:
        """The home of the program that the demo runs."""
        return self.folder / "home"

    @property
    def library(self) -> Path:
        return self.home / "library"

    @property
    def accounts(self) -> Path:
        """What the simulated services know of the sign-ins of this home."""
        return self.folder / "accounts.json"

    @property
    def world(self) -> Path:
        """What the demo offers: files, a list and what is served."""
        return self.folder / "world"

    def finish(self, link_base: str) -> None:
        """Remember that all held, so that the next demo here expects nothing new.

        Links are the names of tracks, so the next one must lay out the same ones.
        """
        _mark(self.folder, link_base)


@contextmanager
def opened(folder: Path) -> Iterator[Sandbox]:
    """Make the folder or take up the demo that was finished in it; what was interrupted or is older begins anew.

    Raises BadSetting when the folder holds anything else, LockHeld while another demo plays in it.
    """
    folder = folder.resolve()
    if "," in str(folder):
        raise BadSetting(f"{folder} has a comma in it, which separates folders in settings; name another with --folder")
    _refuse_foreign(folder)
    with locked(folder / _LOCK, "music-sync demo"):
        marked = _marked(folder)
        link_base = str(marked.get("link_base", "")) if marked.get("edition") == _edition() else ""
        if not link_base:
            _begin_anew(folder, keep_world=marked.get("edition") == _edition())
        yield Sandbox(folder, link_base)


def remove(folder: Path) -> bool:
    """Remove a demo's folder; False when there is none. Raises as `opened` does."""
    folder = folder.resolve()
    _refuse_foreign(folder)
    if not (folder / _MARKER).exists():
        return False
    with locked(folder / _LOCK, "music-sync demo"):
        shutil.rmtree(folder)
    return True


def _refuse_foreign(folder: Path) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise BadSetting(f"{folder} is not a folder; name a new one with --folder")
    names = {path.name for path in folder.iterdir()}
    if _MARKER not in names and not all(map(_OWN.fullmatch, names)):
        raise BadSetting(f"{folder} holds files that are not the demo's; name a new or an empty folder with --folder")


def _begin_anew(folder: Path, *, keep_world: bool) -> None:
    for path in folder.iterdir():
        if not _OWN.fullmatch(path.name) and not (keep_world and path.name == "world"):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    _mark(folder, "")


def _mark(folder: Path, link_base: str) -> None:
    write_whole(folder / _MARKER, json.dumps({"edition": _edition(), "link_base": link_base}).encode())


def _marked(folder: Path) -> dict[str, object]:
    try:
        marked = json.loads((folder / _MARKER).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return marked if isinstance(marked, dict) else {}


def _edition() -> str:
    """What the demo offers, in short: another edition plays other music, so its truth does not fit an older sandbox."""
    here = Path(__file__)
    sources = b"".join(here.with_name(name).read_bytes() for name in ("music.py", "offers.py", "likes.py"))
    return f"{__version__}-{hashlib.sha256(sources).hexdigest()[:12]}"
