"""Where sound ends, told of music that was played for it and went through encoders whose low-pass is known."""

from pathlib import Path

import numpy as np
import pytest
import soxr
from tests.audio.encoded import Samples, encode

from music_sync.audio.container import opened
from music_sync.audio.cutoff import CutoffMeter, cutoff_hz
from music_sync.audio.decode import blocks
from music_sync.demo.music import PIECES, render

RATE_HZ = 44_100


@pytest.fixture(scope="module")
def music() -> Samples:
    """Twelve seconds of dance music whose cymbals reach to the top."""
    return np.ascontiguousarray(render(PIECES[0])[: 12 * RATE_HZ].T)


@pytest.fixture(scope="module")
def dark(music: Samples) -> Samples:
    """The same, falling by 12 dB an octave from 2.5 kHz on, as much music does."""
    from scipy.signal import butter, sosfilt

    return np.asarray(sosfilt(butter(2, 2_500, fs=RATE_HZ, output="sos"), music, axis=1), np.float32)


def decoded(path: Path) -> Samples:
    with opened(path) as sound:
        return np.concatenate(list(blocks(sound, lambda _: None)), axis=1)


def measured(samples: Samples, rate_hz: int = RATE_HZ) -> float | None:
    meter = CutoffMeter(rate_hz)
    size = round(0.8 * rate_hz)
    for start in range(0, samples.shape[1], size):
        meter.feed(samples[:, start : start + size])
    return meter.cutoff_hz()


def through(folder: Path, samples: Samples, way: str, bit_rate: int) -> Samples:
    """What an encoder of that rate leaves of the sound."""
    return decoded(encode(folder / f"{bit_rate}.{way}", samples, RATE_HZ, way=way, bit_rate=bit_rate))


def rounded(samples: Samples) -> Samples:
    """As a file of 16 bits keeps it."""
    return (np.rint(samples * 32767).clip(-32768, 32767) / 32768).astype(np.float32)


@pytest.mark.parametrize(
    ("way", "bit_rate", "lowest_hz", "highest_hz"),
    [
        ("mp3", 128_000, 16_000, 17_250),
        ("mp3", 192_000, 18_200, 19_300),
        ("mp3", 320_000, 19_700, 20_600),
        ("m4a", 128_000, 16_500, 17_800),
        ("opus", 96_000, 19_700, 20_600),
    ],
)
def test_the_low_pass_of_an_encoder_is_found(
    music: Samples, tmp_path: Path, way: str, bit_rate: int, lowest_hz: float, highest_hz: float
) -> None:
    sound = through(tmp_path, music, way, bit_rate)

    found = measured(sound, 48_000 if way == "opus" else RATE_HZ)

    assert found is not None
    assert lowest_hz <= found <= highest_hz


def test_a_lossless_file_reaches_to_the_top(music: Samples, tmp_path: Path) -> None:
    assert measured(decoded(encode(tmp_path / "a.flac", music))) == 22_050.0
    assert measured(np.ascontiguousarray(render(PIECES[0], 96_000)[: 6 * 96_000].T), 96_000) == 48_000.0


@pytest.mark.parametrize(
    "changed",
    [
        lambda sound: sound,
        lambda sound: 0.01 * sound,
        lambda sound: np.clip(1.5 * sound, -1, 1),
        lambda sound: sound[:1],
        lambda sound: np.stack([sound[0], np.zeros_like(sound[0])]),
        lambda sound: np.concatenate([np.zeros((2, 20 * RATE_HZ), np.float32), sound], axis=1),
    ],
    ids=["as it is", "40 dB quieter", "clipped", "mono", "one side silent", "after a long silence"],
)
def test_a_lossless_file_that_was_an_mp3_still_ends_where_that_did(music: Samples, tmp_path: Path, changed) -> None:  # type: ignore[no-untyped-def]  # a parameter
    found = measured(rounded(changed(through(tmp_path, music, "mp3", 128_000))))

    assert found is not None
    assert 16_000 <= found <= 17_250


def test_dark_music_fades_out_and_is_not_cut(dark: Samples) -> None:
    assert measured(rounded(dark)) in {None, 22_050.0}
    assert measured(rounded(0.05 * dark)) is None


def test_dark_music_that_was_an_mp3_is_cut(dark: Samples, tmp_path: Path) -> None:
    found = measured(rounded(through(tmp_path, dark, "mp3", 128_000)))

    assert found is not None
    assert 15_500 <= found <= 17_250


@pytest.mark.parametrize("rate_hz", [48_000, 96_000])
def test_a_higher_rate_hides_no_cut(music: Samples, tmp_path: Path, rate_hz: int) -> None:
    sound = through(tmp_path, music, "mp3", 128_000)
    higher = np.ascontiguousarray(soxr.resample(sound.T, RATE_HZ, rate_hz).T)

    assert measured(higher, rate_hz) == pytest.approx(16_750, abs=500)
    assert measured(np.ascontiguousarray(soxr.resample(music.T, RATE_HZ, rate_hz).T), rate_hz) == pytest.approx(
        21_700, abs=400
    )


@pytest.mark.parametrize("samples", [np.zeros((2, 10 * RATE_HZ), np.float32), np.ones((2, 1000), np.float32)])
def test_silence_and_a_click_end_nowhere(samples: Samples) -> None:
    assert measured(samples) is None


@pytest.mark.parametrize("rate_hz", [1_000, 8_000, 384_000])
def test_odd_rates_are_measured_without_a_fall(rate_hz: int) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (1, 10 * rate_hz)).astype(np.float32)

    assert measured(noise, rate_hz) == rate_hz / 2


def test_a_gentle_slope_has_no_edge() -> None:
    """Three dB in six hundred hertz, from -20 dB down into the noise."""
    levels = np.maximum(-20 - np.arange(256) * 86 // 200, -92)

    assert cutoff_hz(levels, RATE_HZ) is None


def test_the_harmonics_of_a_tone_are_no_edge() -> None:
    """Between them is nothing, so what is beneath the last one is not filled with sound."""
    levels = np.full(256, -92)
    levels[10:120:10] = -20

    assert cutoff_hz(levels, RATE_HZ) is None
