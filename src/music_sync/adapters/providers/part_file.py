"""A file that is on its way into staging, and the step that makes it whole."""

import json
import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from music_sync.adapters.durable_files import sync_folder
from music_sync.adapters.first_bytes import ENOUGH_BYTES, audio_ending
from music_sync.model.errors import EnvironmentFault, SyncError


def settle(part: Path, target: Path) -> None:
    """Give a written file its final name, durably: after a crash it is there whole or not at all."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(target)
    sync_folder(target.parent)


def staging_fault(folder: Path, error: OSError) -> SyncError:
    """What a failed write into staging means for a person."""
    return EnvironmentFault(
        f"cannot write into the staging folder {folder} ({error.strerror or error}); "
        "make space or mend its rights, then sync again"
    )


@dataclass(frozen=True)
class Address:
    """Where a file lies now, and what it is called for ever: a signed link is another one each time."""

    link: str
    name: str
    piece_bytes: int = 0
    """So much is asked for at once, where a server slows down those who ask for more; 0: all of it."""


@dataclass(frozen=True)
class State:
    """What is known of a download that is under way, kept beside its part."""

    link: str
    """The address's name."""
    size_bytes: int | None = None
    etag: str = ""
    changed: str = ""
    """Last-Modified, as the server wrote it."""

    @property
    def validator(self) -> str:
        """What If-Range may carry (RFC 9110, 13.1.5): a strong ETag, else the date; empty when neither is known."""
        return self.changed if not self.etag or self.etag.startswith("W/") else self.etag


class Part:
    """The part file and the state beside it."""

    def __init__(self, folder: Path, stem: str, address: Address) -> None:
        self.folder = folder
        self.link = address.link
        self.name = address.name
        self.piece_bytes = address.piece_bytes
        self.path = folder / f"{stem}.part"
        self._stem = stem
        self._state_path = folder / f"{stem}.json"
        self.state = self._read_state(address.name)

    def kept_bytes(self) -> int:
        """How many bytes of the same file are here already."""
        if not self.state.validator or not self.path.exists():
            return 0
        return self.path.stat().st_size

    def restart(self, state: State) -> None:
        """Begin at 0. The part is emptied first: a kill in between must not pair old bytes with a new ETag."""
        self.path.write_bytes(b"")
        beside = self._state_path.with_suffix(".json.new")
        beside.write_text(json.dumps(asdict(state)), encoding="utf-8")
        beside.replace(self._state_path)
        self.state = state

    def head(self) -> bytes:
        with self.path.open("rb") as file:
            return file.read(ENOUGH_BYTES)

    def finish(self) -> Path:
        target = self.folder / f"{self._stem}.{audio_ending(self.head())}"
        settle(self.path, target)
        self._state_path.unlink(missing_ok=True)
        return target

    def _read_state(self, name: str) -> State:
        with suppress(OSError, ValueError, TypeError):
            state = State(**json.loads(self._state_path.read_text(encoding="utf-8")))
            if state.link == name:
                return state
        return State(name)
