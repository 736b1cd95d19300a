"""A catalogue on SQLite and its view on the Notion simulator, as tests want them: no waiting, and time by hand."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from tests.notion_types import breaches

from music_sync.adapters.durable_files import sha256_of
from music_sync.adapters.exports.notion_tracks import Databases, NotionTracks
from music_sync.adapters.library_folder import FolderLibrary
from music_sync.adapters.notion_calls import NotionCalls
from music_sync.adapters.notion_music import connection
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.shown import SqlShown
from music_sync.demo.notion import NotionServer
from music_sync.demo.notion_music import Music, music_databases
from music_sync.demo.notion_workspace import Workspace
from music_sync.model.endings import Ending, OnBuyList
from music_sync.model.track import Analysis, FoundTrack, Key, LibraryFile, Playlist, Recording, Tempo
from music_sync.model.view import Shelf
from music_sync.track.evidence import shortcomings

SPOTIFY_ID = "4uLU6hMCjMI75M1A2tKUQC"
SPOTIFY = FoundTrack(
    "spotify", SPOTIFY_ID, artist="Moderat", title="Bad Kingdom", url=f"https://open.spotify.com/track/{SPOTIFY_ID}"
)
WARM_UP = Playlist("spotify", "37i9dQZF1DXcBWIGoYBM5M", "Warm Up", 0)


@dataclass
class Bench:
    """A server, the databases on it, a catalogue with its library, and the view between them."""

    server: NotionServer
    music: Music
    engine: sa.Engine
    home: Path
    slept: list[float] = field(default_factory=list)
    stopping: Callable[[], bool] = lambda: False
    limit_s: float = 60.0
    now: datetime = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)

    def __post_init__(self) -> None:
        self.catalogue = SqlCatalogue(self.engine, lambda: self.now)
        self.library = FolderLibrary.at(self.home / "library", None, self.home)
        self.server.workspace.clock = lambda: self.now
        self._made = 0

    @property
    def workspace(self) -> Workspace:
        return self.server.workspace

    @property
    def rows_file(self) -> Path:
        return self.home / "var" / "notion-rows.json"

    # What is done here

    def file(
        self, found: FoundTrack = SPOTIFY, *playlists: Playlist, formats: Sequence[str] = ("aiff",), **more: Any
    ) -> str:
        """File a track with real files in the library; gives the recording's id."""
        self._made += 1
        recording_id = f"{self._made:032x}"
        files = tuple(self._put(f"{found.artist}/{found.title} {self._made}.{each}", each) for each in formats)
        analysis = Analysis(200.04, (1, 2, 3), -8.42, 0.9, Tempo(123.987, 0.91), Key(9, "minor", 0.8))
        recording = Recording(
            recording_id, found.artist, found.title, "", found.album, found.isrc, found.year, found.genre,
            sha256(recording_id.encode()).hexdigest(), analysis, files,
        )  # fmt: skip
        self.catalogue.started(found, 1)
        self.catalogue.add(replace(recording, **more), found)
        for playlist in playlists:
            self.catalogue.member(recording_id, playlist)
        return recording_id

    def end(self, found: FoundTrack, ending: Ending | None = None) -> None:
        self.catalogue.started(found, 1)
        self.catalogue.ended(found, 1, ending or OnBuyList("no way brings it", found.artist, found.title))

    def _put(self, path: str, form: str) -> LibraryFile:
        place = self.library.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(f"audio of {path}".encode())
        return LibraryFile(path, form, sha256_of(place), place.stat().st_size)

    def path_of(self, recording_id: str) -> Path:
        recording = self.catalogue.recording(recording_id)
        assert recording
        return self.library.root / recording.files[0].path

    # The view

    def view(self, **databases: str) -> NotionTracks:
        known = {"tracks": self.music.tracks, "artists": self.music.artists, "playlists": self.music.playlists}
        shelf = Shelf(
            self.library.held,
            lambda recording: shortcomings(recording, self.library, (), hash_of=sha256_of),
            self.library.absolute,
        )
        return NotionTracks(
            self.connect,
            Databases(**{**known, **databases}),
            SqlShown(self.catalogue, "notion", lambda: self.now),
            shelf,
            self.rows_file,
            self.stopping,
            now=lambda: self.now,
            limit_s=self.limit_s,
        )

    def connect(self) -> NotionCalls:
        return connection(self.server.token, self.server.url, sleep=self.slept.append)

    def show(self, **databases: str) -> Sequence[str]:
        """A round some hours later."""
        self.now += timedelta(hours=6)
        return self.view(**databases).show()

    # What stands on Notion

    def add(self, title: str = "", **values: Any) -> str:
        """A row that a person adds; an underscore stands for the space in a property's name."""
        named = {name.replace("_", " "): value for name, value in values.items()}
        return self.workspace.add_page(self.music.tracks_source, {"Title": title, **named})

    def rows(self) -> list[str]:
        return self.workspace.page_ids(self.music.tracks_source)

    def row(self) -> str:
        (page,) = self.rows()
        return page

    def says(self, page: str, name: str) -> Any:
        return self.workspace.value(page, name)

    def calls(self, on: str = ".*") -> int:
        return len(self.server.requests(on))


@contextmanager
def on_bench(engine: sa.Engine, home: Path) -> Iterator[Bench]:
    """At the end all calls are held to Notion's types."""
    with NotionServer() as server:
        yield Bench(server, music_databases(server.workspace), engine, home)
        found = breaches(server.requests())
        assert not found, "\n".join(found)
