"""Names: nothing foreign leaves the library, and a template does what its owner reads in it."""

import os
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from music_sync.model.errors import BadSetting
from music_sync.track.naming import DEFAULT_TEMPLATE, FIELDS, SEGMENT_BYTES, Template, safe_name

LONGEST_ADDITION = " [0123abcd-99].aiff"
TRACK: dict[str, str | float | None] = {
    "artist": "Moderat",
    "title": "Bad Kingdom",
    "version": "DJ Koze Remix",
    "album": "II",
    "year": 2013,
    "genre": "Techno",
    "tempo": 117.96,
    "key": "Am",
    "camelot": "8A",
    "source": "spotify",
    "month": "2026-11",
    "id": "0123abcd",
}

hostile_text = st.one_of(
    st.text(max_size=80),
    st.text(st.characters(codec=None, categories=["Cs", "Cc", "Cf", "Mn", "Me", "Co", "Cn", "Zs"]), max_size=80),
    st.text("./\\~- \u0301\u0338<>:CONAUX", max_size=20),
    st.text("🎧👩🏽🇩🇪e\u0301각", min_size=40, max_size=300),
)


@pytest.mark.parametrize(
    ("foreign", "safe"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("/etc/x", "_etc_x"),
        ("..\\..\\x", "_.._x"),
        ("C:\\x", "C__x"),
        ("%2e%2e/", "%2e%2e_"),
        ("a\uff0fb\u2215c\u2044d\uff3ce", "a_b_c_d_e"),
        ("\uff0e\uff0e/x", "_x"),
        ("AC/DC", "AC_DC"),
        (".", "untitled"),
        ("..", "untitled"),
        ("", "untitled"),
        (" . . ", "untitled"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("--exec rm", "exec rm"),
        ("~root", "root"),
        ("CON", "_CON"),
        ("con", "_con"),
        ("NUL.mp3", "_NUL.mp3"),
        ("COM1.txt", "_COM1.txt"),
        ("COM¹", "_COM¹"),
        ("aux.", "_aux"),
        ("nul .x", "_nul .x"),
        ("CONTROL", "CONTROL"),
        ("a.", "a"),
        ("a ", "a"),
        ('Who? <What>: "Why*|"', "Who_ _What__ _Why___"),
        ("a\0b\x1b[31mc\x9bd", "ab[31mcd"),
        ("two\nlines\tand  more", "two lines and more"),
        ("song\u202egpm.exe", "songgpm.exe"),
        ("zero\u200bwidth\ufeff\u2060", "zerowidth"),
        ("\u3164\u115f\u2800", "untitled"),
        ("lone\ud800", "lone"),
        ("e\u0301", "é"),
        ("\u212a", "K"),
        ("\u0301abc", "abc"),
        ("private \uf022", "private _"),
        ("%(title)s {0} $HOME `id` ;rm 100%d", "%(title)s {0} $HOME `id` ;rm 100%d"),
        ("Ænima … Sigur Rós ( ) 東京", "Ænima … Sigur Rós ( ) 東京"),
    ],
)
def test_foreign_text_becomes_one_visible_segment(foreign: str, safe: str) -> None:
    """B23 B24 B26"""
    assert safe_name(foreign) == safe


def test_the_callers_fallback_stands_for_text_of_which_nothing_is_left() -> None:
    assert safe_name("...", "spotify:4cOdK2") == "spotify_4cOdK2"
    assert safe_name("...", "///") == "___"
    assert safe_name("...", "..") == "untitled"


def test_stacked_accents_are_limited_to_four() -> None:
    zalgo = "Z" + "\u0335\u0316\u0317\u0318\u0319\u031c\u031d" * 30

    assert len(safe_name(zalgo)) == 5


def test_a_vietnamese_title_keeps_its_accents() -> None:
    assert safe_name("Ngày mai em đi, Ở đâu, Ước mơ") == "Ngày mai em đi, Ở đâu, Ước mơ"


@pytest.mark.parametrize("cluster", ["🎧", "👍🏽", "🇩🇪", "x\u0323\u0307", "\u1112\u1161\u11f0"])
def test_a_long_name_is_cut_between_characters_as_a_person_sees_them(cluster: str) -> None:
    """B25"""
    name = safe_name(cluster * 100)
    whole = unicodedata.normalize("NFC", cluster)

    assert name == whole * (len(name) // len(whole))
    assert len((name + LONGEST_ADDITION).encode()) <= SEGMENT_BYTES < len((name + whole + LONGEST_ADDITION).encode())


def test_a_title_of_a_megabyte_is_cut() -> None:
    """B30"""
    assert len(safe_name("la " * 400_000).encode()) <= SEGMENT_BYTES


@settings(max_examples=400, deadline=None)
@given(hostile_text)
@example("CON" + "." * 300 + "x")
@example("a" * 180 + ". . . b")
@example("<\u0338")
@example("e\u200d\u0301")
def test_every_name_is_safe_on_every_file_system(text: str) -> None:
    """B23 B24 B25 B26"""
    name = safe_name(text)

    assert name
    assert len((name + LONGEST_ADDITION).encode()) <= SEGMENT_BYTES
    assert unicodedata.is_normalized("NFC", name)
    assert safe_name(name) == name
    assert not set(name) & set('<>:"/\\|?*')
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for char in name)
    assert name[0] not in " .-~"
    assert name[-1] not in " ."
    assert name.split(".")[0].strip().upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9"}


@settings(max_examples=60, deadline=None)
@given(artist=hostile_text, title=hostile_text)
def test_a_filled_template_stays_inside_its_root_and_can_be_made(artist: str, title: str) -> None:
    """B23"""
    path = Template.parse("{genre/}" + DEFAULT_TEMPLATE).path({"artist": artist, "title": title, "genre": artist[::-1]})
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        target = root / (path + ".aiff")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()

        assert Path(os.path.realpath(target)).is_relative_to(root)
        assert len(target.relative_to(root).parts) <= 3
        assert all(len(part.encode()) <= SEGMENT_BYTES for part in target.relative_to(root).parts)


@pytest.mark.parametrize(
    ("template", "path"),
    [
        (DEFAULT_TEMPLATE, "Moderat/Moderat - Bad Kingdom"),
        ("{genre}/{artist} - {title} [{tempo:.0f} {camelot}]", "Techno/Moderat - Bad Kingdom [118 8A]"),
        ("{title}{ [version]}", "Bad Kingdom [DJ Koze Remix]"),
        ("{title}{ (version)}", "Bad Kingdom (DJ Koze Remix)"),
        ("{title}{( [)version(])}", "Bad Kingdom [DJ Koze Remix]"),
        ("{artist( - )title|id}", "Moderat - Bad Kingdom"),
        ('{title}{" at "tempo" bpm"}', "Bad Kingdom at 117.96 bpm"),
        ("{title} {tempo:.1f} {tempo:04} {year} {year:d}", "Bad Kingdom 118.0 0118 2013 2013"),
        ("{source}/{month}/{key} {id}", "spotify/2026-11/Am 0123abcd"),
        ("{{live}} {title}", "{live} Bad Kingdom"),
        ('{album|"Singles"}/{title}.{ext}', "II/Bad Kingdom"),
        ("{bpm} {name}", "117.96 Bad Kingdom"),
        ("%(artist)s/%(title)s.%(ext)s", "Moderat/Bad Kingdom"),
        ("%(uploader,artist)s 100%% %(bpm)03d", "Moderat 100% 118"),
        ("$artist/$title", "Moderat/Bad Kingdom"),
        ("${albumartist}/$year $$ ${title}", "Moderat/2013 $ Bad Kingdom"),
    ],
)
def test_templates_of_four_tools_are_understood(template: str, path: str) -> None:
    assert Template.parse(template).path(TRACK) == path


@pytest.mark.parametrize(
    ("template", "path"),
    [
        (DEFAULT_TEMPLATE, "Unknown Artist/Unknown Artist - Intro"),
        ("{title}{ [version]}", "Intro"),
        ('{album|genre|"Singles"}/{title}', "Singles/Intro"),
        ("{genre}/{title}", "Intro"),
        ("{genre/}{year - }{title}", "Intro"),
        ("{artist( - )title|title}", "Intro"),
        ("{artist|album}{title}", "Intro"),
        ("%(album|Singles)s/%(title)s", "Singles/Intro"),
        ('{title}{ tempo:.0f" bpm"}', "Intro"),
        ("{album}", "untitled"),
    ],
)
def test_what_is_not_known_vanishes_or_falls_back(template: str, path: str) -> None:
    assert Template.parse(template).path({"title": "Intro", "version": " ", "genre": None, "album": ""}) == path


@pytest.mark.parametrize(
    ("artist", "title", "path"),
    [
        ("AC/DC", "T.N.T.", "AC_DC/AC_DC - T.N.T"),
        ("..", "..", "Unknown/untitled"),
        ("%(title)s", "{artist} $title", "%(title)s/%(title)s - {artist} $title"),
        ("a\0b", "\0/\0", "ab/ab - _"),
    ],
)
def test_a_value_is_only_ever_text(artist: str, title: str, path: str) -> None:
    """B29"""
    filled = Template.parse(DEFAULT_TEMPLATE).path({"artist": artist, "title": title})

    assert filled == path


@pytest.mark.parametrize("year", [0, -5, 99999, float("nan"), float("inf"), 10**30])
def test_a_year_that_cannot_be_is_left_out(year: float) -> None:
    """B30"""
    assert Template.parse("{title}{ (year)}").path({"title": "Intro", "year": year}) == "Intro"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{artist}/{titel}", ["position 11", '"titel"', "did you mean title?"]),
        ("{artist|Nobody}", ["position 9", '"Nobody"', "double quotes"]),
        ("%(artist)s/%(titl)s", ["position 14", "did you mean title?"]),
        ("$artist/$titl", ["position 10", "did you mean title?"]),
        ("%upper{$artist}", ["position 1", "{field}"]),
        ("%(title).20B", ["position 1", "yt-dlp"]),
        ("{title", ["position 1", "partner"]),
        ("title}", ["position 6", "partner"]),
        ("{title|}", ["position 2", "braces"]),
        ("{}", ["position 2", "braces"]),
        ("{tempo:x}", ['"x"', "{tempo:.0f}"]),
        ("/music/{title}", ["position 1", "library"]),
        ("~/music/{title}", ["position 1", "library"]),
        ("C:/music/{title}", ["position 1", "library"]),
        ("{artist}/../{title}", ["position 10", '".."']),
        ("{artist}\\{title}", ["position 9", '"/"']),
        ("{artist}/", ["position 9", "file name"]),
        ("music", ["no field"]),
        ("", ["no field"]),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_with_its_position(template: str, words: list[str]) -> None:
    with pytest.raises(BadSetting) as refusal:
        Template.parse(template)

    assert [word for word in words if word not in str(refusal.value)] == []


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([*'{}|"/$%().:s ', *FIELDS]), max_size=30).map("".join))
def test_any_text_is_a_template_or_a_bad_setting(text: str) -> None:
    try:
        path = Template.parse(text).path(TRACK)
    except BadSetting:
        return

    assert path
    assert all(safe_name(segment) == segment for segment in path.split("/"))
