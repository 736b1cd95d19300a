"""Measure a file: one decode feeds every analyser, block by block, so memory does not grow with the track."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from music_sync.audio.container import opened
from music_sync.audio.cutoff import CutoffMeter
from music_sync.audio.decode import blocks, channel_weights
from music_sync.audio.fingerprint import LONGEST_S, SAMPLE_RATE_HZ
from music_sync.audio.key import ChromaMeter, key
from music_sync.audio.loudness import LoudnessMeter
from music_sync.audio.tempo import OnsetMeter, tempo
from music_sync.model.ports import Progress
from music_sync.model.track import Analysis

if TYPE_CHECKING:
    from soxr import ResampleStream

Fingerprint = Callable[[NDArray[np.int16]], tuple[int, ...]]
"""From mono PCM at 11,025 Hz to sub-fingerprints."""


def measure(path: Path, fingerprint_of: Fingerprint | None, progress: Progress) -> Analysis:
    """Decode a whole file once and say all that we know of its sound.

    Raises GiveUp when it is no audio, is damaged or ends too early, EnvironmentFault when it cannot be read or the
    fingerprinter breaks. Without `fingerprint_of` the fingerprint is empty.
    """
    with opened(path) as sound:
        rate_hz, weights = sound.container.sample_rate_hz, channel_weights(sound)
        loudness, cutoff = LoudnessMeter(rate_hz, weights), CutoffMeter(rate_hz)
        onsets, chroma, beginning = OnsetMeter(), ChromaMeter(), _Beginning()
        mono = _Mono(rate_hz, weights, (onsets.feed, chroma.feed, beginning.feed))
        samples = 0
        for block in blocks(sound, progress):
            samples += block.shape[1]
            loudness.feed(block)
            mono.feed(block)
            cutoff.feed(block)
        mono.end()
    return Analysis(
        length_s=samples / rate_hz,
        fingerprint=fingerprint_of(beginning.pcm()) if fingerprint_of else (),
        loudness_lufs=loudness.lufs(),
        peak=loudness.peak,
        tempo=tempo(onsets.onsets()),
        key=key(chroma.chroma()),
        cutoff_hz=cutoff.cutoff_hz(),
    )


def fingerprinted(path: Path, fingerprint_of: Fingerprint) -> tuple[int, ...]:
    """The fingerprint alone, for which no more than the beginning of a file is decoded; raises as `measure` does."""
    with opened(path) as sound:
        beginning = _Beginning()
        mono = _Mono(sound.container.sample_rate_hz, channel_weights(sound), (beginning.feed,))
        for block in blocks(sound, lambda _fraction: None):
            mono.feed(block)
            if beginning.is_whole:
                break
        else:
            mono.end()
    return fingerprint_of(beginning.pcm())


class _Mono:
    """The sound as mono at 11,025 Hz, which is all that fingerprint, tempo and key need, for each that takes it."""

    def __init__(
        self, rate_hz: int, weights: tuple[float, ...], takers: Sequence[Callable[[NDArray[np.float32]], None]]
    ) -> None:
        self._takers = takers
        self._mix = np.array([weight > 0 for weight in weights], np.float32)
        self._mix /= max(self._mix.sum(), 1)
        self._resampler = _resampler(rate_hz)

    def feed(self, block: NDArray[np.float32]) -> None:
        self._take(self._resampler.resample_chunk(self._mix @ block))

    def end(self) -> None:
        self._take(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))

    def _take(self, mono: NDArray[np.float32]) -> None:
        for taker in self._takers:
            taker(mono)


class _Beginning:
    """So much of the mono sound as is fingerprinted."""

    def __init__(self) -> None:
        self._kept: list[NDArray[np.int16]] = []
        self._wanted = LONGEST_S * SAMPLE_RATE_HZ

    @property
    def is_whole(self) -> bool:
        return self._wanted == 0

    def feed(self, mono: NDArray[np.float32]) -> None:
        if not self.is_whole:
            kept = mono[: self._wanted]
            self._wanted -= kept.size
            self._kept.append(np.rint(kept * 32767).clip(-32768, 32767).astype(np.int16))

    def pcm(self) -> NDArray[np.int16]:
        return np.concatenate([np.zeros(0, np.int16), *self._kept])


def _resampler(rate_hz: int) -> "ResampleStream":
    from soxr import ResampleStream

    # The low quality setting still keeps aliases 100 dB down; the fingerprint differs in 2 bits of 10,000.
    return ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality="LQ")
