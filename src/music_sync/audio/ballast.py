"""How much a file carries beside its sound: tags, pictures, indexes. Whatever reads them holds all of it in memory."""

from collections.abc import Iterator
from typing import BinaryIO

from music_sync.audio.magic import after_id3

MOST_BYTES = 64 * 1024**2
"""Scans of a whole booklet take 20 MB; who reads tags needs three times their size."""
_MOST_PARTS = 100_000
_OGG_PAGE_BYTES = 27


def is_overloaded(file: BinaryIO, kind: str, size: int) -> bool:
    """Does it carry more than `MOST_BYTES`, or more parts than anyone counts, beside its sound?

    `kind` as `magic.sniff` tells it; what does not tell the size of its parts is not overloaded.
    """
    beside = after_id3(file)
    if beside > MOST_BYTES:
        return True
    parts = {"flac": _flac_blocks, "mp4": _indexes, "ogg": _ogg_headers, "wav": _chunks, "aiff": _chunks}.get(kind)
    for number, part_bytes in enumerate(parts(file, kind, beside, size) if parts else ()):
        beside += part_bytes
        if beside > MOST_BYTES or number > _MOST_PARTS:
            return True
    return False


def _flac_blocks(file: BinaryIO, _kind: str, start: int, _size: int) -> Iterator[int]:
    file.seek(start + 4)
    while len(head := file.read(4)) == 4:
        length = int.from_bytes(head[1:], "big")
        yield 4 + length
        if head[0] & 0x80:
            return
        file.seek(length, 1)


def _indexes(file: BinaryIO, _kind: str, at: int, size: int) -> Iterator[int]:
    """The boxes in which an MP4 keeps its index and tags; the tables of fragments are read one after the other."""
    while at + 8 <= size:
        file.seek(at)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        yield length if head[4:8] == b"moov" else 0
        if length < 8:
            return
        at += length


def _ogg_headers(file: BinaryIO, _kind: str, at: int, size: int) -> Iterator[int]:
    """The pages before the first that ends a piece of sound (RFC 3533)."""
    while at + _OGG_PAGE_BYTES <= size:
        file.seek(at)
        page = file.read(_OGG_PAGE_BYTES + 255)
        if page[:4] != b"OggS" or int.from_bytes(page[6:14], "little", signed=True) > 0:
            return
        length = _OGG_PAGE_BYTES + page[26] + sum(page[_OGG_PAGE_BYTES : _OGG_PAGE_BYTES + page[26]])
        yield length
        at += length


def _chunks(file: BinaryIO, kind: str, at: int, size: int) -> Iterator[int]:
    at += 12
    while at + 8 <= size:
        file.seek(at)
        head = file.read(8)
        length = int.from_bytes(head[4:], "big" if kind == "aiff" else "little")
        yield 0 if head[:4] in {b"data", b"SSND", b"JUNK", b"FLLR", b"PAD "} else min(length, size - at)
        at += 8 + length + (length & 1)
