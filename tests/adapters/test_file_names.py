import os
import unicodedata
from pathlib import Path

import pytest

from music_sync.adapters.file_names import clean, path_id, words_of_name


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Artist - Title.mp3", ("Artist", "Title")),
        ("01 - Artist - Title.mp3", ("Artist", "Title")),
        ("01. Artist - Title - Remix.mp3", ("Artist", "Title - Remix")),
        ("112 - Peaches.mp3", ("112", "Peaches")),
        ("50 Cent - In Da Club.mp3", ("50 Cent", "In Da Club")),
        ("01 - Title.mp3", ("", "")),
        ("Title.mp3", ("", "")),
        ("Jay-Z.mp3", ("", "")),
        (" - Title.mp3", ("", "")),
        ("Artist - .mp3", ("", "")),
        ("A\n – \tB.mp3", ("A", "B")),
        (unicodedata.normalize("NFD", "Åke - Låda.mp3"), ("Åke", "Låda")),
        ("caf\udce9 - x\udcff.mp3", ("caf", "x")),
    ],
)
def test_words_are_taken_only_from_names_that_have_both(name: str, words: tuple[str, str]) -> None:
    assert words_of_name(name) == words


def test_a_path_with_bytes_that_are_no_text_can_still_be_stored() -> None:
    path = Path(os.fsdecode(b"/music/caf\xe9.mp3"))

    assert path_id(path) == "/music/caf\\xe9.mp3"
    assert path_id(path).encode()


def test_clean_words_are_on_one_line_and_not_endless() -> None:
    assert clean("  a\x00b\r\n c\u0085\x1b[31m ") == "a b c [31m"
    assert len(clean("x" * 1_000_000)) == 500
