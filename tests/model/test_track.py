"""What a person reads of a track or a recording."""

import pytest

from music_sync.model.track import Analysis, Recording


@pytest.mark.parametrize(
    ("artist", "title", "label"),
    [("Moderat", "Bad Kingdom", "Moderat - Bad Kingdom"), ("", "main_theme", "main_theme"), ("", "", "0123abcd")],
)
def test_a_recording_is_called_by_what_is_known_of_it(artist: str, title: str, label: str) -> None:
    recording = Recording("0123abcd", artist, title, "", "", "", None, "", "0" * 64, Analysis(180.0, ()))

    assert recording.label == label
