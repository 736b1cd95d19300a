"""Writes test signals into files of every kind that is taken."""

from pathlib import Path
from typing import cast

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

# Ending -> encoder, muxer, muxer options.
_WAYS: dict[str, tuple[str, str, dict[str, str]]] = {
    "mp3": ("libmp3lame", "mp3", {}),
    "headless.mp3": ("libmp3lame", "mp3", {"write_xing": "0"}),
    "m4a": ("aac", "ipod", {}),
    "faststart.m4a": ("aac", "ipod", {"movflags": "faststart"}),
    "alac.m4a": ("alac", "ipod", {"movflags": "faststart"}),
    "fragmented.m4a": ("aac", "mp4", {"movflags": "frag_keyframe+empty_moov", "frag_duration": "1000000"}),
    "flac": ("flac", "flac", {}),
    "ogg": ("vorbis", "ogg", {}),
    "opus": ("libopus", "ogg", {}),
    "wav": ("pcm_s16le", "wav", {}),
    "float.wav": ("pcm_f32le", "wav", {}),
    "aiff": ("pcm_s16be", "aiff", {}),
}


def encode(
    path: Path, samples: Samples, rate_hz: int = 44_100, layout: str = "", way: str = "", bit_rate: int | None = None
) -> Path:
    """Write samples of shape (channels, n); `way` is a key of `_WAYS`, by default the path's ending."""
    encoder, muxer, options = _WAYS[way or path.suffix[1:]]
    layout = layout or ("mono" if len(samples) == 1 else "stereo")
    with av.open(f"file:{path}", "w", format=muxer, options=options) as file:
        wanted_hz = 48_000 if encoder == "libopus" else rate_hz
        settings = {"strict": "experimental"} if encoder == "vorbis" else {}
        stream = cast("av.AudioStream", file.add_stream(encoder, wanted_hz, options=settings, layout=layout))
        if bit_rate:
            stream.bit_rate = bit_rate
        for start in range(0, samples.shape[1], 4096):
            part = np.ascontiguousarray(samples[:, start : start + 4096], np.float32)
            frame = av.AudioFrame.from_ndarray(part, "fltp", layout)
            frame.sample_rate, frame.pts = rate_hz, start
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path
