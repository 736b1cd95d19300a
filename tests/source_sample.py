"""What a source must bring to be held to the contract: one module in tests/samples/sources/, named as the source."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from music_sync.model.ports import Source


@dataclass(frozen=True)
class Sample:
    """A source that holds something, how many tracks that is, and the same source gone away."""

    source: Source
    tracks: int
    away: Source
    not_set_up: Source | None = None
    """The same source without an account; None for one that needs none."""


class SampleModule(Protocol):
    def sample(self, folder: Path) -> AbstractContextManager[Sample]:
        """Lay the sample out in `folder`; what a person owns goes into `folder / "theirs"`, which nothing may change."""


Samples = Iterator[Sample]

ODD_NAMES = (
    "Nadia Klee - Half Past Two.mp3",
    "夜行バス - 四時の海.flac",
    "🎧🎶 - 👩‍🎤.m4a",
    "a\nb - c\td.mp3",
    "-rf - $HOME `x` %(title)s {0} 100%d.mp3",
    'It\'s "quoted", really; #1 - <b>.wav',
    "Cafe\u0301 - decomposed.mp3",
    "x" * 251 + ".mp3",
)
BROKEN_NAME = b"caf\xe9 - \xff\xfe.mp3"
