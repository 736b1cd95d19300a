"""Which recordings may sound like this one, among hundreds of thousands: sorted postings of parts of fingerprints.

A posting is the upper 28 bits of a sub-fingerprint and the number of its recording. The many lie in one sorted file
that is mapped and not read; what came since lies in small sorted runs that are merged as they grow. It only proposes:
whoever asks compares the fingerprints themselves, so an entry too many does no harm.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from music_sync.adapters.durable_files import write_whole
from music_sync.model.errors import EnvironmentFault

log = logging.getLogger(__name__)

_SCHEMA = 1
_HEAD_BYTES = 4096
_SAMPLES = 236
"""So many sub-fingerprints of each recording are kept, every fourth of two minutes. Copies share dozens of them; where
one bit in ten differs, as much as one recording may, twelve are met, and fewer than two in 7 of 100,000 cases; with every
eighth in 15 of a thousand."""
_MOST_SHARED = 2000
"""A part that more have says nothing: silence, a steady tone."""
_LEAST_SHARED, _LONG = 2, 400
"""By chance eighty of 100,000 recordings share one part of a long fingerprint, and hardly one shares two."""
_MOST = 48
"""So many are proposed at the most, the likeliest first."""
_FRESH = 64

Keys = NDArray[np.uint32]


@dataclass(frozen=True)
class _Run:
    """Postings sorted by their part."""

    keys: Keys
    owners: NDArray[np.uint32]

    @classmethod
    def of(cls, keys: Keys, owners: NDArray[np.uint32]) -> "_Run":
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], owners[order])

    def owners_of(self, wanted: Keys) -> NDArray[np.uint32]:
        """The owners of these parts, one entry a shared part."""
        if not self.keys.size:
            return self.owners
        first = np.searchsorted(self.keys, wanted, "left")
        # Nearly none is there, and only for those it is worth looking where they end.
        is_there = self.keys[np.minimum(first, self.keys.size - 1)] == wanted
        first, wanted = first[is_there], wanted[is_there]
        counts = np.searchsorted(self.keys, wanted, "right") - first
        counts[counts > _MOST_SHARED] = 0
        places = np.repeat(first - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        owners: NDArray[np.uint32] = self.owners[places]
        return owners


class SoundIndex:
    """Recordings by their sound; `mark` is the last entry of the journal that it knows."""

    def __init__(self, mark: int = 0) -> None:
        self.mark = mark
        self._runs: list[_Run] = []
        self._ids: NDArray[np.bytes_] = np.zeros(0, "S32")
        self._lengths: NDArray[np.float64] = np.zeros(0)
        self._newer: list[tuple[str, float]] = []
        self._fresh: list[tuple[Keys, NDArray[np.uint32]]] = []

    def __len__(self) -> int:
        return len(self._ids) + len(self._newer)

    def add(self, recordings: Iterable[tuple[str, float, NDArray[np.uint32]]]) -> None:
        """Take in recordings with their lengths and fingerprints; one that is known already is known twice then."""
        for recording_id, length_s, fingerprint in recordings:
            keys = np.unique(fingerprint[:: max(1, len(fingerprint) // _SAMPLES)] >> 4)
            self._fresh.append((keys, np.full(keys.size, len(self), np.uint32)))
            self._newer.append((recording_id, length_s))
            if len(self._fresh) >= _FRESH:
                self._sort_in()

    def like(self, fingerprint: Sequence[int], shortest_s: float, longest_s: float) -> list[str]:
        """The ids of those in that range of lengths that share parts with it, the likeliest first."""
        wanted = np.unique(np.asarray(fingerprint, np.uint32) >> 4)
        found = [run.owners_of(wanted) for run in self._runs]
        found += [owners[np.isin(keys, wanted)] for keys, owners in self._fresh]
        owners, votes = np.unique(np.concatenate([np.zeros(0, np.uint32), *found]), return_counts=True)
        enough = votes >= (_LEAST_SHARED if wanted.size >= _LONG else 1)
        likeliest = owners[enough][np.argsort(-votes[enough], kind="stable")]
        near = (self._of(int(number)) for number in likeliest)
        ids = dict.fromkeys(name for name, length_s in near if shortest_s <= length_s <= longest_s)
        return list(ids)[:_MOST]

    def _of(self, number: int) -> tuple[str, float]:
        if number >= len(self._ids):
            return self._newer[number - len(self._ids)]
        return self._ids[number].decode("ascii"), float(self._lengths[number])

    def _sort_in(self) -> None:
        """Make a run of what is fresh, and merge runs so that each is twice as long as the next: few, and all sorted."""
        keys, owners = zip(*self._fresh, strict=True)
        self._fresh = []
        run = _Run.of(np.concatenate(keys), np.concatenate(owners))
        while self._runs and self._runs[-1].keys.size < 2 * run.keys.size:
            last = self._runs.pop()
            run = _Run.of(np.concatenate([last.keys, run.keys]), np.concatenate([last.owners, run.owners]))
        self._runs.append(run)

    # The file

    def keep(self, path: Path, name: str) -> None:
        """Write all of it down for the catalogue of that name; that it cannot be written only costs time."""
        if self._fresh:
            self._sort_in()
        whole = _Run.of(
            np.concatenate([np.zeros(0, np.uint32), *(run.keys for run in self._runs)]),
            np.concatenate([np.zeros(0, np.uint32), *(run.owners for run in self._runs)]),
        )
        self._runs = [whole]  # in the place of its parts, which would fill the memory once more
        ids = np.concatenate([self._ids, np.array([each for each, _ in self._newer], "S32")])
        lengths = np.concatenate([self._lengths, np.array([length_s for _, length_s in self._newer], np.float64)])
        head = {"schema": _SCHEMA, "name": name, "mark": self.mark, "recordings": len(ids), "parts": whole.keys.size}
        parts = [part.view(np.uint8).data for part in (lengths, ids, whole.keys, whole.owners)]
        try:
            write_whole(path, b"".join([json.dumps(head).encode().ljust(_HEAD_BYTES), *parts]))
        except EnvironmentFault as error:
            log.warning("the index of sounds cannot be remembered: %s", error)

    @classmethod
    def kept(cls, path: Path, name: str) -> "SoundIndex | None":
        """What was written down for that catalogue; None when there is nothing, or nothing of use."""
        with suppress(OSError, ValueError, TypeError, KeyError):
            with path.open("rb") as file:
                head = json.loads(file.read(_HEAD_BYTES))
            count, parts = int(head["recordings"]), int(head["parts"])
            whole = _HEAD_BYTES + count * (8 + 32) + parts * 8
            if (head["schema"], head["name"], path.stat().st_size) != (_SCHEMA, name, whole) or not parts:
                return None
            index = cls(int(head["mark"]))
            at = _HEAD_BYTES
            # Plain views of the mapped file: numpy is slower to look into its own class for them.
            index._lengths = np.asarray(np.memmap(path, np.float64, "r", at, (count,)))
            index._ids = np.asarray(np.memmap(path, "S32", "r", at + 8 * count, (count,)))
            at += 40 * count
            keys = np.asarray(np.memmap(path, np.uint32, "r", at, (parts,)))
            index._runs = [_Run(keys, np.asarray(np.memmap(path, np.uint32, "r", at + 4 * parts, (parts,))))]
            return index
        return None
