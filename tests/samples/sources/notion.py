"""Rows of Music Tracks with odd words, one of them with a link alone."""

from contextlib import contextmanager
from pathlib import Path

from tests.means import means_in
from tests.source_sample import ODD_NAMES, Sample, Samples

from music_sync.adapters.sources.notion import WantedRows
from music_sync.demo.notion import NotionServer, Refuse
from music_sync.demo.notion_music import music_databases


@contextmanager
def sample(folder: Path) -> Samples:
    with NotionServer() as server, NotionServer() as away:
        music = music_databases(server.workspace)
        for name in ODD_NAMES:
            server.workspace.add_page(music.tracks_source, {"Title": name, "Artist Name": "AC/DC & <b>"})
        link = "https://soundcloud.com/someone/a-track"
        server.workspace.add_page(music.tracks_source, {"Title": "", "SoundCloud URL": link})
        away.misbehave(Refuse(429, "rate_limited", retry_after="600"), always=True)
        yield Sample(
            source(folder / "home", server, music.tracks),
            len(ODD_NAMES) + 1,
            source(folder / "away", away, music.tracks),
        )


def source(home: Path, server: NotionServer, tracks: str) -> WantedRows:
    variables = {"NOTION_TOKEN": server.token, "TRACKS_DB_ID": tracks, "MUSIC_SYNC_NOTION_URL": server.url}
    return WantedRows(means_in(home, None, **variables))
