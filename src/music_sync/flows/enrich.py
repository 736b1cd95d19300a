"""Asking services what filed recordings are, and filling in what they tell. Read it top to bottom.

It begins when the tracks of a round are done, and ends with its time; no track ever waits for it. An answer is written
down as it comes, so a kill asks nothing twice, and is filled in afterwards, by way of `flows.retag`.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from music_sync.adapters.durable_files import faults_about, write_whole
from music_sync.adapters.sql.enrichments import stamp
from music_sync.adapters.sql.retags import SqlRetags
from music_sync.flows.retag import Copies, Note, Retagger
from music_sync.model.enrichment import ANSWERED, MOST_ASKED, NOTHING, WAITING, Answer, Facts, Question, in_words
from music_sync.model.errors import EnvironmentFault, GiveUp, NeedsPerson, SyncError, TryAgainLater
from music_sync.model.happenings import Happening, Tell
from music_sync.model.ports import Enricher
from music_sync.model.track import Cover, Recording
from music_sync.track.enrich import Filling, Judged, facts_of, filling, judged, known_by, merged
from music_sync.track.undo import RETAG, changes

log = logging.getLogger(__name__)

LIMIT_S = 60.0
"""How long one round asks; what is left stays due."""
_AT_ONCE = 50
_FIRST_PAUSE = timedelta(minutes=15)
_LONGEST_PAUSE = timedelta(days=1)
_UNTIL_KNOWN = timedelta(days=30)
"""Releases get into the databases weeks after they came out."""
_TAKEN = frozenset({"due", "applied", "needless"})
"""Verdicts on answers that are about our recording."""


@dataclass(frozen=True)
class Desk:
    """What it needs of the world, open for one round."""

    catalogue: SqlRetags
    retagger: Retagger
    enrichers: Sequence[Enricher]
    """In the owner's order: the first to tell a thing counts."""
    covers: Path
    """Folder for pictures that wait to be filled in."""
    is_stopped: Callable[[], bool] = lambda: False
    clock: Callable[[], float] = time.monotonic
    limit_s: float = LIMIT_S


@dataclass
class Outcome:
    """What a round of asking came to."""

    filled: int = 0
    """Recordings whose tags were filled in."""
    waiting: int = 0
    """Questions that are still open."""
    away: dict[str, str] = field(default_factory=dict)
    """Why a service is not asked any more in this round, by its name."""

    @property
    def line(self) -> str:
        """For a person; empty when there is nothing to tell."""
        told = [f"tags of {self.filled} {'track' if self.filled == 1 else 'tracks'} were filled in"] * bool(self.filled)
        if self.waiting:
            why = f" ({'; '.join(self.away.values())})" if self.away else "; the next sync asks on"
            told.append(f"{counted(self.waiting)} for services{why}")
        elif self.away:
            told.append("; ".join(self.away.values()))
        return "; ".join(told)


def counted(waiting: int) -> str:
    return "1 question waits" if waiting == 1 else f"{waiting} questions wait"


def enrich(desk: Desk, tell: Tell) -> Outcome:
    """Ask what is due while there is time, fill in what was told, and say in one line what came of it."""
    with desk.catalogue.alone() as is_alone:
        # Another machine asks the same questions just now.
        return _round(desk, tell) if is_alone else Outcome()


def _round(desk: Desk, tell: Tell) -> Outcome:
    outcome = Outcome()
    ends_at = desk.clock() + desk.limit_s

    def is_over() -> bool:
        return desk.is_stopped() or desk.clock() >= ends_at

    for each in desk.enrichers:
        if each.by != "release":
            desk.catalogue.note(each.name, each.by)
    try:
        for recording in _due(desk, outcome, is_over):
            _enrich_one(recording, desk, outcome, is_over)
    except SyncError as error:
        log.warning("no more tags are filled in for now: %s", error)
        outcome.away["this machine"] = str(error)
    outcome.waiting = desk.catalogue.open_questions([each.name for each in desk.enrichers])
    if outcome.line:
        tell(Happening("", "", "enrich", "told", text=outcome.line))
    return outcome


def _enrich_one(recording: Recording, desk: Desk, outcome: Outcome, is_over: Callable[[], bool]) -> None:
    try:
        _ask_all(recording, desk, outcome, is_over)
        _fill_in(recording, desk, outcome)
    except SyncError:
        raise
    except Exception:
        # An answer of a shape that nobody foresaw: it is written down, and neither the sync nor other tracks end by it.
        log.exception("asking about %s broke off", recording.label)


def _due(desk: Desk, outcome: Outcome, is_over: Callable[[], bool]) -> Iterator[Recording]:
    """The recordings of which something is to be asked or filled in, as long as the round goes on."""
    seen: set[str] = set()
    while not is_over():
        asked = [each.name for each in desk.enrichers if each.name not in outcome.away]
        # What was seen and is still due waits for a service that is away, or came due again meanwhile.
        page = [each for each in desk.catalogue.due(asked, _AT_ONCE + len(seen)) if each not in seen]
        if not page:
            return
        for recording_id in page:
            seen.add(recording_id)
            recording = desk.catalogue.recording(recording_id)
            if recording is not None and not is_over():
                yield recording


# Asking


def _ask_all(recording: Recording, desk: Desk, outcome: Outcome, is_over: Callable[[], bool]) -> None:
    """Ask the services in order; an answer may give rise to further questions, so look again after each."""
    while not is_over():
        now = stamp(desk.catalogue.now)
        asked = {each.service: each for each in desk.catalogue.questions(recording.recording_id)}
        open_now = (
            (each, asked[each.name])
            for each in desk.enrichers
            if each.name in asked and each.name not in outcome.away and _is_due(asked[each.name], now)
        )
        found = next(open_now, None)
        if found is None:
            return
        _ask(recording, *found, [each for each in asked.values() if each.told.get("verdict") in _TAKEN], desk, outcome)


def _is_due(question: Question, now: str) -> bool:
    return question.state != ANSWERED and bool(question.due_at) and question.due_at <= now


def _ask(
    recording: Recording, enricher: Enricher, question: Question, taken: Sequence[Question], desk: Desk, out: Outcome
) -> None:
    """Put one question, and write down how it stands then."""
    known = known_by(recording, _in_order(taken, desk))
    now = desk.catalogue.now
    asked = replace(question, asked_at=stamp(now), tries=question.tries + 1)
    if not enricher.asks(known):
        desk.catalogue.put([_unknown(question, "nothing is known that it could be asked by", desk)])
        return
    try:
        answers = enricher.ask(known)
        verdict = judged(recording, answers)
        answer = enricher.complete(verdict.answer) if verdict.answer else None
    except EnvironmentFault:
        raise
    except TryAgainLater as error:
        log.warning("%s was not asked of %s: %s", enricher.label, recording.label, error)
        out.away[enricher.name] = str(error)
        desk.catalogue.put([_later(asked, str(error), error.after_s, desk)])
    except NeedsPerson as error:
        log.warning("%s is not asked: %s", enricher.label, error)
        out.away[enricher.name] = str(error)
    except GiveUp as error:
        desk.catalogue.put([_unknown(asked, str(error), desk)])
    else:
        _keep(recording, asked, answer, verdict, answers, desk)


def _in_order(questions: Sequence[Question], desk: Desk) -> list[Facts]:
    order = {each.name: number for number, each in enumerate(desk.enrichers)}
    known = [each for each in questions if each.service in order]
    return [facts_of(each.told.get("facts", {})) for each in sorted(known, key=lambda each: order[each.service])]


def _later(asked: Question, why: str, after_s: float | None, desk: Desk) -> Question:
    pause = min(_FIRST_PAUSE * 4 ** min(asked.tries - 1, 5), _LONGEST_PAUSE)
    pause = max(pause, timedelta(seconds=min(after_s or 0.0, 86_400.0)))
    told = {"reason": why}
    return replace(asked, state=WAITING, told=told, due_at=stamp(desk.catalogue.now + pause))


def _unknown(asked: Question, why: str, desk: Desk) -> Question:
    due = stamp(desk.catalogue.now + _UNTIL_KNOWN * max(1, asked.tries)) if asked.tries < MOST_ASKED else ""
    return replace(asked, state=NOTHING, told={"reason": why}, due_at=due)


def _keep(
    recording: Recording,
    asked: Question,
    answer: Answer | None,
    verdict: Judged,
    answers: Sequence[Answer],
    desk: Desk,
) -> None:
    """Write an answer down, with what it gives rise to."""
    if not answers:
        desk.catalogue.put([_unknown(asked, "it knows nothing of it", desk)])
        return
    told = {**_told_of(answer or answers[0]), "reason": verdict.reason, "verdict": "due" if answer else "kept"}
    if answer and answer.cover:
        told["cover"] = _keep_cover(asked, answer.cover, desk)
    known = {each.name for each in desk.enrichers}
    arising = [each for each in _arising(recording, asked.service, answer, desk) if each in known] if answer else []
    with desk.catalogue.locked():
        desk.catalogue.put([replace(asked, state=ANSWERED, told=told, due_at=asked.asked_at if answer else "")])
        for service in arising:
            desk.catalogue.note_one(recording.recording_id, service)


def _told_of(answer: Answer) -> dict[str, Any]:
    names = ("artist", "title", "length_s", "score", "tempo_bpm", "track_number")
    said = {name: value for name in names if (value := getattr(answer, name))}
    return {"facts": answer.facts.told, **said}


def _arising(recording: Recording, service: str, answer: Answer, desk: Desk) -> Iterator[str]:
    """The services that can be asked now by what this answer proved; for a cover only where there is none."""
    if answer.has_cover and not _has_cover(recording, desk):
        yield "coverart"
    if answer.facts.mb_recording_id and service != "musicbrainz":
        yield "musicbrainz"
    if answer.facts.isrc and not recording.isrc:
        yield "deezer"


def _has_cover(recording: Recording, desk: Desk) -> bool:
    library, tagger = desk.retagger.library, desk.retagger.tagger
    with suppress(GiveUp):
        return any(tagger.read(library.absolute(each)).has_cover for each in recording.files if library.holds(each))
    return False


# Filling in


def _fill_in(recording: Recording, desk: Desk, outcome: Outcome) -> None:
    order = [each.name for each in desk.enrichers]
    asked = {each.service: each for each in desk.catalogue.questions(recording.recording_id)}
    due = [asked[name] for name in order if name in asked and asked[name].told.get("verdict") == "due"]
    if not due:
        return
    try:
        copies = desk.retagger.copies(recording)
        number = _filled(recording, due, copies, desk)
    except GiveUp as error:
        _end(due, "kept", f"its tags were left alone: {error}", desk)
        number = None
    finally:
        desk.retagger.clear(recording.recording_id)
    outcome.filled += number is not None
    for question in due:
        with suppress(OSError):
            _cover_file(question, desk).unlink()


def _filled(recording: Recording, due: Sequence[Question], copies: Copies, desk: Desk) -> int | None:
    left = " and ".join(copies.changed)
    if left:
        log.warning("the tags of %s are left alone: it is not the file that was filed", left)
    if not copies.whole:
        _end(
            due, "kept", f"{left or recording.label} is not the file that was filed, so its tags were left alone", desk
        )
        return None
    embedded = [desk.retagger.tagger.read(each.path) for each in copies.whole]
    facts = [facts_of(each.told.get("facts", {})) for each in due]
    wanted = _but_undone(filling(recording, embedded, merged(facts), _first_cover(due, desk)), recording, desk)
    if not wanted.names:
        _end(due, "needless", "", desk)
        return None
    note = _note_of(recording, due, wanted)
    tagger = desk.retagger.tagger
    number = desk.retagger.rewrite(recording, copies.whole, lambda path: tagger.write(path, wanted.tags), note)
    if number is not None:
        said = ", ".join(filter(None, [in_words(wanted.facts.told), "a cover" if wanted.cover else ""]))
        log.info("filled in the tags of %s: %s", recording.label, said)
        rest = [each for each in due if each.service not in note.after["services"]]
        _end(rest, "needless", "", desk)
    return number


def _end(due: Sequence[Question], verdict: str, reason: str, desk: Desk) -> None:
    """Nothing of these answers is to be filled in."""
    told = [{**each.told, "verdict": verdict, **({"left": reason} if reason else {})} for each in due]
    desk.catalogue.put([replace(each, told=said, due_at="") for each, said in zip(due, told, strict=True)])


def _but_undone(wanted: Filling, recording: Recording, desk: Desk) -> Filling:
    """Without the fields that a person took back: what they say stays said."""
    known = changes(desk.catalogue.journal(recording.recording_id))
    undone = {
        name for each in known if each.kind == RETAG and not each.is_in_effect for name in (each.after or {})["filled"]
    }
    told = {name: value for name, value in wanted.facts.told.items() if name not in undone}
    return Filling(facts_of(told), None if "cover" in undone else wanted.cover)


def _note_of(recording: Recording, due: Sequence[Question], wanted: Filling) -> Note:
    """What the journal says: the fields before and after, and whose answer each is."""
    services: dict[str, list[str]] = {}
    for name in wanted.names:
        tells = (each for each in due if name in (each.told if name == "cover" else each.told.get("facts", {})))
        services.setdefault(next(tells).service, []).append(name)
    before = {"columns": {name: getattr(recording, name) for name in wanted.columns}}
    after = {
        "label": recording.label,
        "filled": list(wanted.names),
        "facts": wanted.facts.told,
        "columns": wanted.columns,
        "services": services,
    }
    return Note(RETAG, before, after)


# Pictures, which are too large for rows


def _keep_cover(question: Question, cover: Cover, desk: Desk) -> Mapping[str, str]:
    path = _cover_file(question, desk)
    with faults_about(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path, cover.picture)
    return {"mime": cover.mime, "sha256": hashlib.sha256(cover.picture).hexdigest()}


def _first_cover(due: Sequence[Question], desk: Desk) -> Cover | None:
    for question in due:
        with suppress(OSError):
            if "cover" in question.told:
                return Cover(question.told["cover"]["mime"], _cover_file(question, desk).read_bytes())
    return None


def _cover_file(question: Question, desk: Desk) -> Path:
    return desk.covers / f"{question.recording_id}-{question.service}"
