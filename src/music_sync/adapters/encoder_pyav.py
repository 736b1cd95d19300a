"""Encode a track with FFmpeg's libraries, in this process."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from music_sync.adapters.whole_file import written_whole
from music_sync.audio.container import Opened, opened
from music_sync.audio.decode import blocks
from music_sync.model.errors import GiveUp
from music_sync.model.ports import Progress

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer


@dataclass(frozen=True)
class _Recipe:
    """How one of our formats is made."""

    container: str
    """FFmpeg's name of the muxer."""
    codec: str
    sample_format: str
    deep_codec: str = ""
    """For sources of more than 16 bits; empty where the format has no such choice."""
    deep_sample_format: str = ""
    bit_rate: int = 0
    rates_hz: tuple[int, ...] = ()
    """Rates the format takes; empty: any."""
    keeps_surround: bool = False
    """Else more than two channels are mixed down to stereo."""
    largest_bytes: int = 0
    """A container with 32-bit sizes lies about its length beyond this; 0: no limit."""


_IFF_LIMIT = 2**32 - 2**20

# AIFF and ALAC mix surround down: FFmpeg's ALAC encoder takes few layouts, and AIFF readers disagree on their order.
# MP3 is kept to the rates of MPEG-1: the lower ones end at 160 kb/s, and DJ players refuse them.
_RECIPES = {
    "aiff": _Recipe("aiff", "pcm_s16be", "s16", "pcm_s24be", "s32", largest_bytes=_IFF_LIMIT),
    "wav": _Recipe("wav", "pcm_s16le", "s16", "pcm_s24le", "s32", keeps_surround=True, largest_bytes=_IFF_LIMIT),
    "flac": _Recipe("flac", "flac", "s16", "flac", "s32", keeps_surround=True),
    "alac": _Recipe("ipod", "alac", "s16p", "alac", "s32p"),
    "aac": _Recipe(
        "ipod",
        "aac",
        "fltp",
        bit_rate=256_000,
        rates_hz=(96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000),
    ),
    "mp3": _Recipe("mp3", "libmp3lame", "fltp", bit_rate=320_000, rates_hz=(48000, 44100, 32000)),
}


class PyavEncoder:
    """Fulfils `model.ports.Encoder`. Tags are not copied: the tagger writes them."""

    def encode(self, source: Path, format: str, target: Path, progress: Progress) -> None:  # noqa: A002
        """Write the audio of `source` to `target`, whole or not at all.

        PCM, FLAC and ALAC are sample-exact up to 24 bits; AAC and MP3 carry their encoder delay, so that players start
        them at the first sample. Raises GiveUp for a source that is no sound audio (rules as in `audio.container` and
        `audio.decode`), EnvironmentFault when the folder does not take the file.
        """
        from av.error import FFmpegError

        recipe = _RECIPES[format]
        with written_whole(target) as part:
            try:
                with part.open("w+b") as file:
                    samples = _transcode(source, recipe, file, progress)
                    _finish(source, recipe, file, samples)
            except FFmpegError as error:
                if isinstance(error, OSError):
                    raise
                raise GiveUp(f"{source.name} cannot be encoded as {format} ({error.strerror}).", "encode") from error


def _transcode(source: Path, recipe: _Recipe, file: BinaryIO, progress: Progress) -> int:
    """Write the whole container into `file`; return how many samples a channel went in."""
    from av import open as av_open

    with opened(source) as sound:
        rate = _rate(recipe, sound.container.sample_rate_hz)
        # bitexact: no version of ours or FFmpeg's in the file, so that the same source gives the same bytes.
        # movie_timescale: the edit list counts in it, and its usual milliseconds cut up to 43 samples off the end.
        options = {"fflags": "+bitexact", "id3v2_version": "0", "write_xing": "1", "movie_timescale": str(rate)}
        known = _OPTIONS[recipe.container]
        with av_open(file, "w", format=recipe.container, options={name: options[name] for name in known}) as output:
            stream = _stream(output, recipe, sound, rate)
            samples = 0
            for frame in _frames(sound, stream, progress):
                output.mux(stream.encode(_numbered(frame, samples)))
                samples += frame.samples
            output.mux(stream.encode(None))
            return samples


_OPTIONS = {
    "aiff": ("fflags",),
    "wav": ("fflags",),
    "flac": ("fflags",),
    "ipod": ("fflags", "movie_timescale"),
    "mp3": ("fflags", "id3v2_version", "write_xing"),
}


def _rate(recipe: _Recipe, source_hz: int) -> int:
    """The source's own rate where the format takes it, else one that divides evenly, else the nearest."""
    if not recipe.rates_hz or source_hz in recipe.rates_hz:
        return source_hz
    even = [rate for rate in recipe.rates_hz if source_hz % rate == 0 or rate % source_hz == 0]
    return min(even or recipe.rates_hz, key=lambda rate: abs(rate - source_hz))


def _stream(output: "OutputContainer", recipe: _Recipe, sound: Opened, rate: int) -> "AudioStream":
    is_deep = bool(recipe.deep_codec) and _is_deep(sound)
    codec = recipe.deep_codec if is_deep else recipe.codec
    stream = cast("AudioStream", output.add_stream(codec, rate=rate))
    stream.codec_context.format = recipe.deep_sample_format if is_deep else recipe.sample_format
    stream.codec_context.layout = _layout(recipe, sound)
    stream.codec_context.time_base = Fraction(1, rate)
    if recipe.bit_rate:
        stream.codec_context.bit_rate = recipe.bit_rate
    return stream


def _is_deep(sound: Opened) -> bool:
    """More than 16 bits of worth: a lossy source decodes to floating point, yet its own noise lies far above 16 bits."""
    codec = sound.stream.codec_context.codec
    return codec.lossless and sound.stream.codec_context.format.bytes > 2


def _layout(recipe: _Recipe, sound: Opened) -> str:
    if sound.container.channels == 1:
        return "mono"
    if sound.container.channels == 2 or not recipe.keeps_surround:
        return "stereo"
    return sound.stream.codec_context.layout.name


def _frames(sound: Opened, stream: "AudioStream", progress: Progress) -> "Iterator[AudioFrame]":
    """The sound in the shape the encoder wants."""
    from av import AudioFrame, AudioResampler

    wanted = stream.codec_context
    resampler = AudioResampler(format=wanted.format, layout=wanted.layout, rate=wanted.sample_rate)
    layout = sound.stream.codec_context.layout.name
    # 32-bit floating point holds 24-bit samples exactly, so the detour over it loses nothing.
    for block in blocks(sound, progress):
        # Samples of all channels in turn: PyAV 18 counts the planes of eight channels wrongly.
        frame = AudioFrame.from_ndarray(block.T.reshape(1, -1), format="flt", layout=layout)
        frame.sample_rate = sound.container.sample_rate_hz
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _numbered(frame: "AudioFrame", first_sample: int) -> "AudioFrame":
    """Counted from 0 without gaps, so that what the encoder puts before it is marked as its own."""
    frame.pts = first_sample
    frame.time_base = Fraction(1, frame.sample_rate)
    return frame


def _finish(source: Path, recipe: _Recipe, file: BinaryIO, samples: int) -> None:
    file.flush()
    if recipe.largest_bytes and file.seek(0, 2) > recipe.largest_bytes:
        raise GiveUp(f"{source.name} is too long for a {recipe.container} file of 4 GB; choose flac.", "too_long")
    if recipe.container == "wav":
        _call_it_plain_pcm(file)
    if recipe.container == "mp3":
        _tell_exact_length(file, samples)


def _call_it_plain_pcm(file: BinaryIO) -> None:
    """Mark a 24-bit or fast WAV of one or two channels as plain PCM.

    FFmpeg marks it WAVE_FORMAT_EXTENSIBLE, which Pioneer's players refuse (E-8305); the samples are the same.
    """
    file.seek(0)
    head = file.read(24)
    if head[12:16] == b"fmt " and struct.unpack_from("<HH", head, 20) in {(0xFFFE, 1), (0xFFFE, 2)}:
        file.seek(20)
        file.write(struct.pack("<H", 1))


_MPEG_1_FRAME = 1152


def _tell_exact_length(file: BinaryIO, samples: int) -> None:
    """Set the end padding in the LAME part of the Info header.

    FFmpeg takes it from the last packet alone, and so announces up to 1152 samples too many where LAME pads more.
    Layout: http://gabriel.mp3-tech.org/mp3infotag.html
    """
    file.seek(0)
    head = bytearray(file.read(256))
    info = head.find(b"Info", 0, 64)
    if info < 0:
        return
    frames = struct.unpack_from(">I", head, info + 8)[0]
    delay = struct.unpack_from(">H", head, info + 141)[0] >> 4
    padding = frames * _MPEG_1_FRAME - delay - samples
    if not 0 <= padding <= 0xFFF:
        return
    head[info + 141 : info + 144] = (delay << 12 | padding).to_bytes(3, "big")
    head[info + 154 : info + 156] = _crc_16(head[: info + 154]).to_bytes(2, "big")
    file.seek(0)
    file.write(head)


def _crc_16(data: bytes | bytearray) -> int:
    """CRC-16/ARC: polynomial 0x8005, reflected."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
