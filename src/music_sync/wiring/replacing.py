"""Putting a better file in the place of what is filed, when a person asks."""

from pathlib import Path
from typing import TYPE_CHECKING

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.lock_file import locked
from music_sync.adapters.sql.journal import SqlJournal
from music_sync.adapters.undone_folder import UndoneFolder
from music_sync.model.track import FoundTrack
from music_sync.settings import Settings
from music_sync.wiring.state import LIBRARY_IDENTITY, journal_copy, open_library, open_state
from music_sync.wiring.views import publishing

if TYPE_CHECKING:
    from music_sync.flows.replace import Bench, Outcome


def replace(settings: Settings, recording_id: str, path: Path, *, even_if_worse: bool, dry_run: bool) -> "Outcome":
    """Put the file in the place of that recording's files, alone in this home; a dry run only measures it."""
    from music_sync.flows import replace as told

    if dry_run:
        copy = journal_copy(settings)
        bench = _bench(settings, copy, FolderLibrary(settings.library, copy.identity(LIBRARY_IDENTITY) or ""))
        return told.replace(recording_id, path, bench, even_if_worse=even_if_worse, dry_run=True)
    with locked(settings.lock_file, "music-sync library replace"):
        catalogue = SqlJournal(open_state(settings))
        bench = _bench(settings, catalogue, open_library(settings, catalogue))
        done = told.replace(recording_id, path, bench, even_if_worse=even_if_worse, dry_run=False)
        publishing(settings, catalogue, bench.library)()
        return done


def finish_replacements(settings: Settings, catalogue: SqlJournal, library: FolderLibrary) -> None:
    """What a kill left of replacements is brought to an end."""
    from music_sync.flows.turn import settle

    settle(catalogue, library, UndoneFolder(library, settings.undone))


def _bench(settings: Settings, catalogue: SqlJournal, library: FolderLibrary) -> "Bench":
    from music_sync.adapters.encoder_pyav import PyavEncoder
    from music_sync.adapters.fingerprint_chromaprint import fingerprinter
    from music_sync.adapters.providers.owned_file import OwnedFile
    from music_sync.adapters.tagger_mutagen import MutagenTagger
    from music_sync.audio.measure import measure
    from music_sync.flows.replace import Bench

    def fetch(found: FoundTrack, folder: Path) -> Path:
        return OwnedFile().fetch(found, folder, lambda _done: None)

    return Bench(
        catalogue=catalogue,
        library=library,
        folder=UndoneFolder(library, settings.undone),
        fetch=fetch,
        tagger=MutagenTagger(),
        encoder=PyavEncoder(),
        measure=lambda path, progress: measure(path, fingerprinter(), progress),
        formats=settings.formats,
        staging=settings.staging,
    )
