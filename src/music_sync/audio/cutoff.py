"""Cut-off: where the sound ends as if cut, which tells what encoder it once went through."""

import math

import numpy as np
from numpy.typing import NDArray

_BAND_HZ = 90.0
"""About four bins of a short transform: wide enough to be steady, narrow enough for an edge."""
_BINS_IN_BAND = 4
_EVERY = 8
"""Of so many blocks one is looked at: an encoder cuts at one place from the beginning to the end."""
_FRAMES = 8
"""So many transforms of a block, spread over it."""
_FAINT = 1e-7
"""A frame of less power (-70 dB of full scale) tells nothing of an edge."""
_LOWEST_DB, _LEVELS = -160, 200
"""Levels are counted in steps of 1 dB from here on."""
_SHARE = 0.9
"""A band counts as loud as it is in the quietest 90 % of the frames: a cymbal in a tenth of them is heard, and the
splash of a few clipped samples is not."""
_EDGE_HZ, _FILLED_HZ = 600.0, 1_200.0
_DROP_DB = 12.0
"""An edge falls so far within 600 Hz, is filled with sound for 1,200 Hz beneath, and nothing above it is louder.
What fades out by itself falls by less than 3 dB on that way, encoders and resamplers by 30 to 90."""
_NOISE_DB = -88.0
"""No sound is fainter: what rounding to 16 bits leaves lies at -95 to -90 dB in this measure."""


class CutoffMeter:
    """Takes blocks of shape (channels, samples) one after the other, looks at some of them, then gives the answer."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._bands = int(2 ** round(math.log2(rate_hz / 2 / _BAND_HZ)))
        self._size = 2 * self._bands * _BINS_IN_BAND
        window = np.hanning(self._size + 1)[:-1]
        self._window = (window / np.sqrt(np.sum(np.square(window)))).astype(np.float32)
        self._counts = np.zeros((self._bands, _LEVELS), np.int64)
        self._blocks = 0

    def feed(self, block: NDArray[np.float32]) -> None:
        self._blocks += 1
        if (self._blocks - 1) % _EVERY or block.shape[1] < self._size:
            return
        starts = np.linspace(0, block.shape[1] - self._size, _FRAMES).astype(np.intp)
        frames = np.stack([block[:2, start : start + self._size] for start in starts])
        # Two channels are the parts of one complex signal: the power of both costs one transform.
        pairs = (frames[:, 0] + 1j * frames[:, -1]).astype(np.complex64)
        self._count(np.mean(np.square(np.abs(pairs)), axis=1), pairs * self._window)

    def _count(self, powers: NDArray[np.float32], windowed: NDArray[np.complex64]) -> None:
        spectra = np.square(np.abs(np.fft.fft(windowed[powers > _FAINT], axis=1)))
        half = self._size // 2
        both = spectra[:, 1 : half + 1] + spectra[:, : half - 1 : -1]
        bands = both.reshape(len(both), self._bands, _BINS_IN_BAND).mean(axis=2)
        levels = (10 * np.log10(bands + 1e-20)).astype(np.intp) - _LOWEST_DB
        places = np.arange(self._bands) * _LEVELS + levels.clip(0, _LEVELS - 1)
        self._counts += np.bincount(places.ravel(), minlength=self._counts.size).reshape(self._counts.shape)

    def cutoff_hz(self) -> float | None:
        """Where the sound ends; None when too little of it is to be heard. See `cutoff_hz`."""
        heard = np.cumsum(self._counts, axis=1)
        if heard[0, -1] < _FRAMES:
            return None
        return cutoff_hz(_LOWEST_DB + np.argmax(heard >= _SHARE * heard[:, -1:], axis=1), self._rate_hz)


def cutoff_hz(levels: NDArray[np.integer], rate_hz: int) -> float | None:
    """Where sound with these levels, in dB of equal bands from 0 Hz to half the rate, ends as if cut.

    Half the rate when it reaches the top of what the rate can hold; None when it fades out by itself before.
    """
    band_hz = rate_hz / 2 / levels.size
    edge = _edge(levels, math.ceil(_EDGE_HZ / band_hz), math.ceil(_FILLED_HZ / band_hz))
    if edge is not None:
        return round(edge * band_hz, 1)
    return rate_hz / 2 if np.median(levels[-4:]) > _NOISE_DB else None


def _edge(levels: NDArray[np.integer], steep: int, filled: int) -> int | None:
    """How many bands lie beneath the highest edge; None without one."""
    if levels.size <= steep + filled:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(levels, filled)[:-steep]
    beneath = windows.min(axis=1)
    # On the slope of a slow filter it is steep as well, but what is beneath is no sound that goes on until there.
    is_filled = (beneath > _NOISE_DB) & (np.median(windows, axis=1) - beneath < _DROP_DB)
    above = np.maximum.accumulate(levels[::-1])[::-1][filled - 1 + steep :]
    drops = beneath - above
    falls = np.nonzero(is_filled & (drops >= _DROP_DB))[0]
    if not falls.size:
        return None
    # Of places side by side the one with the deepest fall counts.
    last = np.split(falls, np.nonzero(np.diff(falls) > 1)[0] + 1)[-1]
    best = last[np.argmax(drops[last])]
    first = best + filled - 1
    middle = (beneath[best] + above[best]) / 2
    return int(first + 1 + np.count_nonzero(levels[first + 1 : first + steep] > middle))
