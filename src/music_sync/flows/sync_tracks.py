"""What happens to a track, and to all tracks of one round. Read it top to bottom.

Each step is recorded when it ends and never runs again; one that was killed midway runs once more, which every
stage makes harmless. A flow only orders stages: clock, files and network live inside the steps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dbos import DBOS

from music_sync.flows import engine
from music_sync.flows.steps import Steps, saw
from music_sync.model.endings import Ending, Failed, NeedsReview, OnBuyList
from music_sync.model.errors import SyncError
from music_sync.model.report import SourceReport, TrackReport
from music_sync.model.track import Analysis, FetchedFile, FoundTrack
from music_sync.track.acquire import described
from music_sync.track.detect import Detected, Request
from music_sync.track.stages import Stages

MOST_RECOVERIES = 100
"""The engine's own limit; a step that keeps stopping the program is parked long before, see `flows.steps`."""


@DBOS.workflow(name="sync_track", max_recovery_attempts=MOST_RECOVERIES)
def sync_track(found: FoundTrack) -> Ending:
    """A track's journey and its end; a failure is a result too, so one bad track stops no other."""
    steps = Steps.of(found)
    try:
        ending = _journey(found, steps.stages, steps.run)
    except SyncError as error:
        ending = Failed.because(error, found, steps.stage)
    steps.run("settle", steps.stages.settle, found, attempt_of(DBOS.workflow_id or ""), ending)
    return ending


def _journey(found: FoundTrack, stages: Stages, step: Callable[..., Any]) -> Ending:
    ending: Ending | None = step("match", stages.match, found)
    if ending is None:
        fetched: FetchedFile | Ending = step("acquire", stages.acquire, found)
        if isinstance(fetched, OnBuyList | NeedsReview):
            return fetched
        if isinstance(fetched, FetchedFile):
            found = described(found, fetched)
            analysis: Analysis | Ending = step("analyse", stages.analyse, found, fetched)
            if not isinstance(analysis, Analysis):
                return analysis
            ending = _from_sound(found, fetched, analysis, stages, step)
        else:
            ending = fetched
    step("publish", stages.publish, found, ending)
    return ending


def _from_sound(
    found: FoundTrack, fetched: FetchedFile, analysis: Analysis, stages: Stages, step: Callable[..., Any]
) -> Ending:
    ending: Ending | None = step("match sound", stages.match_sound, found, fetched, analysis)
    if ending is None:
        mine: tuple[FetchedFile, Analysis] | None = step("own sound", stages.own_sound, found, fetched, analysis)
        fetched, analysis = mine or (fetched, analysis)
        staged = step("encode", stages.encode, found, fetched)
        step("tag", stages.tag, found, fetched, analysis, staged)
        ending = step("file", stages.file, found, fetched, analysis, staged)
    assert ending is not None  # noqa: S101 - the stage `file` always ends the journey
    return ending


@dataclass(frozen=True)
class AskedList:
    """A playlist that a person named, with the flows of its tracks, and how those ended whose end stood already."""

    playlist: str
    number: int
    """Of its source in the round."""
    stand: tuple[str, ...]
    flows: tuple[str, ...]


@dataclass(frozen=True)
class Round:
    """What a round found: the flows it started, the tracks whose end stands already, and how the sources did."""

    flows: tuple[tuple[str, FoundTrack], ...]
    known: tuple[TrackReport, ...]
    """Empty in the store: tens of thousands that nobody needs again; `steps.saw` keeps them for the report."""
    sources: tuple[SourceReport, ...]
    again: tuple[tuple[str, FoundTrack], ...] = ()
    """The same tracks as further sources told them, with lists of their own, each with its flow."""
    lists: tuple[AskedList, ...] = ()
    """Those that the person asked for by name."""


@DBOS.workflow(name="sync_round", max_recovery_attempts=MOST_RECOVERIES)
def sync_round(request: Request) -> Round:
    """Ask the sources in order and start one flow for each track that is due; a source that fails stops no other."""
    stages = Steps.of(None).stages
    flows: dict[str, FoundTrack] = {}
    flow_of: dict[str, str] = {}
    again: list[tuple[str, FoundTrack]] = []
    lists: list[AskedList] = []
    known: list[TrackReport] = []
    sources: list[SourceReport] = []
    for number in range(DBOS.run_step({"name": "sources"}, stages.source_count, request)):
        detected: Detected = DBOS.run_step({"name": f"detect {number}"}, stages.detect, request, number)
        known += detected.known
        DBOS.run_step({"name": f"lists {number}"}, stages.join_lists, detected.known)
        sources.append(detected.report)
        for due in detected.to_sync:
            if due.found.key in flow_of:
                again.append((flow_of[due.found.key], due.found))
                continue
            if request.limit is not None and len(flows) >= request.limit:
                continue
            flow_id = flow_id_of(due.found, due.attempt)
            DBOS.run_step({"name": "begin"}, stages.begin, due.found, due.attempt)
            engine.enqueue(flow_id, sync_track, due.found)
            flows[flow_id] = due.found
            flow_of[due.found.key] = flow_id
        if request.arguments and detected.playlist:
            mine = tuple(flow_of[due.found.key] for due in detected.to_sync if due.found.key in flow_of)
            lists.append(AskedList(detected.playlist, number, detected.stand, mine))
    saw(known)
    return Round(tuple(flows.items()), (), tuple(sources), tuple(again), tuple(lists))


def flow_id_of(found: FoundTrack, attempt: int) -> str:
    """A flow's natural key: starting it again is free. Each attempt has a number of its own."""
    return f"{engine.of_this_home(f'track-{found.key}')}#{attempt}"


def attempt_of(flow_id: str) -> int:
    """The number of the attempt that a flow id names."""
    return int(flow_id.rpartition("#")[2])
