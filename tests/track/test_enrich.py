"""Whether an answer is about our recording, and what of it is filled in."""

from dataclasses import replace

import pytest
from tests.track.examples import recording

from music_sync.model.enrichment import Answer, Facts
from music_sync.model.track import Cover, Embedded
from music_sync.track.enrich import LEAST_SCORE, Filling, facts_of, filling, judged, known_by, merged

OURS = recording("a1b2", "Waves", isrc="DEAB12300001")
BY_ISRC = Answer("isrc", Facts("Low Tide", 2021), "Moderat", "Waves", 200.0)
BY_SOUND = replace(BY_ISRC, by="fingerprint", score=0.97)
COVER = Cover("image/jpeg", b"picture")


def test_isrc_and_length_prove_it() -> None:
    verdict = judged(OURS, [BY_ISRC])

    assert (verdict.answer, verdict.reason) == (BY_ISRC, "same ISRC DEAB12300001, lengths 0.0 s apart")


def test_sound_and_length_prove_it() -> None:
    assert judged(OURS, [BY_SOUND]).reason == "the same sound (97%), lengths 0.0 s apart"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (replace(BY_ISRC, length_s=230.0), "the lengths differ by 30.0 s"),
        (replace(BY_ISRC, length_s=None), "tells no length"),
        (replace(BY_SOUND, score=LEAST_SCORE - 0.1), "only 80% of the sound is alike"),
        (replace(BY_ISRC, title="Waves (Extended Mix)"), "the version words differ"),
        (replace(BY_SOUND, title="Waves (Live)"), "the version words differ"),
    ],
)
def test_p40_without_proof_nothing_is_taken(answer: Answer, why: str) -> None:
    verdict = judged(OURS, [answer])

    assert verdict.answer is None
    assert why in verdict.reason


def test_of_two_recordings_under_one_isrc_the_one_of_our_length_is_meant() -> None:
    other = replace(BY_ISRC, title="Waves", length_s=320.0)

    assert judged(OURS, [other, BY_ISRC]).answer == BY_ISRC


def test_of_two_that_fit_the_one_with_our_title_is_meant() -> None:
    """P49: the whole title, and not a part of it."""
    other = replace(BY_ISRC, title="It Goes In Waves")

    assert judged(OURS, [other, BY_ISRC]).answer == BY_ISRC


def test_of_two_that_fit_alike_none_is_taken() -> None:
    verdict = judged(OURS, [BY_ISRC, replace(BY_ISRC, facts=Facts("Elsewhere"))])

    assert (verdict.answer, verdict.reason) == (None, "2 recordings fit, and nothing tells which of them it is")


def test_what_hangs_on_a_release_needs_no_further_proof() -> None:
    answer = Answer("release", cover=COVER)

    assert judged(OURS, [answer]).answer == answer


def test_the_first_to_tell_a_thing_counts() -> None:
    assert merged([Facts(album="One"), Facts(album="Two", year=2020), Facts(year=2021)]) == Facts("One", 2020)


def test_only_what_is_empty_everywhere_is_filled_in() -> None:
    ours = replace(OURS, album="", year=1999)
    files = [Embedded(genre="House"), Embedded(label="")]
    facts = Facts("Low Tide", 2021, "Techno", "DEAB12300002", "Halogen")

    assert filling(ours, files, facts, COVER) == Filling(Facts(album="Low Tide", label="Halogen"), COVER)


def test_a_file_that_has_a_cover_keeps_it() -> None:
    wanted = filling(OURS, [Embedded(), Embedded(has_cover=True)], Facts(), COVER)

    assert (wanted.names, wanted.cover) == ((), None)


def test_a_filling_names_its_fields_and_those_of_the_catalogue() -> None:
    wanted = Filling(Facts(album="Low Tide", label="Halogen"), COVER)

    assert wanted.names == ("album", "label", "cover")
    assert wanted.columns == {"album": "Low Tide"}
    assert (wanted.tags.album, wanted.tags.label, wanted.tags.cover) == ("Low Tide", "Halogen", COVER)


def test_what_was_proven_before_is_asked_by() -> None:
    known = known_by(replace(OURS, isrc=""), [Facts(isrc="DEAB12300009", mb_release_id="r1")])

    assert (known.isrc, known.mb_release_id, known.length_s) == ("DEAB12300009", "r1", 200.0)


def test_facts_that_a_later_version_stored_are_left_out() -> None:
    assert facts_of({"album": "Low Tide", "mood": "blue"}) == Facts("Low Tide")
