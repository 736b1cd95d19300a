"""One decode, all answers."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray
from tests.audio.band import RATE_HZ, at_tempo, in_key
from tests.audio.encoded import Samples, encode

from music_sync.audio.measure import measure
from music_sync.model.errors import GiveUp
from music_sync.model.track import Analysis


def measured(path: Path) -> Analysis:
    return measure(path, None, lambda _: None)


def widened(mono: NDArray[np.float32], rate_hz: int) -> Samples:
    return np.tile(0.5 * soxr.resample(mono, RATE_HZ, rate_hz), (2, 1)).astype(np.float32)


@pytest.mark.parametrize(
    ("way", "rate_hz"),
    [("wav", 8_000), ("mp3", 44_100), ("m4a", 44_100), ("ogg", 44_100), ("opus", 48_000), ("flac", 96_000)],
)
def test_tempo_and_length_survive_every_container_and_rate(way: str, rate_hz: int, tmp_path: Path) -> None:
    path = encode(tmp_path / f"a.{way}", widened(at_tempo(128.5, "house", 20.0), rate_hz), rate_hz, way=way)

    found = measured(path)

    assert found.tempo is not None
    assert found.tempo.bpm == pytest.approx(128.5, abs=0.1)
    assert found.length_s == pytest.approx(20.0, abs=0.06)


def test_the_cutoff_comes_from_the_same_decode(tmp_path: Path, melody: Samples) -> None:
    assert measured(encode(tmp_path / "a.flac", melody)).cutoff_hz == 22_050.0


def test_the_key_survives_an_mp3(tmp_path: Path) -> None:
    found = measured(encode(tmp_path / "a.mp3", widened(in_key(9, "minor"), 44_100)))

    assert found.key is not None
    assert (found.key.name, found.key.camelot) == ("Am", "8A")


def test_a_mono_file_is_measured(tmp_path: Path, melody: Samples) -> None:
    found = measured(encode(tmp_path / "a.wav", melody[:1]))

    assert found.length_s == 12.0
    assert found.peak == pytest.approx(float(np.abs(melody[0]).max()), abs=1e-4)
    assert found.loudness_lufs is not None


def test_silence_has_only_a_length(tmp_path: Path) -> None:
    found = measured(encode(tmp_path / "a.flac", np.zeros((2, 10 * 44_100), np.float32)))

    assert found == Analysis(10.0, (), None, 0.0, None, None)


def test_a_third_of_a_second_is_measured_without_a_fall(tmp_path: Path, melody: Samples) -> None:
    found = measured(encode(tmp_path / "a.wav", melody[:, :13_230]))

    assert found.length_s == pytest.approx(0.3)
    assert (found.loudness_lufs, found.tempo, found.key) == (None, None, None)


def test_the_fingerprinter_gets_the_first_two_minutes_in_mono(tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(130 * 22_050) / 22_050)
    path = encode(tmp_path / "a.wav", np.stack([tone, tone]).astype(np.float32), 22_050)
    heard: list[NDArray[np.int16]] = []

    def fingerprint(pcm: NDArray[np.int16]) -> tuple[int, ...]:
        heard.append(pcm)
        return (1, 2, 3)

    found = measure(path, fingerprint, lambda _: None)

    assert found.fingerprint == (1, 2, 3)
    assert [(pcm.dtype.name, pcm.size) for pcm in heard] == [("int16", 120 * RATE_HZ)]
    expected = 16384 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)
    assert np.abs(heard[0][RATE_HZ : 2 * RATE_HZ] - expected).max() < 40


def test_a_file_that_lies_about_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_text("<html><body>Not found</body></html>")

    with pytest.raises(GiveUp, match="web page"):
        measured(path)


def test_memory_does_not_grow_with_the_track(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    block = (0.1 * rng.standard_normal((2, 10 * 44_100))).astype(np.float32)
    peaks = []
    for times in (3, 24):
        path = encode(tmp_path / f"{times}.wav", np.tile(block, (1, times)))
        tracemalloc.start()
        measured(path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] - peaks[0] < 8_000_000  # three and a half minutes more are 74 MB of samples


def test_loading_the_module_loads_nothing_heavy() -> None:
    asked = "import sys, music_sync.audio.measure; print([n for n in ('scipy', 'av', 'soxr') if n in sys.modules])"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "[]"
