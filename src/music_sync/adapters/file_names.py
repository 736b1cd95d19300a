"""What the name of a file tells, and how it is written down."""

import os
import re
import unicodedata
from pathlib import Path

_LONGEST_WORDS = 500
_NUMBER_BEFORE = re.compile(r"^(?:\d{1,3}(?:[.)]|\s+[-–])|0\d)\s+(?=\S)")
_DASH = re.compile(r"\s+[-–—]\s+(?=\S)")


def path_id(path: Path) -> str:
    r"""An absolute path as text that can be stored and printed: bytes that are no UTF-8 become `\xff`.

    The letters stay as the file system has them; composing them would name a file that is not there.
    """
    return os.fsencode(path.absolute()).decode("utf-8", "backslashreplace")


def words_of_name(name: str) -> tuple[str, str]:
    """Artist and title of a file called `Artist - Title.ext` or `01 - Artist - Title.ext`; two empty texts otherwise."""
    stem = name.rpartition(".")[0] or name
    return artist_and_title(clean(stem))


def artist_and_title(words: str) -> tuple[str, str]:
    """Split `Artist - Title` at its first dash; a track number before it goes if artist and title remain (112 stays)."""
    for text in (_NUMBER_BEFORE.sub("", words, count=1), words):
        artist, *rest = _DASH.split(text, maxsplit=1)
        if rest and artist and not re.fullmatch(r"0\d+", artist):
            return artist, rest[0]
    return "", ""


def clean(text: str) -> str:
    """Foreign words on one line, composed, without control characters and lone surrogates, and not endless."""
    if text.isascii() and text.isprintable() and len(text) <= _LONGEST_WORDS:
        return " ".join(text.split())
    kept = "".join(letter if unicodedata.category(letter) not in {"Cc", "Cs"} else " " for letter in text[:4000])
    return unicodedata.normalize("NFC", " ".join(kept.split()))[:_LONGEST_WORDS].strip()
