"""One round from its start to its report, and the second tries that a person asks for."""

import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from music_sync.flows import engine, steps
from music_sync.flows.sync_tracks import Round, attempt_of, flow_id_of, sync_round, sync_track
from music_sync.model.endings import Ending, Failed
from music_sync.model.errors import BadSetting, SyncError
from music_sync.model.happenings import Happening
from music_sync.model.ports import Catalogue, Library, Past
from music_sync.model.report import RunReport, SourceReport, TrackReport, only_first
from music_sync.model.track import FoundTrack, SourceLink
from music_sync.track import staging, undo
from music_sync.track.detect import Request, completeness, standing
from music_sync.track.evidence import is_lost
from music_sync.track.stages import Stages

log = logging.getLogger(__name__)


def sync(request: Request, stages: Stages, publish: Callable[[], object]) -> RunReport:
    """Finish what an earlier run left unfinished, do one round, wait for all its tracks, publish."""
    left = engine.unfinished_tracks()
    earlier = engine.unfinished("sync_round")
    # First to their end: two rounds at once would ask a service for the same pages, which costs its quota twice.
    done = list(_ended(earlier))
    this_round = f"round-{uuid.uuid4().hex}"
    engine.start(this_round, sync_round, request)
    done.append(engine.result(this_round))
    turned_up = _turned_up(request, len(done[-1].flows), stages)
    # Those found now stand first, in the order of their sources, whichever of them has ended already.
    flows: dict[str, FoundTrack] = {flow_id: found for each in done for flow_id, found in each.flows}
    for others in (left, turned_up, engine.unfinished_tracks()):
        flows = {**flows, **{flow_id: found for flow_id, found in others.items() if flow_id not in flows}}
    stages.tell(Happening("", "", "", "counted", count=len(flows)))
    endings = {flow_id: _ending_of(flow_id, found, stages) for flow_id, found in flows.items()}
    tracks = [TrackReport(found, endings[flow_id]) for flow_id, found in flows.items()]
    known = [*steps.seen(), *(track for each in done for track in each.known)]
    # A flow puts its track on the lists it was started with; other sources told of others, or of another place.
    told = [pair for each in done for pair in (*each.flows, *each.again)]
    stages.join_lists([TrackReport(found, endings[flow_id]) for flow_id, found in told])
    publish()
    _tidy(stages, broken_off=bool(left or earlier))
    sources = _with_completeness(done[-1], endings)
    for source in sources:
        _log_source(source)
    return RunReport(only_first([*tracks, *known]), sources)


def _turned_up(request: Request, begun: int, stages: Stages) -> dict[str, FoundTrack]:
    """New attempts at tracks on the buy list that the owner has by now, though no source told of them this time.

    What a person asks for by name is looked at alone.
    """
    if stages.own is None or request.arguments:
        return {}
    name = request.only.partition(":")[0]
    waiting = [pair for pair in stages.catalogue.waiting("buy_list") if name in {"", pair[0].source}]
    known = engine.first_arguments([flow_id_of_link(link, past.attempt) for link, past in waiting])
    flows: dict[str, FoundTrack] = {}
    for link, past in waiting:
        found = known.get(flow_id_of_link(link, past.attempt))
        if request.limit is not None and begun + len(flows) >= request.limit:
            break
        if found is not None and stages.fits(found):
            flow_id = flow_id_of(found, past.attempt + 1)
            # In this order: after a kill in between, the track still waits and is found again.
            engine.enqueue(flow_id, sync_track, found)
            stages.begin(found, past.attempt + 1)
            flows[flow_id] = found
    return flows


def _with_completeness(done: Round, endings: Mapping[str, Ending]) -> tuple[SourceReport, ...]:
    """The sources' reports; that of a playlist which a person asked for says how complete it is now."""
    sources = list(done.sources)
    for asked in done.lists:
        stand = (*asked.stand, *(standing(endings[flow]) for flow in asked.flows))
        sources[asked.number] = sources[asked.number].with_first(completeness(asked.playlist, stand))
    return tuple(sources)


def _log_source(source: SourceReport) -> None:
    if not source.ok:
        log.warning("source %s failed: %s", source.label, source.message)
    elif source.skipped:
        log.info("source %s is skipped: %s", source.label, source.message)
    else:
        log.info("source %s: %d found%s", source.label, source.found, f"; {source.message}" if source.message else "")


def retry(wanted: Iterable[str], stages: Stages, publish: Callable[[], object]) -> RunReport:
    """Try tracks again that ended without a file, or whose file is gone: those named, else all that failed.

    What is still in staging is not fetched again: the new attempt starts at the step that failed.
    """
    due = to_retry(tuple(wanted), stages.catalogue, stages.shelf.library)
    return once_more(due, lambda found: replace(found, wanted_again=True), stages, publish)


def once_more(
    due: Iterable[tuple[SourceLink, Past]],
    change: Callable[[FoundTrack], FoundTrack],
    stages: Stages,
    publish: Callable[[], object],
) -> RunReport:
    """A new attempt at each of these tracks, changed as said, and an end to what was left unfinished."""
    flows: dict[str, FoundTrack] = engine.unfinished_tracks()
    for link, past in due:
        found = change(engine.first_argument(flow_id_of_link(link, past.attempt)) or found_again(link))
        stages.begin(found, past.attempt + 1)
        flow_id = flow_id_of(found, past.attempt + 1)
        _again(found, flow_id_of(found, past.attempt), flow_id, stages)
        flows[flow_id] = found
    tracks = [TrackReport(found, _ending_of(flow_id, found, stages)) for flow_id, found in flows.items()]
    publish()
    _tidy(stages, broken_off=True)
    return RunReport(only_first(tracks))


def flow_id_of_link(link: SourceLink, attempt: int) -> str:
    return flow_id_of(FoundTrack(link.source, link.source_id), attempt)


def found_again(link: SourceLink) -> FoundTrack:
    """The track of which the engine knows nothing any more, as far as its link tells."""
    path = Path(link.source_id)
    is_local = not link.url and path.is_absolute()
    return FoundTrack(
        link.source, link.source_id, link.revision, url=link.url, path=path if is_local else None, guessed=True
    )


def _ended(rounds: Iterable[str]) -> Iterator[Round]:
    """What earlier rounds gave that were broken off; the folder that one was to look at may be gone by now."""
    for flow_id in rounds:
        try:
            yield engine.result(flow_id)
        except SyncError as error:
            log.warning("an earlier sync, which was broken off, cannot go on: %s", error)


def _again(found: FoundTrack, old_id: str, new_id: str, stages: Stages) -> None:
    failed = engine.failed_step(old_id)
    if failed is not None and staging.exists(stages.staging, found.key):
        engine.fork(old_id, new_id, failed)
    else:
        engine.enqueue(new_id, sync_track, found)


def to_retry(wanted: tuple[str, ...], catalogue: Catalogue, library: Library) -> list[tuple[SourceLink, Past]]:
    """All that failed; or, by name, what waits for anyone and what was filed and is gone from the library."""
    if not wanted:
        return [(link, past) for link, past in catalogue.waiting("failed") if past.stage != undo.STAGE]
    waiting = [pair for ending in ("failed", "buy_list", "review") for pair in catalogue.waiting(ending)]
    for link, past in catalogue.waiting("synced"):
        recording = catalogue.recording(past.recording_id) if any(_names(word, link, past) for word in wanted) else None
        if recording and is_lost(recording, library):
            waiting.append((link, past))
    for word in wanted:
        if not any(_names(word, link, past) for link, past in waiting):
            raise BadSetting(f"no track that waits is called {word!r}; `music-sync status` lists them")
    keys = {_key(link) for link, _past in waiting}
    # Whoever gives a whole key means that track, and not those whose keys begin with it.
    whole, parts = {word for word in wanted if word in keys}, [word for word in wanted if word not in keys]
    return [pair for pair in waiting if _key(pair[0]) in whole or any(_names(word, *pair) for word in parts)]


def _key(link: SourceLink) -> str:
    return f"{link.source}:{link.source_id}"


def _names(word: str, link: SourceLink, past: Past) -> bool:
    return word.casefold() in f"{link.source}:{link.source_id} {link.url} {past.reason}".casefold()


def _ending_of(flow_id: str, found: FoundTrack, stages: Stages) -> Ending:
    """How a flow ended; one that the engine itself broke off is written down as failed, so that it is tried again."""
    try:
        ending: Ending = engine.result(flow_id)
    except Exception as error:
        log.exception("the flow %s broke off", flow_id)
        text = f"the flow of {found.label} broke off ({type(error).__name__}: {error}); the next sync tries it again"
        ending = Failed(text, "flow", "flow", "unexpected", found.artist, found.title or found.label)
        stages.settle(found, attempt_of(flow_id), ending)
        return ending
    return _if_written_down(flow_id, found, ending, stages)


def _if_written_down(flow_id: str, found: FoundTrack, ending: Ending, stages: Stages) -> Ending:
    """The ending, unless the catalogue does not know it: then it was restored from a backup, and the track is due."""
    past = stages.catalogue.past(found.source, found.source_id)
    if past is None or past.ending != "running" or past.attempt != attempt_of(flow_id):
        return ending
    text = f"the catalogue is older than the sync that ended {found.label}; the next sync takes it in again"
    forgotten = Failed(text, "flow", "flow", "unexpected", found.artist, found.title or found.label)
    stages.settle(found, past.attempt, forgotten)
    return forgotten


def _tidy(stages: Stages, *, broken_off: bool) -> None:
    """Forget finished flows and clear staging, but for the tracks that another attempt goes on from.

    A run that was broken off may have left hidden copies in the library; now that no track is in work they can go.
    """
    if broken_off:
        stages.shelf.library.sweep()
    waiting = [pair for ending in ("failed", "buy_list", "review") for pair in stages.catalogue.waiting(ending)]
    keep = {flow_id_of_link(link, past.attempt) for link, past in waiting}
    # What a round found is every known track: for a large library megabytes, of use to nobody once it was reported.
    engine.purge(datetime.now(UTC), keep, at_once="sync_round")
    in_work = {found.key for found in engine.unfinished_tracks().values()}
    again = {f"{link.source}:{link.source_id}" for link, past in waiting if past.next_actor == "flow"}
    staging.sweep(stages.staging, in_work | again)
