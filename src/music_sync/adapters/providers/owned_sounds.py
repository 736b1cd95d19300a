"""How files of the owner's sound that tell no artist; what was heard once is remembered until the file changes."""

import base64
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from music_sync.adapters.file_names import path_id
from music_sync.model.errors import EnvironmentFault, GiveUp

log = logging.getLogger(__name__)

Fingerprint = tuple[int, ...]


class OwnedSounds:
    """Fingerprints by file; `memory` is a file of JSON lines that grows by one for each file that is heard."""

    def __init__(self, memory: Path, fingerprint_of: Callable[[Path], Fingerprint]) -> None:
        self._memory = memory
        self._fingerprint_of = fingerprint_of
        self._one_at_a_time = threading.Lock()
        self._known: dict[str, tuple[str, Fingerprint]] | None = None

    def of(self, path: Path) -> Fingerprint:
        """The fingerprint of a file; empty for one that is no audio or cannot be read."""
        try:
            status = path.stat()
        except OSError:
            return ()
        name, revision = path_id(path), f"{status.st_size}-{status.st_mtime_ns}"
        with self._one_at_a_time:
            if self._known is None:
                self._known = {each: (of, sound) for each, of, sound in _read(self._memory)}
            before = self._known.get(name)
            if before is not None and before[0] == revision:
                return before[1]
            try:
                heard = self._fingerprint_of(path)
            except GiveUp as error:
                log.info("%s is no candidate by its sound: %s", name, error)
                heard = ()
            except EnvironmentFault as error:
                # Of the drive, which says nothing about the file.
                log.warning("%s cannot be heard: %s", name, error)
                return ()
            self._known[name] = (revision, heard)
            self._remember(name, revision, heard)
            return heard

    def _remember(self, name: str, revision: str, heard: Fingerprint) -> None:
        sound = base64.b64encode(np.asarray(heard, "<u4").tobytes()).decode("ascii")
        line = json.dumps({"path": name, "revision": revision, "sound": sound})
        try:
            self._memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._memory.open("a", encoding="ascii") as file:
                file.write(f"{line}\n")
        except OSError as error:
            # It is heard again then, which only takes longer.
            log.warning("how your own files sound cannot be remembered: %s", error)


def _read(memory: Path) -> Iterator[tuple[str, str, Fingerprint]]:
    """What is remembered, the latest word on a file last; a line that was cut off or damaged is passed over."""
    with suppress(OSError), memory.open("rb") as file:
        for line in file:
            with suppress(ValueError, TypeError, KeyError, AttributeError):
                told: dict[str, Any] = json.loads(line)
                sound = np.frombuffer(base64.b64decode(told["sound"], validate=True), "<u4")
                yield str(told["path"]), str(told["revision"]), tuple(sound.tolist())
