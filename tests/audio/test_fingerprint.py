"""Comparing fingerprints."""

import numpy as np
import pytest

from music_sync.audio.fingerprint import SAME_RECORDING, bit_error_rate, is_telling, landmarks, may_be_same


def made(seed: int, length: int = 400) -> tuple[int, ...]:
    return tuple(np.random.default_rng(seed).integers(0, 2**32, length).tolist())


def with_flips(fingerprint: tuple[int, ...], share: float) -> tuple[int, ...]:
    rng = np.random.default_rng(9)
    flips = (rng.random((len(fingerprint), 32)) < share) @ (1 << np.arange(32))
    return tuple((np.array(fingerprint) ^ flips).tolist())


def test_equal_fingerprints_have_no_error() -> None:
    assert bit_error_rate(made(1), made(1)) == 0.0


@pytest.mark.parametrize("share", [0.02, 0.055, 0.2])
def test_the_rate_is_the_share_of_flipped_bits(share: float) -> None:
    assert bit_error_rate(made(1), with_flips(made(1), share)) == pytest.approx(share, abs=0.01)


def test_strangers_differ_in_nearly_half_their_bits() -> None:
    assert bit_error_rate(made(1), made(2)) > 0.45 > SAME_RECORDING


@pytest.mark.parametrize("trimmed", [1, 16, 100, 239])
def test_a_trim_at_the_beginning_is_found_from_either_side(trimmed: int) -> None:
    whole, cut = made(1, 948), made(1, 948)[trimmed:]

    assert bit_error_rate(whole, cut) == 0.0
    assert bit_error_rate(cut, whole) == 0.0


def test_too_little_to_compare_is_no_likeness() -> None:
    assert bit_error_rate((), ()) == 1.0
    assert bit_error_rate(made(1), ()) == 1.0
    assert bit_error_rate(made(1), made(1)[:5]) == 1.0


def test_a_short_one_equals_itself() -> None:
    assert bit_error_rate(made(1, 5), made(1, 5)) == 0.0


def test_silence_and_steady_tones_tell_nothing() -> None:
    assert not is_telling(())
    assert not is_telling((627964279,) * 400)
    assert not is_telling((627964279, 627964278) * 200)
    assert is_telling(made(1))


def test_an_exact_comparison_is_only_made_where_landmarks_agree() -> None:
    chance = np.random.default_rng(7)
    one = tuple(int(value) for value in chance.integers(0, 2**32, 900))
    other = tuple(int(value) for value in chance.integers(0, 2**32, 900))
    # Another encoding flips a bit here and there and leaves many sub-fingerprints as they are.
    again = tuple(value ^ (1 << 20) if number % 3 else value for number, value in enumerate(one))

    assert may_be_same(landmarks(one), again)
    assert not may_be_same(landmarks(one), other)
    assert not may_be_same(landmarks(()), one)
