"""How like two descriptions of a track are, told by words, length and ISRC.

Words never merge anything: they say which candidates are worth fetching, and what a person should look at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf

from music_sync.model.endings import Reason
from music_sync.track.abjad import same_consonants
from music_sync.track.artists_alike import artists, names_of, share
from music_sync.track.pair import Pair, all_words
from music_sync.track.spelling import loose, spelled_alike
from music_sync.track.thresholds import (
    CLOSE_S,
    CLOSE_SHARE,
    EQUAL_S,
    FAR_S,
    FAR_SHARE,
    NEAR_S,
    PREVIEW_S,
    SAME,
    TELLING_LETTERS,
    UNSURE,
)
from music_sync.track.title import Named, readings
from music_sync.track.titles_alike import contexts, titles
from music_sync.track.versions_alike import album_kinds, versions
from music_sync.track.words import tokens


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
    told = tuple(filter(None, (_lengths(one, other), _isrcs(one, other))))
    apart_s = abs(one.length_s - other.length_s) if one.length_s and other.length_s else inf
    near, equal = apart_s <= NEAR_S, apart_s <= EQUAL_S
    albums = (one.album, other.album)
    return max(
        (
            _judged((*found, *told))
            for first, second in product(_readings(one), _readings(other))
            for found in _findings(Pair(first, second, albums, near, equal))
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


def _findings(pair: Pair) -> Iterator[Sequence[Reason]]:
    """What may be said of two readings; the likeliest counts, nothing when they cannot be held against each other."""
    if pair.is_turned:
        # A title read backwards only proves an exact likeness.
        if pair.first.form == pair.second.form or not _is_exact(pair):
            return
        text = "artist and title stand the other way round"
        yield titles(pair), Reason("artist", text, 1.0 if pair.near else 0.7), versions(pair)
        return
    artist = artists(pair)
    yield tuple(filter(None, (titles(pair), artist, versions(pair), contexts(pair))))
    if _is_one_text(pair):
        yield Reason("title", "all words are the same", 1.0), artist, Reason("version", "the same version", 1.0)
    for named, other in ((pair.first, pair.second), (pair.second, pair.first)):
        if _runs_together(named, other):
            # `Home Again` by Home is not `Again`, but a channel's `Daft Punk One More Time` is clear.
            is_clear = pair.near and (len(other.artists[0]) > 1 or not share(named.artists, other.artists))
            yield (Reason("title", "the title names the artist too", 0.92 if is_clear else 0.7),)


def _is_exact(pair: Pair) -> bool:
    first, second = pair.first, pair.second
    return names_of(first.artists) == names_of(second.artists) and loose(first.title) == loose(second.title)


def _is_one_text(pair: Pair) -> bool:
    """Are all words the same, whatever stands in brackets? What artists' and albums' names tell must be the same too."""
    first, second = pair.first, pair.second
    if first.own_kinds != second.own_kinds or album_kinds(pair.albums[0]) != album_kinds(pair.albums[1]):
        return False
    if not pair.near and same_consonants("".join(first.whole), "".join(second.whole)):
        return False
    return spelled_alike(first.whole, second.whole)


def _runs_together(named: Named, other: Named) -> bool:
    """Does a title hold artist and title of the other with nothing between: `Artist Title`?"""
    if named.form != "given" or not other.artists or named.own_kinds != other.own_kinds:
        return False
    artist, title, text = loose(all_words(other.artists)), loose(other.whole), loose(named.whole)
    return min(len(artist), len(title)) >= TELLING_LETTERS and text in {artist + title, title + artist}


def _judged(said: tuple[Reason, ...]) -> Likeness:
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
    """Do the titles, or artist and length, say too that it is the same? Codes are given out twice, and typed wrongly."""
    scores = {finding.rule: finding.score or 0.0 for finding in said}
    is_titled_so = scores.get("title", 0.0) >= UNSURE
    return is_titled_so or (scores.get("artist", 0.0) >= UNSURE and scores.get("length") == 1.0)


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
