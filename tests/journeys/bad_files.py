"""Files as strangers, broken downloads and odd drives leave them in a folder."""

import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import mutagen.id3
import mutagen.mp3
import numpy as np

from music_sync.demo.music import PIECES, SAMPLE_RATE_HZ, Samples, render, write_encoded

# Its functions are not annotated.
ID3: Any = mutagen.id3
MP3: Any = mutagen.mp3.MP3

OLD_S = 1_700_000_000
LENGTH_S = 5.0


@dataclass(frozen=True)
class Bad:
    """A file with an audio name, and what must come of it."""

    name: str
    write: Callable[[Path], object]
    words: str
    """Must stand in the reason."""
    ending: str = "failed"


def lay_out(folder: Path, files: "tuple[Bad, ...]") -> None:
    """Write them all, old enough to have stopped growing."""
    for number, bad in enumerate(files):
        path = folder / bad.name
        bad.write(path)
        os.utime(path, (OLD_S + number, OLD_S + number))


@cache
def samples(number: int) -> Samples:
    """A short recording that is no other's."""
    return render(replace(PIECES[number % len(PIECES)], length_s=LENGTH_S, seed=100 + number))


@cache
def encoded(number: int, codec: str, folder: Path = Path("/tmp")) -> bytes:  # noqa: S108 - a scratch name of its own
    """A whole file of one recording."""
    path = folder / f"music-sync-tests-{os.getpid()}.{codec}"
    try:
        if codec in {"aiff", "ogg"}:
            write_other(path, samples(number), codec)
        else:
            write_encoded(path, samples(number), SAMPLE_RATE_HZ, codec)
        return path.read_bytes()
    finally:
        path.unlink(missing_ok=True)


def write_other(path: Path, sound: Samples, codec: str) -> None:
    """AIFF and Ogg Vorbis, which the demo does not write."""
    encoder, layout = {"aiff": ("pcm_s16be", "s16"), "ogg": ("vorbis", "fltp")}[codec]
    pcm = np.ascontiguousarray(sound.T) if layout == "fltp" else np.round(sound * 32767).astype(np.int16).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(pcm, layout, "stereo")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE_HZ, 0, Fraction(1, SAMPLE_RATE_HZ)
    with av.open(f"file:{path}", "w", format=codec) as container:
        stream: Any = container.add_stream(encoder, SAMPLE_RATE_HZ, options={"strict": "experimental"})
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def content(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def whole(number: int, codec: str) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(encoded(number, codec))


def cut(number: int, codec: str, share: float = 0.42) -> Callable[[Path], object]:
    """The beginning of a file: a download that broke off."""

    def write(path: Path) -> None:
        data = encoded(number, codec)
        path.write_bytes(data[: int(len(data) * share)])

    return write


def video(path: Path) -> None:
    """Pictures without sound, as a screen recorder leaves them."""
    with av.open(f"file:{path}", "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", 25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number * 20, np.uint8), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def with_frames(number: int, *frames: Any) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        path.write_bytes(encoded(number, "mp3"))
        file = MP3(path)
        if file.tags is None:
            file.add_tags()
        for frame in frames:
            file.tags.add(frame)
        file.save()

    return write


@cache
def vast_picture(side: int = 20_000) -> bytes:
    """A valid PNG of that many white pixels a side, one bit each."""
    packer = zlib.compressobj(1)
    row = b"\x00" + b"\xff" * ((side + 7) // 8)
    data = b"".join([*(packer.compress(row * 100) for _ in range(side // 100)), packer.flush()])
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in (
            (b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)),
            (b"IDAT", data),
            (b"IEND", b""),
        )
    )


def cover(picture: bytes, mime: str = "image/png") -> Any:
    return ID3.APIC(encoding=0, mime=mime, type=3, desc="", data=picture)


PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please sign in.</body></html>\n"
HLS = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
CONCAT = b"ffconcat version 1.0\nfile 'good.flac'\n"
