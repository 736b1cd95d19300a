"""Candidates: which of the owner's own files is a track that a source tells of, told by ISRC, words, version and length.

Words alone decide nothing: without a length on both sides, or where words or version leave a doubt, a person is asked.
"""

import heapq
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from music_sync.audio.fingerprint import SAME_RECORDING, bit_error_rate, is_telling, landmarks, may_be_same
from music_sync.model.endings import Reason
from music_sync.model.names import as_text
from music_sync.model.ports import Catalogue, Library, OwnFile, OwnFiles
from music_sync.model.track import FoundTrack, LibraryFile, Recording
from music_sync.track.abjad import is_abjad, outline
from music_sync.track.likeness import Described, Likeness, compare, same_length, words_of
from music_sync.track.lookup import Keys, filed_under, is_mistyped, looked_up
from music_sync.track.quality import better, held
from music_sync.track.spelling import plain_words
from music_sync.track.thresholds import FAR_S, FAR_SHARE
from music_sync.track.words import tokens

MOST_COMPARED = 16
"""Of all that share words with a track so many, the likeliest, are looked at closely."""


@dataclass(frozen=True)
class Candidate:
    """What may be a track: the owner's own file in a folder, one of a recording in the library, or a site's offer."""

    described: Described
    path: Path
    """Absolute when it was chosen; before that a filed one is told relative to the library."""
    codec: str
    bit_rate: int | None = None
    recording_id: str = ""
    """Empty for a file in a folder."""
    filed: LibraryFile | None = None
    url: str = ""
    """Its page, for what a site offers; such a one has no path."""
    cutoff_hz: float | None = None
    """Known of what was measured before."""

    @property
    def place(self) -> str:
        """Where it lies: a page, a path of this machine, or one in the library."""
        return self.url or (self.filed.path if self.filed else as_text(str(self.path)))

    @property
    def label(self) -> str:
        words = " - ".join(filter(None, [self.described.artist, self.described.title]))
        return f"{self.place} ({', '.join(filter(None, [words, _clock(self.described.length_s)]))})"


@dataclass(frozen=True)
class Judged:
    """A candidate and what speaks for and against it."""

    candidate: Candidate
    verdict: str
    """`same`, `unsure` or `different`."""
    score: float
    reasons: tuple[Reason, ...]
    is_proven: bool = False
    """ISRC and length are the same."""


@dataclass(frozen=True)
class Choice:
    """What the owner has for a track."""

    sure: tuple[Judged, ...] = ()
    """Those that are it, the best first."""
    doubt: Judged | None = None
    """The likeliest of those that a person must look at; None when one is sure."""
    refused: tuple[Judged, ...] = ()
    """What a site offered and what it is not, the likest first; of own files none is told."""


@dataclass(frozen=True)
class Said:
    """What a person said of a track when it was in doubt."""

    apart: Container[str] = ()
    """Ids of recordings that it is not; the empty one stands for a file that was in doubt."""
    is_it: bool = False
    """What is in doubt is the track."""
    of: str = ""
    """The sentence in which it was asked; an offer that it does not name was never looked at."""

    def rules_out(self, judged: Judged) -> bool:
        """A file that is sure may have come since."""
        is_doubt = judged.verdict == "unsure"
        return judged.candidate.recording_id in self.apart and (is_doubt or bool(judged.candidate.recording_id))

    def about(self, doubt: Judged) -> Judged:
        if not self.is_it or doubt.candidate.recording_id or doubt.candidate.url not in self.of:
            return doubt
        return replace(doubt, verdict="same", reasons=(Reason("person", "you said so"), *doubt.reasons))


class Candidates:
    """All that the owner has: files in folders, and the library. It is read once, when the first track asks."""

    def __init__(self, own: OwnFiles, catalogue: Catalogue, library: Library) -> None:
        self._own = own
        self._catalogue = catalogue
        self._library = library
        self._reading = threading.Lock()
        self._index: Index | None = None
        self._nameless: list[OwnFile] = []

    def choose(self, found: FoundTrack, said: Said = Said()) -> Choice:
        """Say which of the owner's files is this track; raises TryAgainLater when the catalogue does not answer."""
        if not found.title and not found.isrc:
            return Choice()
        wanted = Described(found.artist, found.title, found.length_s, found.isrc, found.album)
        near = self._read().near(wanted)
        judged = [each for candidate in near if (each := judge(wanted, candidate)).verdict != "different"]
        there = [each for each in self._there(judged) if not said.rules_out(each)]
        sure = tuple(sorted((each for each in there if each.verdict == "same"), key=_best_first))
        if sure:
            return Choice(sure)
        doubt = min(there, key=_best_first, default=None)
        return Choice(doubt=said.about(doubt) if doubt else None)

    def fits(self, found: FoundTrack) -> bool:
        """Does the owner have this track, without a doubt?"""
        return bool(self.choose(found).sure)

    def sounding_like(self, fingerprint: tuple[int, ...], length_s: float) -> Judged | None:
        """The file in a folder that tells no artist, so that words cannot find it, and sounds the same; the best of them."""
        if not is_telling(fingerprint):
            return None
        self._read()
        near = [file for file in self._nameless if same_length(file.length_s or length_s, length_s)]
        heard = [_heard(file, fingerprint, self._own.sound_of(file)) for file in near]
        return min((each for each in heard if each.verdict == "same"), key=_best_first, default=None)

    def _read(self) -> "Index":
        with self._reading:
            if self._index is None:
                own = list(self._own.files())
                self._nameless = [file for file in own if not file.artist]
                files = map(_of_file, own)
                filed = (_of_recording(each) for each in self._catalogue.recordings() if each.files)
                self._index = Index.of([*files, *filed])
            return self._index

    def _there(self, judged: Iterable[Judged]) -> Iterator[Judged]:
        """Without those whose file the library holds no more: what was deleted stays so."""
        for each in judged:
            filed = each.candidate.filed
            if filed is None:
                yield each
            elif self._library.holds(filed):
                yield replace(each, candidate=replace(each.candidate, path=self._library.absolute(filed)))


def judge(wanted: Described, candidate: Candidate) -> Judged:
    """Hold one candidate against what is wanted."""
    likeness = compare(wanted, candidate.described)
    verdict, more = _verdict(likeness, wanted.length_s, candidate.described.length_s)
    lengths = wanted.length_s and candidate.described.length_s
    proven = verdict == "same" and bool(lengths) and any(reason.rule == "isrc" for reason in likeness.reasons)
    return Judged(candidate, verdict, likeness.score, (*more, *likeness.reasons), proven)


def _heard(file: OwnFile, wanted: tuple[int, ...], has: tuple[int, ...]) -> Judged:
    """Hold the sound of a file against what came for a track; its length was found to fit."""
    candidate = _of_file(file)
    is_near = is_telling(has) and may_be_same(landmarks(wanted), has)
    score = round(1 - bit_error_rate(wanted, has), 4) if is_near else 0.0
    if score < 1 - SAME_RECORDING:
        return Judged(candidate, "different", score, ())
    text = f"your own {candidate.place} sounds the same: {score:.1%} of the fingerprint, and the length"
    return Judged(candidate, "same", score, (Reason("fingerprint_length", text, score),))


def doubt_about(found: FoundTrack, judged: Judged) -> str:
    """The sentence that asks a person, with both sides and what speaks against."""
    against = [reason for reason in judged.reasons if reason.score is None or reason.score < 1]
    sides = f"{judged.candidate.label} may be {found.label}"
    wanted = _clock(found.length_s)
    why = "; ".join(words_of(against)) or "not enough is known"
    mend = (
        "`music-sync review` lets you decide" if judged.candidate.url else "mend its tags and retry, or buy the track"
    )
    return f"{sides}{f' ({wanted})' if wanted else ''}, but {why}; {mend}"


def _verdict(likeness: Likeness, wanted_s: float | None, has_s: float | None) -> tuple[str, tuple[Reason, ...]]:
    """The verdict of words and version, held to the rule that only a length makes sure."""
    if likeness.verdict != "same":
        return likeness.verdict, ()
    if not wanted_s:
        return "unsure", (Reason("no_length", "its source tells no length, and words alone do not decide"),)
    if has_s and not same_length(wanted_s, has_s):
        return "unsure", ()
    # A file whose header tells no length is measured as a whole before it is filed.
    return "same", ()


def _best_first(judged: Judged) -> tuple[bool, float, bool, tuple[bool, int, bool, int], str]:
    candidate = judged.candidate
    quality = better(candidate.codec, candidate.bit_rate, candidate.cutoff_hz)
    return not judged.is_proven, -judged.score, not candidate.recording_id, quality, as_text(str(candidate.path))


# What there is


@dataclass
class Index:
    """Candidates by ISRC and by the words of their titles."""

    all: list[Candidate] = field(default_factory=list)
    by_isrc: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_word: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    by_whole: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By all words of the title without the spaces between."""
    by_artist: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    keys: list[Keys] = field(default_factory=list)
    words: list[frozenset[str]] = field(default_factory=list)
    """Those of each one's artist and title."""

    @classmethod
    def of(cls, candidates: Iterable[Candidate]) -> "Index":
        index = cls()
        for number, candidate in enumerate(candidates):
            keys = filed_under(candidate.described.artist, candidate.described.title)
            index.all.append(candidate)
            index.keys.append(keys)
            index.words.append(keys.words.union(plain_words(tokens(candidate.described.artist))))
            if candidate.described.isrc:
                index.by_isrc[candidate.described.isrc].append(number)
            for which, found in (
                (index.by_word, keys.words),
                (index.by_whole, keys.wholes),
                (index.by_artist, keys.artists),
            ):
                for word in found:
                    which[word].append(number)
        return index

    def near(self, wanted: Described) -> Iterator[Candidate]:
        """Those with its ISRC, and the likeliest of those that share half of the words of the shorter title."""
        keys = looked_up(wanted.artist, wanted.title)
        shared = Counter(_all_of(self.by_word, keys.words))
        half = [
            number for number, count in shared.items() if 2 * count >= min(keys.shortest, self.keys[number].shortest)
        ]
        alike = set(_all_of(self.by_whole, keys.wholes)) | self._heard_as(keys)
        alike |= {number for number in _all_of(self.by_artist, keys.artists) if is_mistyped(keys, self.keys[number])}
        near = [
            number
            for number in dict.fromkeys([*alike, *half])
            if not _far_apart(wanted.length_s, self.all[number].described.length_s)
        ]
        # An upload has its artist in the title, so the words of both count together.
        said = keys.words.union(plain_words(tokens(wanted.artist)))
        likeliest = heapq.nsmallest(
            MOST_COMPARED, near, key=lambda number: -_overlap(said, self.words[number]) - (number in alike)
        )
        same_code = self.by_isrc.get(_code(wanted.isrc), ())
        return (self.all[number] for number in dict.fromkeys([*same_code, *likeliest]))

    def _heard_as(self, keys: Keys) -> set[int]:
        """Those whose title is told in Latin letters here, and there in Hebrew or Arabic ones, which write no vowels."""
        if any(map(is_abjad, keys.wholes)):
            return set(_all_of(self._latin, map(outline, keys.wholes)))
        return set(_all_of(self._abjad, map(outline, keys.wholes))) if self._abjad else set()

    @cached_property
    def _latin(self) -> Mapping[str, list[int]]:
        return self._outlined(str.isascii)

    @cached_property
    def _abjad(self) -> Mapping[str, list[int]]:
        return self._outlined(is_abjad)

    def _outlined(self, is_meant: Callable[[str], bool]) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for number, keys in enumerate(self.keys):
            for key in {outline(whole) for whole in keys.wholes if is_meant(whole)} - {""}:
                found[key].append(number)
        return dict(found)


def _all_of(numbers: Mapping[str, list[int]], keys: Iterable[str]) -> Iterator[int]:
    return (number for key in keys for number in numbers.get(key, ()))


def _overlap(some: frozenset[str], others: frozenset[str]) -> float:
    """Which share of the words of both are in both."""
    return len(some & others) / max(1, len(some) + len(others))


def _far_apart(one_s: float | None, other_s: float | None) -> bool:
    if not one_s or not other_s:
        return False
    return abs(one_s - other_s) > max(FAR_S, FAR_SHARE * max(one_s, other_s))


def _code(isrc: str) -> str:
    return isrc.replace("-", "").strip().upper()


def _of_file(file: OwnFile) -> Candidate:
    said = Described(file.artist, file.title, file.length_s, _code(file.isrc), file.album)
    return Candidate(said, file.path, file.codec, file.bit_rate)


def _of_recording(recording: Recording) -> Candidate:
    """The best file that was filed of it: the formats of one recording differ in quality alone."""
    best, (codec, bit_rate, cutoff_hz) = held(recording)
    said = Described(
        recording.artist, recording.title, recording.analysis.length_s, _code(recording.isrc), recording.album
    )
    return Candidate(said, Path(best.path), codec, bit_rate, recording.recording_id, best, cutoff_hz=cutoff_hz)


def _clock(length_s: float | None) -> str:
    """As a player shows it: 3:25."""
    return f"{int(length_s // 60)}:{int(length_s % 60):02}" if length_s else ""
