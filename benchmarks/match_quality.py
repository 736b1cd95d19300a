"""How well names are matched: wrong merges, missed pairs and what is left to a person, on labelled pairs.

python benchmarks/match_quality.py [CASES.csv ...]

The pairs are those of tests/track/match_cases*.csv, or of other files of the same columns; each file is measured by itself,
then all together. Give it new pairs before a rule is changed for them: what it prints then is what a user would have met.
It ends with 1 when a goal is missed: no two different tracks said to be the same, 95 % of the true pairs found, at most
10 % of all pairs sent to a person.
"""

import argparse
import csv
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from music_sync.track.likeness import Described, Likeness, compare
from music_sync.track.title import readings
from music_sync.track.words import kinds_in

TESTS = Path(__file__).parent.parent / "tests" / "track"
CASES = TESTS / "match_cases.csv"
"""The pairs that the rules grew up with."""
MORE_CASES = TESTS / "match_cases_more.csv"
"""Pairs that others wrote without knowing the rules; `docs/decisions.md` tells how many were right on first sight."""
LAST_CASES = TESTS / "match_cases_10.csv"
"""The tenth batch of them."""
FOUND_GOAL = 0.95
"""Share of the pairs labelled `same` that are said to be the same, at least."""
UNSURE_GOAL = 0.10
"""Share of all pairs that are said to be unsure, at most."""
ROUNDS = 20


@dataclass(frozen=True)
class Case:
    """Two descriptions, and what an expert says of them: same, different, or review."""

    kind: str
    expected: str
    one: Described
    other: Described


@dataclass(frozen=True)
class Judged:
    """A case, and what the program says of it."""

    case: Case
    said: Likeness

    @property
    def fault(self) -> str:
        """What is wrong about it; empty when right, or when a case for review is kept apart."""
        return FAULTS.get((self.case.expected, self.said.verdict), "")


FAULTS = {
    ("different", "same"): "WRONG MERGE",
    ("different", "unsure"): "asked in vain",
    ("same", "different"): "missed",
    ("same", "unsure"): "asked in vain",
    ("review", "same"): "not asked",
}


@dataclass(frozen=True)
class Quality:
    """The figures of a set of cases."""

    judged: Sequence[Judged]

    @property
    def wrong_merges(self) -> Sequence[Judged]:
        return [each for each in self.judged if each.case.expected == "different" and each.said.verdict == "same"]

    @property
    def found(self) -> float:
        """Share of the true pairs that are said to be the same."""
        true = [each for each in self.judged if each.case.expected == "same"]
        return sum(each.said.verdict == "same" for each in true) / max(1, len(true))

    @property
    def unsure(self) -> float:
        """Share of all pairs that a person would be asked about."""
        return sum(each.said.verdict == "unsure" for each in self.judged) / max(1, len(self.judged))

    @property
    def is_good(self) -> bool:
        return not self.wrong_merges and self.found >= FOUND_GOAL and self.unsure <= UNSURE_GOAL


def read_cases(path: Path = CASES) -> Sequence[Case]:
    """The labelled pairs of a CSV file."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            Case(row["kind"], row["expected"], _described(row, "a"), _described(row, "b"))
            for row in csv.DictReader(lines)
        ]


def measure(cases: Sequence[Case]) -> Quality:
    """Judge all cases."""
    return Quality([Judged(case, compare(case.one, case.other)) for case in cases])


def pairs_a_second(cases: Sequence[Case], *, known: bool) -> float:
    """How many pairs are compared in a second of processor time: names that were read before, or each met for the first time."""
    # More names than are kept would each be read again.
    cases = cases[: (readings.cache_info().maxsize or 0) // 2]
    began = time.process_time()
    for _ in range(ROUNDS):
        if not known:
            readings.cache_clear()
            kinds_in.cache_clear()
        measure(cases)
    return ROUNDS * len(cases) / (time.process_time() - began)


def _described(row: dict[str, str], side: str) -> Described:
    length = row[f"length_{side}"]
    return Described(
        row[f"artist_{side}"],
        row[f"title_{side}"],
        float(length) if length else None,
        row[f"isrc_{side}"],
        row[f"album_{side}"],
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "files", nargs="*", type=Path, default=[CASES, MORE_CASES, LAST_CASES], help="CSV files of labelled pairs"
    )
    files = parser.parse_args().files
    of_files = {path: measure(read_cases(path)) for path in files}
    for path, quality in of_files.items():
        print(f"== {path.name}")
        _print_faults(quality)
        _print_kinds(quality)
        _print_figures(quality)
    cases = [each.case for quality in of_files.values() for each in quality.judged]
    quality = measure(cases)
    if len(files) > 1:
        print(f"== all {len(files)} files")
        _print_figures(quality)
    known, new = pairs_a_second(cases, known=True), pairs_a_second(cases, known=False)
    print(f"{known:,.0f} pairs a second of names read before, {new:,.0f} of names met for the first time")
    return 0 if quality.is_good else 1


def _print_faults(quality: Quality) -> None:
    for each in quality.judged:
        if each.fault:
            print(_line(each))


def _line(each: Judged) -> str:
    case = each.case
    reasons = "; ".join(f"{reason.text} {reason.score}" for reason in each.said.reasons)
    return f"{each.fault:13} {case.kind}: {_text(case.one)} <> {_text(case.other)}\n    {each.said.score}: {reasons}"


def _text(track: Described) -> str:
    told = (f"{track.length_s:g} s" if track.length_s else "", track.isrc, track.album and f"on {track.album}")
    return " ".join((f"[{track.artist} | {track.title}]", *filter(None, told)))


def _print_kinds(quality: Quality) -> None:
    faults = Counter((each.case.kind, each.fault) for each in quality.judged if each.fault)
    pairs = Counter(each.case.kind for each in quality.judged)
    for (kind, fault), number in sorted(faults.items()):
        print(f"{kind:15} {fault:13} {number} of {pairs[kind]}")


def _print_figures(quality: Quality) -> None:
    labels = Counter(each.case.expected for each in quality.judged)
    said = Counter((each.case.expected, each.said.verdict) for each in quality.judged)
    print(f"{len(quality.judged)} pairs: {', '.join(f'{number} {label}' for label, number in labels.most_common())}")
    for label in ("same", "different", "review"):
        print(f"  {label:9} said {', '.join(f'{v} {said[label, v]}' for v in ('same', 'unsure', 'different'))}")
    print(f"wrong merges {len(quality.wrong_merges)} (0)")
    print(f"true pairs found {quality.found:.1%} (at least {FOUND_GOAL:.0%})")
    print(f"sent to a person {quality.unsure:.1%} (at most {UNSURE_GOAL:.0%})")


if __name__ == "__main__":
    sys.exit(main())
