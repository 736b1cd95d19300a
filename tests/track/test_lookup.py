"""By which words a title is looked up among many."""

import pytest

from music_sync.track.lookup import filed_under, is_mistyped, looked_up


@pytest.mark.parametrize(
    ("artist", "title"),
    [
        ("Ferro", "3AM"),
        ("Ferro", "Three A.M. (Live)"),
        ("some label", "PREMIERE: Ferro - Three AM [LBL012]"),
        ("", "01_ferro-three_am-WEB-2019.mp3"),
    ],
)
def test_one_title_stands_under_the_same_whole_however_it_is_written(artist: str, title: str) -> None:
    assert "3am" in filed_under(artist, title).wholes & looked_up("Ferro", "Three A.M.").wholes


def test_a_title_is_found_by_its_sound() -> None:
    assert filed_under("Кино", "Группа крови").wholes & looked_up("Kino", "Gruppa krovi").wholes


def test_a_mistyped_title_of_an_artist_is_looked_at() -> None:
    lacth = filed_under("Disclosure", "Lacth")

    assert is_mistyped(looked_up("Disclosure", "Latch"), lacth)
    assert not is_mistyped(looked_up("Disclosure", "Omen"), lacth)
