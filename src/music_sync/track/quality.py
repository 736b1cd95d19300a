"""Quality: how good a file sounds, as far as codec, bit rate and cut-off tell; the one ladder, and the words for a person."""

from music_sync.model.track import LibraryFile, Recording

_LOSSLESS = frozenset({"flac", "alac"})

_LOW_PASSES = ((11_500.0, 64_000), (15_500.0, 96_000), (17_250.0, 128_000), (18_200.0, 160_000), (19_300.0, 192_000),
               (19_900.0, 256_000))  # fmt: skip
"""Up to which cut-off sound is as after an encoder of that rate: where LAME cuts by default, which others come near."""
_NARROW_HZ = 10_000.0
"""Sound that ends lower was made so: a restored shellac disc, or speech."""

Sound = tuple[str, int | None, float | None]
"""Codec by FFmpeg's name, bits a second, and cut-off in Hz; None where nobody knows."""


def is_lossless(codec: str) -> bool:
    """Does this codec, by FFmpeg's name, keep each sample as it was?"""
    return codec in _LOSSLESS or codec.startswith(("pcm_s", "pcm_f"))


def lossy_rate(codec: str, cutoff_hz: float | None) -> int | None:
    """The bit rate at which a lossy encoder cuts as the sound in this lossless file is cut; None when nothing betrays one.

    From 19.9 kHz on nobody can tell: old converters of studios cut there as well.
    """
    if cutoff_hz is None or cutoff_hz < _NARROW_HZ or not is_lossless(codec):
        return None
    return next((rate for highest_hz, rate in _LOW_PASSES if cutoff_hz < highest_hz), None)


def quality_text(codec: str, bit_rate: int | None, cutoff_hz: float | None = None) -> str:
    """As a person reads it: `flac, 912 kbit/s, lossless; its sound ends at 16.0 kHz, as after a lossy encoder`."""
    rate = f"{bit_rate / 1000:.0f} kbit/s" if bit_rate else ""
    text = ", ".join(filter(None, [codec, rate, "lossless" if is_lossless(codec) else ""]))
    if cutoff_hz is None:
        return text
    origin = ", as after a lossy encoder" if lossy_rate(codec, cutoff_hz) else ""
    return f"{text}; its sound ends at {cutoff_hz / 1000:.1f} kHz{origin}"


def better(codec: str, bit_rate: int | None, cutoff_hz: float | None = None) -> tuple[bool, int, bool, int]:
    """A key for sorting, the best first: lossless before all others, then the higher rate.

    A lossless file whose cut-off betrays a lossy encoder is no better than what that encoder makes.
    """
    return *rung(codec, bit_rate, cutoff_hz), not is_lossless(codec), -(bit_rate or 0)


def rung(codec: str, bit_rate: int | None, cutoff_hz: float | None = None) -> tuple[bool, int]:
    """The beginning of `better` that counts where one file is to take another's place: lossless is lossless."""
    if not is_lossless(codec):
        return True, -(bit_rate or 0)
    was_lossy = lossy_rate(codec, cutoff_hz)
    return was_lossy is not None, -(was_lossy or 0)


def held(recording: Recording) -> tuple[LibraryFile, Sound]:
    """The best file that was filed of a recording, and how good its sound is: no better than what it was made from.

    Of a recording of an earlier version nobody knows what it was made from, so that its file alone counts.
    """
    best = min(recording.files, key=lambda file: better(*_sound_of(file, recording)))
    as_filed = _sound_of(best, recording)
    origin = recording.codec, recording.bit_rate, recording.analysis.cutoff_hz
    return best, max(as_filed, origin, key=lambda sound: better(*sound)) if recording.codec else as_filed


def _sound_of(file: LibraryFile, recording: Recording) -> Sound:
    codec = {"wav": "pcm_s16le", "aiff": "pcm_s16be"}.get(file.format, file.format)
    length_s = recording.analysis.length_s
    rate = round(file.size_bytes * 8 / length_s) if length_s and not is_lossless(codec) else None
    return codec, rate, recording.analysis.cutoff_hz
