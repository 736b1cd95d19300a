"""Hebrew and Arabic names beside Latin ones: these scripts write no short vowels, so that the consonants decide."""

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def same_consonants(one: str, other: str) -> bool:
    """Is one text in Hebrew or Arabic what the other says in Latin letters: `תל אביב` and `Tel Aviv`?

    Fewer than three consonants are too few to tell.
    """
    native, latin = (other, one) if one.isascii() else (one, other)
    if not latin.isascii() or not is_abjad(native):
        return False
    heard = _heard(latin)
    pattern = "".join(_CONSONANTS[letter] for letter in native)
    return len(heard) >= _FEWEST and bool(re.fullmatch(pattern, heard))


def is_abjad(text: str) -> bool:
    """Is this a text in Hebrew or Arabic letters?"""
    return not text.isascii() and set(text) <= _CONSONANTS.keys()


@lru_cache(maxsize=8192)
def outline(text: str) -> str:
    """The consonants that all ways to write a text in Latin letters share, to look it up; empty when they are too few."""
    if text.isascii():
        heard = _heard(text)
    else:
        heard = "".join(_CONSONANTS[letter].strip("[]?")[:1] for letter in text) if is_abjad(text) else ""
    outlined = heard.translate(_OUTLINED)
    return outlined if len(outlined) >= _FEWEST - 1 else ""


@lru_cache(maxsize=4096)
def _heard(latin: str) -> str:
    """The consonants of a text in Latin letters, each way to write one as one letter."""
    for pattern, sound in _SOUNDS:
        latin = pattern.sub(sound, latin)
    return latin


_FEWEST = 3
_OUTLINED = {ord(letter): "" for letter in "bhkK"} | str.maketrans("Szfj", "sspg")
_SOUNDS = (
    (re.compile(r"([a-z])\1+"), r"\1"),
    (re.compile(r"sch|sh"), "S"),
    (re.compile(r"ck|[ck]h"), "K"),
    (re.compile(r"tz|ts"), "z"),
    (re.compile(r"ph"), "f"),
    (re.compile(r"([tdg])h"), r"\1"),
    (re.compile(r"x"), "ks"),
    (re.compile(r"[cq]"), "k"),
    (re.compile(r"[vw]"), "b"),
    (re.compile(r"[aeiouy]"), ""),
)
_CONSONANTS = (
    # A vowel's letter may be heard, or not; an h at the end is silent.
    dict.fromkeys("אעיאإأآاءئىيع", "")
    | dict.fromkeys("וو", "b?")
    | dict.fromkeys("הهة", "h?")
    | dict.fromkeys("טתتط", "t")
    | dict.fromkeys("ךכקقك", "[kK]")
    | dict.fromkeys("חخ", "[hkK]")
    | dict.fromkeys("סصس", "s")
    | dict.fromkeys("ףפ", "[pf]")
    | dict.fromkeys("דدض", "d")
    | dict.fromkeys("גجغ", "[gj]")
    | dict.fromkeys("םמم", "m")
    | dict.fromkeys("ןנن", "n")
    | dict.fromkeys("ץצ", "[zs]")
    | dict.fromkeys("רر", "r")
    | dict.fromkeys("לل", "l")
    | {
        "ב": "b",
        "ب": "[bp]",
        "ז": "z",
        "ش": "[SK]",
        "ש": "[Ss]",
        "ف": "[fp]",
        "ح": "h",
        "ز": "z",
        "ذ": "[dz]",
        "ظ": "[dz]",
    }
    | {"ث": "[ts]"}
)
