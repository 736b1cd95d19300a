"""What a file is by its first bytes, never by its name or by what a server calls it."""

import re

from music_sync.audio import magic
from music_sync.model.formats import CONTAINERS

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
    kind = magic.sniff_head(head)
    if kind == "ogg" and b"OpusHead" in head[:256]:
        kind = "opus"
    return CONTAINERS.get(kind, "")


def what_it_is(head: bytes) -> str:
    """In words, what bytes that are no audio seem to be."""
    if not head:
        return "empty"
    for start, words in _MAGIC:
        if head.startswith(start):
            return words
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1024]
    for pattern, words in _TEXTS:
        if pattern.match(text):
            return words
    if not re.search(rb"[\x00-\x08\x0e-\x1a]", head):
        return "a text"
    return "no audio format that Music Sync knows"
