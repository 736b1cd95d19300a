"""Detect: which tracks of a source are new to us, and which we know already."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from music_sync.model.endings import AlreadyHave, Ending
from music_sync.model.errors import NotSetUp, SyncError
from music_sync.model.ports import Catalogue, Library, Past, Source
from music_sync.model.report import SourceReport, TrackReport
from music_sync.model.track import FoundTrack, Recording
from music_sync.track.evidence import gone, is_lost

MOST_MESSAGES = 5


@dataclass(frozen=True)
class Request:
    """What a round is to look at: arguments as typed (none: the sources of the settings), one source only, a limit."""

    arguments: tuple[str, ...] = ()
    only: str = ""
    limit: int | None = None


@dataclass(frozen=True)
class PassedOver:
    """Stands where a source would whose account nobody connected; `why` says how that is done."""

    name: str
    why: str
    part: str = ""
    messages: tuple[str, ...] = ()

    def detect(self) -> Iterator[FoundTrack]:
        raise NotSetUp(self.why)


@dataclass(frozen=True)
class ToSync:
    """A found track and the number of the attempt that is due."""

    found: FoundTrack
    attempt: int


@dataclass(frozen=True)
class Detected:
    """What one source holds, sorted by what is to be done."""

    to_sync: tuple[ToSync, ...]
    known: tuple[TrackReport, ...]
    report: SourceReport


def detect(source: Source, catalogue: Catalogue, library: Library) -> Detected:
    """Sort all tracks of a source into those to sync, newest first, and those whose end is known.

    A source that fails gives a report that says so, never an empty list that looks like "nothing new".
    """
    report = SourceReport(source.name, ok=True, found=0, part=source.part)
    tracks: dict[str, FoundTrack] = {}
    try:
        for track in source.detect():
            tracks.setdefault(track.key, track)
    except SyncError as error:
        report = SourceReport.because(source.name, source.part, error)
    found = list(tracks.values())
    pasts = {name: catalogue.pasts(name) for name in {track.source for track in found}}
    due, known, parked = [], [], 0
    recordings = _recordings_of(pasts, catalogue)
    for track in found:
        past = pasts[track.source].get(track.source_id)
        attempt = due_attempt(track, past)
        if attempt is not None:
            due.append(ToSync(track, attempt))
        elif past and past.ending in {"synced", "already_have"}:
            known.append(TrackReport(track, _still_have(past, recordings, library)))
        else:
            parked += 1
    messages = _the_first([*filter(None, [report.message]), *source.messages])
    if parked:
        messages.append(f"{parked} ended earlier without a file and did not change; see `music-sync status`")
    report = replace(report, found=len(found), message="; ".join(messages))
    return Detected(tuple(due), tuple(known), report)


def due_attempt(found: FoundTrack, past: Past | None) -> int | None:
    """The number of the attempt that is due for a track, or None when its end stands.

    An attempt that is still running keeps its number, so that starting it again is free.
    """
    if past is None:
        return 1
    if past.revision != found.revision:
        return past.attempt + 1
    if past.ending == "running":
        return past.attempt
    if past.ending == "failed" and past.next_actor == "flow":
        return past.attempt + 1
    return None


def _the_first(messages: list[str]) -> list[str]:
    """A drive full of unreadable files must not fill the screen; the log has them all."""
    rest = len(messages) - MOST_MESSAGES
    return [*messages[:MOST_MESSAGES], f"and {rest} more, which the log of a sync names"] if rest > 0 else messages


def _recordings_of(pasts: dict[str, dict[str, Past]], catalogue: Catalogue) -> dict[str, Recording]:
    if not any(pasts.values()):
        return {}
    return {recording.recording_id: recording for recording in catalogue.recordings()}


def _still_have(past: Past, recordings: dict[str, Recording], library: Library) -> Ending:
    recording = recordings.get(past.recording_id)
    if recording is None:
        return AlreadyHave(past.recording_id, "synced earlier")
    if is_lost(recording, library):
        return AlreadyHave(recording.recording_id, gone(recording), (), recording.artist, recording.title)
    where = recording.files[0].path if recording.files else "the library"
    return AlreadyHave(
        recording.recording_id, f"in the library as {where}", recording.files, recording.artist, recording.title
    )
