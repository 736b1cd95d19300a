"""Which version of a track a title names."""

import pytest

from music_sync.track.words import version_key, version_text


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
    ],
)
def test_versions_are_kept_apart(one: str, other: str) -> None:
    """P46"""
    assert version_key(one) != version_key(other)
