"""What kind of file is this? Magic bytes first, then one demuxer out of a closed list, on local files only."""

import ctypes
import errno
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from music_sync.audio import ballast, magic
from music_sync.model.errors import EnvironmentFault, GiveUp

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.error import FFmpegError

LONGEST_S = 12 * 3600.0
"""Longer files are refused: a small file can hold days of silence and keep a machine busy for as long."""
MOST_CHANNELS = 7
"""PyAV 18 reads past the planes of an eight-channel frame, which ends the process."""
SLOWEST_HZ, FASTEST_HZ = 1_000, 384_000
MOST_SAMPLES = round(LONGEST_S * 48_000 * 2)
"""Of all channels together. What is measured is counted in them: 12 hours of seven channels at 384 kHz fit into 8 MB as
silence, and would keep a machine busy for an hour."""
_MOST_STREAMS = 64
"""Sound, cover, chapters, some languages; FFmpeg makes a stream of each that an Ogg begins."""
_LARGEST_PIECE_BYTES = 256 * 1024**2
"""Of memory, in FFmpeg. The index of 12 hours takes 164 MB while it is written; an MP4 of 5 kB may announce one of 2 GB."""

# FFmpeg's name of the demuxer for each of our containers; no other may open the file, so a playlist or an image
# sequence that is named .mp3 finds no reader.
_DEMUXERS = {"mp3": "mp3", "mp4": "mov", "flac": "flac", "ogg": "ogg", "wav": "wav", "aiff": "aiff"}

# Also keeps FFmpeg from decoding an embedded cover while it probes: a picture can be a decompression bomb.
_CODECS = (
    "mp3", "mp3float", "mp2", "mp2float", "mp1", "mp1float", "aac", "alac", "ac3", "eac3", "flac", "vorbis", "opus",
    "libopus", "pcm_u8", "pcm_s8", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be",
    "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_f64be", "pcm_alaw", "pcm_mulaw", "adpcm_ms", "adpcm_ima_wav",
    "adpcm_ima_qt",
)  # fmt: skip


@dataclass(frozen=True)
class Container:
    """What a file's header says of its sound."""

    container: str
    """One of `model.formats.CONTAINERS`."""
    codec: str
    """FFmpeg's name: mp3, aac, alac, flac, vorbis, opus, pcm_s16le ..."""
    announced_length_s: float | None
    """None where no header tells it and FFmpeg would only guess from the bit rate."""
    sample_rate_hz: int
    channels: int
    bit_rate: int | None
    """In bits a second."""


def probe(path: Path) -> Container:
    """Say what a file is from its header, without decoding it.

    Raises GiveUp when it is no audio that we take (`rule`: missing, not_a_file, empty, playlist, not_audio,
    unsupported_container, unsupported_codec, no_audio_stream, truncated, implausible), EnvironmentFault when it
    cannot be read.
    """
    with opened(path) as sound:
        return sound.container


@dataclass(frozen=True)
class Opened:
    """An open file with the one stream that is decoded."""

    path: Path
    container: Container
    file: "InputContainer"
    stream: "AudioStream"


@contextmanager
def opened(path: Path) -> Iterator[Opened]:
    """Open a file for decoding; raises as `probe` does."""
    from av.error import FFmpegError

    kind = kind_of(path)
    try:
        file = demuxed(path, _DEMUXERS[kind])
    except FFmpegError as error:
        raise _refusal(path, kind, error) from error
    with file:
        stream = _audio_stream(path, file)
        container = _container(path, kind, file, stream)
        _check_plausible(path, container)
        yield Opened(path, container, file, stream)


def demuxed(path: Path, demuxer: str) -> "InputContainer":
    """Open a local file with this demuxer of FFmpeg's alone, within bounds of memory; raises FFmpegError."""
    from av import open as av_open

    _bound_memory()
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": demuxer,
        "codec_whitelist": ",".join(_CODECS),
        "max_streams": str(_MOST_STREAMS),
    }
    # The prefix and the absolute path make names such as `-x.mp3`, `concat:a|b` and `100%d.mp3` plain names.
    return av_open(f"file:{path.absolute()}", "r", format=demuxer, options=options, metadata_errors="replace")


@cache
def _bound_memory() -> None:
    """Let FFmpeg fail where it would take a huge piece of memory at once.

    PyAV has no name for this; one of its modules finds it among the libraries that it was linked to. Of another make of
    PyAV it may not, and then memory is bounded by what a file announces alone.
    """
    from av import packet

    with suppress(AttributeError, OSError):
        ctypes.CDLL(packet.__file__).av_max_alloc(ctypes.c_size_t(_LARGEST_PIECE_BYTES))


def kind_of(path: Path) -> str:
    """The demuxer's kind (mp3, mp4, flac, ogg, wav, aiff) by the file's own first bytes, whatever its name says."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise GiveUp(f"{path.name} is not a file; give the path of an audio file.", "not_a_file")
        if status.st_size == 0:
            raise GiveUp(f"{path.name} is empty (0 bytes); fetch it again.", "empty")
        with path.open("rb") as file:
            kind = magic.sniff(file, status.st_size)
            is_overloaded = ballast.is_overloaded(file, kind, status.st_size)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise GiveUp(f"{path.name} is not there any more; put it back and sync again.", "missing") from error
    except OSError as error:
        raise unreadable(path, error) from error
    if kind not in _DEMUXERS:
        rule, words = magic.REFUSED[kind]
        raise GiveUp(f"{path.name} {words}; give a {_WANTED} file instead.", rule)
    if is_overloaded:
        raise GiveUp(
            f"{path.name} carries more tags and pictures than are read ({ballast.MOST_BYTES // 1024**2} MB); take some out.",
            "implausible",
        )
    return kind


_WANTED = "MP3, M4A, FLAC, Ogg, Opus, WAV or AIFF"


MACHINE_ERRORS = frozenset({errno.EIO, errno.ESTALE, errno.ENODEV, errno.ENXIO, errno.EMFILE, errno.ENFILE})
"""What FFmpeg reports when the drive or the machine fails; its other errors, even EPERM, come from what is in the file."""


def unreadable(path: Path, error: "OSError | FFmpegError") -> EnvironmentFault:
    """The fault for a file that the machine cannot read, whatever is in it."""
    return EnvironmentFault(f"{path.name} cannot be read ({error.strerror or error}); check its drive and its rights.")


def _refusal(path: Path, kind: str, error: "FFmpegError") -> GiveUp | EnvironmentFault:
    if error.errno in MACHINE_ERRORS:
        return unreadable(path, error)
    if is_cut(path, kind):
        return GiveUp(f"{path.name} is cut off: its end is missing; fetch it again.", "truncated")
    return GiveUp(f"{path.name} looks like {kind} but cannot be read as such; fetch it again.", "not_audio")


def is_cut(path: Path, kind: str) -> bool:
    """Does the file's own structure say that its end is missing? Only MP4 and Ogg tell; others announce a length."""
    try:
        with path.open("rb") as file:
            if kind == "mp4":
                return magic.mp4_is_cut(file, path.stat().st_size)
            return kind == "ogg" and magic.ogg_is_cut(file, path.stat().st_size)
    except OSError as error:
        raise unreadable(path, error) from error


def _audio_stream(path: Path, file: "InputContainer") -> "AudioStream":
    if not file.streams.audio:
        raise GiveUp(f"{path.name} holds no sound; give an audio file.", "no_audio_stream")
    stream = file.streams.audio[0]
    if stream.codec_context is None or stream.codec_context.codec.name not in _CODECS:
        raise GiveUp(f"{path.name} holds sound in a codec that is not taken; convert it first.", "unsupported_codec")
    _refuse_custom_order(path, stream)
    return stream


def _refuse_custom_order(path: Path, stream: "AudioStream") -> None:
    """Refuse channels in an order of the file's own (an AIFF of 7.1): PyAV 18 frees their map twice and dies of it."""
    layout = stream.codec_context.layout
    if re.match(r"\d+ channels \(|ambisonic", layout.name):
        # Kept for ever, for its end would be the first of the two frees.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))
        raise GiveUp(f"{path.name} has its channels in an unusual order; convert it to stereo first.", "implausible")


def _container(path: Path, kind: str, file: "InputContainer", stream: "AudioStream") -> Container:
    codec = stream.codec_context.codec.canonical_name
    return Container(
        container="opus" if kind == "ogg" and codec == "opus" else kind,
        codec=codec,
        announced_length_s=_announced_length_s(path, kind, file, stream),
        sample_rate_hz=stream.codec_context.sample_rate,
        channels=stream.codec_context.channels,
        bit_rate=stream.bit_rate or file.bit_rate or None,
    )


def _announced_length_s(path: Path, kind: str, file: "InputContainer", stream: "AudioStream") -> float | None:
    with path.open("rb") as raw:
        if kind == "mp3" and not magic.mp3_tells_length(raw):
            return None
        if kind == "wav" and stream.codec_context.codec.name.startswith("pcm_"):
            # FFmpeg shortens the announced length of a cut WAV to what is there; the header does not.
            return magic.wav_length_s(raw)
        if kind == "flac" and not magic.flac_tells_length(raw):
            return None
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return file.duration / 1_000_000 if file.duration is not None else None


def _check_plausible(path: Path, container: Container) -> None:
    rate, channels = container.sample_rate_hz, container.channels
    if not (SLOWEST_HZ <= rate <= FASTEST_HZ and 1 <= channels <= MOST_CHANNELS):
        raise GiveUp(
            f"{path.name} announces {channels} channels at {rate} Hz, which is no music; give another file.",
            "implausible",
        )
    check_length(path, (container.announced_length_s or 0.0) * rate, rate, channels)


def check_length(path: Path, samples: float, rate_hz: int, channels: int) -> None:
    """Raise GiveUp for more sound than anyone has in one file; `samples` are those of one channel."""
    if samples > LONGEST_S * rate_hz:
        raise GiveUp(f"{path.name} is longer than {LONGEST_S / 3600:.0f} hours; split it first.", "implausible")
    if samples * channels > MOST_SAMPLES:
        raise GiveUp(f"{path.name} holds more sound than 12 hours of stereo at 48 kHz; split it first.", "implausible")
