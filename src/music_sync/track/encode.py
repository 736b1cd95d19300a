"""Encode: the wanted formats of a track, in staging."""

import errno
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from music_sync.model.errors import EnvironmentFault
from music_sync.model.formats import CONTAINERS, FORMATS, ORIGINAL
from music_sync.model.ports import Encoder, Progress
from music_sync.model.track import FetchedFile, StagedFile

_PCM = {"pcm_s16le", "pcm_s24le", "pcm_s16be", "pcm_s24be"}
_AS_IT_CAME: dict[str, tuple[str, frozenset[str]]] = {
    "aiff": ("aiff", frozenset(_PCM)),
    "alac": ("mp4", frozenset({"alac"})),
    "aac": ("mp4", frozenset({"aac"})),
    "wav": ("wav", frozenset(_PCM)),
    "flac": ("flac", frozenset({"flac"})),
    "mp3": ("mp3", frozenset({"mp3"})),
}
"""Format -> container and codecs that are this format already."""


def encode(
    fetched: FetchedFile, formats: Sequence[str], encoder: Encoder, folder: Path, progress: Progress
) -> tuple[StagedFile, ...]:
    """Make each wanted format once, in the order wanted; what came in a wanted format is copied, not encoded again.

    The fetched file itself stays as it is, so that a second run starts from the same bytes; that run writes the same
    files anew, each whole or not at all. Raises GiveUp when the sound cannot be encoded, EnvironmentFault without space.
    """
    wanted = outputs(fetched, formats)
    staged = []
    for number, name in enumerate(wanted):
        is_copy = name not in FORMATS or _is_already(fetched, name)
        ending = CONTAINERS[fetched.container] if is_copy else FORMATS[name]
        target = folder / f"staged-{name}.{ending}"
        if is_copy:
            _copy(fetched.path, target)
        else:
            encoder.encode(fetched.path, name, target, _share(progress, number, len(wanted)))
        progress((number + 1) / len(wanted))
        staged.append(StagedFile(target, name))
    return tuple(staged)


def outputs(fetched: FetchedFile, formats: Sequence[str]) -> tuple[str, ...]:
    """The formats to make, each once; an original is named by its container, or by the wanted format that it already is.

    An M4A that holds AAC, wanted as `original` and as `aac`, is one file and not two of the same content.
    """
    same = next((name for name in formats if name in FORMATS and _is_already(fetched, name)), fetched.container)
    return tuple(dict.fromkeys(same if name == ORIGINAL else name for name in formats))


def _is_already(fetched: FetchedFile, name: str) -> bool:
    container, codecs = _AS_IT_CAME[name]
    return fetched.container == container and fetched.codec in codecs


def _share(progress: Progress, number: int, count: int) -> Progress:
    return lambda done: progress((number + done) / count)


def _copy(source: Path, target: Path) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(source, part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            message = f"There is no space left in {target.parent}; free some and sync again."
        else:
            message = (
                f"{source.name} cannot be copied within {target.parent} ({error.strerror}); check its drive and rights."
            )
        raise EnvironmentFault(message) from error
    finally:
        part.unlink(missing_ok=True)
