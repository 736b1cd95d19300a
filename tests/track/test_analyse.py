"""What a decoded length says of a track."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.track.examples import fetched, no_progress, track

from music_sync.model.endings import NeedsReview, OnBuyList
from music_sync.model.errors import GiveUp
from music_sync.model.ports import Progress
from music_sync.model.track import Analysis
from music_sync.track.analyse import analyse, unfitting


@pytest.mark.parametrize(("announced_s", "decoded_s"), [(200, 200), (200, 206), (200, 194.5), (None, 30), (30, 30)])
def test_a_length_that_fits_says_nothing_against_a_track(announced_s: float | None, decoded_s: float) -> None:
    assert unfitting(track("x", length_s=announced_s), Analysis(decoded_s, ())) is None


@pytest.mark.parametrize("decoded_s", [25, 29.9, 30, 35])
def test_half_a_minute_of_a_longer_track_is_a_preview(decoded_s: float) -> None:
    """P21"""
    ending = unfitting(track("x", length_s=200), Analysis(decoded_s, ()))

    assert isinstance(ending, OnBuyList)
    assert "only a preview is offered" in ending.reason


@pytest.mark.parametrize("decoded_s", [60, 150, 220, 4000])
def test_another_length_is_for_a_person(decoded_s: float) -> None:
    """P22 P24"""
    ending = unfitting(track("x", length_s=200), Analysis(decoded_s, ()))

    assert isinstance(ending, NeedsReview)
    assert f"{decoded_s:.0f} s of audio came" in ending.reason


@pytest.mark.parametrize("title", ["Sunset", "Alive", "A Remix", "Radio Podcast Mix"])
def test_a_long_track_is_judged_by_its_announced_length_alone(title: str) -> None:
    """P24"""
    assert unfitting(track("x", title, length_s=3600.0), Analysis(3590, ())) is None
    assert unfitting(track("x", title), Analysis(3590, ())) is None


def test_an_owners_own_file_is_taken_as_it_is() -> None:
    assert unfitting(track("x", length_s=200, path=Path("/x.flac")), Analysis(150, ())) is None


def test_p21_an_own_file_that_is_only_a_preview_is_for_a_person() -> None:
    """P21: on the buy list the same file would be found, and refused, in each round."""
    own = replace(fetched(), place="/music/a.flac")

    ending = analyse(track("x", length_s=200), own, lambda _path, _progress: Analysis(30, ()), no_progress)

    assert isinstance(ending, NeedsReview)
    assert "/music/a.flac is no whole track: only a preview" in ending.reason


def test_a_file_that_a_person_accepted_is_taken_in_its_length() -> None:
    accepted = replace(fetched(), place="/music/a.flac", findings=(("person", "you said so", None),))
    measured = Analysis(150, ())

    assert analyse(track("x", length_s=200), accepted, lambda _path, _progress: measured, no_progress) is measured


def test_a_file_that_does_not_decode_is_refused() -> None:
    def measure(path: Path, _progress: Progress) -> Analysis:
        raise GiveUp(f"{path.name} is cut off; fetch it again", "truncated")

    with pytest.raises(GiveUp, match="cut off"):
        analyse(track("x"), fetched(), measure, no_progress)
