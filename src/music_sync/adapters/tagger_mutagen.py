"""Write and read tags with mutagen, each in the frame that its container and DJ software expect.

Choices, with their reason:

- MP3, AIFF and WAV get ID3v2.3 with UTF-16 text: it is what every DJ program, player and file browser reads, while
  several read v2.4 in part or not at all. A tag that is v2.4 already stays v2.4, because a step back would drop the
  frames that only v2.4 has (mood, sort names, RVA2).
- TBPM holds two decimals when the tempo is not whole (`127.98`), although the standard wants an integer: DJ software
  reads a decimal number, and what wants an integer reads the digits before the point. In MP4 `tmpo` can hold only an
  integer, so the decimals go to the freeform field BPM.
- The key stands as `F#m` in TKEY, `initialkey` and INITIALKEY; the Camelot place in a field of its own, since programs
  that read the key field expect one spelling.
- The remix words go to TIT3 (subtitle), not to TPE4, which names a person.
- The link goes to WOAS, or WWWAUDIOSOURCE as Mp3tag calls it elsewhere; comments belong to the owner.
- Opus has R128_TRACK_GAIN and no REPLAYGAIN fields (RFC 7845, 5.2.1).

What is not ours is kept: comments, ratings, cue points in GEOB frames, other pictures.
"""

import errno
import logging
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from music_sync.adapters import tagger_id3, tagger_mp4, tagger_vorbis
from music_sync.adapters.cover_pillow import safe_cover
from music_sync.adapters.tagger_fields import FRONT_COVER, Pictures, parser_faults
from music_sync.adapters.whole_file import unwritable, written_whole
from music_sync.audio import ballast, magic
from music_sync.audio.container import unreadable
from music_sync.model.errors import GiveUp
from music_sync.model.track import Cover, Embedded, Tags

log = logging.getLogger(__name__)


def _remove_id3(path: Path, fields: Collection[str], kind: str) -> None:
    tagger_id3.remove(path, kind, fields)


_WRITERS: dict[str, Callable[[Path, Tags], None]] = {
    "mp3": tagger_id3.write_mp3,
    "aiff": tagger_id3.write_aiff,
    "wav": tagger_id3.write_wav,
    "mp4": tagger_mp4.write,
    "flac": tagger_vorbis.write_flac,
    "ogg": tagger_vorbis.write_ogg,
}
_READERS: dict[str, Callable[[Path], Embedded]] = {
    "mp3": tagger_id3.read_mp3,
    "aiff": tagger_id3.read_aiff,
    "wav": tagger_id3.read_wav,
    "mp4": tagger_mp4.read,
    "flac": tagger_vorbis.read_flac,
    "ogg": tagger_vorbis.read_ogg,
}
_PICTURES: dict[str, Callable[[Path], Pictures]] = {
    "mp3": tagger_id3.pictures_in_mp3,
    "aiff": tagger_id3.pictures_in_aiff,
    "wav": tagger_id3.pictures_in_wav,
    "mp4": tagger_mp4.pictures,
    "flac": tagger_vorbis.pictures_in_flac,
    "ogg": tagger_vorbis.pictures_in_ogg,
}

_REMOVERS: dict[str, Callable[[Path, Collection[str]], None]] = {
    **{kind: partial(_remove_id3, kind=kind) for kind in ("mp3", "aiff", "wav")},
    "mp4": tagger_mp4.remove,
    "flac": tagger_vorbis.remove_from_flac,
    "ogg": tagger_vorbis.remove_from_ogg,
}


class MutagenTagger:
    """Fulfils `model.ports.Tagger`. A file is known by its content, whatever its name ends in."""

    def read(self, path: Path) -> Embedded:
        """What a file says of itself; damaged tags say nothing.

        Raises GiveUp (`tags_unreadable`) when there is no such file, EnvironmentFault when it cannot be read.
        """
        kind = _readable(path)
        try:
            return _READERS[kind](path) if kind in _READERS else Embedded()
        except parser_faults() as error:
            _raise_fault_of_the_drive(path, error)
            log.info("no tags read from %s: %s", path.name, type(error).__name__)
            return Embedded()

    def cover(self, path: Path) -> Cover | None:
        """The front cover, else the first picture, made safe; None without one that can be used. Raises as `read`."""
        kind = _readable(path)
        try:
            pictures = _PICTURES[kind](path) if kind in _PICTURES else []
        except parser_faults() as error:
            _raise_fault_of_the_drive(path, error)
            log.warning("left out the cover of %s: its tags are damaged (%s)", path.name, type(error).__name__)
            return None
        pictures.sort(key=lambda typed: typed[0] != FRONT_COVER)
        return safe_cover(pictures[0][1], path.name) if pictures else None

    def write(self, path: Path, tags: Tags, original: Path | None = None) -> None:
        """Tag a file, whole or not at all; the sound is not touched, and doing it again changes nothing.

        What `original`, which it was converted from, says beside is taken over first, see `adapters.tagger_carry`.

        Raises GiveUp (`tags_unwritable`) when the file's structure is damaged, EnvironmentFault when there is no space.
        """
        kind = _writable(path)
        cover = safe_cover(tags.cover.picture, path.name) if tags.cover else None
        # mutagen moves the sound within the file when a tag grows; a kill meanwhile would leave neither old nor new.
        with written_whole(path) as part:
            shutil.copyfile(path, part)
            if original is not None:
                _carry(original, part, kind)
            with _faults_of_writing(path):
                _WRITERS[kind](part, replace(tags, cover=cover))

    def remove(self, path: Path, fields: Collection[str]) -> None:
        """Take fields out of a file, whole or not at all; the front cover alone of its pictures. Raises as `write`."""
        kind = _writable(path)
        with written_whole(path) as part:
            shutil.copyfile(path, part)
            with _faults_of_writing(path):
                _REMOVERS[kind](part, fields)


def _writable(path: Path) -> str:
    kind = _kind(path)
    if kind not in _WRITERS:
        raise GiveUp(f"{path.name} is no audio file that can be tagged.", "tags_unwritable")
    return kind


@contextmanager
def _faults_of_writing(path: Path) -> Iterator[None]:
    try:
        yield
    except parser_faults() as error:
        _raise_fault_of_the_drive(path, error, is_writing=True)
        raise GiveUp(f"{path.name} cannot be tagged: its structure is damaged.", "tags_unwritable") from error


def _carry(original: Path, part: Path, kind: str) -> None:
    """Damaged tags of the original are left behind; they never fail a track."""
    from music_sync.adapters.tagger_carry import carry

    try:
        carry(original, _kind(original), part, kind)
    except parser_faults() as error:
        _raise_fault_of_the_drive(original, error)
        log.warning("left out further tags of %s: %s", original.name, type(error).__name__)


def _readable(path: Path) -> str:
    """The kind of a file whose tags may be read; nothing where they would take too much memory, as no tags do."""
    kind = _kind(path)
    with path.open("rb") as file:
        if not ballast.is_overloaded(file, kind, path.stat().st_size):
            return kind
    log.info("no tags read from %s: there are more than %d MB of them", path.name, ballast.MOST_BYTES // 1024**2)
    return ""


def _kind(path: Path) -> str:
    """mp3, mp4, flac, ogg, wav or aiff by the first bytes; something else for what is no audio."""
    try:
        with path.open("rb") as file:
            return magic.sniff(file, path.stat().st_size)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise GiveUp(f"The tags of {path.name} cannot be read: there is no such file.", "tags_unreadable") from error
    except OSError as error:
        raise unreadable(path, error) from error


def _raise_fault_of_the_drive(path: Path, error: Exception, *, is_writing: bool = False) -> None:
    """mutagen wraps OSError in its own error; a drive that fails says nothing about the file."""
    cause = error.args[0] if error.args else None
    if isinstance(cause, OSError) and cause.errno not in {None, errno.EINVAL, errno.ENOENT}:
        raise (unwritable if is_writing else unreadable)(path, cause) from error
