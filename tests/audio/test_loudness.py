"""Loudness against the reference levels of EBU Tech 3341 and against FFmpeg's own meter."""

import re
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.audio.encoded import Samples, encode

from music_sync.audio.loudness import LoudnessMeter, k_weighting
from music_sync.audio.measure import measure


def sine(level_dbfs: float, length_s: float, rate_hz: int = 48_000, channels: int = 2, hz: float = 1000.0) -> Samples:
    at = np.arange(round(length_s * rate_hz)) / rate_hz
    wave = 10 ** (level_dbfs / 20) * np.sin(2 * np.pi * hz * at)
    return np.tile(wave, (channels, 1)).astype(np.float32)


def loudness(sound: Samples, rate_hz: int = 48_000, weights: tuple[float, ...] = ()) -> float | None:
    meter = LoudnessMeter(rate_hz, weights or (1.0,) * len(sound))
    for start in range(0, sound.shape[1], 30_011):
        meter.feed(sound[:, start : start + 30_011])
    return meter.lufs()


def ffmpeg_lufs(path: Path) -> float:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-nostats", "-i", str(path)]
    said = subprocess.run(
        [*command, "-af", "ebur128", "-f", "null", "-"], capture_output=True, text=True, check=True, timeout=60
    ).stderr
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1])


def test_the_filters_are_those_of_the_recommendation_at_48_khz() -> None:
    table = [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]

    assert k_weighting(48_000) == pytest.approx(np.array(table), abs=1e-8)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_a_tone_at_minus_23_has_that_loudness_at_any_rate(rate_hz: int) -> None:
    assert loudness(sine(-23.0, 20, rate_hz), rate_hz) == pytest.approx(-23.0, abs=0.1)


EBU_CASES: dict[str, tuple[list[tuple[float, float]], float]] = {
    "1: at -23": ([(-23.0, 20)], -23.0),
    "2: at -33": ([(-33.0, 20)], -33.0),
    "3: quiet ends are gated out": ([(-36.0, 10), (-23.0, 60), (-36.0, 10)], -23.0),
    "4: so is near silence": ([(-72.0, 10), (-36.0, 10), (-23.0, 60), (-36.0, 10), (-72.0, 10)], -23.0),
    "5: a louder middle": ([(-26.0, 20), (-20.0, 20.1), (-26.0, 20)], -23.0),
}


@pytest.mark.parametrize("case", EBU_CASES)
def test_the_gating_cases_of_ebu_tech_3341(case: str) -> None:
    parts, expected = EBU_CASES[case]

    assert loudness(np.concatenate([sine(*part) for part in parts], axis=1)) == pytest.approx(expected, abs=0.1)


def test_channels_behind_the_listener_weigh_more_and_the_bass_channel_nothing() -> None:
    levels = (-28.0, -28.0, -24.0, 0.0, -30.0, -30.0)  # EBU Tech 3341 case 6, with a loud LFE added
    sound = np.concatenate([sine(level, 20, channels=1) for level in levels])

    assert loudness(sound, weights=(1.0, 1.0, 1.0, 0.0, 1.41, 1.41)) == pytest.approx(-23.0, abs=0.1)


def test_silence_and_less_than_400_ms_have_no_loudness() -> None:
    assert loudness(np.zeros((2, 48_000), np.float32)) is None
    assert loudness(sine(-10.0, 0.3)) is None
    assert loudness(np.zeros((2, 0), np.float32)) is None


def test_the_peak_is_the_highest_sample_of_either_sign() -> None:
    meter = LoudnessMeter(48_000, (1.0,))
    meter.feed(np.array([[0.1, -0.7, 0.3]], np.float32))
    meter.feed(np.array([[0.5]], np.float32))

    assert meter.peak == pytest.approx(0.7)


def music(rate_hz: int, channels: int) -> NDArray[np.float32]:
    """Noise of many colours that swells and falls: no level or spectrum is steady, so filters and gates both count."""
    rng = np.random.default_rng(11)
    length = 12 * rate_hz
    deep = np.cumsum(rng.standard_normal((channels, length)), axis=1)
    deep -= np.array([np.convolve(row, np.ones(500) / 500, "same") for row in deep])
    swell = 10 ** (-1.5 * (1 + np.sin(2 * np.pi * np.arange(length) / length * 3)) / 2)
    sound = (deep / np.abs(deep).max() + 0.1 * rng.standard_normal((channels, length))) * swell
    return np.asarray(0.7 * sound / np.abs(sound).max(), np.float32)


@pytest.mark.parametrize(
    ("rate_hz", "layout", "ending"),
    [(44_100, "stereo", "wav"), (48_000, "mono", "flac"), (96_000, "stereo", "wav"), (48_000, "5.1", "flac")],
)
def test_loudness_is_within_a_tenth_of_ffmpegs(rate_hz: int, layout: str, ending: str, tmp_path: Path) -> None:
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    path = encode(tmp_path / f"a.{ending}", music(rate_hz, channels), rate_hz, layout)

    assert measure(path, None, lambda _: None).loudness_lufs == pytest.approx(ffmpeg_lufs(path), abs=0.1)
