"""What a person says of tracks that are unsure, and what is taken back."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.lock_file import locked
from music_sync.adapters.sql.journal import SqlJournal
from music_sync.adapters.sql.retags import SqlRetags
from music_sync.adapters.undone_folder import UndoneFolder
from music_sync.model.happenings import Tell
from music_sync.model.report import RunReport, TrackReport
from music_sync.settings import Settings
from music_sync.track.detect import Request
from music_sync.track.review import Review, chosen
from music_sync.track.undo import changes as undoable
from music_sync.track.undo import wanted
from music_sync.wiring.retagging import retagger
from music_sync.wiring.state import LIBRARY_IDENTITY, journal_copy, open_library, open_state, remembered
from music_sync.wiring.views import publishing

if TYPE_CHECKING:
    from music_sync.flows.engine import Stop
    from music_sync.flows.reviews import Desk as ReviewDesk
    from music_sync.flows.undo import Desk as UndoDesk
    from music_sync.flows.undo import Done, Told


def reviews(settings: Settings) -> Sequence[Review]:
    """Every track that waits for a person, with both sides; nothing is changed."""
    from music_sync.flows import reviews as told

    copy = journal_copy(settings)
    if not copy.waiting("review"):
        return ()
    library = FolderLibrary(settings.library, copy.identity(LIBRARY_IDENTITY) or "")
    with remembered(settings) as memory:
        return told.waiting(told.Desk(copy, library, memory))


def accept(settings: Settings, words: Sequence[str], tell: Tell, stop: "Stop") -> RunReport:
    """A person says that these tracks are what they were compared with; only odd lengths are fetched once more."""
    from music_sync.flows import reviews as told

    if not all(each.recording_id for each in chosen(words, reviews(settings))):
        return _said(told.accept, settings, words, tell, stop)
    with locked(settings.lock_file, "music-sync review"), _review_desk(settings) as desk:
        tracks, _ = told.accept(words, desk)
        publishing(settings, desk.catalogue, open_library(settings, desk.catalogue), tell, lambda: stop.is_asked)()
        return RunReport(tuple(tracks))


def reject(settings: Settings, words: Sequence[str], tell: Tell, stop: "Stop") -> RunReport:
    """A person says that these tracks are other ones; each is filed by itself at once."""
    from music_sync.flows import reviews as told

    chosen(words, reviews(settings))
    return _said(told.reject, settings, words, tell, stop)


def _said(
    verdict: "Callable[[Sequence[str], ReviewDesk], tuple[list[TrackReport], list[Review]]]",
    settings: Settings,
    words: Sequence[str],
    tell: Tell,
    stop: "Stop",
) -> RunReport:
    from music_sync.flows import reviews as told
    from music_sync.wiring.rounds import flowing

    with flowing(settings, Request(), tell, stop, "music-sync review", enriches=False) as (stages, publish):
        with _review_desk(settings) as desk:
            tracks, again = verdict(words, desk)
        report = told.try_again(again, stages, publish)
    return replace(report, tracks=(*tracks, *report.tracks))


@contextmanager
def _review_desk(settings: Settings) -> "Iterator[ReviewDesk]":
    from music_sync.flows.reviews import Desk

    catalogue = SqlJournal(open_state(settings))
    with remembered(settings) as memory:
        yield Desk(catalogue, open_library(settings, catalogue), memory)


def changes(settings: Settings) -> "Sequence[Told]":
    """What was done and can be undone, oldest first; nothing is changed."""
    from music_sync.flows import undo

    return undo.told(journal_copy(settings))


def take_back(settings: Settings, word: str, *, dry_run: bool) -> "Done":
    """Undo the change of that number, or the `last` one, alone in this home."""
    from music_sync.flows import undo

    copy = journal_copy(settings)
    library = FolderLibrary(settings.library, copy.identity(LIBRARY_IDENTITY) or "")
    if dry_run:
        return undo.take_back(word, _undo_desk(settings, copy, library, lambda: None), dry_run=True)
    # What was typed wrongly is told before anything is locked or made.
    wanted(word, undoable(copy.journal()))
    with locked(settings.lock_file, "music-sync undo"):
        catalogue = SqlRetags(open_state(settings))
        library = open_library(settings, catalogue)
        publish = publishing(settings, catalogue, library)
        return undo.take_back(word, _undo_desk(settings, catalogue, library, publish))


def _undo_desk(
    settings: Settings, catalogue: SqlRetags, library: FolderLibrary, publish: Callable[[], object]
) -> "UndoDesk":
    from music_sync.flows.undo import Desk

    folder = UndoneFolder(library, settings.undone)
    return Desk(catalogue, library, folder, retagger(settings, catalogue, library), publish)
