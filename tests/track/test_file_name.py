"""What a file's name tells of a track."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from music_sync.track.file_name import spoken


@pytest.mark.parametrize(
    "name",
    [
        "Corrin Ashe - Wicker Man.mp3",
        "Corrin_Ashe_-_Wicker_Man.flac",
        "07_Corrin_Ashe-Wicker_Man-ZZZ.mp3",
        "07-Corrin_Ashe-Wicker_Man-WEB-2019-ZZZ",
        "Corrin Ashe-Wicker Man-Topic",
        "8A - 124 - Corrin Ashe - Wicker Man",
        "Corrin Ashe - Wicker Man - 6A - 126",
        "Y2Mate.is - Corrin Ashe - Wicker Man-128k",
        "Corrin Ashe - Wicker Man (1)",
        "Corrin Ashe - Wicker Man - Copy",
    ],
)
def test_a_file_without_tags_is_read_as_artist_and_title(name: str) -> None:
    assert spoken(name, is_alone=True) == "Corrin Ashe - Wicker Man"


@pytest.mark.parametrize("name", ["ann-drift-live-2019.mp3", "ann-drift-live-WEB-ZZZ"])
def test_a_version_in_a_files_name_is_kept(name: str) -> None:
    """P46"""
    assert spoken(name, is_alone=True) == "ann - drift [live]"


@pytest.mark.parametrize("title", ["Monument (1)", "Tin-Can Choir", "22-20s", "Night-Day-Night"])
def test_a_title_beside_an_artist_is_no_files_name(title: str) -> None:
    assert spoken(title, is_alone=False) == title


@given(st.text(max_size=120) | st.text(alphabet="ab01 -_.()[]#", max_size=60), st.booleans())
def test_any_name_can_be_read(name: str, is_alone: bool) -> None:
    assert spoken(name, is_alone=is_alone) or not name
