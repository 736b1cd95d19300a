"""How like two descriptions are; the labelled cases are in match_cases.csv, here are the rules one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_sync.track.likeness import Described, compare, is_preview

BAD_KINGDOM = Described("Moderat", "Bad Kingdom", 259.0)


def verdict(one: Described, other: Described) -> str:
    assert compare(one, other).verdict == compare(other, one).verdict
    return compare(one, other).verdict


@pytest.mark.parametrize(
    "other",
    [
        Described("MODERAT", "Bad Kingdom", 260.5),
        Described("Moderat", "Bad Kingdom (Original Mix)"),
        Described("Moderat, Siriusmo", "Bad Kingdom", 259.0),
        Described("somelabel", "Moderat - Bad Kingdom [FREE DL]", 259.0),
        Described("Moderat - Topic", "Bad Kingdom", 259.0),
        Described("Moderat", "Bad Kindgom", 259.0),
    ],
)
def test_the_same_track_is_known_in_other_words(other: Described) -> None:
    assert verdict(BAD_KINGDOM, other) == "same"


@pytest.mark.parametrize(
    "other",
    [
        Described("Moderat", "Bad Kingdom (Robag Wruhme Remix)", 259.0),
        Described("Moderat", "Bad Kingdom (Live)", 259.0),
        Described("Somebody Else", "Bad Kingdom", 259.0),
        Described("Moderat", "The Bad Kingdom Of Sound", 259.0),
        Described("Moderat", "Bad Kingdom", 30.0),
        Described("Moderat", "Bad Kingdom", 420.0),
        Described("Moderat", "Bad Kingdom (Karaoke Version)", 259.0),
    ],
)
def test_another_track_is_told_apart(other: Described) -> None:
    assert verdict(BAD_KINGDOM, other) == "different"


def test_a_title_within_a_title_is_no_match() -> None:
    """P49"""
    assert verdict(Described("A", "Waves", 200), Described("A", "It Goes In Waves", 200)) == "different"


def test_the_same_title_by_another_artist_is_another_track() -> None:
    """P39"""
    assert verdict(Described("Adele", "Hello", 295), Described("Lionel Richie", "Hello", 295)) == "different"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Track 1", "Track 2"),
        ("Part One", "Part Two"),
        ("Suite II", "Suite III"),
        ("Side A", "Side B"),
        ("No. 5", "No. 6"),
    ],
)
def test_titles_that_count_differently_are_different(one: str, other: str) -> None:
    assert verdict(Described("A", f"Symphony {one}", 200), Described("A", f"Symphony {other}", 200)) == "different"


def test_a_remaster_is_the_same_recording() -> None:
    plain, remastered = Described("Queen", "Song", 354), Described("Queen", "Song - Remastered 2011", 354)

    assert verdict(plain, remastered) == "same"
    assert verdict(plain, Described("Queen", "Song - Remastered 2011", 300)) == "different"


@pytest.mark.parametrize(("length_s", "said"), [(214.0, "same"), (None, "unsure"), (525.0, "different")])
def test_the_length_tells_whether_a_radio_edit_is_what_another_leaves_unsaid(length_s: float | None, said: str) -> None:
    assert (
        verdict(Described("Faithless", "Insomnia (Radio Edit)", 214), Described("Faithless", "Insomnia", length_s))
        == said
    )


def test_the_same_isrc_and_length_make_small_things_small() -> None:
    one = Described("Nadia Klee", "Half Past Two", 180, "DEZZ92500001")

    assert verdict(one, Described("N. Klee", "Half Past 2", 181, "DE-ZZ9-25-00001")) == "same"
    assert verdict(one, Described("Nadia Klee", "Half Past Two", 240, "DEZZ92500001")) == "different"
    assert verdict(one, Described("Nadia Klee", "Half Past Two (Live)", 180, "DEZZ92500001")) == "different"


@pytest.mark.parametrize(
    ("length_s", "whole_s", "said"), [(30, 240, True), (29.7, None, True), (30, 31, False), (45, 240, False)]
)
def test_a_preview_is_known_by_its_length(length_s: float, whole_s: float | None, said: bool) -> None:
    """P21"""
    assert is_preview(length_s, whole_s) is said


def test_the_findings_are_told() -> None:
    found = compare(BAD_KINGDOM, Described("Moderat", "Bad Kingdom (Live)", 300.0))

    assert {reason.rule for reason in found.reasons} == {"title", "artist", "version", "length"}
    assert all(reason.text for reason in found.reasons)


words = st.text(max_size=40)


@given(words, words, words, words)
def test_it_is_the_same_from_either_side(artist: str, title: str, other_artist: str, other_title: str) -> None:
    one, other = Described(artist, title), Described(other_artist, other_title)

    assert compare(one, other).score == compare(other, one).score


@pytest.mark.parametrize(("length_s", "said"), [(200, "same"), (None, "unsure"), (260, "different")])
def test_the_length_tells_whether_words_in_brackets_are_a_subtitle(length_s: float | None, said: str) -> None:
    assert (
        verdict(
            Described("Eurythmics", "Sweet Dreams (Are Made of This)", 200),
            Described("Eurythmics", "Sweet Dreams", length_s),
        )
        == said
    )


def test_a_title_that_stands_in_the_artists_place_needs_the_same_length() -> None:
    assert verdict(Described("Glue", "Bicep", 269), Described("Bicep", "Glue", 269)) == "same"
    assert verdict(Described("Boston", "Texas"), Described("Texas", "Boston")) == "unsure"
    assert verdict(Described("Boston", "Texas", 305), Described("Texas", "Boston", 214)) == "different"


def test_an_album_tells_what_its_titles_leave_out() -> None:
    live = Described("Portishead", "Roads", 350, album="Roseland NYC Live")

    assert verdict(live, Described("Portishead", "Roads - Live", 350)) == "same"
    assert verdict(live, Described("Portishead", "Roads", 350, album="Dummy")) == "different"
    assert (
        verdict(Described("Hole", "Violet", 204, album="Live Through This"), Described("Hole", "Violet", 204)) == "same"
    )


def test_guests_who_differ_are_for_a_person() -> None:
    one, other = Described("A", "Song (feat. Raye)", 200), Described("A", "Song (feat. Nelly)", 200)

    assert verdict(one, other) == "unsure"
    assert verdict(one, Described("A, Raye", "Song", 200)) == "same"


def test_one_code_for_two_titles_without_a_length_is_for_a_person() -> None:
    one, other = Described("A", "Rez", isrc="GBAYE9300001"), Described("B", "Cowgirl", isrc="GBAYE9300001")

    assert verdict(one, other) == "unsure"


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        # `DJ` is no name, and two artists of one Latin name may be two.
        (Described("DJ 和", "Summer", 200), Described("DJ 花", "Summer", 200), "different"),
        (Described("Team 和", "Summer", 200), Described("Team 花", "Summer", 200), "unsure"),
        (Described("Echo 許願", "月台", 217), Described("Echo許願", "月台", 217), "same"),
        # A work is no composer: only the movements have one title here.
        (
            Described("J. S. Bach", "Cello Suite No. 1 in G Major, BWV 1007: I. Prélude", 148),
            Described("J. S. Bach", "Cello Suite No. 2 in D Minor, BWV 1008: I. Prélude", 148),
            "different",
        ),
        (Described("Nina Vale", "One / Two", 300), Described("Nina Vale", "One & Two", 300), "same"),
        (Described("Nina Vale", "Harbour", 300), Described("Nina Vale", "Harbour (弾む)", 300), "unsure"),
        (
            Described("Nina Vale", "Harbour", 300),
            Described("Nina Vale", "Harbour (Late Winter Wanderings)", 302),
            "unsure",
        ),
        (
            Described("Nina Vale", "Harbour", 300),
            Described("Nina Vale", "Harbour (Late Winter Wanderings)", 301),
            "same",
        ),
        # Consonants alone do not decide where no length speaks.
        (Described("שלמה ארצי", "תרקוד"), Described("Shlomo Artzi", "Tirkod"), "unsure"),
        (Described("王菲", "First Love", 257), Described("Faye Wong", "First Love", 258), "unsure"),
    ],
)
def test_what_scripts_works_and_brackets_tell_is_weighed(one: Described, other: Described, said: str) -> None:
    assert compare(one, other).verdict == compare(other, one).verdict == said
