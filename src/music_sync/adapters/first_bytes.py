"""What a file is by its first bytes, never by its name or by what a server calls it."""

import re

ENOUGH_BYTES = 65_536
"""So many first bytes tell, even behind a small tag."""

_TEXTS = (
    (
        re.compile(
            rb"#EXTM3U|#EXTINF|ffconcat\s|\[playlist\]|<MPD|<\?xml[^>]*>\s*<(?:MPD|playlist|asx)", re.IGNORECASE
        ),
        "a playlist",
    ),
    (re.compile(rb"<!doctype html|<html|<head|<body|<script|<!--", re.IGNORECASE), "a web page"),
    (re.compile(rb"<\?xml|<svg|<rss", re.IGNORECASE), "an XML text"),
    (re.compile(rb"[{\[]"), "a JSON text"),
)
_MAGIC = (
    (b"GIF8", "a picture"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "gzip data"),
)


def audio_ending(head: bytes) -> str:
    """The file ending (as in `model.formats.CONTAINERS`) for the audio that `head` begins, or nothing if it is none."""
    body = _behind_id3(head)
    if body != head and not _container(body):
        return "mp3"
    return _container(body) or ("mp3" if _has_mpeg_frames(body) else "")


def what_it_is(head: bytes) -> str:
    """In words, what bytes that are no audio seem to be."""
    if not head:
        return "empty"
    for magic, words in _MAGIC:
        if head.startswith(magic):
            return words
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1024]
    for pattern, words in _TEXTS:
        if pattern.match(start):
            return words
    if not re.search(rb"[\x00-\x08\x0e-\x1a]", head):
        return "a text"
    return "no audio format that Music Sync knows"


def _container(head: bytes) -> str:
    kind = head[8:12]
    if head[:4] in {b"RIFF", b"RF64"} and kind == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and kind in {b"AIFF", b"AIFC"}:
        return "aiff"
    if head[:4] == b"OggS":
        return "opus" if b"OpusHead" in head[:256] else "ogg"
    if head[:4] == b"fLaC":
        return "flac"
    return "m4a" if head[4:8] == b"ftyp" else ""


def _behind_id3(head: bytes) -> bytes:
    """What follows an ID3v2 tag; FLAC, WAV and AIFF files carry one at times, although they should not."""
    if head[:3] != b"ID3" or len(head) < 10:
        return head
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return head[10 + size :]


_BITRATES_KBPS = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def _has_mpeg_frames(head: bytes) -> bool:
    """Do three layer III frames follow each other? One sync word alone happens in any data."""
    at = head.find(b"\xff")
    while 0 <= at < len(head) - 4:
        if _frames_follow(head, at):
            return True
        at = head.find(b"\xff", at + 1)
    return False


def _frames_follow(head: bytes, at: int) -> bool:
    for number in range(3):
        if at + 4 > len(head):
            return number > 1
        length = _frame_length(head[at : at + 4])
        if not length:
            return False
        at += length
    return True


def _frame_length(header: bytes) -> int:
    """Bytes of a layer III frame, 0 when this is no frame header (ISO/IEC 11172-3, 2.4.1.3)."""
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    if header[0] != 0xFF or header[1] < 0xE0 or version == 1 or layer != 1 or bitrate in {0, 15} or rate == 3:
        return 0
    kbps = _BITRATES_KBPS[3 if version == 3 else 2][bitrate]
    samples = 144 if version == 3 else 72
    return samples * kbps * 1000 // _RATES_HZ[version][rate] + (header[2] >> 1 & 1)
