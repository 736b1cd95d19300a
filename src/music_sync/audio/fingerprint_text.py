"""A Chromaprint fingerprint as the text that AcoustID takes: its compressed form in URL-safe base64.

Of each sub-fingerprint the bits are told that changed since the one before, as distances from bit to bit in 3 bits
each; what is longer goes on in 5 bits at the end. Algorithm and count stand in front in 4 bytes.
"""

import base64
from collections.abc import Iterable, Sequence

ALGORITHM = 1
"""Chromaprint's default algorithm (`CHROMAPRINT_ALGORITHM_TEST2`), which all our fingerprints are made with."""
_LONGEST = 7
"""The largest distance that 3 bits hold; it says that the rest stands among the long ones."""


def as_text(fingerprint: Sequence[int]) -> str:
    """Encode unsigned 32-bit sub-fingerprints; at most 2^24 of them."""
    short: list[int] = []
    long: list[int] = []
    before = 0
    for value in fingerprint:
        for distance in _distances(value ^ before):
            short.append(min(distance, _LONGEST))
            if distance >= _LONGEST:
                long.append(distance - _LONGEST)
        short.append(0)
        before = value
    head = bytes([ALGORITHM, *len(fingerprint).to_bytes(3, "big")])
    return base64.urlsafe_b64encode(head + _packed(short, 3) + _packed(long, 5)).decode("ascii").rstrip("=")


def _distances(bits: int) -> Iterable[int]:
    """From one set bit to the next, lowest first, counted from 1."""
    last = 0
    for number in range(1, 33):
        if bits >> (number - 1) & 1:
            yield number - last
            last = number


def _packed(values: Sequence[int], width: int) -> bytes:
    """Values of so many bits one behind the other, lowest bit first; the last byte is filled with zeros."""
    packed = bytearray()
    held = count = 0
    for value in values:
        held |= value << count
        count += width
        while count >= 8:
            packed.append(held & 0xFF)
            held >>= 8
            count -= 8
    return bytes([*packed, held]) if count else bytes(packed)
