"""Integrated loudness by ITU-R BS.1770-4, and the highest sample."""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.filter import Graph

_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_OFFSET_LUFS = -0.691
_LAYOUTS = {1: "mono", 2: "stereo"}
_STEPS = 4
"""A gating block is 400 ms and starts every 100 ms: four steps of 100 ms."""


def k_weighting(rate_hz: float) -> NDArray[np.float64]:
    """The two filters of BS.1770-4 as second-order sections (2, 6) for any sample rate.

    The recommendation lists coefficients for 48 kHz only; these come from the analog filters behind them, as
    libebur128 derives them, and agree with its table at 48 kHz.
    """
    return np.array([_shelf(rate_hz), _high_pass(rate_hz)])


def _shelf(rate_hz: float) -> list[float]:
    centre_hz, gain_db, quality = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    k = math.tan(math.pi * centre_hz / rate_hz)
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / quality + k * k
    return [
        (high + band * k / quality + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - band * k / quality + k * k) / a0,
        1.0,
        2 * (k * k - 1) / a0,
        (1 - k / quality + k * k) / a0,
    ]


def _high_pass(rate_hz: float) -> list[float]:
    corner_hz, quality = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * corner_hz / rate_hz)
    a0 = 1 + k / quality + k * k
    return [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / quality + k * k) / a0]


class LoudnessMeter:
    """Takes blocks of shape (channels, samples) one after the other, then gives the answers."""

    def __init__(self, rate_hz: int, weights: tuple[float, ...]) -> None:
        self.peak = 0.0
        self._roots: NDArray[np.float64] = np.sqrt(np.array(weights, np.float64))[:, None]
        self._filters = _filters(k_weighting(rate_hz), len(weights), rate_hz)
        self._rate_hz = rate_hz
        self._step = round(rate_hz / 10)
        self._rest = np.zeros(0)
        self._powers: list[NDArray[np.float64]] = []

    def feed(self, block: NDArray[np.float32]) -> None:
        if not block.size:
            return
        self.peak = max(self.peak, float(block.max()), -float(block.min()))
        scaled = np.multiply(block, self._roots, dtype=np.float64)
        powers = [np.square(filtered).sum(axis=0) for filtered in self._filtered(scaled)]
        power = np.concatenate([self._rest, np.sum(powers, axis=0)])
        whole = power.size // self._step * self._step
        self._powers.append(power[:whole].reshape(-1, self._step).mean(axis=1))
        self._rest = power[whole:]

    def _filtered(self, scaled: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
        from av import AudioFrame

        for number, graph in enumerate(self._filters):
            pair = np.ascontiguousarray(scaled[2 * number : 2 * number + 2])
            frame = AudioFrame.from_ndarray(pair, "dblp", _LAYOUTS[len(pair)])
            frame.sample_rate = self._rate_hz
            graph.push(frame)
            # These filters keep nothing back: for each frame that goes in one of its length comes out.
            filtered = cast("AudioFrame", graph.pull())
            yield filtered.to_ndarray().astype(np.float64, copy=False)

    def lufs(self) -> float | None:
        """Integrated loudness; None for silence and for less than one gating block (400 ms)."""
        return integrated_lufs(np.concatenate([np.zeros(0), *self._powers]))


def _filters(sections: NDArray[np.float64], channels: int, rate_hz: int) -> "list[Graph]":
    """FFmpeg's filters for every two channels: SciPy's are as quick, but take a second to load."""
    return [_filter(sections, min(2, channels - first), rate_hz) for first in range(0, channels, 2)]


def _filter(sections: NDArray[np.float64], channels: int, rate_hz: int) -> "Graph":
    from av.filter import Graph

    graph = Graph()
    graph.threads = 1  # several tracks are measured at once
    source = f"sample_rate={rate_hz}:sample_fmt=dblp:channel_layout={_LAYOUTS[channels]}:time_base=1/{rate_hz}"
    chain = [graph.add("abuffer", source)]
    for section in sections:
        words = zip(("b0", "b1", "b2", "a0", "a1", "a2"), section, strict=True)
        chain.append(graph.add("biquad", ":".join(f"{name}={value:.17g}" for name, value in words)))
    chain.append(graph.add("abuffersink"))
    for one, following in pairwise(chain):
        one.link_to(following)
    graph.configure()
    return graph


def integrated_lufs(powers: NDArray[np.float64]) -> float | None:
    """Gate the mean K-weighted powers of successive steps of 100 ms, as BS.1770-4 says, and give LUFS."""
    if powers.size < _STEPS:
        return None
    gating = np.lib.stride_tricks.sliding_window_view(powers, _STEPS).mean(axis=1)
    audible = gating[gating > _power(_ABSOLUTE_GATE_LUFS)]
    if not audible.size:
        return None
    gate = _lufs(float(audible.mean())) + _RELATIVE_GATE_LU
    return _lufs(float(audible[audible > _power(gate)].mean()))


def _lufs(power: float) -> float:
    return _OFFSET_LUFS + 10 * math.log10(power)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_LUFS) / 10))
