"""The small picture of a sound."""

import numpy as np

from music_sync.audio.peaks import columns_of


def test_loud_and_quiet_parts_stand_where_they_sound() -> None:
    blocks = [np.full((2, 8000), 0.25, np.float32)] * 10 + [np.full((2, 8000), -1.0, np.float32)] * 10
    columns = columns_of(blocks, 20)

    assert list(columns[:10]) == [64] * 10
    assert list(columns[10:]) == [255] * 10


def test_a_sound_shorter_than_the_picture_fills_it() -> None:
    columns = columns_of([np.full((1, 100), 0.5, np.float32)], 400)

    assert set(columns) == {128}
    assert len(columns) == 400


def test_what_is_louder_than_full_scale_and_what_is_nothing_still_is_a_picture() -> None:
    assert set(columns_of([np.full((1, 100), 3.0, np.float32)], 4)) == {255}
    assert columns_of([], 4) == bytes(4)
