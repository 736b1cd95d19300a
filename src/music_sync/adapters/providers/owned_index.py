"""What lies in the owner's own folders, by header and tags; what was read once is remembered until the file changes."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from music_sync.adapters.durable_files import write_whole
from music_sync.adapters.file_names import clean, path_id
from music_sync.audio.container import probe
from music_sync.model.errors import EnvironmentFault, GiveUp, SyncError
from music_sync.model.names import as_text
from music_sync.model.ports import OwnFile, Source, Tagger
from music_sync.model.track import FoundTrack

log = logging.getLogger(__name__)

_SCHEMA = 1
_AT_ONCE = 1000
"""So many files newly read are written down together: a kill costs no more."""
_TEXT, _NUMBER, _COUNT = (str,), (int, float, type(None)), (int, type(None))
_TYPES = (_TEXT, _TEXT, _TEXT, _TEXT, _NUMBER, _TEXT, _COUNT)
"""Of what an `OwnFile` says, in its order, without the path."""

Said = tuple[Any, ...]
"""What a file says of itself, in that order; empty for one that is no audio."""


class OwnedIndex:
    """Fulfils `model.ports.OwnFiles` over sources that tell of files, such as a folder each.

    `memory` is the file in which it remembers; without `keep` it reads that and writes nothing. `sound_of` hears a file.
    """

    def __init__(
        self,
        folders: Sequence[Source],
        tagger: Tagger,
        memory: Path,
        *,
        keep: bool = True,
        sound_of: Callable[[Path], tuple[int, ...]] = lambda _path: (),
        tell: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._folders = folders
        self._tagger = tagger
        self._memory = memory
        self._keep = keep
        self._sound_of = sound_of
        self._tell = tell

    def files(self) -> Iterator[OwnFile]:
        """All audio files there that can be read, each once; see `OwnFiles`."""
        known = _read(self._memory)
        seen: dict[str, tuple[str, Said]] = {}
        newly = 0
        found, are_all_there = self._found()
        for name, track in found.items():
            before = known.get(name)
            if before is not None and before[0] == track.revision:
                seen[name] = before
            elif (said := self._look(track)) is not None:
                newly += 1
                seen[name] = (track.revision, said)
                if newly % _AT_ONCE == 0:
                    self._remember({**known, **seen})
                    self._tell(f"read the tags of {newly} of your files so far")
        # What lies on a drive that is away is not read again when it is back.
        remembered = seen if are_all_there else {**known, **seen}
        if newly or remembered.keys() != known.keys():
            self._remember(remembered)
        return (_own_file(found[name], said) for name, (_revision, said) in seen.items() if said)

    def sound_of(self, file: OwnFile) -> tuple[int, ...]:
        return self._sound_of(file.path)

    def _found(self) -> tuple[dict[str, FoundTrack], bool]:
        """The files by their path, and whether every folder could be read."""
        found: dict[str, FoundTrack] = {}
        are_all_there = True
        for folder in self._folders:
            try:
                for track in folder.detect():
                    if track.path is not None:
                        found.setdefault(path_id(track.path), track)
            except SyncError as error:
                are_all_there = False
                log.warning("no candidates from a folder: %s", error)
                self._tell(f"a folder of your own files cannot be read: {error}")
        return found, are_all_there

    def _look(self, track: FoundTrack) -> Said | None:
        """What the file says of itself; None when its drive failed, which says nothing about the file."""
        assert track.path is not None  # noqa: S101 - `_found` takes no others
        try:
            container, tags = probe(track.path), self._tagger.read(track.path)
        except (GiveUp, EnvironmentFault) as error:
            log.info("%s is no candidate: %s", path_id(track.path), error)
            return () if isinstance(error, GiveUp) else None
        words = (tags.artist, tags.title) if tags.title else (track.artist, track.title)
        texts = map(clean, (*words, tags.album, tags.isrc))
        return (*texts, container.announced_length_s, container.codec, container.bit_rate)

    def _remember(self, files: Mapping[str, tuple[str, Said]]) -> None:
        if not self._keep:
            return
        text = json.dumps({"schema": _SCHEMA, "files": files})
        try:
            write_whole(self._memory, text.encode())
        except EnvironmentFault as error:
            # It is read anew then, which only takes longer.
            log.warning("what your own files say cannot be remembered: %s", error)


def _own_file(track: FoundTrack, said: Said) -> OwnFile:
    assert track.path is not None  # noqa: S101 - `_found` takes no others
    file = OwnFile(track.path, *said)
    return file if file.title else replace(file, title=clean(as_text(track.path.stem)))


def _read(memory: Path) -> dict[str, tuple[str, Said]]:
    """What is remembered; nothing when it was never written, is damaged, or of another version."""
    with suppress(OSError, ValueError, TypeError, AttributeError):
        told = json.loads(memory.read_bytes())
        if told.get("schema") == _SCHEMA:
            pairs = ((name, revision, tuple(said)) for name, (revision, said) in told["files"].items())
            return {name: (revision, said) for name, revision, said in pairs if _is_sound(said)}
    return {}


def _is_sound(said: Said) -> bool:
    return not said or (
        len(said) == len(_TYPES) and all(isinstance(each, types) for each, types in zip(said, _TYPES, strict=True))
    )
