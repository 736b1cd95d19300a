"""What tags say, apart from the container they stand in: our fields as clean text, and clean text as our fields."""

# mypy: allow-untyped-calls

import re
import struct
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from music_sync.model.track import Embedded, Tags

LONGEST_TEXT_BYTES = 4096
FRONT_COVER, OTHER_PICTURE = 3, 0
"""Picture types of ID3, which FLAC and Ogg share."""

Pictures = list[tuple[int, bytes]]
"""Picture type and content."""


@cache
def parser_faults() -> tuple[type[Exception], ...]:
    """What mutagen's parsers raise on damaged files; seen by feeding them thousands."""
    from mutagen import MutagenError

    return (
        MutagenError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError, EOFError,
        RecursionError, MemoryError, NotImplementedError, struct.error,
    )  # fmt: skip


def texts_of(tags: Tags) -> dict[str, str]:
    """The fields that have something to say, by our name for them, as text."""
    texts = {
        "artist": tags.artist,
        "title": tags.title,
        "album": tags.album,
        "version": tags.version,
        "year": str(tags.year) if tags.year and 1 <= tags.year <= 9999 else "",
        "genre": tags.genre,
        "isrc": tags.isrc,
        "tempo": tempo_text(tags.tempo_bpm) if tags.tempo_bpm else "",
        "key": tags.key_name,
        "camelot": tags.camelot,
        "gain": "" if tags.replaygain_db is None else f"{tags.replaygain_db:.2f} dB",
        "peak": "" if tags.replaygain_peak is None else f"{tags.replaygain_peak:.6f}",
        "url": tags.source_url if tags.source_url.startswith(("https://", "http://")) else "",
        "label": tags.label,
        "mb_recording_id": tags.mb_recording_id,
        "mb_release_id": tags.mb_release_id,
    }
    cleaned = {name: clean_text(text) for name, text in texts.items()}
    return {name: text.zfill(4) if name == "year" else text for name, text in cleaned.items() if text}


def tempo_text(bpm: float) -> str:
    """`128`, `127.5`, `127.98`."""
    return f"{bpm:.2f}".rstrip("0").rstrip(".")


def clean_text(text: str) -> str:
    """Without control characters and broken surrogates, in NFC, cut to 4 KB of UTF-8."""
    plain = "".join(" " if character in "\t\r\n" else character for character in text)
    kept = "".join(character for character in plain if unicodedata.category(character) not in {"Cc", "Cs"})
    clipped = unicodedata.normalize("NFC", kept.strip()[:LONGEST_TEXT_BYTES]).encode()[:LONGEST_TEXT_BYTES]
    return clipped.decode("utf-8", "ignore").strip()


def says_year(there: str, year: str) -> bool:
    """Is `2004-05-06` there already? It says more than the 2004 that would overwrite it."""
    return there.strip()[:4] == year


def embedded(texts: Mapping[str, Iterable[Any]], *, has_cover: bool) -> Embedded:
    def joined(name: str) -> str:
        return clean_text(", ".join(filter(None, (clean_text(str(text)) for text in texts.get(name, ())))))

    return Embedded(
        artist=joined("artist"),
        title=joined("title"),
        album=joined("album"),
        album_artist=joined("album_artist"),
        isrc=isrc_in(joined("isrc")),
        year=year_in(joined("year")),
        genre=joined("genre"),
        source_url=joined("url") if joined("url").startswith(("https://", "http://")) else "",
        has_cover=has_cover,
        label=joined("label"),
        mb_recording_id=joined("mb_recording_id"),
        mb_release_id=joined("mb_release_id"),
    )


def year_in(text: str) -> int | None:
    """2004 from `2004`, `2004-05-06` or `2004/05`; None from 0, 99999 and words."""
    found = re.match(r"(\d{4})(?!\d)", text)
    return int(found[1]) if found and 1000 <= int(found[1]) <= 2999 else None


def isrc_in(text: str) -> str:
    """An ISRC without its dashes; empty for anything else, for it would merge what is not the same."""
    plain = re.sub(r"[\s-]", "", text).upper().removeprefix("ISRC")
    return plain if re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", plain) else ""
