"""Enrich: whether what a service told is about our recording, and which of its fields are filled in.

The evidence is that of `match`: the same ISRC, or the same sound, and always the same length. Words prove nothing; words
of another version refuse. A field is filled in only where catalogue and files say nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from music_sync.model.enrichment import Answer, Facts, Known
from music_sync.model.track import Cover, Embedded, Recording, Tags
from music_sync.track.match import same_length
from music_sync.track.words import tokens, version_key

LEAST_SCORE = 0.9
"""AcoustID's score below which the sound is another one, or too little of it was compared."""

COLUMNS = ("album", "year", "genre", "isrc")
"""The facts that the catalogue has a place for; the others stand in the files and in the answers."""


@dataclass(frozen=True)
class Judged:
    """The answer that is about our recording, or None, and why."""

    answer: Answer | None
    reason: str


def judged(recording: Recording, answers: Sequence[Answer]) -> Judged:
    """Say which of the recordings that a service told of is ours; of several that fit, the one that is called as ours is."""
    reasons: list[str] = []
    fitting: list[tuple[Answer, str]] = []
    for answer in answers:
        doubt = _doubt(recording, answer)
        if doubt:
            reasons.append(doubt)
        else:
            fitting.append((answer, _evidence(recording, answer)))
    if len(fitting) > 1:
        fitting = _called_alike(recording, fitting)
    if len(fitting) == 1:
        return Judged(*fitting[0])
    if fitting:
        return Judged(None, f"{len(fitting)} recordings fit, and nothing tells which of them it is")
    return Judged(None, reasons[0] if reasons else "it told of no recording")


def _doubt(recording: Recording, answer: Answer) -> str:
    """Why an answer is not taken; empty when it is."""
    if answer.by == "release":
        return ""
    if answer.score is not None and answer.score < LEAST_SCORE:
        return f"only {answer.score:.0%} of the sound is alike"
    if answer.length_s is None:
        return "it tells no length, which alone would prove that it is the same recording"
    if not same_length(answer.length_s, recording.analysis.length_s):
        return f"the lengths differ by {abs(answer.length_s - recording.analysis.length_s):.1f} s"
    if answer.title and version_key(answer.title) != version_key(recording.title):
        return f"the version words differ ({answer.title})"
    return ""


def _evidence(recording: Recording, answer: Answer) -> str:
    if answer.by == "release" or answer.length_s is None:
        return "of the release that was found before"
    apart = f"lengths {abs(answer.length_s - recording.analysis.length_s):.1f} s apart"
    if answer.by == "isrc":
        return f"same ISRC {recording.isrc}, {apart}"
    heard = "the recording that its sound led to" if answer.score is None else f"the same sound ({answer.score:.0%})"
    return f"{heard}, {apart}"


def _called_alike(recording: Recording, fitting: list[tuple[Answer, str]]) -> list[tuple[Answer, str]]:
    """Those with the title of ours; where none or all have it, all: then it stays open."""
    wanted = tokens(recording.title)
    alike = [pair for pair in fitting if tokens(pair[0].title) == wanted]
    return alike or fitting


def known_by(recording: Recording, before: Iterable[Facts]) -> Known:
    """What a service may be asked by, with what answers before it proved."""
    facts = merged(before)
    return Known(
        isrc=_plain_isrc(recording.isrc or facts.isrc),
        length_s=recording.analysis.length_s,
        fingerprint=recording.analysis.fingerprint,
        mb_recording_id=facts.mb_recording_id,
        mb_release_id=facts.mb_release_id,
    )


def _plain_isrc(text: str) -> str:
    """An ISRC as services want it; empty for anything else."""
    plain = re.sub(r"[\s-]", "", text).upper()
    return plain if re.fullmatch(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}", plain) else ""


def merged(several: Iterable[Facts]) -> Facts:
    """All that is told; where two tell of the same thing, the first counts."""
    said: dict[str, object] = {}
    for facts in several:
        said = {**facts.told, **said}
    return facts_of(said)


def facts_of(said: Mapping[str, object]) -> Facts:
    """Facts out of stored ones; names that this version does not know are left out."""
    known = {each.name for each in fields(Facts)}
    return Facts(**{name: value for name, value in said.items() if name in known})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Filling:
    """What is filled in: each field says nothing so far."""

    facts: Facts
    cover: Cover | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Of the fields, as `Tags` has them."""
        return (*self.facts.told, *(["cover"] if self.cover else []))

    @property
    def tags(self) -> Tags:
        return Tags(**self.facts.told, cover=self.cover)

    @property
    def columns(self) -> dict[str, object]:
        """What of it the catalogue holds."""
        return {name: value for name, value in self.facts.told.items() if name in COLUMNS}


def filling(recording: Recording, files: Sequence[Embedded], facts: Facts, cover: Cover | None) -> Filling:
    """The facts of which neither the catalogue nor any of the files says anything."""
    empty = {
        name: value
        for name, value in facts.told.items()
        if not (name in COLUMNS and getattr(recording, name)) and not any(getattr(each, name) for each in files)
    }
    has_cover = any(each.has_cover for each in files)
    return Filling(facts_of(empty), None if has_cover else cover)
