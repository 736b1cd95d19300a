"""Which recording of ours a track is, on which evidence, and never on words alone."""

from pathlib import Path

import pytest
from tests.fakes.catalogue import FakeCatalogue
from tests.track.examples import LENGTH_S, fingerprint, nearly, recording, track

from music_sync.model.track import Analysis, FoundTrack
from music_sync.track.match import length_tolerance_s, match, same_length

OURS = recording("aaaa", seed=1, isrc="DEAR41300001")
SOUND = Analysis(LENGTH_S, nearly(fingerprint(1), 0.05))


@pytest.fixture
def catalogue() -> FakeCatalogue:
    catalogue = FakeCatalogue()
    catalogue.add(OURS, track("ours", revision="1"))
    return catalogue


def test_the_same_id_at_the_same_source_is_the_same(catalogue: FakeCatalogue) -> None:
    """P25"""
    found = match(track("ours", revision="1"), catalogue)

    assert (found.verdict, found.recording_id, found.reasons[0].rule) == ("same", OURS.recording_id, "source_id")


def test_the_same_id_with_another_revision_is_looked_at_again(catalogue: FakeCatalogue) -> None:
    assert match(track("ours", revision="2"), catalogue).verdict == "new"


PAGE = "https://soundcloud.com/moderat/bad-kingdom"


def test_the_same_page_at_another_source_is_the_same(catalogue: FakeCatalogue) -> None:
    """P25"""
    catalogue.link(OURS.recording_id, track("1122", source="soundcloud", url=PAGE))
    found = match(track("other", "Any words", url=PAGE), catalogue)

    assert (found.verdict, found.recording_id, found.reasons[0].rule) == ("same", OURS.recording_id, "link")
    assert "soundcloud lists Moderat - Bad Kingdom" in found.reasons[0].text


@pytest.mark.parametrize(
    "found",
    [
        track("other", url=f"{PAGE}-2"),
        track("other", url=""),
        track("other", url=PAGE, path=Path("/music/own.flac")),
        track("other", url=PAGE, revision="2"),
    ],
    ids=["another page", "no page", "a file of one's own", "another revision"],
)
def test_what_may_be_something_else_is_not_matched_by_its_page(catalogue: FakeCatalogue, found: FoundTrack) -> None:
    catalogue.link(OURS.recording_id, track("1122", source="soundcloud", url=PAGE))
    catalogue.link(OURS.recording_id, track("1123", source="soundcloud"))

    assert match(found, catalogue).verdict == "new"


def test_what_was_fetched_is_not_matched_by_its_page_but_by_its_sound(catalogue: FakeCatalogue) -> None:
    catalogue.link(OURS.recording_id, track("1122", source="soundcloud", url=PAGE))

    assert match(track("other", url=PAGE), catalogue, "", Analysis(LENGTH_S, fingerprint(2))).verdict == "new"


@pytest.mark.parametrize("sha256", [OURS.origin_sha256, OURS.files[0].sha256])
def test_the_same_bytes_are_the_same(catalogue: FakeCatalogue, sha256: str) -> None:
    """P40"""
    assert match(track("other"), catalogue, sha256).reasons[0].rule == "file_hash"


def test_words_alone_never_match(catalogue: FakeCatalogue) -> None:
    """P39 P46 P49"""
    for title in (OURS.title, OURS.title.upper(), "Kingdom"):
        assert match(track("other", title, length_s=LENGTH_S), catalogue).verdict == "new"


def test_an_isrc_matches_with_its_length(catalogue: FakeCatalogue) -> None:
    found = match(track("other", isrc=OURS.isrc, length_s=LENGTH_S + 3), catalogue)

    assert (found.verdict, found.reasons[0].rule) == ("same", "isrc_length")


@pytest.mark.parametrize(
    ("title", "length_s", "rule"),
    [
        (OURS.title, LENGTH_S / 2, "isrc_other_length"),
        ("Bad Kingdom (Remix)", LENGTH_S, "version_words"),
        (OURS.title, None, "nothing_like_it"),
    ],
)
def test_an_isrc_alone_does_not_match(catalogue: FakeCatalogue, title: str, length_s: float | None, rule: str) -> None:
    """P40"""
    found = match(track("other", title, isrc=OURS.isrc, length_s=length_s), catalogue)

    assert (found.verdict, found.reasons[0].rule) == ("new", rule)


def test_the_sound_of_another_encoding_matches(catalogue: FakeCatalogue) -> None:
    """P45"""
    found = match(track("other", "Any Words"), catalogue, "", SOUND)

    assert (found.verdict, found.recording_id) == ("same", OURS.recording_id)
    assert found.reasons[0].rule == "fingerprint_length"
    assert found.reasons[0].score == pytest.approx(0.95, abs=0.02)


def test_the_same_sound_under_another_version_is_for_a_person(catalogue: FakeCatalogue) -> None:
    """P46"""
    found = match(track("other", "Bad Kingdom (Remix)"), catalogue, "", SOUND)

    assert (found.verdict, found.recording_id) == ("unsure", OURS.recording_id)
    assert "version words differ" in found.reasons[0].text


@pytest.mark.parametrize(
    "sound",
    [
        Analysis(LENGTH_S, fingerprint(2)),
        Analysis(LENGTH_S + 20, SOUND.fingerprint),
        Analysis(LENGTH_S, nearly(fingerprint(1), 0.25)),
        Analysis(LENGTH_S, ()),
        Analysis(LENGTH_S, (7,) * 400),
    ],
    ids=["other sound", "other length", "too unlike", "no fingerprint", "says nothing"],
)
def test_another_sound_is_new(catalogue: FakeCatalogue, sound: Analysis) -> None:
    """P40 P42"""
    assert match(track("other"), catalogue, "", sound).verdict == "new"


def test_of_two_recordings_that_sound_alike_the_same_version_is_taken(catalogue: FakeCatalogue) -> None:
    live = recording("bbbb", "Bad Kingdom (Live)", seed=1)
    catalogue.add(live, track("live"))

    assert match(track("x", "Bad Kingdom (Live)"), catalogue, "", SOUND).recording_id == live.recording_id
    assert match(track("y", "Bad Kingdom"), catalogue, "", SOUND).recording_id == OURS.recording_id


def test_nothing_is_concluded_over_a_third_recording() -> None:
    """P38: A is like B and B is like C, but A is not like C."""
    catalogue = FakeCatalogue()
    middle = fingerprint(5)
    far = nearly(middle, 0.09)
    catalogue.add(recording("cccc", seed=5), track("middle"))

    further = tuple(value ^ 0x0F0F_0000 for value in far)
    assert match(track("far"), catalogue, "", Analysis(LENGTH_S, far)).verdict == "same"
    assert match(track("further"), catalogue, "", Analysis(LENGTH_S, further)).verdict == "new"


def test_every_verdict_has_a_reason_for_a_person(catalogue: FakeCatalogue) -> None:
    """P41"""
    for found in (track("ours", revision="1"), track("new"), track("x", isrc=OURS.isrc, length_s=10)):
        assert all(reason.text for reason in match(found, catalogue).reasons)
        assert match(found, catalogue).reasons


def test_lengths_may_differ_by_2_s_or_3_percent() -> None:
    assert length_tolerance_s(10) == 2
    assert length_tolerance_s(200) == 6
    assert same_length(200, 206)
    assert not same_length(200, 207)
