"""How like two descriptions of a track are, told by words, length and ISRC; the one place for its thresholds.

Words never merge anything: they say which candidates are worth fetching, and what a person should look at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import ratio

from music_sync.model.endings import Reason
from music_sync.track.title import Named, is_number, readings
from music_sync.track.words import kinds_in, tokens

CLOSE_S = 2.0
"""Lengths this near are the same, or within CLOSE_SHARE of the longer."""
CLOSE_SHARE = 0.03
FAR_S = 15.0
"""Lengths further apart than this, and than FAR_SHARE, belong to different recordings."""
FAR_SHARE = 0.08
PREVIEW_S = (28.0, 32.0)
"""Lengths of the previews that services give instead of a track."""
TYPO_LETTERS = 6
"""A word this long may differ in one letter that is not its first."""
SAME_ARTIST = 90.0
"""How like two spellings of an artist are at least, of 100."""
SAME, UNSURE = 0.85, 0.5
"""Scores from which two are the same, and from which a person should look."""

SOFT = frozenset({"remaster", "radio", "stereo", "edit", "clean", "extended", "club"})
"""Kinds that one side may leave unsaid: the length, or a person, must tell."""
ALBUM_KINDS = frozenset({"live", "session", "karaoke", "cover", "instrumental", "acapella", "mixed"})
"""Kinds that an album's name says of all its tracks."""


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
    pairs = product(_readings(one), _readings(other))
    return max(
        (_compared(first, second, one, other) for first, second in pairs if _fit(first, second)),
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


def _compared(first: Named, second: Named, one: Described, other: Described) -> Likeness:
    findings = [
        _titles(first, second),
        _artists(first, second),
        _versions(first, second, one, other),
        _lengths(one, other),
        _isrcs(one, other),
    ]
    said = [finding for finding in findings if finding is not None]
    score = 1.0
    for finding in said:
        score *= finding.score if finding.score is not None else 1.0
    isrc = findings[-1]
    if isrc is not None and isrc.rule == "isrc" and _may_be_one(said):
        score = max(score, 0.95)
    return Likeness(_verdict(score), round(score, 4), tuple(said))


def _verdict(score: float) -> str:
    return "same" if score >= SAME else "unsure" if score >= UNSURE else "different"


def _may_be_one(said: Sequence[Reason]) -> bool:
    """With the same ISRC small things do not matter: only another length or another version speaks against it."""
    return all(
        finding.score is None or finding.score >= UNSURE for finding in said if finding.rule in {"length", "version"}
    )


# Titles


def _titles(first: Named, second: Named) -> Reason:
    if first.title == second.title:
        asides = _asides(first, second)
        return asides or Reason("title", "the titles are the same", 1.0)
    if "".join(first.title) == "".join(second.title):
        return _asides(first, second) or Reason("title", "the titles differ only in spaces", 0.98)
    with_aside = {(*first.title, *first.asides), first.title} & {(*second.title, *second.asides), second.title}
    if with_aside:
        return Reason("title", "the titles differ only in brackets", 0.97)
    if _is_one_typo(first.title, second.title):
        return Reason("title", "the titles differ in one letter", 0.9)
    likeness = ratio(" ".join(first.title), " ".join(second.title)) / 100
    return Reason("title", f"the titles differ ({likeness:.0%} alike)", 0.2 * likeness)


def _asides(first: Named, second: Named) -> Reason | None:
    """What only one of them, or both differently, say in brackets."""
    mine, theirs = set(first.asides), set(second.asides)
    if mine == theirs:
        return None
    apart = mine ^ theirs
    if any(map(is_number, apart)):
        return Reason("title", "the titles count differently", 0.2)
    if mine and theirs and not (mine <= theirs or theirs <= mine):
        return Reason("title", "the titles have other words in brackets", 0.6)
    known = {word for artist in (*first.everybody, *second.everybody) for word in artist}
    return Reason(
        "title",
        "one title says more in brackets",
        0.95 if apart <= known or "upload" in {first.form, second.form} else 0.84,
    )


def _is_one_typo(one: Sequence[str], other: Sequence[str]) -> bool:
    if len(one) != len(other):
        return False
    apart = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(apart) == 1 and _is_typo(*apart[0])


def _is_typo(one: str, other: str) -> bool:
    """One letter of a long word, that is not its first: `Kingdom` and `Kingdon`, never `back` and `bad`."""
    if min(len(one), len(other)) < TYPO_LETTERS or one[0] != other[0] or is_number(one) or is_number(other):
        return False
    return OSA.distance(one, other, score_cutoff=1) <= 1


# Artists


def _artists(first: Named, second: Named) -> Reason:
    if not first.artists or not second.artists:
        return Reason("artist", "one of them names no artist", 0.84)
    if _flat(first.artists) == _flat(second.artists):
        return Reason("artist", "the artists are the same", 1.0)
    main = _shared(first.artists, second.artists)
    if main:
        return Reason("artist", "an artist is the same", 0.97)
    if _shared(first.everybody, second.everybody) or _names_remixer(first, second) or _names_remixer(second, first):
        return Reason("artist", "an artist of the one is a guest or the remixer of the other", 0.9)
    return Reason("artist", "the artists differ, as far as an upload tells", 0.25)


def _flat(artists: Sequence[Sequence[str]]) -> list[str]:
    return sorted("".join(artist) for artist in artists)


def _shared(some: Sequence[tuple[str, ...]], others: Sequence[tuple[str, ...]]) -> bool:
    return any(_is_same_artist(a, b) for a, b in product(some, others))


def _is_same_artist(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    mine, theirs = "".join(one), "".join(other)
    if mine == theirs:
        return True
    return min(len(mine), len(theirs)) >= TYPO_LETTERS and ratio(mine, theirs) >= SAME_ARTIST


def _names_remixer(named: Named, other: Named) -> bool:
    """Is an artist of the one the remixer of the other? Remixers are filed under either name."""
    return any(set(artist) <= other.version for artist in named.artists)


# Versions


def _versions(first: Named, second: Named, one: Described, other: Described) -> Reason:
    mine, theirs = _kinds(first, one), _kinds(second, other)
    apart = mine ^ theirs
    if apart:
        return _other_kinds(apart, _names_both(mine, theirs), one, other)
    if first.version == second.version or not mine:
        return Reason("version", "the same version" if mine else "no version words", 1.0)
    known = {word for artist in (*first.everybody, *second.everybody) for word in artist}
    if (first.version ^ second.version) <= known:
        return Reason("version", "the same version", 0.97)
    if not first.version or not second.version:
        return Reason("version", "only one says whose or which version", 0.7)
    if _words_alike(first.version, second.version):
        return Reason("version", "the same version in other words", 0.95)
    return Reason("version", "another version of this kind", 0.2)


def _kinds(named: Named, described: Described) -> frozenset[str]:
    """Its kinds, and those that the album says of all its tracks."""
    album, _ = kinds_in(described.album) if described.album else (frozenset[str](), ())
    return named.kinds | (album & ALBUM_KINDS)


def _names_both(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    return bool(mine - theirs) and bool(theirs - mine)


def _other_kinds(apart: frozenset[str], both: bool, one: Described, other: Described) -> Reason:  # noqa: FBT001
    text = f"the version words differ ({', '.join(sorted(apart))})"
    lengths = _lengths(one, other)
    if apart <= SOFT and not both and (lengths is None or (lengths.score or 0) >= SAME):
        return Reason("version", text, 0.7 if lengths else 0.6)
    return Reason("version", text, 0.15)


def _words_alike(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    a, b = "".join(sorted(mine)), "".join(sorted(theirs))
    return (
        mine <= theirs
        or theirs <= mine
        or (min(len(a), len(b)) >= TYPO_LETTERS and OSA.distance(a, b, score_cutoff=1) <= 1)
    )


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
    return Reason("isrc_differs", f"the ISRCs differ, {mine} and {theirs}", 0.9)


def words_of(reasons: Sequence[Reason]) -> Iterator[str]:
    """The sentences of the findings, those against it first."""
    for reason in sorted(reasons, key=lambda each: each.score if each.score is not None else 1.0):
        yield reason.text


def bare_words(text: str) -> str:
    """A text as it is searched for: words in one form, spaces between."""
    return " ".join(tokens(text))
