"""Fingerprints as AcoustID takes them: the very text that Chromaprint itself writes."""

import subprocess

import imageio_ffmpeg
import numpy as np
import pytest

from music_sync.adapters.fingerprint_chromaprint import has_muxer, run_ffmpeg
from music_sync.audio.fingerprint import SAMPLE_RATE_HZ
from music_sync.audio.fingerprint_text import as_text

RAW = ["-v", "error", "-f", "s16le", "-ar", str(SAMPLE_RATE_HZ), "-ac", "1", "-i", "pipe:0"]


@pytest.mark.parametrize("length_s", [5, 40, 120])
def test_the_text_is_that_of_chromaprint(length_s: int) -> None:
    program = imageio_ffmpeg.get_ffmpeg_exe()
    if not has_muxer(program):
        pytest.skip("this machine's ffmpeg has no Chromaprint")
    at = np.arange(SAMPLE_RATE_HZ * length_s) / SAMPLE_RATE_HZ
    wave = sum(np.sin(2 * np.pi * at * (200 + 50 * each * np.sin(at / 3 + each))) for each in range(5))
    pcm = (2000 * wave + np.random.default_rng(1).normal(0, 800, at.size)).astype(np.int16)
    command = [program, *RAW, "-f", "chromaprint", "-fp_format", "base64", "pipe:1"]
    theirs = subprocess.run(command, input=pcm.tobytes(), capture_output=True, check=True).stdout.decode().strip()

    ours = as_text(run_ffmpeg(program, pcm))

    assert len(ours) > 20
    assert ours == theirs


def test_an_empty_fingerprint_is_its_head_alone() -> None:
    assert as_text(()) == "AQAAAA"
