"""Key of cadences whose key is known."""

import numpy as np
import pytest
from tests.audio.band import RATE_HZ, Mono, in_key

from music_sync.audio.key import ChromaMeter, key
from music_sync.model.track import Key

KEYS = [(tonic, mode) for mode in ("major", "minor") for tonic in range(12)]


def key_of(mono: Mono) -> Key | None:
    meter = ChromaMeter()
    for start in range(0, mono.size, 9_973):
        meter.feed(mono[start : start + 9_973])
    return key(meter.chroma())


@pytest.mark.parametrize(("tonic", "mode"), KEYS)
def test_a_cadence_has_its_key(tonic: int, mode: str) -> None:
    found = key_of(in_key(tonic, mode))

    assert found is not None
    assert (found.tonic, found.mode) == (tonic, mode)
    assert 0.3 < found.confidence <= 1.0


@pytest.mark.parametrize("cents", [-40.0, -20.0, 30.0, 45.0])
def test_a_piece_that_is_out_of_tune_has_the_nearest_key(cents: float) -> None:
    found = key_of(in_key(2, "minor", cents))

    assert found is not None
    assert (found.tonic, found.mode) == (2, "minor")


def test_loudness_makes_no_difference() -> None:
    piece = in_key(7, "major")

    assert key_of(piece) == key_of(np.float32(0.01) * piece)


WITHOUT_KEY = {
    "silence": np.zeros(20 * RATE_HZ),
    "one tone": 0.5 * np.sin(2 * np.pi * 440 * np.arange(20 * RATE_HZ) / RATE_HZ),
    "noise": 0.1 * np.random.default_rng(1).standard_normal(20 * RATE_HZ),
    "a direct current": np.full(20 * RATE_HZ, 0.3),
    "clicks": (np.arange(20 * RATE_HZ) % 5512 < 20) * 0.8,
    "nothing": np.zeros(0),
    "a third of a second": np.full(RATE_HZ // 3, 0.1),
}


@pytest.mark.parametrize("name", WITHOUT_KEY)
def test_what_has_no_harmony_has_no_key(name: str) -> None:
    assert key_of(WITHOUT_KEY[name].astype(np.float32)) is None
