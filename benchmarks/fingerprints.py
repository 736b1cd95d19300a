"""How long it takes to find a recording by its sound: the index, the walk over its length, and pyacoustid's comparison.

python benchmarks/fingerprints.py [--recordings N] [--queries N]
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import acoustid
import numpy as np
import sqlalchemy as sa

from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import in_write, open_engine
from music_sync.adapters.sql.rows import recording_row
from music_sync.adapters.sql.tables import fingerprints, recordings
from music_sync.audio.fingerprint import bit_error_rate
from music_sync.model.track import Analysis, FoundTrack, Recording
from music_sync.track.match import length_tolerance_s, match

LONG = 948
"""Sub-fingerprints of two minutes."""
AT_ONCE = 2000
ASKED = FoundTrack("list", "asked", title="T")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=400)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="music-sync-bench-") as folder:
        chance = np.random.default_rng(1)
        engine = open_engine(Path(folder) / "state.db")
        lengths = fill(engine, options.recordings, chance)
        measure(engine, Path(folder) / "sounds.index", lengths, options.queries)


def fill(engine: sa.Engine, count: int, chance: np.random.Generator) -> np.ndarray:
    """Recordings of three to five minutes whose fingerprints are chance: the worst that an index can hold."""
    lengths = chance.uniform(180, 300, count)
    for first in range(0, count, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, count))
        told = [row(number, float(lengths[number])) for number in numbers]
        sounds = [
            {
                "recording_id": f"{number:032x}",
                "length_s": float(lengths[number]),
                "fingerprint": sound(number).tobytes(),
            }
            for number in numbers
        ]
        with in_write(engine).begin() as connection:
            connection.execute(sa.insert(recordings), told)
            connection.execute(sa.insert(fingerprints), sounds)
    return lengths


def row(number: int, length_s: float) -> dict[str, object]:
    name = f"{number:032x}"
    return recording_row(
        Recording(name, "A", f"T{number}", "", "", "", None, "", name * 2, Analysis(length_s, ())), "x"
    )


def sound(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 2**32, LONG, dtype=np.uint32)


@dataclass
class Taken:
    """CPU seconds that each way took, a query each: what else the machine does is not in them."""

    built: float
    opened: float
    index: list[float] = field(default_factory=list)
    match: list[float] = field(default_factory=list)
    walk: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    pyacoustid: list[float] = field(default_factory=list)
    right: int = 0


def measure(engine: sa.Engine, path: Path, lengths: np.ndarray, queries: int) -> None:
    chance = np.random.default_rng(2)
    asked = [query(int(number), lengths, chance) for number in chance.integers(0, len(lengths), queries)]
    catalogue = SqlCatalogue(engine)
    catalogue.sounds.remember_in(path, keep=True)
    built = timed(lambda: catalogue.by_sound(asked[0][1].fingerprint, 0, 1e9))
    again = SqlCatalogue(engine)
    again.sounds.remember_in(path, keep=True)
    taken = Taken(built, timed(lambda: again.by_sound(asked[0][1].fingerprint, 0, 1e9)))
    for number, (name, heard) in enumerate(asked):
        taken.right += ask(again, name, heard, taken)
        if number % max(1, queries // 5) == 0:
            compare(again, heard, sound(number).tolist(), taken)
    tell(len(lengths), path, taken)


def ask(catalogue: SqlCatalogue, name: str, heard: Analysis, taken: Taken) -> bool:
    """Once through the index alone, and once through the whole of `match`, which compares what is proposed."""
    said = match(ASKED, catalogue, "", heard)
    taken.index.append(timed(lambda: catalogue.by_sound(heard.fingerprint, *span(heard))))
    taken.match.append(timed(lambda: match(ASKED, catalogue, "", heard)))
    return said.recording_id == name


def compare(catalogue: SqlCatalogue, heard: Analysis, other: list[int], taken: Taken) -> None:
    taken.walk.append(timed(lambda: catalogue.by_length(*span(heard))))
    taken.ours.append(timed(lambda: bit_error_rate(heard.fingerprint, tuple(other))))
    # What its `compare_fingerprints` does once it has taken both apart, for which it needs libchromaprint.
    taken.pyacoustid.append(timed(lambda: acoustid._match_fingerprints(list(heard.fingerprint), other)))  # noqa: SLF001


def span(heard: Analysis) -> tuple[float, float]:
    tolerance_s = length_tolerance_s(heard.length_s)
    return heard.length_s - tolerance_s, heard.length_s + tolerance_s


def query(number: int, lengths: np.ndarray, chance: np.random.Generator) -> tuple[str, Analysis]:
    """Every second one is a copy with five bits of a hundred turned over, the others are not there."""
    if number % 2:
        return "", Analysis(float(lengths[number]), tuple(chance.integers(0, 2**32, LONG).tolist()))
    turned = np.packbits(chance.random((LONG, 32)) < 0.05, axis=1).view(np.uint32).ravel()
    return f"{number:032x}", Analysis(float(lengths[number]), tuple((sound(number) ^ turned).tolist()))


def timed(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began


def tell(count: int, path: Path, taken: Taken) -> None:
    half, most = statistics.median(taken.index), percentile(taken.index)
    walked, theirs, ours = (statistics.median(each) for each in (taken.walk, taken.pyacoustid, taken.ours))
    whole, slowest = statistics.median(taken.match), percentile(taken.match)
    print(f"{count} recordings, {len(taken.index)} queries, {taken.right} answered rightly")
    print(f"index {half * 1e3:.1f} ms p50, {most * 1e3:.1f} ms p99 (wanted 5)")
    print(f"whole match {whole * 1e3:.1f} ms p50, {slowest * 1e3:.1f} ms p99")
    print(f"walk {walked * 1e3:.0f} ms only to load what is as long, {walked / half:.0f} times the index")
    print(f"pyacoustid {theirs * 1e3:.0f} ms a pair, {theirs / ours:.0f} times ours")
    size_mb = path.stat().st_size / 1e6
    print(f"the index: {taken.built:.1f} s to build, {taken.opened * 1e3:.0f} ms to open, {size_mb:.0f} MB")
    shown = {"recordings": count, "index_p50_ms": half * 1e3, "index_p99_ms": most * 1e3, "walk_ms": walked * 1e3}
    print(json.dumps({**shown, "match_p99_ms": slowest * 1e3, "pyacoustid_pair_ms": theirs * 1e3}))


def percentile(times: list[float]) -> float:
    return sorted(times)[int(0.99 * len(times))]


if __name__ == "__main__":
    main()
