"""Tempo of pieces whose tempo is known."""

import numpy as np
import pytest
from tests.audio.band import BEATS, RATE_HZ, Mono, at_tempo

from music_sync.audio.tempo import OnsetMeter, tempo
from music_sync.model.track import Tempo

TEMPI = (90.0, 97.3, 104.0, 112.25, 120.0, 126.0, 128.0, 133.33, 140.5, 150.0, 160.2, 174.0)


def tempo_of(mono: Mono) -> Tempo | None:
    meter = OnsetMeter()
    for start in range(0, mono.size, 9_973):
        meter.feed(mono[start : start + 9_973])
    return tempo(meter.onsets())


@pytest.mark.parametrize("beat", BEATS)
@pytest.mark.parametrize("bpm", TEMPI)
def test_the_tempo_is_found_to_a_twentieth_of_a_beat_and_in_its_octave(bpm: float, beat: str) -> None:
    found = tempo_of(at_tempo(bpm, beat))

    assert found is not None
    assert found.bpm == pytest.approx(bpm, abs=0.05)
    assert 0.0 < found.confidence <= 1.0


def test_a_clear_beat_is_surer_than_one_that_is_all_sixteenths() -> None:
    clear, even = tempo_of(at_tempo(150.0, "house")), tempo_of(at_tempo(150.0, "techno"))

    assert clear is not None
    assert even is not None
    assert clear.confidence > 0.8 > even.confidence


@pytest.mark.parametrize("gain", [0.003, 1.0])
def test_ten_seconds_are_enough_however_quiet(gain: float) -> None:
    found = tempo_of(np.float32(gain) * at_tempo(128.0, "house", 10.0))

    assert found is not None
    assert found.bpm == pytest.approx(128.0, abs=0.5)


def test_bare_clicks_have_a_tempo() -> None:
    clicks = np.zeros(30 * RATE_HZ, np.float32)
    for beat in range(60):
        clicks[round(beat * RATE_HZ * 60 / 121.5) :][:20] = 0.8

    found = tempo_of(clicks)

    assert found is not None
    assert found.bpm == pytest.approx(121.5, abs=0.05)


def test_a_tempo_that_drifts_is_met_in_its_middle() -> None:
    clicks, at_s = np.zeros(60 * RATE_HZ, np.float32), 0.0
    while at_s < 59:
        clicks[round(at_s * RATE_HZ) :][:20] = 0.8
        at_s += 60 / (118 + 4 * at_s / 60)

    found = tempo_of(clicks)

    assert found is not None
    assert found.bpm == pytest.approx(120.0, abs=2.0)


WITHOUT_BEAT = {
    "silence": np.zeros(20 * RATE_HZ),
    "a steady tone": 0.5 * np.sin(2 * np.pi * 440 * np.arange(20 * RATE_HZ) / RATE_HZ),
    "noise": 0.1 * np.random.default_rng(1).standard_normal(20 * RATE_HZ),
    "one bang": (np.arange(20 * RATE_HZ) == RATE_HZ) * 1.0,
    "a direct current": np.full(20 * RATE_HZ, 0.3),
    "nothing": np.zeros(0),
    "a third of a second": 0.1 * np.random.default_rng(1).standard_normal(RATE_HZ // 3),
}


@pytest.mark.parametrize("name", WITHOUT_BEAT)
def test_what_has_no_beat_has_no_tempo(name: str) -> None:
    assert tempo_of(WITHOUT_BEAT[name].astype(np.float32)) is None
