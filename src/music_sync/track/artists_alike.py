"""What the artists of two tracks say for one recording, and against it."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import product

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import ratio

from music_sync.model.endings import Reason
from music_sync.track.pair import Pair, all_words
from music_sync.track.spelling import (
    ARTICLES,
    Words,
    is_of_script,
    is_work,
    loose,
    sounded,
    spelled_alike,
    without_fillers,
)
from music_sync.track.thresholds import SAME, SAME_ARTIST, TELLING_LETTERS, TYPO_LETTERS
from music_sync.track.title import Named
from music_sync.track.words import tokens


def artists(pair: Pair) -> Reason:
    first, second = pair.first, pair.second
    if not first.artists or not second.artists:
        return Reason("artist", "one of them names no artist", 0.84)
    found = _artists_alike(pair)
    if not pair.near and "upload" in {first.form, second.form} and is_work(" ".join(first.title)):
        return Reason("artist", "a work that others play too", min(0.8, found.score or 0))
    if (found.score or 0) >= SAME and _guests_clash(first, second):
        return Reason("artist", "the guests differ", 0.7)
    if (found.score or 0) >= SAME and first.aliases and second.aliases and not share(first.aliases, second.aliases):
        return Reason("artist", "their other names differ", 0.7)
    return found


def _artists_alike(pair: Pair) -> Reason:
    first, second, near = pair.first, pair.second, pair.near
    mine, theirs = first.artists, second.artists
    if names_of(mine) == names_of(theirs) or _in_one(mine) == _in_one(theirs) or _joined(mine) == _joined(theirs):
        return Reason("artist", "the artists are the same", 1.0)
    if "composed" in {first.form, second.form}:
        return _composed(pair)
    if near and _names_album(pair):
        return Reason("artist", "the album stands in the artist's place", 0.9)
    return _some_alike(pair) or _names_within(pair)


def _some_alike(pair: Pair) -> Reason | None:
    """Are some of the artists, their other names, guests and remixers the same?"""
    first, second, near = pair.first, pair.second, pair.near
    if (first.aliases or second.aliases) and share(_leading(first), _leading(second)):
        return Reason("artist", "an artist is the same, under another name", 0.97)
    fewer, more = sorted((first.artists, second.artists), key=len)
    shared = [artist for artist in fewer if any(_is_same_artist(artist, another) for another in more)]
    if len(shared) == len(fewer) and (near or _is_same_artist(first.artists[0], second.artists[0])):
        return Reason("artist", "an artist is the same", 0.97)
    if shared:
        return Reason("artist", "an artist is the same, others differ", 0.8)
    if share(first.everybody, second.everybody) or _names_remixer(first, second) or _names_remixer(second, first):
        text = "an artist of the one is a guest or the remixer of the other"
        return Reason("artist", text, 0.9 if near else 0.8)
    return None


def _leading(named: Named) -> Sequence[Words]:
    """All names of the first artist."""
    return (named.artists[0], *named.aliases)


def _composed(pair: Pair) -> Reason:
    """A title names its composer before a colon; the other must know composer and player."""
    named, other = (pair.first, pair.second) if pair.first.form == "composed" else (pair.second, pair.first)
    composer, players = named.artists[-1], named.artists[:-1]
    players = (*players, *named.guests)
    is_known = (
        any(artist[-1:] == composer[-1:] for artist in (*other.everybody, *players))
        or set(composer) <= pair.known - pair.people
    )
    is_whole = all(_is_same_artist(composer, artist) for artist in other.artists)
    if is_whole and named.guests == other.guests == ():
        return Reason("artist", "one of them names the composer only, or the player", 0.8)
    if share(players, other.everybody) and (is_known or (pair.near and is_work(" ".join(named.title)))):
        return Reason("artist", "composer and player are the same", 0.95)
    return Reason("artist", "the artists differ, as far as an upload tells", 0.25)


def _names_album(pair: Pair) -> bool:
    """Does an upload name the other's album where an artist would stand: `A Game OST - 07 - Title`?"""
    for named, album in zip((pair.first, pair.second), reversed(pair.albums), strict=True):
        words = without_fillers(tokens(album), ALBUM_WORDS)
        if album and without_fillers(all_words(named.artists), ALBUM_WORDS) == words:
            return True
    return False


def _names_within(pair: Pair) -> Reason:
    """Is one name another one with a title before it or a band behind: `DJ Name`, `The Name Band`?"""
    near = pair.near
    pairs = list(product(pair.first.artists, pair.second.artists))
    if any(_bare_name(a) == _bare_name(b) for a, b in pairs):
        return Reason("artist", "an artist's name has a title more", 0.95 if near else 0.8)
    if near and is_work(" ".join(pair.first.full)) and any(_is_last_name(a, b) for a, b in pairs):
        return Reason("artist", "a composer is told by the last name", 0.95)
    if near and any(_may_be_read_so("".join(a), "".join(b)) for a, b in pairs):
        return Reason("artist", "the artists are told in scripts that cannot be compared", 0.6)
    return Reason("artist", "the artists differ, as far as an upload tells", 0.25)


def _is_last_name(one: Words, other: Words) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) == 1 < len(longer) and shorter[0] == longer[-1] and len(shorter[0]) >= TELLING_LETTERS


def _may_be_read_so(one: str, other: str) -> bool:
    """Is only one of two names in Latin letters, and does the script of the other not tell how it is read?"""
    return one.isascii() != other.isascii() and bool(_UNREAD.search(one + other))


def _bare_name(artist: Words) -> str:
    words = tuple(word for word in artist if word not in _NAME_TITLES)
    return loose(words) if len("".join(words)) >= TELLING_LETTERS else loose(artist)


def _guests_clash(first: Named, second: Named) -> bool:
    """Do both name guests of whom the other knows nothing?"""
    if not first.guests or not second.guests:
        return False
    return not (share(first.guests, second.everybody) or share(second.guests, first.everybody))


def names_of(artists: Sequence[Words]) -> list[str]:
    return sorted(map(loose, artists))


def _joined(artists: Sequence[Words]) -> str:
    return "".join(word for artist in artists for word in artist)


def _in_one(artists: Sequence[Words]) -> list[str]:
    """The words of all artists, for `Earth, Wind & Fire` without its comma and sign, and `Last, First`."""
    return sorted(word for artist in artists for word in artist if word not in {"and", "the"})


def share(some: Sequence[Words], others: Sequence[Words]) -> bool:
    return any(_is_same_artist(a, b) for a, b in product(some, others))


@lru_cache(maxsize=8192)
def _is_same_artist(one: Words, other: Words) -> bool:
    mine, theirs = "".join(one), "".join(other)
    if (
        mine == theirs
        or spelled_alike(one, other)
        or sorted(one) == sorted(other)
        or _sound_alike(one, other)
        or _is_abbreviated(one, other)
    ):
        return True
    if min(len(mine), len(theirs)) < TYPO_LETTERS or mine[0] != theirs[0]:
        return False
    if any(map(str.isdigit, mine + theirs)):
        return False
    return ratio(mine, theirs) >= SAME_ARTIST or OSA.distance(mine, theirs, score_cutoff=1) <= 1


def _sound_alike(one: Words, other: Words) -> bool:
    """`さくらい ゆめ` for `Yume Sakurai`."""
    if is_of_script("".join(one), "".join(other)):
        return False
    mine, theirs = (sorted(sounded((word,)) for word in artist) for artist in (one, other))
    return mine == theirs and all(mine)


def _is_abbreviated(one: Words, other: Words) -> bool:
    """`J. S. Bach` for `Johann Sebastian Bach`."""
    if one[-1] != other[-1] or min(len(one), len(other)) < 2 or len(one[-1]) < TELLING_LETTERS:
        return False
    mine, theirs = _first_letters(one[:-1], other[:-1]), _first_letters(other[:-1], one[:-1])
    return mine == theirs and (_is_initials(one[:-1]) or _is_initials(other[:-1]))


def _first_letters(words: Words, beside: Words) -> str:
    """Each word's first letter; `js` beside two words are two."""
    if len(words) == 1 and len(words[0]) == len(beside):
        return words[0]
    return "".join(word[0] for word in words)


def _is_initials(words: Words) -> bool:
    return all(len(word) == 1 for word in words) or (len(words) == 1 and len(words[0]) <= 2)


def _names_remixer(named: Named, other: Named) -> bool:
    """Is an artist of the one the remixer of the other? Remixers are filed under either name."""
    return any(set(artist) <= other.version for artist in named.artists)


_UNREAD = re.compile("[\u0590-\u06ff\u0e00-\u0eff\u3400-\u9fff]")
"""Hebrew and Arabic, Thai and Lao, Chinese: vowels are unwritten or silent, or a letter has many sounds."""
ALBUM_WORDS = frozenset(
    {"original", "soundtrack", "ost", "score", "motion", "picture", "game", "album", "ep", "deluxe", "edition"}
)
"""What an album's name may say beside it."""
_NAME_TITLES = (
    ARTICLES
    | {"die"}
    | frozenset(
        [
            "dj",
            "mc",
            "band",
            "orchestra",
            "trio",
            "quartet",
            "quintet",
            "ensemble",
            "official",
            "music",
            "tv",
            "channel",
            "project",
            "group",
            "official",
        ]
    )
)
"""What stands before or behind a name, and may be left out."""
