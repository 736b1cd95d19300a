"""Detect: which tracks of a source are new to us, and which we know already."""

import logging
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from music_sync.model.endings import AlreadyHave, Ending, Synced
from music_sync.model.errors import EnvironmentFault, NotSetUp, SyncError, TryAgainLater
from music_sync.model.ports import Catalogue, Filed, Library, Past, Source
from music_sync.model.report import SourceReport, TrackReport
from music_sync.model.track import FoundTrack, LibraryFile
from music_sync.track.evidence import gone
from music_sync.track.faults import MACHINE_FAULTS

log = logging.getLogger(__name__)

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
    """Left out when it is stored: the next round would find them just as well, and they may be tens of thousands."""
    report: SourceReport
    playlist: str = ""
    """The name of the one playlist that all of it stands on; empty when there is none."""
    stand: tuple[str, ...] = ()
    """How those ended whose end stands: `in the library`, or an ending's name."""

    def __getstate__(self) -> dict[str, object]:
        return {**vars(self), "known": ()}


def detect(
    source: Source,
    catalogue: Catalogue,
    library: Library,
    fits: Callable[[FoundTrack], bool] = lambda _found: False,
) -> Detected:
    """Sort all tracks of a source into those to sync, newest first, and those whose end is known.

    `fits` is asked of what is on the buy list, whether it need not be bought any more.
    A source that fails gives a report that says so, never an empty list that looks like "nothing new".
    """
    found, report = _asked(source)
    pasts = {name: catalogue.pasts(name) for name in {track.source for track in found}}
    due, ours, parked = [], [], list[str]()
    for track in found:
        past = pasts[track.source].get(track.source_id)
        attempt = due_attempt(track, past)
        if attempt is None and past and past.ending == "buy_list" and fits(track):
            attempt = past.attempt + 1
        if attempt is not None:
            due.append(ToSync(track, attempt))
        elif past and past.ending in {"synced", "already_have"}:
            ours.append((track, past))
        elif past:
            parked.append(past.ending)
    messages = _the_first([*filter(None, [report.message]), *source.messages])
    if parked:
        messages.append(f"{len(parked)} ended earlier without a file and did not change; see `music-sync status`")
    report = replace(report, found=len(found), message="; ".join(messages))
    known = tuple(_known(ours, catalogue, library))
    stand = (*(standing(track.ending) for track in known), *parked)
    return Detected(tuple(due), known, report, _one_playlist(found), stand)


def _asked(source: Source) -> tuple[list[FoundTrack], SourceReport]:
    """All that a source tells, each track once; what it told before it failed counts."""
    report = SourceReport(source.name, ok=True, found=0, part=source.part)
    tracks: dict[str, FoundTrack] = {}
    try:
        for track in source.detect():
            first = tracks.setdefault(track.key, track)
            if first is not track:
                tracks[track.key] = _on_all_lists(first, track)
    except SyncError as error:
        report = SourceReport.because(source.name, source.part, error)
    except Exception as error:
        # A source that stumbles over what nobody foresaw must not cost the tracks of all others.
        log.exception("source %s failed unexpectedly", report.label)
        report = SourceReport.because(source.name, source.part, _unexpected(error))
    return list(tracks.values()), replace(report, weighs=not getattr(source, "is_view", False))


def _unexpected(error: Exception) -> TryAgainLater:
    if isinstance(error, OSError) and error.errno in MACHINE_FAULTS:
        place = f" ({error.filename})" if error.filename else ""
        return EnvironmentFault(f"it cannot be read: {error.strerror}{place}; mend that, then sync again")
    # The text of an error that is not ours may hold anything, an address with its key among it.
    return TryAgainLater(f"it failed unexpectedly ({type(error).__name__}); the log has the details, sync again later")


IN_LIBRARY = "in the library"


def standing(ending: Ending) -> str:
    """What an ending means for a list that is to be complete: `in the library`, or else the ending's name."""
    is_there = isinstance(ending, Synced) or (isinstance(ending, AlreadyHave) and bool(ending.files))
    return IN_LIBRARY if is_there else ending.name


def completeness(playlist: str, stand: Iterable[str]) -> str:
    """One sentence about a whole playlist: how much of it is in the library, and what became of the rest."""
    counted = Counter(stand)
    total, there = counted.total(), counted.pop(IN_LIBRARY, 0)
    words = {"already_have": "gone from the library", "review": "to review", "buy_list": "on the buy list"}
    rest = [f"{number} {words.get(word, word)}" for word, number in sorted(counted.items())]
    return ", ".join([f"{playlist}: {there} of {total} in the library", *rest])


def _one_playlist(found: Sequence[FoundTrack]) -> str:
    names = {track.playlists[0].name if len(track.playlists) == 1 else "" for track in found}
    return names.pop() if len(names) == 1 else ""


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


def _on_all_lists(first: FoundTrack, again: FoundTrack) -> FoundTrack:
    """A track that a source tells twice, with all playlists; on one that holds it twice its first place counts."""
    named = {(playlist.source, playlist.source_id) for playlist in first.playlists}
    added = [playlist for playlist in again.playlists if (playlist.source, playlist.source_id) not in named]
    return replace(first, playlists=(*first.playlists, *added)) if added else first


def _known(ours: Sequence[tuple[FoundTrack, Past]], catalogue: Catalogue, library: Library) -> Iterator[TrackReport]:
    """Say of all at once what became of them: asked one by one, ten thousand would take seconds."""
    filed: dict[str, Filed] = {}
    for source in {track.source for track, _past in ours}:
        filed |= catalogue.filed(source)
    wanted = {past.recording_id for _track, past in ours} & filed.keys()
    held = _held([filed[each].files for each in wanted], library)
    for track, past in ours:
        yield TrackReport(track, _still_have(past, filed.get(past.recording_id), held))


def _held(files: Sequence[tuple[LibraryFile, ...]], library: Library) -> set[str]:
    """Paths of files that are there; one a recording is enough, so others are looked for only where that one is not."""
    held = library.held(each[0] for each in files if each) if any(files) else set()
    others = [file for each in files if each and each[0].path not in held for file in each[1:]]
    return held | library.held(others) if others else held


def _still_have(past: Past, filed: Filed | None, held: Container[str]) -> Ending:
    if filed is None:
        return AlreadyHave(past.recording_id, "synced earlier")
    if filed.files and not any(file.path in held for file in filed.files):
        return AlreadyHave(filed.recording_id, gone(filed.files), (), filed.artist, filed.title)
    where = filed.files[0].path if filed.files else "the library"
    return AlreadyHave(filed.recording_id, f"in the library as {where}", filed.files, filed.artist, filed.title)
