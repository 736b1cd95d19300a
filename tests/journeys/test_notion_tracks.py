"""Music Tracks on Notion, run as a user runs it against the loopback Notion."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.journeys.world import World, new_world, offer
from tests.notion_types import breaches

from music_sync.adapters.glance_sqlite import glance
from music_sync.demo.music import PIECES
from music_sync.demo.notion import BadGateway, NotionServer
from music_sync.demo.notion_music import Music, music_databases


@dataclass
class There:
    server: NotionServer
    music: Music
    world: World

    def add(self, number: int, **more: object) -> str:
        """A person's row for one of the pieces."""
        piece = PIECES[number]
        values = {"Title": piece.title, "Artist Name": piece.artist, "ISRC": piece.isrc, **more}
        return self.server.workspace.add_page(self.music.tracks_source, values)

    def rows(self) -> list[str]:
        return self.server.workspace.page_ids(self.music.tracks_source)

    def says(self, page: str, name: str) -> object:
        return self.server.workspace.value(page, name)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[There]:
    with NotionServer() as server:
        music = music_databases(server.workspace)
        world = new_world(
            tmp_path,
            NOTION_TOKEN=server.token,
            MUSIC_SYNC_NOTION_URL=server.url,
            TRACKS_DB_ID=music.tracks,
            ARTISTS_DB_ID=music.artists,
            PLAYLISTS_DB_ID=music.playlists,
        )
        more = (("MUSIC_SYNC_SOURCES", "notion"), ("MUSIC_SYNC_DROP", str(world.music)))
        yield There(server, music, replace(world, more=(*world.more, *more)))
        found = breaches(server.requests())
        assert not found, "\n".join(found)


def test_p15_p27_a_row_that_a_person_adds_is_filed_and_completed(there: There) -> None:
    offer(there.world, 0)
    row = there.add(0, **{"Audio Duration (seconds)": 8.0})

    first = there.world.json("sync")
    calls = len(there.server.requests())
    again = there.world.json("sync")

    assert (first["result"], first["counts"]["new"]) == ("done", 1)
    assert there.rows() == [row]
    assert there.says(row, "Downloaded") is True
    assert again["result"] == "nothing_new"
    assert len(there.server.requests()) <= calls + 4
    assert not any(seen.method == "PATCH" for seen in there.server.requests()[calls:])


def test_p64_a_sync_without_notion_ends_done_and_is_caught_up(there: There) -> None:
    offer(there.world, 0)
    there.server.misbehave(BadGateway(), always=True)
    away = replace(there.world, more=(*there.world.more, ("MUSIC_SYNC_SOURCES", "folder,notion")))

    first = away.json("sync")
    seen = glance(there.world.home / "var" / "state.db")

    assert (first["result"], first["counts"]["new"]) == ("done", 1)
    assert [source["ok"] for source in first["sources"]] == [True, False]
    assert seen.unsent
    assert "Notion is away" in seen.views[0].trouble
    there.server.behave()
    away.json("sync")
    assert there.says(there.rows()[0], "Downloaded") is True
