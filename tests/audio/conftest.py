"""Sound that the audio tests share."""

import numpy as np
import pytest
from tests.audio.encoded import Samples


@pytest.fixture(scope="session")
def melody() -> Samples:
    """Twelve seconds of changing chords over a steady beat, stereo, 44.1 kHz, shape (2, n)."""
    rng = np.random.default_rng(7)
    at = np.arange(12 * 44_100) / 44_100
    pitch = 220 * 2 ** (rng.integers(0, 12, 48)[np.minimum((at * 4).astype(int), 47)] / 12)
    turn = 2 * np.pi * np.cumsum(pitch) / 44_100
    tone = 0.2 * np.sin(turn) + 0.1 * np.sin(2 * turn) + 0.05 * rng.standard_normal(at.size) * np.exp(-(at * 4 % 1) * 9)
    return np.stack([tone, 0.8 * tone]).astype(np.float32)
