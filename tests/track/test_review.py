"""Which tracks a person means, what may be merged, and that a verdict is remembered."""

import pytest
from tests.fakes.catalogue import FakeCatalogue
from tests.track.examples import LENGTH_S, fingerprint, nearly, recording, track

from music_sync.model.endings import Reason
from music_sync.model.errors import BadSetting, NeedsPerson
from music_sync.model.ports import Decision
from music_sync.model.track import Analysis
from music_sync.track.match import match
from music_sync.track.review import (
    ANOTHER,
    MOST_AT_ONCE,
    SAME,
    STAGE,
    UNDONE,
    Review,
    chosen,
    must_be_mergeable,
    reasons_for,
    said_apart,
    short_ids,
)

OURS = recording("aaaa", seed=1)
SOUND = Analysis(LENGTH_S, nearly(fingerprint(1), 0.05))
REMIX = track("remix", "Bad Kingdom (Someone Remix)")


def review(review_id: str, source_id: str = "1") -> Review:
    return Review(review_id, track(source_id), 1, "sounds like it", recording_id=OURS.recording_id, ours=OURS)


def decided(verdict: str, recording_id: str = "a", stage: str = STAGE) -> Decision:
    return Decision("2026-01-01T00:00:00Z", "list:1", stage, verdict, recording_id, (Reason(verdict, verdict),))


WAITING = [review("aaaa11", "1"), review("aaaa22", "2"), review("bbbb33", "3")]


def test_an_id_stays_when_other_tracks_come_and_go() -> None:
    alone, among = short_ids(["spotify:1"]), short_ids(["folder:/a", "spotify:1", "list:b"])

    assert among["spotify:1"] == alone["spotify:1"]
    assert len(set(among.values())) == 3
    assert {len(each) for each in among.values()} == {6}


def test_ids_that_begin_alike_become_longer() -> None:
    keys = [f"spotify:{number}" for number in range(20_000)]

    assert len(set(short_ids(keys).values())) == len(keys)


@pytest.mark.parametrize("words", [["bbbb33"], ["bbbb"], ["BBBB3"], ["list:3"], ["bbbb33", "list:3"]])
def test_a_track_is_named_by_its_id_by_how_that_begins_or_by_its_key(words: list[str]) -> None:
    assert chosen(words, WAITING) == [WAITING[2]]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["all"], "`all` is refused"),
        (["bbbb33", "ALL"], "`all` is refused"),
        (["*"], "`all` is refused"),
        (["aaaa"], "fits 2 tracks"),
        (["bbb"], "no track to review"),
        (["bbbb33", "cccc44"], "'cccc44'"),
        ([""], "no track to review"),
    ],
)
def test_what_names_no_single_track_is_refused(words: list[str], told: str) -> None:
    """P41"""
    with pytest.raises(BadSetting, match=told):
        chosen(words, WAITING)


def test_one_command_settles_so_many_tracks_and_no_more() -> None:
    """P41: a cap on what one run may apply."""
    many = [review(f"{number:06x}", str(number)) for number in range(MOST_AT_ONCE + 1)]
    words = [each.review_id for each in many]

    assert len(chosen(words[1:], many)) == MOST_AT_ONCE
    with pytest.raises(BadSetting, match="too many"):
        chosen(words, many)


def test_the_latest_reasons_for_that_recording_are_told() -> None:
    """P41"""
    told = [decided("unsure", "b", "match"), decided("unsure", "a", "match sound"), decided("new", "a", "match")]

    assert reasons_for("a", told) == told[1].reasons
    assert reasons_for("c", told) == ()


def test_the_latest_verdict_of_a_person_counts() -> None:
    another, same, undone = decided(ANOTHER), decided(SAME), decided(UNDONE)

    assert said_apart([another, decided(ANOTHER, "b")]) == {"a", "b"}
    assert said_apart([another, same]) == said_apart([another, undone]) == frozenset()
    assert said_apart([another, undone, decided(ANOTHER)]) == {"a"}
    assert said_apart([decided(ANOTHER, stage="match")]) == frozenset()


def test_a_recording_that_is_not_there_any_more_takes_no_link() -> None:
    ours = review("aaaa11")
    must_be_mergeable(ours)

    with pytest.raises(NeedsPerson, match="review reject aaaa11"):
        must_be_mergeable(Review("aaaa11", ours.found, 1, "", recording_id="a"))
    with pytest.raises(NeedsPerson, match=r"retry 'Moderat/aaaa\.flac'"):
        must_be_mergeable(Review("aaaa11", ours.found, 1, "", recording_id="a", ours=OURS, is_lost=True))


@pytest.fixture
def catalogue() -> FakeCatalogue:
    catalogue = FakeCatalogue()
    catalogue.add(OURS, track("ours"))
    return catalogue


def test_match_never_asks_again_what_a_person_answered(catalogue: FakeCatalogue) -> None:
    """P46: and the other finds of the same sound are still asked about."""
    asked = match(REMIX, catalogue, "", SOUND)
    catalogue.started(REMIX, 1)
    catalogue.decided(REMIX, STAGE, ANOTHER, OURS.recording_id, [])

    assert (asked.verdict, asked.recording_id) == ("unsure", OURS.recording_id)
    assert match(REMIX, catalogue, "", SOUND).verdict == "new"
    assert match(track("other", REMIX.title), catalogue, "", SOUND).verdict == "unsure"


def test_what_was_told_apart_from_one_recording_is_still_compared_with_the_others(catalogue: FakeCatalogue) -> None:
    """P38: a verdict on one pair says nothing of another pair."""
    twin = recording("bbbb", REMIX.title, seed=1)
    catalogue.add(twin, track("twin"))
    catalogue.decided(REMIX, STAGE, ANOTHER, OURS.recording_id, [])

    found = match(REMIX, catalogue, "", SOUND)

    assert (found.verdict, found.recording_id) == ("same", twin.recording_id)


def test_told_apart_holds_against_isrc_and_link_but_not_against_the_very_bytes(catalogue: FakeCatalogue) -> None:
    """P40"""
    page = "https://soundcloud.com/moderat/bad-kingdom"
    marked = recording("cccc", isrc="DEAR41300001")
    catalogue.add(marked, track("marked", url=page))
    again = track("again", isrc="DEAR41300001", url=page, length_s=LENGTH_S)
    assert match(again, catalogue).verdict == "same"
    catalogue.decided(again, STAGE, ANOTHER, marked.recording_id, [])

    assert match(again, catalogue).verdict == "new"
    assert match(again, catalogue, marked.origin_sha256).recording_id == marked.recording_id


def test_an_unsure_match_tells_both_lengths(catalogue: FakeCatalogue) -> None:
    """P40"""
    told = match(REMIX, catalogue, "", SOUND)

    assert [reason.rule for reason in told.reasons] == ["version_words", "length"]
    assert "200.0 s long, ours is 200.0 s" in told.reasons[1].text
