"""Tempo: where the sound starts anew (onsets), how regularly, and which of the regular pulses is the beat."""

import math

import numpy as np
from numpy.typing import NDArray

from music_sync.model.track import Tempo

RATE_HZ = 11_025
_HOP = 128
_WINDOW = 512
_FRAMES_HZ = RATE_HZ / _HOP
_BANDS = 24
_LOWEST_HZ, _HIGHEST_HZ = 30.0, 5_300.0
_COMPRESSION = 1_000.0
"""Steepness of the logarithm that makes loud and quiet onsets count alike."""

_SLOWEST_BPM, _FASTEST_BPM = 55.0, 215.0
_USUAL_BPM = (88.0, 176.0)
"""One octave, the range DJ software assumes: within it the octave needs no guess, outside the evidence must be strong."""
_UNUSUAL, _UNUSUAL_OCTAVES = 0.85, 0.35
"""Preference just outside the usual range, and the octaves over which it falls to 1/e."""
_MULTIPLES = {0.5: 1.0, 1: 1.0, 2: 1.0, 3: 1.0, 4: 2.0, 5: 1.0, 6: 1.0, 7: 1.0, 8: 2.0}
"""Beats after which a beat's music recurs -> weight. Half a beat tells 3:2 apart, whole bars count double."""
_SHORTEST_S = 4.0
_LEAST_PULSE, _CHANCE = 0.05, 2.0
"""Regularity below which there is no beat at all; chance makes more of it in a short sound."""
_CLEAR_PULSE, _CLEAR_MARGIN = 0.4, 0.15
"""Regularity, and lead over the next tempo that is no octave, from which a tempo counts as certain."""
_LEAST_CONTRAST = 0.003
"""Standard deviation of the onset strengths; a steady tone stays under it, the quietest music far above."""


class OnsetMeter:
    """Takes mono blocks at 11,025 Hz, keeps one onset strength for each 11.6 ms."""

    def __init__(self) -> None:
        self._window = np.hanning(_WINDOW).astype(np.float32)
        self._bands = _band_edges()
        self._rest = np.zeros(0, np.float32)
        self._last: NDArray[np.float32] | None = None
        self._strengths: list[NDArray[np.float32]] = []

    def feed(self, mono: NDArray[np.float32]) -> None:
        signal = np.concatenate([self._rest, mono])
        count = max((signal.size - _WINDOW) // _HOP + 1, 0)
        self._rest = signal[count * _HOP :]
        if not count:
            return
        frames = np.lib.stride_tricks.sliding_window_view(signal, _WINDOW)[: count * _HOP : _HOP]
        spectrum = np.abs(np.fft.rfft(frames * self._window, axis=1))
        bands = np.log1p(_COMPRESSION / _WINDOW * np.add.reduceat(spectrum, self._bands, axis=1)).astype(np.float32)
        before = bands[:1] if self._last is None else self._last
        rise = np.diff(bands, axis=0, prepend=before)
        self._last = bands[-1:]
        self._strengths.append(np.maximum(rise, 0).mean(axis=1))

    def onsets(self) -> NDArray[np.float32]:
        return np.concatenate([np.zeros(0, np.float32), *self._strengths])


def _band_edges() -> NDArray[np.intp]:
    edges = np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, _BANDS + 1) * _WINDOW / RATE_HZ
    return np.unique(np.round(edges).astype(np.intp))


def tempo(onsets: NDArray[np.float32]) -> Tempo | None:
    """Beats per minute from the strengths of `OnsetMeter`; None where nothing recurs (silence, noise, under 4 s)."""
    if onsets.size < _SHORTEST_S * _FRAMES_HZ or onsets.std() < _LEAST_CONTRAST:
        return None
    recurrence = _recurrence(onsets)
    periods = _FRAMES_HZ * 60 / np.geomspace(_FASTEST_BPM, _SLOWEST_BPM, 1400)
    regular = _regularity(recurrence, periods)
    score = regular * _preference(periods)
    best = int(score.argmax())
    if regular[best] < _LEAST_PULSE + _CHANCE / math.sqrt(onsets.size):
        return None
    period = _sharpened(recurrence, float(periods[best]))
    return Tempo(round(60 * _FRAMES_HZ / period, 2), _confidence(periods, score, regular, best))


def _recurrence(onsets: NDArray[np.float32]) -> NDArray[np.float64]:
    """Autocorrelation of the onsets about their local mean, 1.0 at lag 0, for lags up to half the sound or 50 s."""
    centred = onsets - _local_mean(onsets, round(_FRAMES_HZ))
    lags = min(onsets.size // 2, round(50 * _FRAMES_HZ))
    size = 1 << (onsets.size + lags).bit_length()
    spectrum = np.fft.rfft(centred, size)
    products = np.fft.irfft(spectrum * spectrum.conj(), size)[:lags]
    means: NDArray[np.float64] = products / (onsets.size - np.arange(lags)) / max(products[0] / onsets.size, 1e-12)
    return means


def _local_mean(values: NDArray[np.float32], width: int) -> NDArray[np.float64]:
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    at = np.arange(values.size)
    first, last = np.maximum(at - width // 2, 0), np.minimum(at + width // 2 + 1, values.size)
    means: NDArray[np.float64] = (sums[last] - sums[first]) / (last - first)
    return means


def _regularity(recurrence: NDArray[np.float64], periods: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted mean recurrence at the multiples of each period, as far as the sound is long enough to hold them."""
    lags = periods[:, None] * np.array(list(_MULTIPLES))
    weights = np.where(lags < recurrence.size - 1, np.array(list(_MULTIPLES.values())), 0.0)
    found = np.interp(lags, np.arange(recurrence.size), recurrence)
    means: NDArray[np.float64] = (found * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0)
    return means


def _preference(periods: NDArray[np.float64]) -> NDArray[np.float64]:
    bpm = 60 * _FRAMES_HZ / periods
    slow, fast = _USUAL_BPM
    outside = np.maximum(np.log2(slow / bpm), np.log2(bpm / fast)).clip(0)
    preference: NDArray[np.float64] = np.where(outside > 0, _UNUSUAL * np.exp(-outside / _UNUSUAL_OCTAVES), 1.0)
    return preference


def _sharpened(recurrence: NDArray[np.float64], period: float) -> float:
    """Follow the peak to ever more beats: a lag read to half a frame over 64 beats tells the tempo to 0.01 BPM."""
    beats = 1
    while beats <= 64 and beats * period * (1 + 1 / 8) < recurrence.size - 2:
        around = period * beats
        reach = period / 8
        first, last = math.ceil(around - reach), math.floor(around + reach)
        peak = first + int(recurrence[first : last + 1].argmax())
        if recurrence[peak] > 0.5 * recurrence[round(period)] and first < peak < last:
            period = (peak + _summit(recurrence[peak - 1 : peak + 2])) / beats
        beats *= 2
    return period


def _summit(three: NDArray[np.float64]) -> float:
    """Where the parabola through three values has its top, in steps from the middle one."""
    left, middle, right = three
    bend = left - 2 * middle + right
    return float(0.5 * (left - right) / bend) if bend < 0 else 0.0


def _confidence(
    periods: NDArray[np.float64], score: NDArray[np.float64], regular: NDArray[np.float64], best: int
) -> float:
    """How clear the pulse is, and how far its best rival (no neighbour, no octave) falls behind; 0 to 1."""
    octaves = np.log2(periods / periods[best])
    is_rival = np.abs(octaves - np.round(octaves)) > 0.06
    margin = 1 - max(float(score[is_rival].max()), 0.0) / float(score[best])
    clarity = min(float(regular[best]) / _CLEAR_PULSE, 1.0)
    return round(clarity * min(margin / _CLEAR_MARGIN, 1.0), 3)
