"""Decode a file once, from its beginning to its end, in blocks of about a second."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from music_sync.audio.container import MACHINE_ERRORS, Opened, check_length, is_cut, unreadable
from music_sync.model.errors import GiveUp
from music_sync.model.ports import Progress

if TYPE_CHECKING:
    from av.audio.fifo import AudioFifo
    from av.audio.frame import AudioFrame

BLOCK_S = 0.8
"""Long enough that numpy sees some 4500 blocks an hour instead of 140,000 frames, short enough to stay in the cache:
blocks of 3 s cost the analysers a tenth more."""

LOUDEST = 1e5
"""Absolute sample beyond which a float file holds garbage; 1.0 is full scale, some are scaled to 32768."""

_SHORTFALL_S, _SHORTFALL = 2.0, 0.03
_LOSSLESS = frozenset({"flac", "alac"})
_LOST_S = 0.02
"""What a lossless file may lack: less than one of its frames."""
_BAD_PACKETS = 3
"""A lossy file may lose this many packets (some 80 ms) in its middle: old MP3s do, and every player plays them."""
_BAD_IN_A_ROW = 10_000
"""Packets without a sound, after which no more are tried; an index of 5 kB may announce millions."""
_SLOWEST = 1.0
"""Processor seconds for each second of sound, with what is made of it; measuring takes 0.005, encoding 0.03."""
_HEAD_START_S = 120.0

_WEIGHTS = {"LFE": 0.0, "LFE2": 0.0} | dict.fromkeys(
    ("BL", "BR", "BC", "SL", "SR", "TBL", "TBC", "TBR", "SDL", "SDR"), 1.41
)


def channel_weights(sound: Opened) -> tuple[float, ...]:
    """Weight of each channel in ITU-R BS.1770-4: 1.41 for those beside and behind the listener, 0 for the LFE."""
    channels = sound.stream.codec_context.layout.channels
    return tuple(_WEIGHTS.get(channel.name, 1.0) for channel in channels)


def blocks(sound: Opened, progress: Progress) -> Iterator[NDArray[np.float32]]:
    """Yield the sound in float32 blocks of shape (channels, samples) at the file's own rate; 1.0 is full scale.

    Raises GiveUp after the last block when the file ended before it should (`truncated`), and at once when it is
    damaged in its middle (`corrupt`), goes on for over 12 hours (`implausible`) or costs more work than a sound of its
    length can (`corrupt`); the time that this thread waits does not count. A cut MP3 that never had a length
    in its header cannot be told from a whole one.
    """
    rate, size = sound.container.sample_rate_hz, max(sound.file.size, 1)
    position, samples = _Position(time.thread_time()), 0
    with _damage_told(sound):
        for block in _in_blocks(sound, _frames(sound, _Faults(sound), position)):
            samples += block.shape[1]
            check_length(sound.path, samples, rate, sound.container.channels)
            position.sound_s = samples / rate
            _check_finite(sound, block)
            yield block
            progress(min(position.at / size, 1.0))
    _check_whole(sound, samples / rate)
    progress(1.0)


@dataclass
class _Position:
    """How far the file is read, and what that may cost."""

    began_s: float
    """By the clock of this thread's work."""
    at: int = 0
    """In bytes."""
    sound_s: float = 0.0

    def check_work(self, name: str) -> None:
        if time.thread_time() - self.began_s > _HEAD_START_S + _SLOWEST * self.sound_s:
            raise GiveUp(f"{name} takes far more work than a sound of its length; fetch it again.", "corrupt")


class _Faults:
    """Counts the packets that do not decode. At either end they are tag remains; in the middle they are damage."""

    def __init__(self, sound: Opened) -> None:
        self.sound = sound
        self.trailing = 0
        self._allowed = 0 if sound.container.codec in _LOSSLESS else _BAD_PACKETS
        self._has_sound = False
        self._middle = 0
        self._in_a_row = 0

    def bad(self) -> None:
        self.trailing += self._has_sound
        self.silent()

    def silent(self) -> None:
        """A packet gave no sound: damage, or a decoder that waits for the next."""
        self._in_a_row += 1
        if self._in_a_row > _BAD_IN_A_ROW:
            raise GiveUp(f"{self.sound.path.name} holds no sound that can be decoded; fetch it again.", "not_audio")

    def good(self) -> None:
        self._middle += self.trailing
        self.trailing, self._has_sound, self._in_a_row = 0, True, 0
        if self._middle > self._allowed:
            raise GiveUp(f"{self.sound.path.name} is damaged in its middle; fetch it again.", "corrupt")


@contextmanager
def _damage_told(sound: Opened) -> Iterator[None]:
    from av.error import FFmpegError

    try:
        yield
    except FFmpegError as error:
        if error.errno in MACHINE_ERRORS:
            raise unreadable(sound.path, error) from error
        raise GiveUp(f"{sound.path.name} is damaged; fetch it again.", "corrupt") from error


def _frames(sound: Opened, faults: _Faults, position: _Position) -> "Iterator[AudioFrame]":
    from av.error import FFmpegError

    for packet in sound.file.demux(sound.stream):
        position.at = packet.pos or position.at
        position.check_work(sound.path.name)
        try:
            frames = packet.decode()
        except FFmpegError:  # not only InvalidDataError: the AAC decoder says "not permitted" to some damage
            faults.bad()
            continue
        if frames:
            faults.good()
        else:
            faults.silent()
        yield from frames


def _in_blocks(sound: Opened, frames: "Iterator[AudioFrame]") -> Iterator[NDArray[np.float32]]:
    """Gather small frames into blocks of one shape; a stream may change its rate or channels midway."""
    from av import AudioResampler

    # Asked before decoding: the decoder's own layout changes with the stream.
    layout, rate_hz = sound.stream.codec_context.layout, sound.container.sample_rate_hz
    for _, alike in groupby(frames, _shape):
        resampler = AudioResampler(format="fltp", layout=layout, rate=rate_hz)
        for gathered in _gathered(alike, round(BLOCK_S * rate_hz)):
            for frame in resampler.resample(gathered):
                yield frame.to_ndarray().astype(np.float32, copy=False)
        for frame in resampler.resample(None):
            yield frame.to_ndarray().astype(np.float32, copy=False)


def _shape(frame: "AudioFrame") -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _gathered(frames: "Iterator[AudioFrame]", samples: int) -> "Iterator[AudioFrame]":
    from av import AudioFifo

    fifo = AudioFifo()
    for frame in frames:
        frame.pts = None  # a gap in the timestamps must not end the decoding
        fifo.write(frame)
        if fifo.samples >= samples:
            yield from _rest(fifo)
    yield from _rest(fifo)


def _rest(fifo: "AudioFifo") -> "Iterator[AudioFrame]":
    frame = fifo.read()
    if frame is not None:
        yield frame


def _check_finite(sound: Opened, block: NDArray[np.float32]) -> None:
    # A comparison with NaN is false, so one test finds NaN, infinity and garbage.
    if block.size and not (block.max() < LOUDEST and block.min() > -LOUDEST):
        raise GiveUp(f"{sound.path.name} holds samples that are no sound; fetch it again.", "corrupt")


def _check_whole(sound: Opened, length_s: float) -> None:
    name, announced_s = sound.path.name, sound.container.announced_length_s
    if length_s == 0.0:
        raise GiveUp(f"{name} holds no sound that can be decoded; fetch it again.", "not_audio")
    if announced_s is not None and announced_s - length_s > max(_SHORTFALL_S, _SHORTFALL * announced_s):
        raise GiveUp(
            f"{name} is cut off: it announces {announced_s:.0f} s and holds {length_s:.0f} s; fetch it again.",
            "truncated",
        )
    kind = {"opus": "ogg"}.get(sound.container.container, sound.container.container)
    if is_cut(sound.path, kind):
        raise GiveUp(f"{name} is cut off after {length_s:.0f} s: its end is missing; fetch it again.", "truncated")
    # FFmpeg's FLAC parser drops a frame whose checksum is wrong without a word; only the length tells.
    if sound.container.codec in _LOSSLESS and announced_s is not None and announced_s - length_s > _LOST_S:
        raise GiveUp(f"{name} is damaged: {announced_s - length_s:.2f} s are missing; fetch it again.", "corrupt")
