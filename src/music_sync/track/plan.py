"""Plan: what a round would do, found out by the real stages as far as nothing is written or fetched."""

from music_sync.model.endings import Ending, Failed
from music_sync.model.errors import SyncError
from music_sync.model.happenings import Happening
from music_sync.model.report import RunReport, SourceReport, TrackReport, only_first
from music_sync.model.track import FoundTrack
from music_sync.track.detect import Request, completeness, standing
from music_sync.track.faults import translated
from music_sync.track.stages import Stages


def plan(request: Request, stages: Stages) -> RunReport:
    """Foresee each track's ending; `stages` stand on a throwaway copy of the catalogue, which learns as it goes."""
    tracks: list[TrackReport] = []
    sources: list[SourceReport] = []
    begun: set[str] = set()
    for number in range(stages.source_count(request)):
        detected = stages.detect(request, number)
        tracks += detected.known
        stand = [*detected.stand]
        for due in detected.to_sync:
            if due.found.key in begun or (request.limit is not None and len(begun) >= request.limit):
                continue
            begun.add(due.found.key)
            tracks.append(TrackReport(due.found, _foreseen(due.found, stages)))
            stand.append(standing(tracks[-1].ending))
        named = detected.playlist if request.arguments else ""
        sources.append(detected.report.with_first(completeness(named, stand)) if named else detected.report)
    return RunReport(only_first(tracks), tuple(sources))


def _foreseen(found: FoundTrack, stages: Stages) -> Ending:
    stages.tell(Happening(found.key, found.label, "plan", "started"))
    try:
        ending = translated(found, "plan", lambda: stages.foresee(found))
    except SyncError as error:
        ending = Failed.because(error, found, "plan")
    stages.tell(Happening(found.key, found.label, "plan", "ended", 1.0, ending.name))
    return ending
