"""The buy list as text, JSON, a table and a page."""

import csv
import io
import json
import re
import time
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.cli.filled import Run, catalogue_of

from music_sync.adapters.sql.rows import end_row, start_row
from music_sync.adapters.sql.tables import attempts
from music_sync.model.endings import OnBuyList
from music_sync.model.listing import Listing
from music_sync.model.track import FoundTrack, Playlist

WHY = "no allowed way brings it; buy it and put the file into the drop folder"
FRIDAY = Playlist("spotify", "p", "Friday")
WAVES = FoundTrack(
    "spotify",
    "1",
    artist="Ann",
    title="Waves (Bob Remix)",
    album="Sea",
    isrc="DEAB12300001",
    length_s=215.4,
    url="https://open.spotify.com/track/1",
    liked_at="2026-11-20T08:00:00Z",
    playlists=(FRIDAY,),
)
TWIN = FoundTrack(
    "soundcloud",
    "2",
    artist="Ann",
    title="Waves (Bob Remix)",
    isrc="DEAB12300001",
    length_s=216.0,
    url="https://soundcloud.com/ann/waves",
    liked_at="2026-11-22T08:00:00Z",
)
FORMULA = FoundTrack("list", "3", artist="=1+1", title='@SUM(A1) "<script>alert(1)</script>', liked_at="2026-11-01")


def to_buy(home: Path, *tracks: FoundTrack) -> None:
    with catalogue_of(home) as catalogue:
        for track in tracks:
            catalogue.started(track, 1)
            catalogue.ended(track, 1, OnBuyList(WHY, track.artist, track.title))


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[dict[str, str | None]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "a":
            self.links.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_one_track_liked_twice_is_one_row_with_both_places(tmp_path: Path, run: Run) -> None:
    """P15 P25"""
    to_buy(tmp_path, WAVES, TWIN, FORMULA)

    first, second = json.loads(run("buy-list", "--json").stdout)["tracks"]
    assert (first["artist"], first["title"], first["version"]) == ("Ann", "Waves (Bob Remix)", "Bob Remix")
    assert (first["isrc"], first["length_s"], first["album"]) == ("DEAB12300001", 216.0, "Sea")
    assert (first["liked_at"], first["playlists"], first["reason"]) == ("2026-11-22T08:00:00Z", ["Friday"], WHY)
    assert [(each["source"], each["liked_at"]) for each in first["places"]] == [
        ("soundcloud", "2026-11-22T08:00:00Z"),
        ("spotify", "2026-11-20T08:00:00Z"),
    ]
    assert set(first["links"]) == {"bandcamp", "beatport", "qobuz", "apple_music", "isrc"}
    assert second["artist"] == "=1+1"


def test_a_person_reads_a_short_block_a_track(tmp_path: Path, run: Run) -> None:
    to_buy(tmp_path, WAVES, TWIN)

    lines = run("buy-list").stdout.splitlines()
    assert lines[:4] == [
        "Ann - Waves (Bob Remix)  3:36  ISRC DEAB12300001",
        "  SoundCloud, 2026-11-22  https://soundcloud.com/ann/waves",
        "  Spotify, 2026-11-20, on Friday  https://open.spotify.com/track/1",
        f"  {WHY}",
    ]
    assert lines[4] == "  Bandcamp    https://bandcamp.com/search?item_type=t&q=Ann%20Waves%20%28Bob%20Remix%29"
    assert lines[-1].startswith("1 track to buy")


def test_a_spreadsheet_gets_no_formula(tmp_path: Path, run: Run) -> None:
    """P16"""
    evil = ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\r=1"]
    to_buy(tmp_path, *(FoundTrack("list", str(number), artist=each, title=each) for number, each in enumerate(evil)))

    rows = list(csv.DictReader(io.StringIO(run("buy-list", "--csv").stdout, newline="")))
    assert len(rows) == len(evil)
    for row in rows:
        for cell in row.values():
            assert not cell or cell.lstrip()[0] not in "=+-@\t\r\n", cell
    assert "'=1+1" in {row["artist"] for row in rows}


def test_a_table_has_a_row_a_track_in_utf_8(tmp_path: Path, run: Run) -> None:
    to_buy(tmp_path, WAVES, TWIN, FoundTrack("list", "4", artist="Søren, Å", title='四時の海 "x"\nnext'))

    told = run("buy-list", "--csv").stdout_bytes.decode()
    rows = list(csv.DictReader(io.StringIO(told, newline="")))
    assert [row["title"] for row in rows] == ['四時の海 "x"\N{REPLACEMENT CHARACTER}next', "Waves (Bob Remix)"]
    assert rows[1]["liked"] == "SoundCloud, Spotify"
    assert (rows[1]["version"], rows[1]["length"], rows[1]["playlists"]) == ("Bob Remix", "3:36", "Friday")
    assert rows[1]["links"] == "https://soundcloud.com/ann/waves https://open.spotify.com/track/1"
    assert rows[1]["beatport"].startswith("https://www.beatport.com/")


def test_a_page_shows_foreign_text_as_text(tmp_path: Path, run: Run) -> None:
    evil = FoundTrack(
        "list", "5", artist="<img src=x onerror=alert(1)>", title="{counted} & \"'", url="javascript:alert(1)"
    )
    to_buy(tmp_path, WAVES, FORMULA, evil)

    told = run("buy-list", "--html").stdout_bytes.decode()
    page = Page(told)
    assert not {"script", "img", "iframe", "link"} & set(page.tags)
    assert "<img src=x onerror=alert(1)>" in page.text
    assert "{counted} & \"'" in page.text
    for link in page.links:
        assert (link["href"] or "").startswith("https://")
        assert "noopener" in (link["rel"] or "")
    assert "https://open.spotify.com/track/1" in {link["href"] for link in page.links}
    assert not re.search(r"(?:src|url)\s*[=(]\s*[\"']?http", told)


def test_a_page_is_read_in_light_and_dark(tmp_path: Path, run: Run) -> None:
    to_buy(tmp_path, WAVES)

    told = run("buy-list", "--html").stdout
    assert told.startswith("<!DOCTYPE html>")
    assert "color-scheme: light dark" in told


@pytest.mark.parametrize("option", [[], ["--json"], ["--csv"], ["--html"]])
def test_an_empty_list_says_so_and_makes_nothing(tmp_path: Path, run: Run, option: Sequence[str]) -> None:
    ran = run("buy-list", *option)

    assert ran.return_value == 0
    said = {"--json": '{"tracks": []}', "--csv": "artist,title", "--html": "The buy list is empty."}
    assert said.get("".join(option), "the buy list is empty") in ran.stdout
    assert list(tmp_path.iterdir()) == []


def test_lists_of_now_are_told_even_for_what_an_earlier_version_tried(tmp_path: Path, run: Run) -> None:
    """P19 P53"""
    to_buy(tmp_path, WAVES)
    with catalogue_of(tmp_path) as catalogue:
        catalogue.listings.page(Listing("spotify", "playlist:q", "Warm Up", reading=1), [WAVES], 0)
        catalogue.listings.page(Listing("spotify", "likes", "Liked songs", reading=1), [WAVES], 0)
        with catalogue._writer.begin() as connection:
            connection.execute(sa.update(attempts).values(found=""))

    (track,) = json.loads(run("buy-list", "--json").stdout)["tracks"]
    assert (track["title"], track["isrc"], track["playlists"]) == ("Waves (Bob Remix)", "DEAB12300001", ["Warm Up"])


def test_what_has_no_words_keeps_its_link(tmp_path: Path, run: Run) -> None:
    """P26"""
    url = "https://open.spotify.com/track/11dFghVXANMlKmJXsNCbNl"
    to_buy(tmp_path, FoundTrack("list", "spotify:track:11dFghVXANMlKmJXsNCbNl", url=url))

    (track,) = json.loads(run("buy-list", "--json").stdout)["tracks"]
    assert (track["name"], track["links"], track["places"][0]["url"]) == (url, {}, url)


def test_ten_thousand_tracks_are_listed_at_once(tmp_path: Path, run: Run) -> None:
    """P7: no row is left out, and the time grows with the rows alone."""
    tracks = [FoundTrack("spotify", f"{n:05}", artist="Ann", title=f"Title {n}", length_s=200) for n in range(10_000)]
    begun = [
        start_row(track, 1, "2026-11-23T00:00:00Z") | end_row(track, OnBuyList(WHY), "2026-11-23T00:00:01Z")
        for track in tracks
    ]
    with catalogue_of(tmp_path) as catalogue:
        catalogue.listings.page(Listing("spotify", "likes", "Liked songs", reading=1), tracks, 0)
        with catalogue._writer.begin() as connection:
            connection.execute(sa.insert(attempts), begun)
    since = time.process_time()

    assert len(json.loads(run("buy-list", "--json").stdout)["tracks"]) == 10_000
    assert time.process_time() - since < 8
