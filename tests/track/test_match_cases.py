"""The labelled pairs of match_cases.csv: none merged wrongly, nearly all found, few left to a person."""

from collections import Counter

import pytest
from benchmarks.match_quality import FOUND_GOAL, UNSURE_GOAL, Case, Quality, measure, read_cases

from music_sync.track.likeness import compare


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return list(read_cases())


@pytest.fixture(scope="module")
def quality(cases: list[Case]) -> Quality:
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


def test_a_pair_is_judged_the_same_from_either_side(cases: list[Case]) -> None:
    for case in cases:
        there, back = compare(case.one, case.other), compare(case.other, case.one)

        assert (there.verdict, there.score) == (back.verdict, back.score), case


def test_a_track_is_the_same_as_itself_unless_it_names_nobody(cases: list[Case]) -> None:
    for track in (side for case in cases for side in (case.one, case.other)):
        assert compare(track, track).verdict in {"same", "unsure"}, track


def test_the_cases_are_many_and_mostly_traps(cases: list[Case]) -> None:
    labels = Counter(case.expected for case in cases)

    assert set(labels) == {"same", "different", "review"}
    assert len(cases) >= 400
    assert labels["different"] >= len(cases) / 2
    assert labels["review"] <= len(cases) * 0.08
    assert len(set(cases)) == len(cases)
