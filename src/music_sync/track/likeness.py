"""How like two descriptions of a track are, told by words, length and ISRC; the one place for its thresholds.

Words never merge anything: they say which candidates are worth fetching, and what a person should look at.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import ratio

from music_sync.model.endings import Reason
from music_sync.track.title import Named, is_number, readings
from music_sync.track.words import OTHER_EDITIONS, tokens

CLOSE_S = 2.0
"""Lengths this near are the same, or within CLOSE_SHARE of the longer."""
CLOSE_SHARE = 0.03
NEAR_S = 2.0
"""Lengths this near speak for one recording where words leave a doubt."""
FAR_S = 15.0
"""Lengths further apart than this, and than FAR_SHARE, belong to different recordings."""
FAR_SHARE = 0.08
PREVIEW_S = (28.0, 32.0)
"""Lengths of the previews that services give instead of a track."""
TYPO_LETTERS = 6
"""A word this long may differ in one letter that is not its first."""
SWAP_LETTERS = 5
"""A word this long may have two letters swapped."""
SAME_ARTIST = 90.0
"""How like two spellings of an artist are at least, of 100."""
SAME, UNSURE = 0.85, 0.5
"""Scores from which two are the same, and from which a person should look."""

OFTEN_UNSAID = frozenset({"radio", "edit", "stereo"})
"""Kinds that one side may leave unsaid when the length is the same."""
SOFT = OFTEN_UNSAID | {"mono", "extended", "club"}
"""Kinds that one side may leave unsaid: a person must tell."""
BY_SOMEBODY = frozenset({"remix", "mix", "rework", "reedit", "edit"})
"""Kinds that mean much the same behind a name: `Someone Edit`, `Someone Re-Edit`."""
ALBUM_KINDS = (
    ("live", re.compile(r"[(\[]live\b|\blive(?:\s+(?:at|in|from|on|@)\b|\s*$)|\bin concert\b|ライブ", re.IGNORECASE)),
    ("session", re.compile(r"\bunplugged\b|\bpeel sessions?\b", re.IGNORECASE)),
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


@dataclass(frozen=True)
class Described:
    """A track as somebody describes it; empty or None where nothing is told."""

    artist: str = ""
    title: str = ""
    length_s: float | None = None
    isrc: str = ""
    album: str = ""


@dataclass(frozen=True)
class Likeness:
    """`same`, `unsure` or `different`, with a score from 0 to 1 and the findings that speak for and against."""

    verdict: str
    score: float
    reasons: tuple[Reason, ...]


def compare(one: Described, other: Described) -> Likeness:
    """Say how like two tracks are; symmetric. Of the ways to read their names the likeliest pair counts."""
    length, isrc = _lengths(one, other), _isrcs(one, other)
    near = length is not None and abs((one.length_s or 0) - (other.length_s or 0)) <= NEAR_S
    albums = (one.album, other.album)
    return max(
        (
            _judged(
                _titles(first, second, near=near),
                _artists(first, second, near=near),
                _versions(first, second, albums, near=near),
                length,
                isrc,
            )
            for first, second in product(_readings(one), _readings(other))
            if _fit(first, second)
        ),
        key=lambda found: found.score,
    )


def same_length(one_s: float, other_s: float) -> bool:
    """Are two lengths those of one recording: within 2 s or 3 %, whichever is more?"""
    return abs(one_s - other_s) <= max(CLOSE_S, CLOSE_SHARE * max(one_s, other_s))


def is_preview(length_s: float, whole_s: float | None) -> bool:
    """Is this the length of a 30-second preview of something longer?"""
    return PREVIEW_S[0] <= length_s <= PREVIEW_S[1] and (whole_s is None or whole_s > PREVIEW_S[1] + 10)


def _readings(described: Described) -> Sequence[Named]:
    return readings(described.artist, described.title)


def _fit(first: Named, second: Named) -> bool:
    """May these two readings be held against each other? A title read backwards only proves an exact likeness."""
    if "turned" not in {first.form, second.form}:
        return True
    return first.form != second.form and _flat(first.artists) == _flat(second.artists) and first.title == second.title


def _judged(*findings: Reason | None) -> Likeness:
    said = tuple(finding for finding in findings if finding is not None)
    score = 1.0
    for finding in said:
        score *= finding.score if finding.score is not None else 1.0
    if any(finding.rule == "isrc" for finding in said) and _may_be_one(said):
        score = max(score, 0.95 if _is_borne_out(said) else UNSURE)
    return Likeness(_verdict(score), round(score, 4), said)


def _verdict(score: float) -> str:
    return "same" if score >= SAME else "unsure" if score >= UNSURE else "different"


def _may_be_one(said: Sequence[Reason]) -> bool:
    """With the same ISRC small things do not matter: only another length or another version speaks against it."""
    return all(
        finding.score is None or finding.score >= UNSURE for finding in said if finding.rule in {"length", "version"}
    )


def _is_borne_out(said: Sequence[Reason]) -> bool:
    """Does anything beside the ISRC say that it is the same? Codes are given out twice, and typed wrongly."""
    return any(
        finding.rule == "length" or (finding.score or 0) >= UNSURE
        for finding in said
        if finding.rule in {"title", "artist", "length"}
    )


# Titles


def _titles(first: Named, second: Named, *, near: bool) -> Reason:
    if "".join(first.full) == "".join(second.full):
        return Reason("title", "the titles are the same", 1.0)
    if "".join(first.title) == "".join(second.title):
        return _asides(first, second, near=near)
    if {"".join(first.title), "".join(first.full)} & {"".join(second.title), "".join(second.full)}:
        return Reason("title", "the titles differ only in brackets", 0.97)
    if near and (_is_one_typo(first.title, second.title) or _is_one_typo(first.full, second.full)):
        return Reason("title", "the titles differ in one letter", 0.9)
    likeness = ratio(" ".join(first.title), " ".join(second.title)) / 100
    return Reason("title", f"the titles differ ({likeness:.0%} alike)", 0.2 * likeness)


def _asides(first: Named, second: Named, *, near: bool) -> Reason:
    """What only one of them, or both differently, say in brackets."""
    mine, theirs = set(first.asides), set(second.asides)
    apart = {word for word in mine ^ theirs if not _is_year(word)}
    if any(word.isdigit() for word in apart):
        return Reason("title", "the titles count differently", 0.2)
    if mine - theirs and theirs - mine:
        return Reason("title", "the titles have other words in brackets", 0.6)
    text = "one title says more in brackets"
    if apart <= _words_of_all(first, second):
        return Reason("title", text, 0.95)
    return Reason("title", text, 0.9 if near else 0.84)


def _is_year(word: str) -> bool:
    return len(word) == len("2000") and word.isdigit() and word.startswith(("19", "20"))


def _words_of_all(first: Named, second: Named) -> set[str]:
    """The words of all artists and guests."""
    return {word for artist in (*first.everybody, *second.everybody) for word in artist}


def _is_one_typo(one: Sequence[str], other: Sequence[str]) -> bool:
    if len(one) != len(other):
        return False
    apart = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(apart) == 1 and _is_typo(*apart[0])


def _is_typo(one: str, other: str) -> bool:
    """One letter of a long word, that is not its first: `Kingdom` and `Kingdon`, never `back` and `bad`."""
    if one[0] != other[0] or is_number(one) or is_number(other):
        return False
    swapped = len(one) == len(other) and sorted(one) == sorted(other)
    if min(len(one), len(other)) < (SWAP_LETTERS if swapped else TYPO_LETTERS):
        return False
    return OSA.distance(one, other, score_cutoff=1) <= 1


# Artists


def _artists(first: Named, second: Named, *, near: bool) -> Reason:
    if not first.artists or not second.artists:
        return Reason("artist", "one of them names no artist", 0.84)
    if "turned" in {first.form, second.form}:
        return Reason("artist", "artist and title stand the other way round", 1.0 if near else 0.7)
    found = _artists_alike(first, second, near=near)
    if (found.score or 0) >= SAME and _guests_clash(first, second):
        return Reason("artist", "the guests differ", 0.7)
    return found


def _artists_alike(first: Named, second: Named, *, near: bool) -> Reason:
    if _flat(first.artists) == _flat(second.artists) or _in_one(first.artists) == _in_one(second.artists):
        return Reason("artist", "the artists are the same", 1.0)
    fewer, more = sorted((first.artists, second.artists), key=len)
    shared = [artist for artist in fewer if any(_is_same_artist(artist, another) for another in more)]
    if len(shared) == len(fewer) and (near or _is_same_artist(first.artists[0], second.artists[0])):
        return Reason("artist", "an artist is the same", 0.97)
    if shared:
        return Reason("artist", "an artist is the same, others differ", 0.8)
    if _shared(first.everybody, second.everybody) or _names_remixer(first, second) or _names_remixer(second, first):
        text = "an artist of the one is a guest or the remixer of the other"
        return Reason("artist", text, 0.9 if near else 0.8)
    return Reason("artist", "the artists differ, as far as an upload tells", 0.25)


def _guests_clash(first: Named, second: Named) -> bool:
    """Do both name guests of whom the other knows nothing?"""
    if not first.guests or not second.guests:
        return False
    return not (_shared(first.guests, second.everybody) or _shared(second.guests, first.everybody))


def _flat(artists: Sequence[Sequence[str]]) -> list[str]:
    return sorted("".join(artist) for artist in artists)


def _in_one(artists: Sequence[Sequence[str]]) -> str:
    """All artists as one name, for `Earth, Wind & Fire` without its comma and sign."""
    return "".join(word for artist in artists for word in artist if word not in {"and", "the"})


def _shared(some: Sequence[tuple[str, ...]], others: Sequence[tuple[str, ...]]) -> bool:
    return any(_is_same_artist(a, b) for a, b in product(some, others))


def _is_same_artist(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    mine, theirs = "".join(one), "".join(other)
    if mine == theirs:
        return True
    if min(len(mine), len(theirs)) < TYPO_LETTERS or mine[0] != theirs[0]:
        return False
    return ratio(mine, theirs) >= SAME_ARTIST or OSA.distance(mine, theirs, score_cutoff=1) <= 1


def _names_remixer(named: Named, other: Named) -> bool:
    """Is an artist of the one the remixer of the other? Remixers are filed under either name."""
    return any(set(artist) <= other.version for artist in named.artists)


# Versions


def _versions(first: Named, second: Named, albums: tuple[str, str], *, near: bool) -> Reason:
    mine, theirs = (
        named.kinds - OTHER_EDITIONS | _album_kinds(album) for named, album in zip((first, second), albums, strict=True)
    )
    if "live" in mine & theirs:
        # A session is live; one of them may say so in other words.
        mine, theirs = mine - {"session"}, theirs - {"session"}
    if mine != theirs:
        return _other_kinds(first, second, mine, theirs, near=near)
    if not mine:
        return Reason("version", "no version words", 1.0)
    return _other_words(first, second, near=near)


@lru_cache(maxsize=1024)
def _album_kinds(album: str) -> frozenset[str]:
    return frozenset(kind for kind, pattern in ALBUM_KINDS if pattern.search(album))


def _other_kinds(first: Named, second: Named, mine: frozenset[str], theirs: frozenset[str], *, near: bool) -> Reason:
    apart = mine ^ theirs
    text = f"the version words differ ({', '.join(sorted(apart))})"
    if apart <= BY_SOMEBODY and first.version and first.version == second.version:
        return Reason("version", text, 0.95 if near else 0.7)
    is_one_sided = mine <= theirs or theirs <= mine
    if not (is_one_sided and apart <= SOFT) or (first.version ^ second.version) - _words_of_all(first, second):
        return Reason("version", text, 0.15)
    if near:
        return Reason("version", text, 0.9 if apart <= OFTEN_UNSAID else 0.8)
    return Reason("version", text, 0.6)


def _other_words(first: Named, second: Named, *, near: bool) -> Reason:
    """The kinds are the same: whose remix is it, where was the concert?"""
    known = _words_of_all(first, second)
    mine, theirs = first.version - known, second.version - known
    if mine == theirs:
        return Reason("version", "the same version", 1.0)
    if any(word.isdigit() and not _is_year(word) for word in mine ^ theirs):
        return Reason("version", "the versions count differently", 0.2)
    if mine <= theirs or theirs <= mine:
        return Reason("version", "only one says whose or which version", 0.93 if near else 0.7)
    if _words_alike(mine, theirs):
        return Reason("version", "the same version in other words", 0.95)
    return Reason("version", "another version of this kind", 0.2)


def _words_alike(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    a, b = "".join(sorted(mine)), "".join(sorted(theirs))
    return min(len(a), len(b)) >= TYPO_LETTERS and OSA.distance(a, b, score_cutoff=1) <= 1


# Lengths and codes


def _lengths(one: Described, other: Described) -> Reason | None:
    if not one.length_s or not other.length_s:
        return None
    apart_s = abs(one.length_s - other.length_s)
    longer_s = max(one.length_s, other.length_s)
    if same_length(one.length_s, other.length_s):
        return Reason("length", f"the lengths are {apart_s:.1f} s apart", 1.0)
    if is_preview(min(one.length_s, other.length_s), longer_s):
        return Reason("length", "one of them is as long as a preview", 0.1)
    if apart_s > max(FAR_S, FAR_SHARE * longer_s):
        return Reason("length", f"the lengths are {apart_s:.0f} s apart", 0.3)
    return Reason("length", f"the lengths are {apart_s:.0f} s apart", 0.65)


def _isrcs(one: Described, other: Described) -> Reason | None:
    mine, theirs = (text.replace("-", "").strip().upper() for text in (one.isrc, other.isrc))
    if not mine or not theirs:
        return None
    if mine == theirs:
        return Reason("isrc", f"the ISRC is the same, {mine}", 1.0)
    # One recording gets another code on each release of it, so this alone says little.
    return Reason("isrc_differs", f"the ISRCs differ, {mine} and {theirs}", 0.95)


def words_of(reasons: Sequence[Reason]) -> Iterator[str]:
    """The sentences of the findings, those against it first."""
    for reason in sorted(reasons, key=lambda each: each.score if each.score is not None else 1.0):
        yield reason.text


def bare_words(text: str) -> str:
    """A text as it is searched for: words in one form, spaces between."""
    return " ".join(tokens(text))
