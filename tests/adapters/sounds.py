"""Short sounds in every container that is taken, and what is in them, told by FFmpeg and not by our code."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import av
import numpy as np
from numpy.typing import NDArray

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


@dataclass(frozen=True)
class Making:
    """How FFmpeg makes one kind of file."""

    codec: str
    container: str
    sample_format: str
    ending: str
    options: dict[str, str] = field(default_factory=dict)
    muxing: dict[str, str] = field(default_factory=dict)


KINDS = {
    "mp3": Making("libmp3lame", "mp3", "fltp", "mp3", muxing={"id3v2_version": "0"}),
    "aac": Making("aac", "ipod", "fltp", "m4a", {"aac_coder": "fast"}),
    "alac": Making("alac", "ipod", "s16p", "m4a"),
    "fragmented": Making("aac", "mp4", "fltp", "m4a", {"aac_coder": "fast"}, {"movflags": "frag_keyframe+empty_moov"}),
    "flac": Making("flac", "flac", "s16", "flac"),
    "flac24": Making("flac", "flac", "s32", "flac"),
    "ogg": Making("vorbis", "ogg", "fltp", "ogg", {"strict": "experimental"}),
    "opus": Making("libopus", "ogg", "flt", "opus"),
    "wav": Making("pcm_s16le", "wav", "s16", "wav"),
    "wav24": Making("pcm_s24le", "wav", "s32", "wav"),
    "float": Making("pcm_f32le", "wav", "flt", "wav"),
    "u8": Making("pcm_u8", "wav", "u8", "wav"),
    "aiff": Making("pcm_s16be", "aiff", "s16", "aiff"),
    "aiff24": Making("pcm_s24be", "aiff", "s32", "aiff"),
}


def quiet(done: float) -> None:
    """A progress that nobody watches."""
    assert 0.0 <= done <= 1.0


def tone(samples: int, rate: int, channels: int = 2, seed: int = 1) -> NDArray[np.float32]:
    """A chord with some noise, another in each channel; shape (channels, samples)."""
    at = np.arange(samples) / rate
    noise = np.random.default_rng(seed).uniform(-0.05, 0.05, (channels, samples))
    tones = [0.4 * np.sin(2 * np.pi * 330.0 * (channel + 1) * at) for channel in range(channels)]
    return (np.stack(tones) + noise).astype(np.float32)


def make(path: Path, kind: str, samples: int = 20_777, rate: int = 44_100, channels: int = 2) -> Path:
    """Write a sound of `kind`; Opus always has 48 kHz."""
    making = KINDS[kind]
    rate = 48_000 if kind == "opus" else rate
    layout = LAYOUTS[channels]
    frame = av.AudioFrame.from_ndarray(tone(samples, rate, channels).T.reshape(1, -1), "flt", layout)
    frame.sample_rate, frame.pts = rate, 0
    with av.open(str(path), "w", format=making.container, options=making.muxing) as output:
        stream = cast("av.AudioStream", output.add_stream(making.codec, rate, options=making.options))
        stream.codec_context.format = av.AudioFormat(making.sample_format)
        stream.codec_context.layout = av.AudioLayout(layout)
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@dataclass(frozen=True)
class Sound:
    """A decoded file."""

    samples: NDArray[np.int32]
    """Shape (channels, samples), full scale is 2**31."""
    rate: int
    codec: str
    bit_rate: int | None
    announced_s: float


def decoded(path: Path) -> Sound:
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        context = stream.codec_context
        resampler = av.AudioResampler("s32p", context.layout, context.sample_rate)
        frames = [ready for frame in file.decode(stream) for ready in resampler.resample(frame)]
        frames += resampler.resample(None)
        samples = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
        assert stream.duration is not None
        assert stream.time_base is not None
        announced_s = float(stream.duration * stream.time_base)
        return Sound(samples, context.sample_rate, context.codec.name, context.bit_rate, announced_s)


def packets(path: Path) -> str:
    """A hash over the encoded sound, packet by packet: what a tag must never change."""
    digest = hashlib.sha256()
    with av.open(str(path)) as file:
        for packet in file.demux(file.streams.audio[0]):
            digest.update(bytes(packet))
    return digest.hexdigest()
