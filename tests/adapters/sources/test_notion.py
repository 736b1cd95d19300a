"""Rows that a person adds to Music Tracks on Notion are tracks that are wanted."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.means import means_in
from tests.notion_types import breaches

from music_sync.adapters.sources import notion
from music_sync.adapters.sources.notion import WantedRows
from music_sync.demo.notion import BadGateway, NotionServer
from music_sync.demo.notion_music import Music, music_databases
from music_sync.model.errors import NeedsPerson, ServiceUnavailable
from music_sync.model.track import FoundTrack, Playlist

SPOTIFY_ID = "4uLU6hMCjMI75M1A2tKUQC"
SPOTIFY_URL = f"https://open.spotify.com/track/{SPOTIFY_ID}"
QUERY = "POST data_sources/.*/query"


@dataclass
class Bench:
    server: NotionServer
    music: Music
    home: Path
    shown: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.server.workspace.clock = lambda: self.now

    def add(self, title: str = "", **values: Any) -> str:
        named = {name.replace("_", " "): value for name, value in values.items()}
        return self.server.workspace.add_page(self.music.tracks_source, {"Title": title, **named})

    def source(self, **variables: str) -> WantedRows:
        given = {
            "NOTION_TOKEN": self.server.token,
            "TRACKS_DB_ID": self.music.tracks,
            "MUSIC_SYNC_NOTION_URL": self.server.url,
        }
        means = means_in(self.home, None, **{**given, **variables})
        return WantedRows(replace(means, shown=lambda _view: self.shown))

    def read(self, **variables: str) -> list[FoundTrack]:
        source = self.source(**variables)
        found = list(source.detect())
        self.messages = source.messages
        return found


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with NotionServer() as server:
        yield Bench(server, music_databases(server.workspace), tmp_path)
        found = breaches(server.requests())
        assert not found, "\n".join(found)


def test_a_row_is_told_with_its_words_and_all_its_links(bench: Bench) -> None:
    page = bench.add(
        "Bad Kingdom",
        Artist_Name="Moderat",
        ISRC="DE-AB1-23-00001",
        Spotify_ID=SPOTIFY_ID,
        YouTube_URL="https://youtu.be/dQw4w9WgXcQ?si=1",
        **{"Audio Duration (seconds)": 200.5},
    )

    (found,) = bench.read()

    assert (found.source_id, found.artist, found.title) == (page, "Moderat", "Bad Kingdom")
    assert (found.isrc, found.length_s) == ("DEAB12300001", 200.5)
    assert found.links == ("https://www.youtube.com/watch?v=dQw4w9WgXcQ", SPOTIFY_URL)
    assert found.url == found.links[0]


@pytest.mark.parametrize(
    "link",
    [
        {"Spotify_ID": SPOTIFY_ID},
        {"Spotify_URL": SPOTIFY_URL},
        {"SoundCloud_URL": "https://soundcloud.com/someone/a-track?utm_source=clipboard"},
        {"YouTube_URL": "https://youtu.be/dQw4w9WgXcQ"},
        {"Bandcamp_URL": "https://someone.bandcamp.com/track/one"},
    ],
    ids=str,
)
def test_p17_rows_of_all_services_count_alike(bench: Bench, link: dict[str, str]) -> None:
    bench.add(**link)

    (found,) = bench.read()

    assert found.links


def test_p18_a_row_in_a_database_without_downloaded_is_not_done(bench: Bench) -> None:
    bench.server.workspace.drop_column(bench.music.tracks_source, "Downloaded")
    bench.add(Spotify_ID=SPOTIFY_ID)

    assert len(bench.read()) == 1


def test_a_row_that_is_done_is_not_told(bench: Bench) -> None:
    bench.add(Spotify_ID=SPOTIFY_ID, Downloaded=True)

    assert bench.read() == []


def test_rows_of_our_own_are_not_told_and_those_of_a_person_still_are(bench: Bench) -> None:
    ours, theirs = bench.add("Ours", Spotify_ID=SPOTIFY_ID), bench.add("Theirs", Artist_Name="A")
    bench.add("Lost note", Artist_Name="A", Source_ID="music-sync:spotify:1")
    bench.shown = {ours: "track:spotify:x", theirs: f"track:notion:{theirs}"}

    assert [found.title for found in bench.read()] == ["Theirs"]


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("YouTube_URL", "https://www.youtube.com/watch?v="),
        ("Spotify_URL", "https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M"),
        ("SoundCloud_URL", "https://youtu.be/dQw4w9WgXcQ"),
        ("Spotify_URL", "file:///etc/passwd"),
        ("Spotify_ID", "not an id"),
    ],
)
def test_p26_a_link_that_is_none_is_one_line_and_its_row_goes_by_its_words(bench: Bench, name: str, link: str) -> None:
    bench.add("Bad Kingdom", Artist_Name="Moderat", **{name: link})
    bench.add("Other", Artist_Name="Moderat")

    assert [(found.title, found.url) for found in bench.read()] == [("Other", ""), ("Bad Kingdom", "")]
    (message,) = bench.messages
    assert message.startswith('row "Bad Kingdom": ')


def test_a_row_of_nothing_is_counted_in_one_line(bench: Bench) -> None:
    bench.add("Only a title")
    bench.add()

    assert bench.read() == []
    (message,) = bench.messages
    assert message.startswith("2 rows have neither a link nor artist and title")


def test_p19_the_lists_of_a_row_come_along(bench: Bench) -> None:
    lists = bench.music.playlists_source
    mine = bench.server.workspace.add_page(lists, {"Name": "Mine"})
    shown = bench.server.workspace.add_page(lists, {"Name": "Warm Up"})
    bench.shown = {shown: "playlist:spotify:37i"}
    bench.add(Spotify_ID=SPOTIFY_ID, Playlists=[mine, shown])

    (found,) = bench.read()

    assert found.playlists == (Playlist("notion", mine, "Mine"), Playlist("spotify", "37i", "Warm Up"))


def test_another_link_in_the_same_row_is_another_revision(bench: Bench) -> None:
    page = bench.add(Spotify_ID=SPOTIFY_ID)
    (before,) = bench.read()
    bench.server.workspace.edit(page, {"Title": "Now with a title"})
    (same,) = bench.read()
    bench.server.workspace.edit(page, {"Spotify ID": SPOTIFY_ID[::-1]})
    (after,) = bench.read()

    assert before.revision == same.revision != after.revision


def test_a_second_reading_asks_only_for_what_was_edited(bench: Bench) -> None:
    bench.now -= timedelta(hours=1)
    for number in range(250):
        bench.add(f"Track {number}", Artist_Name="A")
    bench.now += timedelta(hours=1)
    assert len(bench.read()) == 250
    before = len(bench.server.requests(QUERY))
    bench.add("New", Artist_Name="A")

    assert len(bench.read()) == 251
    assert len(bench.server.requests(QUERY)) == before + 1


def test_p5_a_service_that_is_away_is_never_an_empty_list(bench: Bench) -> None:
    bench.add(Spotify_ID=SPOTIFY_ID)
    bench.server.misbehave(BadGateway(), always=True)

    with pytest.raises(ServiceUnavailable):
        bench.read()


@pytest.mark.parametrize(
    ("variable", "value"),
    [("TRACKS_DB_ID", "0" * 32), ("TRACKS_DB_ID", "nonsense"), ("NOTION_TOKEN", "ntn_wrong"), ("NOTION_TOKEN", "")],
)
def test_p13_what_is_wrong_names_its_setting(bench: Bench, variable: str, value: str) -> None:
    with pytest.raises(NeedsPerson, match=variable):
        bench.read(**{variable: value})


def test_without_a_database_there_is_nothing_to_ask(tmp_path: Path) -> None:
    assert notion.open_parts(means_in(tmp_path, NOTION_TOKEN="ntn_x")) == []
