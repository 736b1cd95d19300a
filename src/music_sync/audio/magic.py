"""Reading the few header bytes that tell what a file is, how long it says it is, and whether its end is missing.

Only what FFmpeg does not tell: it guesses the length of an MP3 without a Xing header, shortens that of a cut WAV,
and reads a cut Ogg without a word.
"""

from io import BytesIO
from typing import BinaryIO

REFUSED: dict[str, tuple[str, str]] = {
    "playlist": ("playlist", "is a playlist, not audio"),
    "web page": ("not_audio", "is a web page, not audio"),
    "text": ("not_audio", "is text, not audio"),
    "unknown": ("not_audio", "is not audio that is known here"),
    "Matroska": ("unsupported_container", "is a Matroska or WebM file, which is not taken"),
    "WMA": ("unsupported_container", "is a Windows Media file, which is not taken"),
    "raw AAC": ("unsupported_container", "is a raw AAC stream, which can carry no tags"),
    "rare": ("unsupported_container", "is in an audio format that is not taken"),
}
"""What `sniff` may say beside our own kinds -> rule, words."""

_HEAD = 4096
_SEARCH = 128 * 1024

_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"fLaC", "flac"),
    (b"OggS", "ogg"),
    (b"\x1a\x45\xdf\xa3", "Matroska"),
    (b"\x30\x26\xb2\x75", "WMA"),
    (b"caff", "rare"),
    (b"MAC ", "rare"),
    (b"wvpk", "rare"),
    (b"DSD ", "rare"),
    (b"MThd", "rare"),
    (b".snd", "rare"),
)
_FORMS: tuple[tuple[bytes, bytes, str], ...] = (
    (b"RIFF", b"WAVE", "wav"),
    (b"RF64", b"WAVE", "wav"),
    (b"BW64", b"WAVE", "wav"),
    (b"FORM", b"AIFF", "aiff"),
    (b"FORM", b"AIFC", "aiff"),
)
_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"})
_PLAYLISTS = (b"#extm3u", b"ffconcat", b"[playlist]", b"[reference]", b"<asx", b"<smil", b"<?wpl")
_WEB_PAGES = (b"<!doctype", b"<html", b"<?xml", b"<head", b"<svg", b"<rss")


def sniff(file: BinaryIO, size: int) -> str:
    """mp3, mp4, flac, ogg, wav or aiff; else a key of `REFUSED`."""
    start = after_id3(file)
    if start >= size:
        return "unknown"
    file.seek(start)
    head = file.read(_HEAD)
    return _by_magic(head) or _by_frames(file, start) or _by_text(head)


def sniff_head(head: bytes) -> str:
    """As `sniff`, for the first bytes of a file that is on its way; an ID3 tag that fills them makes it an MP3."""
    file = BytesIO(head)
    is_all_tag = head[:3] == b"ID3" and after_id3(file) >= len(head)
    return "mp3" if is_all_tag else sniff(file, len(head))


def after_id3(file: BinaryIO) -> int:
    """Where the file begins behind any ID3v2 tags (some writers put two)."""
    start = 0
    for _ in range(8):
        file.seek(start)
        head = file.read(10)
        if len(head) < 10 or head[:3] != b"ID3":
            break
        footer = 10 if head[5] & 0x10 else 0
        start += 10 + footer + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    return start


def _by_magic(head: bytes) -> str:
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    for form, name, kind in _FORMS:
        if head[:4] == form and head[8:12] == name:
            return kind
    return "mp4" if head[4:8] in _FIRST_BOXES else ""


def _by_frames(file: BinaryIO, start: int) -> str:
    frame = _first_frame(file, start)
    if frame is not None:
        return "mp3"
    file.seek(start)
    head = file.read(2)
    return "raw AAC" if len(head) == 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0 else ""


def _by_text(head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_PLAYLISTS):
        return "playlist"
    if text.startswith(_WEB_PAGES) or b"<html" in text:
        return "web page"
    return "unknown" if b"\x00" in head else _text_or_unknown(head)


def _text_or_unknown(head: bytes) -> str:
    printable = sum(byte >= 32 or byte in b"\t\r\n" for byte in head)
    return "text" if printable >= 0.95 * len(head) else "unknown"


# --- MPEG audio: ISO/IEC 11172-3 and 13818-3 -------------------------------------------------------------------------

_BIT_RATES_KBPS = {
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = (44100, 48000, 32000)


def _frame_size(head: bytes) -> int:
    """Bytes of the MPEG frame whose four header bytes these are; 0 when they are none (or of free format)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = (head[1] >> 3) & 3, 4 - ((head[1] >> 1) & 3)
    rate_index, bits_index = (head[2] >> 2) & 3, head[2] >> 4
    if version == 1 or layer == 4 or rate_index == 3 or bits_index in {0, 15}:
        return 0
    rate = _RATES_HZ[rate_index] >> {3: 0, 2: 1, 0: 2}[version]
    generation = 1 if version == 3 else 2
    bits = _BIT_RATES_KBPS[generation, layer][bits_index] * 1000
    padding = (head[2] >> 1) & 1
    if layer == 1:
        return (12 * bits // rate + padding) * 4
    samples_8 = 72 if layer == 3 and generation == 2 else 144
    return samples_8 * bits // rate + padding


def _first_frame(file: BinaryIO, start: int) -> bytes | None:
    """The first MPEG frame behind `start` that another frame follows; junk of up to 128 KiB may stand before it."""
    file.seek(start)
    head = file.read(_SEARCH)
    at = head.find(b"\xff")
    while at >= 0:
        size = _frame_size(head[at : at + 4])
        following = head[at + size : at + size + 4]
        if size and (_frame_size(following) or _is_last_frame(file, start + at + size, following)):
            return head[at : at + size]
        at = head.find(b"\xff", at + 1)
    return None


def _is_last_frame(file: BinaryIO, end: int, following: bytes) -> bool:
    if following[:3] == b"TAG":
        return True
    return not following and file.seek(0, 2) == end


def mp3_tells_length(file: BinaryIO) -> bool:
    """Has it a Xing, Info or VBRI header? Without one the length is only guessed from the bit rate."""
    frame = _first_frame(file, after_id3(file)) or b""
    for at in (13, 21, 36):  # 4 header bytes + 9, 17 or 32 of side information; a checksum adds 2
        for name in (frame[at : at + 4], frame[at + 2 : at + 6]):
            if name in {b"Xing", b"Info", b"VBRI"}:
                return name == b"VBRI" or bool(frame[frame.index(name) + 7 : frame.index(name) + 8][0] & 1)
    return False


# --- FLAC, WAV, MP4, Ogg ---------------------------------------------------------------------------------------------


def flac_tells_length(file: BinaryIO) -> bool:
    """Is the sample count in its STREAMINFO filled in? 0 means unknown, as streamed FLAC has it."""
    file.seek(after_id3(file))
    head = file.read(26)
    return len(head) == 26 and int.from_bytes(head[18:26], "big") & 0xFFFFFFFFF > 0


def wav_length_s(file: BinaryIO) -> float | None:
    """Length by the sizes in the header of an uncompressed WAV, RF64 or BW64; None when it was streamed out."""
    file.seek(0)
    long_size, byte_rate = 0, 0
    file.seek(12)
    for _ in range(1000):
        head = file.read(8)
        if len(head) < 8:
            return None
        name, size = head[:4], int.from_bytes(head[4:], "little")
        if name == b"data":
            size = long_size if size == 0xFFFFFFFF else size
            return size / byte_rate if size and byte_rate else None
        body = file.read(min(size, 24))
        if name == b"fmt " and len(body) >= 12:
            byte_rate = int.from_bytes(body[8:12], "little")
        if name == b"ds64" and len(body) >= 16:
            long_size = int.from_bytes(body[8:16], "little")
        file.seek(size - len(body) + (size & 1), 1)
    return None


def mp4_is_cut(file: BinaryIO, size: int) -> bool:
    """Does a top-level box reach past the end of the file, or is there no index (`moov`) at all?"""
    at, has_index = 0, False
    for _ in range(100_000):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            break
        length, name = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length and at + length > size and name in {b"mdat", b"moov", b"moof"}:
            return True
        has_index = has_index or name == b"moov"
        if length < 8:
            break
        at += length
    return not has_index


def ogg_is_cut(file: BinaryIO, size: int) -> bool:
    """Does the last page lack the end-of-stream mark, or is it not whole? Page layout: RFC 3533."""
    start = max(0, size - _SEARCH)
    file.seek(start)
    tail = file.read(_SEARCH)
    at = tail.rfind(b"OggS\x00")
    while at >= 0:
        page = tail[at : at + 27 + 255]
        if len(page) >= 27 and page[5] < 8:
            segments = page[27 : 27 + page[26]]
            is_whole = len(segments) == page[26] and at + 27 + len(segments) + sum(segments) <= len(tail)
            return not (is_whole and page[5] & 4)
        at = tail.rfind(b"OggS\x00", 0, at)
    return True
