"""What the versions of two tracks say for one recording, and against it."""

import re
from functools import lru_cache

from rapidfuzz.distance import OSA

from music_sync.model.endings import Reason
from music_sync.track.pair import Pair, is_year
from music_sync.track.spelling import spelled_alike
from music_sync.track.thresholds import TYPO_LETTERS
from music_sync.track.words import OTHER_EDITIONS

OFTEN_UNSAID = frozenset({"radio", "edit", "stereo", "medley"})
"""Kinds that one side may leave unsaid when the length is the same."""
SOFT = OFTEN_UNSAID | {"mono", "extended", "club"}
"""Kinds that one side may leave unsaid: a person must tell."""
BY_SOMEBODY = frozenset({"remix", "mix", "rework", "reedit", "edit"})
"""Kinds that mean much the same behind a name: `Someone Edit`, `Someone Re-Edit`."""
_SESSIONS = re.compile(r"\bunplugged\b|\bpeel(?= sessions?\b)", re.IGNORECASE)
ALBUM_KINDS = (
    ("live", re.compile(r"[(\[]live\b|\blive(?:\s+(?:at|in|from|on|@)\b|\s*$)|\bin concert\b|ライブ", re.IGNORECASE)),
    ("session", _SESSIONS),
    ("karaoke", re.compile(r"karaoke|カラオケ|караоке", re.IGNORECASE)),
    (
        "cover",
        re.compile(r"\btributes? to\b|\blullab(?:y|ies)\b|\brenditions? of\b|\b(?:8|16)[- ]?bit\b", re.IGNORECASE),
    ),
    ("instrumental", re.compile(r"[(\[](?:the )?instrumentals?\b|\binstrumentals$", re.IGNORECASE)),
    ("acapella", re.compile(r"\ba ?cap+el+as?\b", re.IGNORECASE)),
    ("mixed", re.compile(r"[(\[](?:continuous )?(?:dj )?mix(?:ed)?\b|\bdj[- ]mix\b", re.IGNORECASE)),
)
"""Kinds that an album's name says of all its tracks, and how: `Live Through This` says none."""


def versions(pair: Pair) -> Reason:
    mine, theirs = (
        named.kinds - OTHER_EDITIONS | album_kinds(album)
        for named, album in zip((pair.first, pair.second), pair.albums, strict=True)
    )
    # A session is live; one of them may say so in other words.
    if "live" in mine & theirs:
        mine, theirs = mine - {"session"}, theirs - {"session"}
    elif "session" in mine & theirs:
        mine, theirs = mine - {"live"}, theirs - {"live"}
    if mine != theirs:
        return _other_kinds(pair, mine, theirs)
    if not mine:
        return Reason("version", "no version words", 1.0)
    return _other_words(pair)


@lru_cache(maxsize=1024)
def album_kinds(album: str) -> frozenset[str]:
    return frozenset(kind for kind, pattern in ALBUM_KINDS if pattern.search(album))


@lru_cache(maxsize=1024)
def album_places(album: str) -> frozenset[str]:
    """Where an album's sessions were played, as its name tells."""
    return frozenset(found[0].lower() for found in _SESSIONS.finditer(album))


def _other_kinds(pair: Pair, mine: frozenset[str], theirs: frozenset[str]) -> Reason:
    first, second, near = pair.first, pair.second, pair.near
    apart = mine ^ theirs
    text = f"the version words differ ({', '.join(sorted(apart))})"
    if apart <= BY_SOMEBODY and first.version and first.version == second.version:
        return Reason("version", text, 0.95 if near else 0.7)
    is_one_sided = mine <= theirs or theirs <= mine
    if not (is_one_sided and apart <= SOFT) or (first.version ^ second.version) - pair.people:
        return Reason("version", text, 0.15)
    if near:
        return Reason("version", text, 0.9 if apart <= OFTEN_UNSAID else 0.8)
    return Reason("version", text, 0.6)


def _other_words(pair: Pair) -> Reason:
    """The kinds are the same: whose remix is it, where was the concert?"""
    known = pair.people
    mine, theirs = (
        (named.version | album_places(album)) - known
        for named, album in zip((pair.first, pair.second), pair.albums, strict=True)
    )
    if mine == theirs:
        return Reason("version", "the same version", 1.0)
    if any(word.isdigit() and not is_year(word) for word in mine ^ theirs):
        return Reason("version", "the versions count differently", 0.2)
    if mine <= theirs or theirs <= mine:
        return Reason("version", "only one says whose or which version", 0.93 if pair.near else 0.7)
    if _words_alike(mine, theirs):
        return Reason("version", "the same version in other words", 0.95)
    return Reason("version", "another version of this kind", 0.2)


def _words_alike(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    a, b = tuple(sorted(mine)), tuple(sorted(theirs))
    if spelled_alike(a, b):
        return True
    return (
        min(len("".join(a)), len("".join(b))) >= TYPO_LETTERS
        and OSA.distance("".join(a), "".join(b), score_cutoff=1) <= 1
    )
