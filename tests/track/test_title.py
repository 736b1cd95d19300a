"""What a name says: artists, title, guests and version, in the ways that stores and uploaders write them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_sync.track.title import Named, artists_in, readings


def read(artist: str, title: str) -> Named:
    return readings(artist, title)[0]


@pytest.mark.parametrize(
    ("text", "artists"),
    [
        ("Moderat", ["moderat"]),
        ("Above & Beyond", ["above", "beyond"]),
        ("A, B feat. C", ["a", "b", "c"]),
        ("Bicep x Hammer", ["bicep", "hammer"]),
        ("The Chemical Brothers", ["chemical brothers"]),
        ("Beyoncé", ["beyonce"]),
        ("Ｗｉｄｅ", ["wide"]),
        ("夜行バス", ["夜行バス"]),
        ("", []),
    ],
)
def test_the_artists_of_a_field_are_told_apart(text: str, artists: list[str]) -> None:
    assert [" ".join(words) for words in artists_in(text)] == artists


@pytest.mark.parametrize(
    "title",
    [
        "Bad Kingdom",
        "Bad Kingdom (Original Mix)",
        "Bad Kingdom [FREE DL]",
        "Bad Kingdom (Official Music Video)",
        "Bad Kingdom [Official Video] [HD]",
        "PREMIERE: Bad Kingdom",
        "Bad Kingdom (Official Lyric Video)",
        "Bad Kingdom | Official Video",
        "BAD KINGDOM",
        "01. Bad Kingdom",
        "Bad Kingdom [MTR042]",
        "Bad Kingdom [Out Now]",
    ],
)
def test_what_advertises_an_upload_is_no_part_of_its_title(title: str) -> None:
    named = read("Moderat", title)

    assert (named.title, named.kinds) == (("bad", "kingdom"), frozenset())


@pytest.mark.parametrize(
    ("title", "kinds", "words"),
    [
        ("Song (Someone Remix)", {"remix"}, {"someone"}),
        ("Song - Someone Remix", {"remix"}, {"someone"}),
        ("Song [Someone Rmx]", {"remix"}, {"someone"}),
        ("Song (Remixed by Someone)", {"remix"}, {"someone"}),
        ("Song (Extended Mix)", {"extended"}, set()),
        ('Song (12" Mix)', {"extended"}, set()),
        ("Song (Radio Edit)", {"radio"}, set()),
        ("Song (VIP Mix)", {"vip"}, set()),
        ("Song (Live at Berghain)", {"live"}, set()),
        ("Song (Acapella)", {"acapella"}, set()),
        ("Song (A Cappella)", {"acapella"}, set()),
        ("Song (2011 Remaster)", {"remaster"}, set()),
        ("Song - Remastered 2011", {"remaster"}, set()),
        ("Song (Taylor's Version)", {"mix"}, {"taylor"}),
        ("Song (Re-Recorded)", {"rerecorded"}, set()),
        ("Song (Monster Mix)", {"mix"}, {"monster"}),
        ("Song (One vs. Other)", {"remix"}, {"one", "other"}),
        ("Song (Live at Wembley)", {"live"}, {"wembley"}),
        ("Song (Live on KEXP)", {"live", "session"}, {"kexp"}),
        ("Song (ライブ)", {"live"}, set()),
        ("Song VIP", {"vip"}, set()),
        ("Song #techno #spedup", {"spedup"}, set()),
        ("Song (Sped Up)", {"spedup"}, set()),
        ("Song (slowed + reverb)", {"slowed"}, set()),
        ("Song slowed + reverb", {"slowed"}, set()),
        ("Song Nightcore", {"nightcore"}, set()),
        ("Song (8D Audio)", {"8d"}, set()),
        ("Song (Karaoke Version)", {"karaoke"}, set()),
        ("Song (Piano Cover)", {"cover", "piano"}, set()),
        ("Song (Someone Bootleg)", {"bootleg"}, {"someone"}),
        ("Song (Someone Flip)", {"flip"}, {"someone"}),
        ("Song (Demo)", {"demo"}, set()),
        ("Song (Instrumental)", {"instrumental"}, set()),
        ("Song (Snippet)", {"preview"}, set()),
    ],
)
def test_a_version_is_read_in_any_of_its_spellings(title: str, kinds: set[str], words: set[str]) -> None:
    named = read("Artist", title)

    assert named.title == ("song",)
    assert named.kinds == kinds
    assert words <= named.version


@pytest.mark.parametrize(
    "title", ["Sunset", "Alive", "Long Live", "Remixed Emotions", "Demons", "Undercover", "Clubbed to Death"]
)
def test_a_word_within_a_title_is_no_version(title: str) -> None:
    """P24"""
    assert read("Artist", title).kinds == frozenset()


@pytest.mark.parametrize(
    ("title", "guests"),
    [
        ("Song (feat. Someone)", ["someone"]),
        ("Song ft. Someone", ["someone"]),
        ("Song (with Someone & Other)", ["someone", "other"]),
        ("Song - feat. The Remix Girls", ["remix girls"]),
    ],
)
def test_guests_are_no_part_of_a_title(title: str, guests: list[str]) -> None:
    named = read("Artist", title)

    assert named.title == ("song",)
    assert [" ".join(words) for words in named.guests] == guests
    assert named.kinds == frozenset()


def test_an_upload_is_also_read_as_artist_and_title() -> None:
    forms = {named.form: named for named in readings("somelabel", "Bicep - Glue (Original Mix)")}

    assert forms["upload"].artists == (("bicep",),)
    assert forms["upload"].title == ("glue",)
    assert forms["turned"].title == ("bicep",)


@pytest.mark.parametrize(
    "title",
    [
        "Bicep - Glue",
        "BICEP | GLUE (Official Video)",
        'Bicep "Glue" M/V',
        "Bicep 'Glue'",
        "Bicep「Glue」MV",
        "Bicep: Glue",
        "Bicep / Glue",
        "PREMIERE: Bicep - Glue [HC001]",
        "[House] - Bicep - Glue",
        "HC001 - Bicep - Glue",
        "Bicep - Glue | Some Channel",
        "Some Magazine Premiere | Bicep - Glue",
        "Bicep_-_Glue_[somewhere.com].mp3",
        "**FREE DL** Bicep - Glue #house #techno",
        "🎵 Bicep - Glue 🎵",
    ],
)
def test_artist_and_title_are_found_in_every_form_of_an_upload(title: str) -> None:
    assert ((("bicep",),), ("glue",)) in {(named.artists, named.title) for named in readings("Some Label", title)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rain, Pt. 2", "Rain (Part II)"),
        ("Rain Vol. 2", "Rain Volume Two"),
        ("Rain No. 5", "Rain № 5"),
        ("Nothing Compares 2 U", "Nothing Compares To You"),
        ("V I P E R", "Viper"),
    ],
)
def test_numbers_and_shortened_words_have_one_spelling(one: str, other: str) -> None:
    assert read("Artist", one).full == read("Artist", other).full


def test_brackets_that_count_are_no_catalogue_number() -> None:
    assert read("Artist", "Rain [Part 10]").full != read("Artist", "Rain [Part 11]").full
    assert read("Artist", "Rain [HC010]").full == read("Artist", "Rain [HC011]").full


@pytest.mark.parametrize("artist", ["Unknown Artist", "Various Artists", ""])
def test_nobody_is_no_artist(artist: str) -> None:
    assert read(artist, "Glue").artists == ()


@pytest.mark.parametrize("channel", ["Bicep - Topic", "BicepVEVO", "Bicep"])
def test_an_artists_own_channel_is_the_artist(channel: str) -> None:
    assert read(channel, "Bicep - Glue").artists == (("bicep",),)
    assert read(channel, "Bicep - Glue").title == ("glue",)


@pytest.mark.parametrize("title", ["🎧🎶", "!!!", "???", "(Untitled)", "[ ]", "-", "…"])
def test_a_title_of_signs_stays_a_title(title: str) -> None:
    assert read("Artist", title).title


@given(st.text(max_size=60), st.text(alphabet="a -–|/:\"'()[]「」【】_*#.&", max_size=2000) | st.text(max_size=120))
def test_any_words_can_be_read(artist: str, title: str) -> None:
    assert readings(artist, title)


@pytest.mark.parametrize(
    "text", ["[" * 200 + "]" * 200, "a" + " " * 490 + "b", "- " * 240, "a, (x) " * 70, "| a - b " * 60]
)
def test_b30_a_nasty_name_takes_no_time(text: str) -> None:
    began = time.process_time()
    readings(text, text + "z")

    assert time.process_time() - began < 1
