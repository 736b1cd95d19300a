"""What shows the library to other programs, after all is filed."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from music_sync.adapters.durable_files import sha256_of
from music_sync.adapters.exports.m3u import M3uFolder
from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.model.errors import BadSetting, SyncError
from music_sync.model.happenings import Happening, Tell
from music_sync.model.view import Shelf, View
from music_sync.settings import Settings
from music_sync.track.evidence import shortcomings

if TYPE_CHECKING:
    from music_sync.adapters.notion_calls import NotionCalls
    from music_sync.adapters.notion_table import NotionTable


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

    return partial(publish, catalogue, [M3uFolder(library)], _views(settings, catalogue, library, stopping), told)


def _views(
    settings: Settings, catalogue: SqlCatalogue, library: FolderLibrary, stopping: Callable[[], bool]
) -> Sequence[View]:
    """Those that are switched on; for others nothing is compared and nothing waits."""
    if not settings.tracks_db_id:
        return []
    from music_sync.adapters.exports.notion_tracks import NAME, Databases, NotionTracks
    from music_sync.adapters.sql.shown import SqlShown

    shelf = Shelf(
        library.held, lambda recording: shortcomings(recording, library, (), hash_of=sha256_of), library.absolute
    )
    databases = Databases(settings.tracks_db_id, settings.artists_db_id, settings.playlists_db_id)
    book = SqlShown(catalogue, NAME)
    return [NotionTracks(partial(connected, settings), databases, book, shelf, settings.notion_rows, stopping)]


def connected(settings: Settings) -> "NotionCalls":
    """A connection to Notion; raises BadSetting when there is no token for it."""
    from music_sync.adapters import notion_music

    if not settings.notion_token:
        raise BadSetting("setting NOTION_TOKEN is missing: Music Tracks on Notion need it beside TRACKS_DB_ID; set it")
    return notion_music.connection(settings.notion_token.get_secret_value(), settings.notion_url)


def notion_findings(settings: Settings) -> Iterator[tuple[str, SyncError | None]]:
    """Ask Notion for each database in the settings: the setting's name, and what is wrong with it."""
    from music_sync.adapters import notion_music

    opened = (
        (notion_music.TRACKS_SETTING, settings.tracks_db_id, notion_music.tracks_table),
        (notion_music.ARTISTS_SETTING, settings.artists_db_id, notion_music.artists_table),
        (notion_music.PLAYLISTS_SETTING, settings.playlists_db_id, notion_music.playlists_table),
    )
    calls = connected(settings)
    try:
        for setting, database, table in opened:
            if database:
                yield setting, _wrong_with(partial(_probed, table, calls, database))
    finally:
        calls.close()


def _probed(table: "Callable[[NotionCalls, str], NotionTable]", calls: "NotionCalls", database: str) -> object:
    return table(calls, database).probe()


def _wrong_with(act: Callable[[], object]) -> SyncError | None:
    try:
        act()
    except SyncError as error:
        return error
    return None
