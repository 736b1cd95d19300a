"""Quality: how good a file sounds, as far as its codec and bit rate tell; for the order of equals, and for a person."""

_LOSSLESS = frozenset({"flac", "alac"})


def is_lossless(codec: str) -> bool:
    """Does this codec, by FFmpeg's name, keep each sample as it was?"""
    return codec in _LOSSLESS or codec.startswith(("pcm_s", "pcm_f"))


def quality_text(codec: str, bit_rate: int | None) -> str:
    """As a person reads it: `flac, 912 kbit/s, lossless`."""
    rate = f"{bit_rate / 1000:.0f} kbit/s" if bit_rate else ""
    return ", ".join(filter(None, [codec, rate, "lossless" if is_lossless(codec) else ""]))


def better(codec: str, bit_rate: int | None) -> tuple[bool, int]:
    """A key for sorting, the best first: lossless before all others, then the higher rate."""
    return not is_lossless(codec), -(bit_rate or 0)
