"""What two titles say for one recording, and against it."""

import unicodedata
from collections.abc import Sequence

from rapidfuzz.distance import OSA
from rapidfuzz.fuzz import ratio

from music_sync.model.endings import Reason
from music_sync.track.abjad import same_consonants
from music_sync.track.pair import Pair, is_year
from music_sync.track.spelling import ARTICLES, Words, is_of_script, loose, spelled_alike, without_fillers
from music_sync.track.thresholds import CUT_LETTERS, MOST_TYPOS, SWAP_LETTERS, TELLING_LETTERS, TYPO_LETTERS
from music_sync.track.title import Named, is_number
from music_sync.track.words import tokens


def titles(pair: Pair) -> Reason:
    """Say how like the titles are."""
    first, second = pair.first, pair.second
    if "".join(first.full) == "".join(second.full):
        return Reason("title", "the titles are the same", 1.0)
    if "".join(first.title) == "".join(second.title):
        return _asides(pair)
    if {"".join(first.title), "".join(first.full)} & {"".join(second.title), "".join(second.full)}:
        return Reason("title", "the titles differ only in brackets", 0.97)
    return _in_other_spelling(pair) or _nearly_the_same(pair) or _different(first, second)


def _in_other_spelling(pair: Pair) -> Reason | None:
    first, second = pair.first, pair.second
    if spelled_alike(first.full, second.full):
        mine, theirs = "".join(first.full), "".join(second.full)
        if not pair.near and same_consonants(mine, theirs):
            return Reason("title", "the titles have the same consonants", 0.8)
        is_sound = not is_of_script(mine, theirs)
        return Reason("title", "the titles differ only in spelling", 0.9 if is_sound and not pair.near else 0.97)
    if spelled_alike(first.title, second.title):
        return _asides(pair)
    if spelled_alike(first.title, second.full) or spelled_alike(first.full, second.title):
        return Reason("title", "the titles differ only in brackets and spelling", 0.96)
    if _is_translated(first, second) or _is_translated(second, first):
        return Reason("title", "one title tells the other in brackets, in another script", 0.95)
    return None


def _nearly_the_same(pair: Pair) -> Reason | None:
    first, second, near = pair.first, pair.second, pair.near
    if near and (_are_typos(first.title, second.title) or _are_typos(first.full, second.full)):
        return Reason("title", "the titles differ in a letter", 0.9)
    if near and _is_cut_off(first.full, second.full):
        return Reason("title", "one title is cut off", 0.9)
    if _is_fuller(pair):
        return Reason("title", "one title has an article or a known name more", 0.92 if near else 0.8)
    if near and _is_other_form(first.title, second.title):
        return Reason("title", "a word of the titles ends in another letter", 0.7)
    return None


def _different(first: Named, second: Named) -> Reason:
    likeness = ratio(" ".join(first.title), " ".join(second.title)) / 100
    return Reason("title", f"the titles differ ({likeness:.0%} alike)", 0.2 * likeness)


def _asides(pair: Pair) -> Reason:
    """What only one of them, or both differently, say in brackets."""
    mine, theirs = set(pair.first.asides), set(pair.second.asides)
    apart = {word for word in mine ^ theirs if not is_year(word)}
    if any(word.isdigit() for word in apart):
        return Reason("title", "the titles count differently", 0.2)
    if mine - theirs and theirs - mine:
        if spelled_alike(pair.first.asides, pair.second.asides):
            return Reason("title", "the titles differ only in spelling", 0.97)
        return Reason("title", "the titles have other words in brackets", 0.6)
    return _one_sided(pair, apart)


def _one_sided(pair: Pair, apart: set[str]) -> Reason:
    text = "one title says more in brackets"
    if apart <= pair.known:
        return Reason("title", text, 0.95)
    if apart & (pair.first.odd | pair.second.odd):
        return Reason("title", "one title says more in brackets, which may be a version", 0.7)
    fuller = pair.first if set(pair.first.asides) - set(pair.second.asides) else pair.second
    if _is_told_twice(fuller, "".join(apart)):
        return Reason("title", "one title is told in another script too", 0.95 if pair.near else 0.88)
    if not "".join(apart).isascii() and not _is_latin("".join(apart)):
        # In other scripts few of the words for versions are known to us.
        return Reason("title", "one title says more in brackets, which may be a version", 0.7)
    return Reason("title", text, 0.9 if pair.equal else 0.84)


def _is_told_twice(named: Named, beside: str) -> bool:
    """Do the brackets tell the title in another script?

    Beside a Latin title few of the words for versions are known to us: it must sound alike, or its artist be told twice too.
    """
    if is_of_script("".join(named.title), beside):
        return False
    tells_both = any(not "".join(alias).isascii() for alias in named.aliases)
    return beside.isascii() or tells_both or spelled_alike(named.title, named.asides)


def _is_latin(text: str) -> bool:
    """Are all letters Latin ones, with whatever accents?"""
    return all(unicodedata.name(mark, "").startswith("LATIN") for mark in text if mark.isalpha())


def _is_fuller(pair: Pair) -> bool:
    """Are the titles the same without articles and, in one of them, without words of the artist and the album?"""
    first, second = pair.first.title, pair.second.title
    if spelled_alike(without_fillers(first), without_fillers(second)):
        return True
    # `One / Other`, `One & Other`: two titles that are one track.
    if pair.near and spelled_alike(without_fillers(first, _JOINING), without_fillers(second, _JOINING)):
        return True
    fewer, fuller = sorted((first, second), key=len)
    if pair.first.form != pair.second.form and is_year(fuller[-1]) and fuller[:-1] == fewer:
        return True
    # One word of an artist may as well be a word of a title: `Home Again` by Home is not `Again`.
    names = {*pair.first.everybody, *pair.second.everybody, *map(tokens, pair.albums)}
    is_long = len("".join(fewer)) >= TELLING_LETTERS
    return is_long and any(len(name) > 1 and fuller in {fewer + name, name + fewer} for name in names)


_JOINING = frozenset({"and"})


def _is_translated(named: Named, other: Named) -> bool:
    """Is the other title what this one says in brackets in another script: `봄날 (Spring Day)`?"""
    mine, beside = "".join(named.title), "".join(named.asides)
    if mine and beside and mine == "".join(other.asides) and beside == "".join(other.title):
        return True
    return (
        bool(beside and named.artists and other.artists)
        and not is_of_script(mine, beside)
        and loose(named.asides) == loose(other.full)
    )


def _is_cut_off(one: Words, other: Words) -> bool:
    """Does the shorter of two long texts end within a word of the longer, as where a field holds so many letters?"""
    shorter, longer = sorted((one, other), key=lambda words: len("".join(words)))
    place = len(shorter) - 1
    if (
        place < 0
        or len(longer) < len(shorter)
        or len("".join(shorter)) < CUT_LETTERS
        or shorter[:place] != longer[:place]
    ):
        return False
    return shorter[place] != longer[place] and longer[place].startswith(shorter[place])


def contexts(pair: Pair) -> Reason | None:
    """Were both made for something, as a film, and is that the same?"""
    mine, theirs = pair.first.context, pair.second.context
    if not mine or not theirs or mine & theirs - ARTICLES:
        return None
    return Reason("made_for", "they were made for different things", 0.5)


def _are_typos(one: Sequence[str], other: Sequence[str]) -> bool:
    if len(one) != len(other):
        return False
    apart = [(a, b) for a, b in zip(one, other, strict=True) if a != b and loose((a,)) != loose((b,))]
    return (
        len(apart) <= MOST_TYPOS
        and all(_is_typo(a, b) for a, b in apart)
        and (len(apart) <= 1 or len(one) > len(apart))
    )


def _is_typo(one: str, other: str) -> bool:
    """One letter of a long word, that is not its first: `Kingdom` and `Kingdon`, never `back` and `bad`."""
    if one[0] != other[0] or is_number(one) or is_number(other):
        return False
    swapped = len(one) == len(other) and sorted(one) == sorted(other)
    if min(len(one), len(other)) < (SWAP_LETTERS if swapped else TYPO_LETTERS):
        return False
    return not _is_ending(one, other) and OSA.distance(one, other, score_cutoff=1) <= 1


def _is_ending(one: str, other: str) -> bool:
    """Do two words differ in the last letter alone? That may be a form of the word: `Gözlerin` and `Gözlerim`."""
    return one[:-1] in {other, other[:-1]} or other[:-1] == one


def _is_other_form(one: Words, other: Words) -> bool:
    if len(one) != len(other):
        return False
    apart = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    if len(apart) != 1 or any(map(is_number, apart[0])) or min(map(len, apart[0])) < TYPO_LETTERS:
        return False
    return _is_ending(*apart[0])
