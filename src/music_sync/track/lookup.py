"""By which words a title is looked up among many, so that all that may be like it are met, whoever spelled them."""

import re
from dataclasses import dataclass

from rapidfuzz.fuzz import ratio

from music_sync.track.spelling import Words, loose, plain_words, sounded
from music_sync.track.thresholds import MISTYPED
from music_sync.track.title import artists_in, readings
from music_sync.track.words import BRACKET, MOST_LETTERS, tokens


@dataclass(frozen=True)
class Keys:
    """Under which words an artist and a title stand."""

    words: frozenset[str]
    """Those of the title."""
    shortest: int
    """How many different words the title has at least, read in the shortest way."""
    wholes: frozenset[str]
    """All words of the title in one, with and without brackets, and as they sound."""
    artists: frozenset[str]
    """Each artist in one word."""


def filed_under(artist: str, title: str) -> Keys:
    """Where one of many stands; a plain title is taken as it is, since to read each in all ways takes its time."""
    if not artist or not title.isascii() or _UPLOADED.search(title):
        return looked_up(artist, title)
    title = title[:MOST_LETTERS]
    whole = tokens(title)
    words = frozenset(plain_words(whole))
    outside = tokens(BRACKET.sub(" ", title)) if BRACKET.search(title) else whole
    wholes = _wholes(whole) if outside == whole else _wholes(whole) | _wholes(outside)
    return Keys(words, len(words), wholes, frozenset(map(loose, artists_in(artist[:MOST_LETTERS]))))


def looked_up(artist: str, title: str) -> Keys:
    """Where one may stand, in each way to read it."""
    ways = readings(artist, title)
    words = [frozenset(plain_words(named.full)) for named in ways]
    wholes = [_wholes(words) for named in ways for words in {named.title, named.full}]
    artists = frozenset(loose(name) for named in ways for name in named.everybody)
    said = frozenset(plain_words(tokens(title[:MOST_LETTERS])))
    return Keys(said.union(*words), min(map(len, words)), frozenset().union(*wholes), artists)


def is_mistyped(one: Keys, other: Keys) -> bool:
    """Is a title of the one that of the other, but for a letter or two?"""
    return any(ratio(mine, theirs, score_cutoff=MISTYPED) for mine in one.wholes for theirs in other.wholes)


def _wholes(words: Words) -> frozenset[str]:
    return frozenset({loose(words), sounded(words)}) - {""}


_UPLOADED = re.compile(r"[-|~_/:\"&%]")
"""Signs of a title that may hold more than a title."""
