"""Why: the story of a track in plain sentences, in the order of time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from music_sync.model.enrichment import ANSWERED, WAITING, field_names, in_words
from music_sync.model.story import (
    SERVICES,
    Asked,
    AtSource,
    Attempt,
    Entry,
    Event,
    Membership,
    OnList,
    Story,
    Verdict,
    instant,
)


def told(story: Story) -> list[Event]:
    """All that happened to a track, oldest first."""
    events = [event for place in story.places for event in _at(place, bool(story.entries))]
    events += _entries(story.entries)
    events += [event for each in story.memberships for event in _membership(each)]
    events += map(_asked, story.asked)
    return sorted(events, key=lambda event: instant(event.at))


def place_name(source: str) -> str:
    """What a person calls a source."""
    return SERVICES.get(source, {"folder": "a folder", "list": "a list"}.get(source, source))


# At a source


def _at(place: AtSource, is_filed: bool) -> Iterator[Event]:  # noqa: FBT001 - one caller
    for event in (*_found(place), *(each for attempt in place.attempts for each in _tried(attempt, is_filed))):
        yield replace(event, source=place.source, source_id=place.source_id)


def _found(place: AtSource) -> Iterator[Event]:
    """Where it was met: on lists of which there is a memory, else as the first attempt was told of it."""
    for listed in place.lists:
        yield from _listed(place.source, listed)
    if place.lists or not place.attempts:
        return
    first = place.attempts[0]
    on = f", on {_names(first.told.playlists)}" if first.told.playlists else ""
    if first.told.liked_at:
        yield Event(first.told.liked_at, "liked", f"liked at {place_name(place.source)}{on}")
    else:
        where = f" as {place.source_id}" if place.source == "folder" else ""
        yield Event(first.started_at, "found", f"found in {place_name(place.source)}{where}{on}")


def _listed(source: str, listed: OnList) -> Iterator[Event]:
    service = place_name(source)
    if listed.is_playlist:
        yield Event(listed.since, "liked", f"put on the playlist {listed.name} at {service}")
    else:
        yield Event(listed.since, "liked", f"liked at {service}" + (f" ({listed.name})" if listed.name else ""))
    if listed.gone_at:
        name = f"the playlist {listed.name}" if listed.is_playlist else listed.name or "the likes"
        text = f"no longer on {name} at {service}; nothing was taken from your library"
        yield Event(listed.gone_at, "gone", text)


# What was tried


def _tried(attempt: Attempt, is_filed: bool) -> Iterator[Event]:  # noqa: FBT001 - one caller
    seen: set[str] = set()
    score = None
    for verdict in attempt.verdicts:
        event = _decided(verdict)
        # What the ending says needs no second line, and neither does a comparison that found nothing once more.
        if _is_said(verdict, attempt):
            score = event.score
        elif event.text not in seen:
            yield event
        seen.add(event.text)
    if attempt.ending == "running":
        text = "taken up; it is under way, or was broken off and the next sync goes on"
        yield Event(attempt.started_at, "ended", text)
    elif attempt.ending != "synced" or not is_filed:
        yield Event(attempt.ended_at, "ended", _ended(attempt), score=score)


def _is_said(verdict: Verdict, attempt: Attempt) -> bool:
    said = verdict.reasons[0].text if verdict.reasons else ""
    return bool(said) and verdict.verdict in {"same", "unsure"} and said in attempt.reason


def _decided(verdict: Verdict) -> Event:
    reasons = "; ".join(_reason(each.text, each.score) for each in verdict.reasons)
    score = next((each.score for each in verdict.reasons if each.score is not None), None)
    if verdict.verdict == "fetched":
        return Event(verdict.at, "fetched", reasons, score=score)
    if verdict.verdict == "measured":
        return Event(verdict.at, "measured", reasons)
    openings = _YOU_SAID if verdict.stage == "review" else _COMPARED
    opening = openings.get(verdict.verdict, f"{verdict.stage}: {verdict.verdict}")
    text = f"{opening}: {reasons}" if reasons and verdict.stage != "review" else opening
    return Event(verdict.at, "matched", text, score=score)


_COMPARED = {
    "new": "compared with your library",
    "same": "recognised as one that you have",
    "unsure": "perhaps one that you have",
    "refused": "looked for it and refused",
    "left": "your own file was left where it is, for what came is better",
}
_YOU_SAID = {
    "same": "you said that it is what it was compared with",
    "another": "you said that it is another recording",
    "undone": "you took back what you had said",
}


def _reason(text: str, score: float | None) -> str:
    return f"{text} ({score:.0%} alike)" if score is not None and "%" not in text else text


def _ended(attempt: Attempt) -> str:
    """How an attempt ended, and who goes on."""
    reason = attempt.reason.rstrip(".")
    openings = {
        "synced": "filed",
        "already_have": "already yours",
        "review": "to be looked at by you",
        "buy_list": "on the buy list",
        "failed": f"refused at the stage `{attempt.stage}`" if attempt.next_actor == "nobody" else "failed",
    }
    return f"{openings.get(attempt.ending, attempt.ending)}: {reason}{_next(attempt)}"


def _next(attempt: Attempt) -> str:
    if attempt.ending != "failed":
        return ""
    return {
        "flow": "; the next sync tries it again",
        "person": "; it waits for you",
    }.get(attempt.next_actor, "; it is tried again when its source changes it, or by `music-sync retry`")


# What became of it


def _entries(entries: Sequence[Entry]) -> Iterator[Event]:
    """What was filed, all formats of one filing in one sentence."""
    for (kind, is_loss), group in groupby(entries, key=lambda entry: (entry.kind, entry.is_loss)):
        several = list(group)
        paths = _names(f"{each.path} ({each.format})" if each.format else each.path for each in several)
        if kind == "filed":
            yield Event(several[0].at, "filed", f"filed as {paths}")
        elif kind == "retag":
            for each in several:
                yield Event(each.at, "changed", f"its tags were filled in: {field_names(each.filled)}")
        else:
            yield Event(several[0].at, "changed", _changed(kind, paths, is_loss=is_loss))


def _changed(kind: str, paths: str, *, is_loss: bool) -> str:
    if kind == "relinked":
        return "a link of it was found to be another recording" if is_loss else "a link of another recording became its"
    if kind == "taken_over":
        return (
            f"{paths} became the file of another recording" if is_loss else f"filed as {paths}, another's place before"
        )
    if kind == "refiled":
        return f"filed anew as {paths}"
    told = {
        "merge": "you joined a track with it",
        "undo": "you took a change of it back",
        "replace": "you put a better file in its place",
        "replacing": "a better file is being put in its place; the next sync finishes that",
    }
    return told.get(kind, f"{kind.replace('_', ' ')} {paths}".rstrip())


def _asked(asked: Asked) -> Event:
    service = SERVICES.get(asked.service, asked.service)
    if asked.state == WAITING and not asked.tries:
        return Event(asked.due_at, "waiting", f"{service} is to be asked what it is; the next sync does")
    if asked.state == WAITING:
        return Event(
            asked.asked_at, "waiting", f"{service} gave no answer yet: {asked.reason}; a later sync asks again"
        )
    if asked.state != ANSWERED:
        again = "; it is asked again some weeks later" if asked.due_at else ""
        return Event(asked.asked_at, "asked", f"{service} was asked what it is: {asked.reason}{again}")
    if asked.verdict == "kept" and not asked.left:
        told = f" {asked.name}" if asked.name else ""
        return Event(
            asked.asked_at, "asked", f"{service} takes it for{told or ' another'}, not believed: {asked.reason}"
        )
    return Event(asked.asked_at, "asked", f"{service} told {_answer(asked)} ({asked.reason}){_became(asked)}")


def _answer(asked: Asked) -> str:
    tempo = f"a tempo of {asked.tempo_bpm:g} BPM, which is a hint only" if asked.tempo_bpm else ""
    return ", ".join(filter(None, [in_words(asked.facts), "a cover" * asked.has_cover, tempo])) or "nothing more of it"


def _became(asked: Asked) -> str:
    return {
        "applied": f"; filled in: {field_names(asked.filled)}",
        "due": "; the next sync fills it in",
        "kept": f"; {asked.left}",
    }.get(asked.verdict, "; nothing of it was missing")


def _membership(membership: Membership) -> Iterator[Event]:
    yield Event(membership.added_at, "listed", f"put on your playlist {membership.name}")
    for target, at in membership.sent:
        yield Event(at, "published", f"your playlist {membership.name} was written ({target})")
    for target, at in membership.waiting:
        yield Event(at, "waiting", f"your playlist {membership.name} waits to be written ({target}) by the next sync")


def _names(names: Iterable[str]) -> str:
    *others, last = [*filter(None, names)] or [""]
    return f"{', '.join(others)} and {last}" if others else last
