"""What changes tags in the library."""

from typing import TYPE_CHECKING

from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.sql.retags import SqlRetags
from music_sync.settings import Settings

if TYPE_CHECKING:
    from music_sync.flows.retag import Retagger


def retagger(settings: Settings, catalogue: SqlRetags, library: FolderLibrary) -> "Retagger":
    from music_sync.adapters.tagger_mutagen import MutagenTagger
    from music_sync.flows.retag import Retagger

    return Retagger(catalogue, library, MutagenTagger(), settings.retag)
