"""What the words of a title say about which version of a track it is."""

import re
import unicodedata

_VERSION_WORDS = frozenset(
    """remix rmx edit vip live extended instrumental acapella acappella radio dub cover karaoke sped slowed nightcore
    8d mashup bootleg flip rework reprise demo acoustic remaster remastered club session unplugged orchestral piano
    stripped clean explicit mono stereo alternate take rerecorded version mix""".split()  # noqa: SIM905 - a list of words reads best as words
)
_NEUTRAL = frozenset({"original", "mix", "version", "the", "album", "full"})
_FEATURED = re.compile(r"^\s*(?:feat|ft|featuring|with|prod)\b", re.IGNORECASE)
_BRACKETED = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_DASHED = re.compile(r"\s[-–—]\s([^-–—]+)$")
_WORD = re.compile(r"[^\W_]+")


def version_text(title: str) -> str:
    """The part of a title that names its version, as written: `Song (Someone Remix)` -> `Someone Remix`."""
    parts = [part for part in _BRACKETED.findall(title) if _names_a_version(part)]
    plain = _BRACKETED.sub(" ", title)
    dashed = _DASHED.search(plain)
    if dashed and _names_a_version(dashed[1]):
        parts.append(dashed[1])
    return ", ".join(part.strip() for part in parts)


def version_key(title: str) -> str:
    """The version in one spelling, for comparing: words folded and sorted; empty for the plain or original version."""
    words = set(_folded_words(version_text(title))) - _NEUTRAL
    return " ".join(sorted(words))


def _names_a_version(part: str) -> bool:
    return not _FEATURED.match(part) and not _VERSION_WORDS.isdisjoint(_folded_words(part))


def _folded_words(text: str) -> list[str]:
    """Words without case and accents: `Rémix` and `REMIX` are one."""
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))
    return _WORD.findall(plain.casefold())
