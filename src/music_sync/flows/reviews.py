"""What a person says of tracks that are unsure. Read it top to bottom; all is checked before anything changes."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from music_sync.adapters.sql.journal import SqlJournal
from music_sync.model.endings import AlreadyHave, NeedsReview, OnBuyList, Reason
from music_sync.model.errors import EnvironmentFault
from music_sync.model.ports import Library, Past
from music_sync.model.report import RunReport, TrackReport
from music_sync.model.track import Analysis, FetchedFile, FoundTrack, Recording, SourceLink
from music_sync.track.evidence import is_lost
from music_sync.track.review import (
    ANOTHER,
    SAME,
    STAGE,
    Review,
    chosen,
    must_be_mergeable,
    reasons_for,
    short_ids,
)

if TYPE_CHECKING:
    from music_sync.flows.engine import Memory
    from music_sync.track.stages import Stages

YOU_SAID_SO = Reason("person", "you said so")


@dataclass(frozen=True)
class Desk:
    """What reviews need of the world."""

    catalogue: SqlJournal
    library: Library
    memory: "Memory"


def waiting(desk: Desk, keys: Collection[str] | None = None) -> list[Review]:
    """Every track that waits for a person's verdict, or those of these keys, oldest first, with both sides."""
    pairs = desk.catalogue.waiting("review")
    ids = short_ids([_key(link) for link, _past in pairs])
    wanted = [pair for pair in pairs if keys is None or _key(pair[0]) in keys]
    return [_review(ids[_key(link)], link, past, desk) for link, past in wanted]


def accept(words: Sequence[str], desk: Desk) -> tuple[list[TrackReport], list[Review]]:
    """It is what we have: one more link to ours; nothing is fetched.

    Gives beside the tracks those in which no recording is in question but what came, by its length or its name: they
    are to be tried once more.
    """
    reviews = chosen(words, waiting(desk))
    for each in reviews:
        if each.recording_id:
            must_be_mergeable(each)
    merged = []
    for each in reviews:
        if each.ours is not None:
            ours, found = each.ours, each.found
            ending = AlreadyHave(ours.recording_id, YOU_SAID_SO.text, ours.files, ours.artist, ours.title)
            desk.catalogue.merge(ours.recording_id, found, each.attempt, ending, YOU_SAID_SO)
            merged.append(TrackReport(found, ending))
    return merged, [each for each in reviews if not each.recording_id]


def reject(words: Sequence[str], desk: Desk) -> tuple[list[TrackReport], list[Review]]:
    """It is another one: that is stored for good, and a new attempt files the track as a recording of its own.

    Where what came is in question, it is not the track, which goes on the buy list. Gives those, and the reviews that
    are to be tried once more.
    """
    reviews = chosen(words, waiting(desk))
    bought = []
    for each in reviews:
        said = Reason("person", "you said that it is another recording")
        with desk.catalogue.locked():
            if each.recording_id:
                desk.catalogue.started(each.found, each.attempt + 1)
                desk.catalogue.decided(each.found, STAGE, ANOTHER, each.recording_id, [said])
                continue
            text = f"you said that what came is not {each.found.label}; buy it and put the file into the drop folder"
            ending = OnBuyList(text, each.found.artist, each.found.title)
            desk.catalogue.decided(each.found, STAGE, ANOTHER, "", [said])
            desk.catalogue.ended(each.found, each.attempt, ending)
            bought.append(TrackReport(each.found, ending))
    return bought, [each for each in reviews if each.recording_id]


def try_again(reviews: Sequence[Review], stages: "Stages", publish: Callable[[], object]) -> RunReport:
    """A new attempt at each, which knows what the person said."""
    from music_sync.flows import rounds

    due = [(_link(each.found), Past(each.attempt, "review", each.reason, "", "person")) for each in reviews]
    as_it_comes = {each.found.key for each in reviews if each.is_misfit}
    for each in reviews:
        if not each.recording_id:
            stages.catalogue.decided(each.found, STAGE, SAME, "", [YOU_SAID_SO])

    def change(found: FoundTrack) -> FoundTrack:
        # What announces no length is taken in the length it comes in.
        return replace(found, length_s=None) if found.key in as_it_comes else found

    return rounds.once_more(due, change, stages, publish)


def _review(review_id: str, link: SourceLink, past: Past, desk: Desk) -> Review:
    from music_sync.flows import rounds
    from music_sync.track.acquire import described

    flow_id = rounds.flow_id_of_link(link, past.attempt)
    known = desk.memory.first_argument(flow_id)
    found = known or replace(rounds.found_again(link), title=desk.catalogue.label(link.source, link.source_id))
    outcomes = desk.memory.outcomes(flow_id)
    fetched, sound = outcomes.get("acquire"), outcomes.get("analyse")
    if isinstance(fetched, FetchedFile):
        found = described(found, fetched)
    ours = desk.catalogue.recording(past.recording_id) if past.recording_id else None
    return Review(
        review_id=review_id,
        found=found,
        attempt=past.attempt,
        reason=past.reason,
        reasons=reasons_for(past.recording_id, desk.catalogue.decisions(_key(link))),
        length_s=sound.length_s if isinstance(sound, Analysis) else found.length_s,
        recording_id=past.recording_id,
        ours=ours,
        is_lost=ours is not None and _is_lost(ours, desk.library),
        is_misfit=isinstance(sound, NeedsReview),
    )


def _is_lost(ours: Recording, library: Library) -> bool:
    """A library that is offline has lost nothing."""
    with suppress(EnvironmentFault):
        return is_lost(ours, library)
    return False


def _key(link: SourceLink) -> str:
    return f"{link.source}:{link.source_id}"


def _link(found: FoundTrack) -> SourceLink:
    return SourceLink(found.source, found.source_id, found.revision, found.url)
