"""What the dashboard shows: one open catalogue for all its pages, read and never changed.

The commands look at a copy of the catalogue. A server that holds the database open must not copy the file by hand: to
close a copied file gives up SQLite's own locks on it (see `adapters.sql.engine`). So the same questions go to the open
engine here, and what changes something runs as a process of its own.
"""

import logging
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import sqlalchemy as sa

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.listening_folder import ListeningFolder
from music_sync.adapters.lock_file import holder
from music_sync.adapters.program_process import Ended
from music_sync.adapters.program_process import run as run_program
from music_sync.adapters.progress_file import Progress
from music_sync.adapters.progress_file import read as read_progress
from music_sync.adapters.sql.board import SqlBoard
from music_sync.adapters.sql.browse import SqlBrowse
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import name_of, translated
from music_sync.adapters.sql.journal import SqlJournal
from music_sync.adapters.sql.ledger import SqlLedger
from music_sync.adapters.sql.numbers import SqlNumbers
from music_sync.adapters.sql.rows import JournalEntry
from music_sync.adapters.sql.runs import SqlRuns
from music_sync.adapters.sql.story import stories_in
from music_sync.adapters.sql.tables import files
from music_sync.model.browsing import Run
from music_sync.model.errors import SyncError
from music_sync.model.listing import Listing
from music_sync.model.story import Known, Story
from music_sync.model.track import LibraryFile, Recording
from music_sync.settings import Settings, environment_of
from music_sync.track.review import Review
from music_sync.track.undo import Change, changes
from music_sync.wiring.state import LIBRARY_IDENTITY, open_state, remembered

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Told:
    """All that a track's page tells."""

    known: Known
    story: Story
    recording: Recording | None = None
    changes: Sequence[Change] = ()
    """What was done to it and can be undone, oldest first."""
    entries: Sequence[JournalEntry] = ()
    """The journal's, with the states before and after, oldest first."""
    files: Sequence[tuple[int, LibraryFile]] = ()
    """With their numbers."""
    here: Collection[str] = ()
    """The paths of those that are in the library."""
    offline: str = ""
    """Why nobody can say which are; empty while the library is there."""


class Dashboard:
    """One for a server; its methods may be called from any thread.

    Each raises TryAgainLater when the database stays busy, ServiceUnavailable or EnvironmentFault when it is away.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._opening = threading.Lock()
        self._flows = threading.Lock()
        self._engine: sa.Engine | None = None

    @property
    def engine(self) -> sa.Engine:
        """Opened when it is first asked for; the next page tries again what failed."""
        with self._opening:
            if self._engine is None:
                self._engine = open_state(self.settings)
            return self._engine

    def close(self) -> None:
        with self._opening:
            if self._engine is not None:
                self._engine.dispose()
            self._engine = None

    @cached_property
    def browse(self) -> SqlBrowse:
        return SqlBrowse(self.engine)

    @property
    def numbers(self) -> SqlNumbers:
        return SqlNumbers(self.engine)

    @property
    def runs(self) -> SqlRuns:
        return SqlRuns(self.engine)

    @property
    def board(self) -> SqlBoard:
        """The embedded one."""
        return SqlBoard(self.engine)

    @property
    def ledger(self) -> SqlLedger:
        return SqlLedger(self.engine)

    @cached_property
    def listening(self) -> ListeningFolder:
        from music_sync.adapters.encoder_pyav import PyavEncoder

        return ListeningFolder(self.settings.listening, PyavEncoder())

    # One track

    def told(self, key: str) -> Told | None:
        """All of one track, by its recording's id or `source:source_id`; None when nobody knows it."""
        catalogue = SqlJournal(self.engine)
        with stories_in(self.engine) as stories:
            source, _, source_id = key.partition(":")
            ours = catalogue.recording(key)
            found = [Known(ours.label, key)] if ours else stories.by_key(source, source_id)
            if not found:
                return None
            known, story = found[0], stories.story(found[0])
        if not known.recording_id:
            return Told(known, story)
        numbered = self.files_of(known.recording_id)
        here, offline = self._here([file for _number, file in numbered])
        ours = ours or catalogue.recording(known.recording_id)
        entries = list(catalogue.journal(known.recording_id))
        return Told(known, story, ours, changes(entries), entries, numbered, here, offline)

    def file(self, number: int) -> tuple[LibraryFile, Path] | None:
        """A file of the library by its number, and where it is; None when there is none of that number."""
        wanted = sa.select(files).where(files.c.file_id == number)
        with translated(name_of(self.engine)), self.engine.connect() as connection:
            row = connection.execute(wanted).first()
        if row is None:
            return None
        file = LibraryFile(row.path, row.format, row.sha256, row.size_bytes)
        return file, self.library.absolute(file)

    def files_of(self, recording_id: str) -> list[tuple[int, LibraryFile]]:
        """The files of a recording with their numbers."""
        wanted = sa.select(files).where(files.c.recording_id == recording_id).order_by(files.c.file_id)
        with translated(name_of(self.engine)), self.engine.connect() as connection:
            found = connection.execute(wanted).all()
        return [(row.file_id, LibraryFile(row.path, row.format, row.sha256, row.size_bytes)) for row in found]

    @property
    def library(self) -> FolderLibrary:
        return FolderLibrary(self.settings.library, SqlCatalogue(self.engine).identity(LIBRARY_IDENTITY) or "")

    def _here(self, wanted: Sequence[LibraryFile]) -> tuple[Collection[str], str]:
        if not wanted:
            return (), ""
        try:
            return self.library.held(wanted), ""
        except SyncError as error:
            return (), str(error)

    def library_offline(self) -> str:
        """Why the library is not there; empty when it is, or when nothing was ever filed."""
        library = self.library
        if not library.identity:
            return ""
        try:
            library.present()
        except SyncError as error:
            return str(error)
        return ""

    # What waits

    def reviews(self, most: int, only: str = "") -> tuple[Sequence[Review], int]:
        """The oldest that wait for a person with both sides, or the one of that key, and how many wait in all."""
        from music_sync.flows import reviews as told

        catalogue = SqlJournal(self.engine)
        keys = [f"{link.source}:{link.source_id}" for link, _past in catalogue.waiting("review")]
        shown = {only} if only else set(keys[:most])
        # One at a time: to open the flows' database is to look into its file by hand.
        with self._flows, remembered(self.settings) as memory:
            return told.waiting(told.Desk(catalogue, self.library, memory), shown), len(keys)

    def listings(self) -> Sequence[Listing]:
        return SqlCatalogue(self.engine).listings.listings()

    # What goes on

    def progress(self) -> tuple[Progress, str]:
        """What the run does just now, or did last, and who holds the lock; empty when nobody does."""
        return read_progress(self.settings.progress_file), holder(self.settings.lock_file)

    def run(self, command: Sequence[str], values: Sequence[str]) -> Ended:
        """Run one of our own commands in this home to its end."""
        return run_program(command, values, environment_of(self.settings))


def write_down(settings: Settings, run: Run) -> None:
    """Keep a run that ended, where there is a catalogue to keep it in; that it cannot be kept is no fault of the run."""
    if not settings.database_url and not settings.state_db.exists():
        return
    try:
        engine = open_state(settings)
        try:
            SqlRuns(engine).add(run)
        finally:
            engine.dispose()
    except SyncError as error:
        log.warning("the run cannot be written down: %s", error)
