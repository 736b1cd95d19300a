"""Opens the stories of tracks for a command; on SQLite nothing heavy is loaded for it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from music_sync.adapters.sql.story import Stories, stories_at
from music_sync.model.track import LibraryFile
from music_sync.settings import Settings


def opened(settings: Settings) -> AbstractContextManager[Stories]:
    """What the catalogue tells of tracks; raises TryAgainLater or EnvironmentFault when it cannot be read."""
    if not settings.database_url:
        return stories_at(settings.state_db)
    from music_sync.wiring import state

    return state.stories(settings)


def held(settings: Settings, identity: str, files: Sequence[LibraryFile]) -> set[str]:
    """The paths of those files that are in the library; raises EnvironmentFault when it is offline."""
    from music_sync.adapters.library_folder import FolderLibrary

    return FolderLibrary(settings.library, identity).held(files)
