"""The labelled pairs of match_cases*.csv: none merged wrongly, nearly all found, few left to a person."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from benchmarks.match_quality import (
    CASES,
    FOUND_GOAL,
    LAST_CASES,
    MORE_CASES,
    UNSURE_GOAL,
    Case,
    Quality,
    measure,
    read_cases,
)

from music_sync.track.candidates import Candidate, Index
from music_sync.track.likeness import compare

OFFERED_GOAL = 0.99
"""Share of the true pairs that the index offers among all others, at least."""


@pytest.fixture(scope="module", params=[CASES, MORE_CASES, LAST_CASES], ids=["own", "blind", "tenth"])
def cases(request: pytest.FixtureRequest) -> Sequence[Case]:
    return read_cases(request.param)


@pytest.fixture(scope="module")
def quality(cases: Sequence[Case]) -> Quality:
    return measure(cases)


def test_no_two_different_tracks_are_merged(quality: Quality) -> None:
    """P38, P39, P46, P49"""
    assert [(each.case.one, each.case.other) for each in quality.wrong_merges] == []


def test_nearly_all_true_pairs_are_found(quality: Quality) -> None:
    assert quality.found >= FOUND_GOAL


def test_few_pairs_are_left_to_a_person(quality: Quality) -> None:
    assert quality.unsure <= UNSURE_GOAL


def test_a_pair_for_a_person_is_not_merged(quality: Quality) -> None:
    """P22"""
    not_asked = [each.case for each in quality.judged if each.case.expected == "review" and each.said.verdict == "same"]

    assert not_asked == []


def test_a_pair_is_judged_the_same_from_either_side(cases: Sequence[Case]) -> None:
    for case in cases:
        there, back = compare(case.one, case.other), compare(case.other, case.one)

        assert (there.verdict, there.score) == (back.verdict, back.score), case


def test_a_track_is_the_same_as_itself_unless_it_names_nobody(cases: Sequence[Case]) -> None:
    for track in (side for case in cases for side in (case.one, case.other)):
        assert compare(track, track).verdict in {"same", "unsure"}, track


def test_the_true_one_is_offered_among_all_others(cases: Sequence[Case]) -> None:
    """P22, P27"""
    near = Index.of(Candidate(case.other, Path(str(number)), "flac") for number, case in enumerate(cases)).near
    # Of one artist's one title these files hold more variants than anybody's library.
    true = [case for case in cases if case.expected == "same" and case.kind != "further"]
    offered = [case for case in true if any(found.described == case.other for found in near(case.one))]

    assert len(offered) >= OFFERED_GOAL * len(true)


def test_the_cases_are_many_and_mostly_traps() -> None:
    cases = [case for path in (CASES, MORE_CASES, LAST_CASES) for case in read_cases(path)]
    labels = Counter(case.expected for case in cases)

    assert set(labels) == {"same", "different", "review"}
    assert len(cases) >= 1500
    assert labels["different"] >= len(cases) / 2
    assert labels["review"] <= len(cases) * 0.08
    assert len(set(cases)) == len(cases)
