"""Which version of a track a title names."""

import pytest

from music_sync.track.words import tokens, version_key, version_text


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Bad Kingdom", ""),
        ("Bad Kingdom (Robag Wruhme Remix)", "Robag Wruhme Remix"),
        ("Bad Kingdom [Extended Mix]", "Extended Mix"),
        ("Bad Kingdom - Live at Berghain", "Live at Berghain"),
        ("Bad Kingdom (feat. Someone)", ""),
        ("Bad Kingdom (feat. The Remix Girls)", ""),
        ("Bad Kingdom (2024 Remaster) [Instrumental]", "2024 Remaster, Instrumental"),
        ("Sunset", ""),
        ("Alive", ""),
        ("Remixed Emotions", ""),
        ("Half-Past - Two", ""),
        ("(Unfinished Sympathy", ""),
        ("", ""),
    ],
)
def test_the_version_of_a_title_is_read(title: str, text: str) -> None:
    """P24"""
    assert version_text(title) == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Song (Someone Remix)", "Song [SOMEONE REMIX]"),
        ("Song (Rémix)", "Song (remix)"),
        ("Song", "Song (Original Mix)"),
        ("Song", "Song (Album Version)"),
        ("Song - Extended Mix", "Song (Extended)"),
        ("Song (A Remix) [Live]", "Song (Live) (A Remix)"),
        ("Song (A Rmx)", "Song (A Remix)"),
        ("Song (Acappella)", "Song - A Cappella"),
    ],
)
def test_two_spellings_of_one_version_have_one_key(one: str, other: str) -> None:
    assert version_key(one) == version_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Song", "Song (Remix)"),
        ("Song (A Remix)", "Song (B Remix)"),
        ("Song (Extended)", "Song (Radio Edit)"),
        ("Song (Live)", "Song (Instrumental)"),
        ("Song", "Song - Sped Up"),
        ("Song", "Song (VIP)"),
        ("Song", "Song - Remastered 2011"),
        ("Song", "Song (Monster Mix)"),
        ("Song (Live at Wembley)", "Song (Live in Rome)"),
        ("Song (Take 1)", "Song (Take 7)"),
    ],
)
def test_versions_are_kept_apart(one: str, other: str) -> None:
    """P46"""
    assert version_key(one) != version_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café", "CAFE"),
        ("Cafe\u0301", "Café"),
        ("Ｌｅｍｏｎ", "lemon"),
        ("ﾎﾟﾘﾘｽﾞﾑ", "ポリリズム"),
        ("Ke$ha", "Kesha"),
        ("D.A.N.C.E.", "Dance"),
        ("❤️", "❤"),
        ("إنت عمري", "انت عمري"),
        ("ΜΆΓΙΣΣΑ", "μαγισσα"),
        ("Sun & Moon", "Sun and Moon"),
    ],
)
def test_two_spellings_of_one_word_are_one(one: str, other: str) -> None:
    """B27"""
    assert tokens(one) == tokens(other)


@pytest.mark.parametrize(("one", "other"), [("दिल", "दाल"), ("กา", "กี"), ("мой", "мои"), ("がく", "かく"), ("?", "!")])
def test_what_tells_words_apart_in_any_script_is_kept(one: str, other: str) -> None:
    assert tokens(one) != tokens(other)
