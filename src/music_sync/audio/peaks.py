"""A small picture of a sound: how loud it is along its length, from one decode."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from music_sync.audio.container import opened
from music_sync.audio.decode import blocks

COLUMNS = 400
_PIECES_A_BLOCK = 8
"""Blocks last 0.8 s; cut into pieces of 0.1 s, even a short sound fills the picture."""


def peaks(path: Path, columns: int = COLUMNS) -> bytes:
    """The loudest sample of each column, left to right, 255 for full scale.

    Raises GiveUp for what cannot be decoded to its end, EnvironmentFault when the machine cannot read it.
    """
    with opened(path) as sound:
        return columns_of(blocks(sound, lambda _fraction: None), columns)


def columns_of(sound: "Iterable[NDArray[np.float32]]", columns: int = COLUMNS) -> bytes:
    """As `peaks`, of blocks of shape (channels, samples) that are alike in length but for the last."""
    pieces = [piece for block in sound for piece in _pieces(block)]
    if not pieces:
        return bytes(columns)
    loudest = np.asarray(pieces)
    starts = np.arange(columns) * len(pieces) // columns
    ends = np.maximum(-(-(np.arange(columns) + 1) * len(pieces) // columns), starts + 1)
    found = [loudest[start:end].max() for start, end in zip(starts, ends, strict=True)]
    return bytes(np.clip(np.round(np.asarray(found) * 255), 0, 255).astype(np.uint8))


def _pieces(block: "NDArray[np.float32]") -> "list[float]":
    loud = np.abs(block).max(axis=0)
    return [float(part.max()) for part in np.array_split(loud, _PIECES_A_BLOCK) if part.size]
