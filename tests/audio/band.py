"""Plays a small band at a known tempo or in a known key, mono at 11,025 Hz."""

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 11_025
Mono = NDArray[np.float32]

# Steps of a sixteenth in a bar: kick, snare, hat, bass.
BEATS: dict[str, tuple[tuple[int, ...], ...]] = {
    "house": ((0, 4, 8, 12), (4, 12), (2, 6, 10, 14), (2, 6, 10, 14)),
    "rock": ((0, 8, 10), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14), (0, 2, 4, 6, 8, 10, 12, 14)),
    "drum and bass": ((0, 10), (4, 12), (0, 2, 4, 6, 8, 10, 12, 14), (0, 10)),
    "techno": ((0, 4, 8, 12), (), tuple(range(16)), tuple(range(16))),
}


def _decaying(length_s: float, decay_s: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    at = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    return at, np.exp(-at / decay_s)


def _add(tape: NDArray[np.float64], at_s: float, sound: NDArray[np.float64]) -> None:
    start = round(at_s * RATE_HZ)
    room = tape[start : start + sound.size]
    room += sound[: room.size]


def _tone(pitch: float, length_s: float, decay_s: float, harmonics: int = 4) -> NDArray[np.float64]:
    at, fall = _decaying(length_s, decay_s)
    turn = 2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * at
    wave = np.sum([np.sin(n * turn) / n**1.5 for n in range(1, harmonics + 1)], axis=0)
    return np.asarray(wave * fall * np.minimum(at / 0.005, 1))


def at_tempo(bpm: float, beat: str, length_s: float = 40.0) -> Mono:
    """Drums, bass and chords."""
    rng = np.random.default_rng(3)
    kicks, snares, hats, basses = BEATS[beat]
    at, fall = _decaying(0.25, 0.08)
    kick = 0.8 * np.sin(2 * np.pi * (50 * at + 6 * (1 - np.exp(-at / 0.02)))) * fall
    snare = 0.3 * rng.standard_normal(1700) * _decaying(1700 / RATE_HZ, 0.05)[1]
    tape, step_s = np.zeros(round(length_s * RATE_HZ)), 15 / bpm
    for bar in range(int(length_s / step_s / 16) + 1):
        root = (45, 41, 36, 43)[bar % 4]
        for third in (12, 16, 19):
            _add(tape, bar * 16 * step_s, 0.06 * _tone(root + third, 16 * step_s, 3.0))
        for step in range(16):
            now_s = (bar * 16 + step) * step_s
            hat = 0.12 * np.diff(rng.standard_normal(500), prepend=0) * _decaying(500 / RATE_HZ, 0.015)[1]
            sounds = ((kicks, kick), (snares, snare), (hats, hat), (basses, 0.25 * _tone(root, 1.5 * step_s, 0.15)))
            for steps, sound in sounds:
                if step in steps:
                    _add(tape, now_s, sound)
    return tape.astype(np.float32)


def in_key(tonic: int, mode: str, tuning_cents: float = 0.0) -> Mono:
    """The cadence I IV V I, in minor with its leading tone, four times over, with a bass."""
    third = 4 if mode == "major" else 3
    sixth = 9 if mode == "major" else 8
    chords = ((0, third, 7), (5, sixth, 12), (7, 11, 14), (0, third, 7))
    tape = np.zeros(16 * RATE_HZ)
    for bar in range(16):
        chord = chords[bar % 4]
        for voice in chord:
            _add(tape, bar, 0.1 * _tone(60 + (tonic + voice) % 12 + tuning_cents / 100, 1.0, 1.0))
        _add(tape, bar, 0.15 * _tone(36 + (tonic + chord[0]) % 12 + tuning_cents / 100, 1.0, 0.7))
    return tape.astype(np.float32)
