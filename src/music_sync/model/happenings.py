"""What is told while a run goes on, so that a person sees each track move."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Happening:
    """Something moved: a stage of a track started, went on, or the track's journey ended."""

    key: str
    """The track's key, or the source's name for `detect`."""
    label: str
    stage: str
    kind: str
    """started, progress, ended (of the whole journey, `text` is the ending's name), told (a plain line), or counted."""
    fraction: float = 0.0
    text: str = ""
    count: int = 0
    """For `counted`: how many tracks the run takes on."""


Tell = Callable[[Happening], None]
