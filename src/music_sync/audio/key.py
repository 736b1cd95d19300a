"""Musical key: how strongly each pitch class sounds, compared with what each of the 24 keys sounds like."""

import numpy as np
from numpy.typing import NDArray

from music_sync.model.track import Key

RATE_HZ = 11_025
_WINDOW = 8192
_HOP = 4096
_LOWEST, _HIGHEST = round(50 * _WINDOW / RATE_HZ), round(2_000 * _WINDOW / RATE_HZ)
"""Spectral bins of 50 Hz and 2 kHz."""
_STEPS = 10
"""Chroma bins in a semitone: fine enough to find a tuning that is off."""
_A4_HZ = 440.0

# How often each pitch class above the tonic sounds in a key: D. Temperley, "A Bayesian Key-Finding Model", MIREX 2005
# (also in "Music and Probability", MIT Press 2007), counted in the Kostka-Payne corpus. The leading tone of minor has
# its weight there, which tells minor from its relative major; the profiles of Krumhansl and Kessler lack it.
PROFILES: dict[str, tuple[float, ...]] = {
    "major": (0.748, 0.060, 0.488, 0.082, 0.670, 0.460, 0.096, 0.715, 0.104, 0.366, 0.057, 0.400),
    "minor": (0.712, 0.084, 0.474, 0.618, 0.049, 0.460, 0.105, 0.747, 0.404, 0.067, 0.133, 0.330),
}

_CLEAR_MARGIN = 0.15
"""Lead in correlation over the next best key from which a key counts as certain."""
_LEAST_CORRELATION = 0.4
"""Below this nothing in the sound resembles a key: noise stays under 0.35, music was never below 0.46."""
_LEAST_NOTES, _FAINT = 3, 0.05
"""A key needs three pitch classes that are no fainter than this share of the strongest."""


_INAUDIBLE = 0.1
"""Spectral peak of a tone at -86 dB of full scale; below lies the leakage of the window."""


class ChromaMeter:
    """Takes mono blocks at 11,025 Hz, keeps how strongly each tenth of a semitone sounds, octaves folded."""

    def __init__(self) -> None:
        self._window = np.hanning(_WINDOW).astype(np.float32)
        self._rest = np.zeros(0, np.float32)
        self._chroma = np.zeros(12 * _STEPS)

    def feed(self, mono: NDArray[np.float32]) -> None:
        signal = np.concatenate([self._rest, mono])
        count = max((signal.size - _WINDOW) // _HOP + 1, 0)
        self._rest = signal[count * _HOP :]
        if not count:
            return
        frames = np.lib.stride_tricks.sliding_window_view(signal, _WINDOW)[: count * _HOP : _HOP]
        self._chroma += _folded(np.abs(np.fft.rfft(frames * self._window, axis=1)[:, : _HIGHEST + 2]))

    def chroma(self) -> NDArray[np.float64]:
        """Strength of the 12 pitch classes from C, tuned to the sound's own pitch."""
        return tuned(self._chroma)


def _folded(spectra: NDArray[np.floating]) -> NDArray[np.float64]:
    """Add up the roots of the spectral peaks of some frames in fine chroma bins."""
    left, middle, right = (spectra[:, _LOWEST + by : _HIGHEST + by] for by in (-1, 0, 1))
    floor = 0.01 * middle.max(axis=1, keepdims=True) + _INAUDIBLE
    frame, at = np.nonzero((middle > left) & (middle >= right) & (middle > floor))
    low, mid, high = (np.log(part[frame, at] + 1e-9) for part in (left, middle, right))
    # A parabola through the logarithms finds the peak of a Hann window to a few hundredths of a bin.
    bins = _LOWEST + at + 0.5 * (low - high) / np.minimum(low - 2 * mid + high, -1e-9)
    semitones = 69 + 12 * np.log2(bins * RATE_HZ / _WINDOW / _A4_HZ)
    fine = np.round(semitones * _STEPS).astype(np.intp) % (12 * _STEPS)
    strengths = np.sqrt(middle[frame, at])
    # Every frame counts alike, so that a loud part does not speak for the whole track.
    strengths /= np.bincount(frame, weights=strengths, minlength=1)[frame]
    return np.bincount(fine, weights=strengths, minlength=12 * _STEPS).astype(np.float64)


def tuned(fine: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gather fine chroma (12 x 10 bins from C) into 12 pitch classes around the tuning that the sound itself has."""
    deviation = np.exp(2j * np.pi * np.arange(_STEPS) / _STEPS)
    pull = np.sum(fine.reshape(12, _STEPS).sum(axis=0) * deviation)
    shift = round(float(np.angle(pull)) / (2 * np.pi) * _STEPS)
    around = np.roll(fine, _STEPS // 2 - shift).reshape(12, _STEPS)
    chroma: NDArray[np.float64] = around @ np.hanning(_STEPS + 3)[1:-2]
    return chroma


def key(chroma: NDArray[np.float64]) -> Key | None:
    """The key whose profile correlates best; None when nothing sounds or nothing fits.

    The confidence is its lead over the next best key, 1.0 from a lead of 0.15 on.
    """
    if np.count_nonzero(chroma > _FAINT * chroma.max()) < _LEAST_NOTES:
        return None
    scores = {
        (tonic, mode): float(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1])
        for mode, profile in PROFILES.items()
        for tonic in range(12)
    }
    (tonic, mode), second = sorted(scores, key=lambda name: scores[name], reverse=True)[:2]
    best = scores[tonic, mode]
    if best < _LEAST_CORRELATION:
        return None
    lead = best - scores[second]
    return Key(tonic, mode, round(min(lead / _CLEAR_MARGIN, 1.0), 3))
