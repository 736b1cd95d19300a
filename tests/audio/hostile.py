"""Files that are made to take memory or time: small ones that announce much, and much beside little sound."""

import struct
import zlib
from pathlib import Path

import numpy as np
from tests.audio.encoded import encode

_MIB = 1024**2
_RATE_HZ = 44_100


def write_all(folder: Path) -> None:
    """One file of each kind, by its name."""
    sound = encode(folder / "sound.mp3", np.zeros((2, _RATE_HZ), np.float32)).read_bytes()
    (folder / "index_of_2_26.m4a").write_bytes(mp4(2**26))
    (folder / "index_of_2_31.m4a").write_bytes(mp4(2**31 - 1))
    (folder / "index_of_8_million.m4a").write_bytes(mp4(8_000_000, b"\xff" * 8_000_100))
    (folder / "fragment_of_2_26.m4a").write_bytes(mp4(0) + _fragment(2**26))
    (folder / "frames_of_2_24.m4a").write_bytes(alac(2**24 - 1))
    (folder / "frames_of_2_32.m4a").write_bytes(alac(2**32 - 1))
    (folder / "length_of_2_36.flac").write_bytes(flac(2**36 - 1))
    (folder / "seven_channels.flac").write_bytes(flac(11 * 3600 * 384_000, rate_hz=384_000, channels=7))
    (folder / "blocks.flac").write_bytes(b"fLaC" + _STREAMINFO + b"\x01\0\0\0" * 200_000)
    (folder / "pictures.flac").write_bytes(b"fLaC" + _STREAMINFO + (b"\x06\xf0\0\0" + bytes(15 * _MIB)) * 5)
    (folder / "streams.ogg").write_bytes(ogg(2000))
    (folder / "one_hertz.wav").write_bytes(wav(2, 1))
    (folder / "eight_channels.wav").write_bytes(wav(8, _RATE_HZ))
    (folder / "announced_gigabytes.wav").write_bytes(wav(2, _RATE_HZ, announced=2**32 - 100))
    (folder / "packed_picture.mp3").write_bytes(id3(packed_picture(200 * _MIB)) + sound)
    _write_sparse(folder / "large_picture.mp3", id3(b"", announced=250 * _MIB), 250 * _MIB, sound)


def box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), name) + body


def table(name: bytes, *parts: bytes) -> bytes:
    """A box with a version and flags."""
    return box(name, bytes(4), *parts)


def mp4(samples: int, data: bytes = bytes(4096), entry: bytes = b"") -> bytes:
    """AAC of which each packet is one byte: the index takes 24 bytes of memory for each, and none in the file."""
    index = box(
        b"stbl",
        table(b"stsd", struct.pack(">I", 1), entry or _sound(b"mp4a", _ESDS)),
        table(b"stts", struct.pack(">III", 1, samples, 1024)),
        table(b"stsc", struct.pack(">IIII", 1, 1, samples, 1)),
        table(b"stsz", struct.pack(">II", 1, samples)),
        table(b"stco", struct.pack(">II", 1, 40)),
    )
    place = box(b"dinf", table(b"dref", struct.pack(">II4sI", 1, 12, b"url ", 1)))
    media = box(
        b"mdia",
        table(b"mdhd", struct.pack(">IIIIHH", 0, 0, _RATE_HZ, 0, 0x55C4, 0)),
        table(b"hdlr", bytes(4), b"soun", bytes(13)),
        box(b"minf", table(b"smhd", bytes(4)), place, index),
    )
    track = box(b"trak", table(b"tkhd", struct.pack(">IIIII", 0, 0, 1, 0, 0), bytes(60)), media)
    fragments = box(b"mvex", table(b"trex", struct.pack(">IIIII", 1, 1, 1024, 1, 0)))
    header = table(b"mvhd", struct.pack(">IIII", 0, 0, 1000, 0), bytes(80))
    return box(b"ftyp", b"M4A \0\0\0\0M4A isom") + box(b"mdat", data) + box(b"moov", header, track, fragments)


def alac(frame_samples: int) -> bytes:
    cookie = struct.pack(">IBBBBBBHIII", frame_samples, 0, 16, 40, 10, 14, 2, 255, 0, 0, _RATE_HZ)
    return mp4(100, entry=_sound(b"alac", table(b"alac", cookie)))


def _fragment(samples: int) -> bytes:
    run = table(b"trun", struct.pack(">I", samples))
    return box(b"moof", table(b"mfhd", struct.pack(">I", 1)), box(b"traf", table(b"tfhd", struct.pack(">I", 1)), run))


def _sound(name: bytes, more: bytes) -> bytes:
    return box(name, bytes(6), struct.pack(">H", 1), bytes(8), struct.pack(">HHHHI", 2, 16, 0, 0, _RATE_HZ << 16), more)


_ESDS = table(
    b"esds",
    bytes.fromhex("038080802200020004808080144015000000000000000000000000058080800212100680808001 02".replace(" ", "")),
)


def flac(samples: int, *, rate_hz: int = _RATE_HZ, channels: int = 2) -> bytes:
    told = rate_hz << 44 | (channels - 1) << 41 | 15 << 36 | samples
    info = struct.pack(">HH", 65535, 65535) + bytes(6) + told.to_bytes(8, "big") + bytes(16)
    return b"fLaC\x80\0\0\x22" + info + bytes(5000)


_STREAMINFO = b"\0" + flac(_RATE_HZ)[5:42]


def ogg(streams: int) -> bytes:
    head = b"OpusHead\1\2\x38\1\x80\xbb\0\0\0\0\0"
    return b"".join(_page(number, head, 6 if number + 1 == streams else 2) for number in range(streams))


def _page(serial: int, body: bytes, flags: int) -> bytes:
    page = bytearray(b"OggS\0" + bytes([flags]) + struct.pack("<qIII", 0, serial, 0, 0) + bytes([1, len(body)]) + body)
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ (0x04C11DB7 if crc & 0x80000000 else 0)) & 0xFFFFFFFF
    page[22:26] = struct.pack("<I", crc)
    return bytes(page)


def wav(channels: int, rate_hz: int, announced: int = 4000) -> bytes:
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
    chunks = b"fmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", announced) + bytes(4000)
    return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WAVE" + chunks


def id3(frames: bytes, announced: int | None = None) -> bytes:
    size = len(frames) if announced is None else announced
    return b"ID3\3\0\0" + bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0)) + frames


def packed_picture(size: int) -> bytes:
    """A picture of an ID3 frame that is packed a thousandfold."""
    packer = zlib.compressobj(9)
    packed = packer.compress(b"\0image/png\0\3\0")
    packed += b"".join(packer.compress(bytes(_MIB)) for _ in range(size // _MIB)) + packer.flush()
    return b"APIC" + struct.pack(">I", len(packed) + 4) + b"\0\x80" + struct.pack(">I", size) + packed


def _write_sparse(path: Path, head: bytes, hole: int, tail: bytes) -> None:
    with path.open("wb") as file:
        file.write(head)
        file.seek(hole, 1)
        file.write(tail)
