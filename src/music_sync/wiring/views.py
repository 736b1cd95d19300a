"""What shows the library to other programs, after all is filed."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from music_sync.adapters.durable_files import sha256_of
from music_sync.adapters.exports.m3u import M3uFolder
from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.model.errors import BadSetting
from music_sync.model.happenings import Happening, Tell
from music_sync.model.view import Shelf, View
from music_sync.settings import Settings
from music_sync.track.evidence import shortcomings
from music_sync.wiring.state import open_state

if TYPE_CHECKING:
    from music_sync.adapters.notion_calls import NotionCalls

PATIENCE_S = 20.0
"""How long one call to Notion is tried again: a round has a minute for all of them."""


def publishing(
    settings: Settings,
    catalogue: SqlCatalogue,
    library: FolderLibrary,
    tell: Tell = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Callable[[], list[str]]:
    """Sends what waits, and shows what changed."""
    from music_sync.flows.publish import publish

    def told(sentence: str) -> None:
        tell(Happening("", "", "publish", "told", text=sentence))

    return partial(publish, catalogue, [M3uFolder(library)], _views(settings, library, stopping), told)


def _views(settings: Settings, library: FolderLibrary, stopping: Callable[[], bool]) -> Sequence[View]:
    """Those that are switched on; for others nothing is compared and nothing waits."""
    if not settings.tracks_db_id:
        return []
    from music_sync.adapters.exports.notion_tracks import NAME, Databases, NotionTracks
    from music_sync.adapters.sql.shown import SqlShown

    shelf = Shelf(
        library.held, lambda recording: shortcomings(recording, library, (), hash_of=sha256_of), library.absolute
    )
    databases = Databases(settings.tracks_db_id, settings.artists_db_id, settings.playlists_db_id)
    book = SqlShown(open_state(settings), NAME)
    return [NotionTracks(partial(connected, settings), databases, book, shelf, settings.notion_rows, stopping)]


def connected(settings: Settings, patience_s: float = PATIENCE_S) -> "NotionCalls":
    """A connection to Notion; raises BadSetting when there is no token for it."""
    from music_sync.adapters.notion_calls import NotionCalls

    if not settings.notion_token:
        raise BadSetting("setting NOTION_TOKEN is missing: Music Tracks on Notion need it beside TRACKS_DB_ID; set it")
    return NotionCalls(settings.notion_token.get_secret_value(), settings.notion_url, patience_s=patience_s)
