"""The lists that services give away, read as they come (P55): liked songs are liked, playlists are playlists."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music_sync.adapters.export_rows import Contents, is_liked_list, read_contents, title_of
from music_sync.adapters.list_rows import Complaint, Row
from music_sync.model.errors import BadSetting

SAMPLES = Path(__file__).parent.parent / "samples/exports"
ONE, TWO, THREE = (f"spotify:track:{number}dFghVXANMlKmJXsNCbNl" for number in (11, 22, 33))


def contents(name: str) -> Contents:
    return read_contents(name, (SAMPLES / name).read_text("utf-8"))


def rows(read: Contents) -> list[Row]:
    return [row for row in read.rows if isinstance(row, Row)]


def complaints(read: Contents) -> list[str]:
    return [row.why for row in read.rows if isinstance(row, Complaint)]


def test_spotifys_library_is_what_was_liked() -> None:
    read = contents("YourLibrary.json")

    assert rows(read) == [
        Row(1, ONE, "Nadia Klee", "Half Past Two", "Dusk", is_liked=True),
        Row(2, TWO, "Søren Åkerlund", "Låda", "Låda", is_liked=True),
    ]
    assert read.is_export


def test_spotifys_playlists_keep_their_names_order_and_dates() -> None:
    read = contents("Playlist1.json")

    first, second, own = rows(read)
    assert first == Row(
        1, THREE, "Mirador", "Long Way Home", "Long Way", liked_at="2026-09-30T00:00:00+00:00", playlist="Warm Up"
    )
    assert (second.place, second.playlist, second.is_liked) == (ONE, "Warm Up", False)
    assert (own.place, own.artist, own.album, own.title, own.length_s) == (
        *("", "Iva Brandt", "Tapes", "Cassette #3"),
        205.0,
    )
    assert read.newest == "2026-10-02T00:00:00+00:00"


def test_what_is_no_track_is_told_once_for_a_whole_playlist() -> None:
    assert complaints(contents("Playlist1.json")) == ["1 entry is no track (Warm Up)"]


def test_googles_list_of_a_playlist_is_that_playlist() -> None:
    read = contents("Friday Night-videos.csv")

    assert rows(read) == [
        Row(
            2,
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
            liked_at="2024-03-01T10:00:00+00:00",
            playlist="Friday Night",
        ),
        Row(
            3,
            "https://www.youtube.com/watch?v=eY-eyZuW_Uk",
            liked_at="2026-04-05T11:30:00+00:00",
            playlist="Friday Night",
        ),
    ]
    assert read.newest == "2026-04-05T11:30:00+00:00"


def test_googles_list_of_songs_in_the_library_is_what_was_liked() -> None:
    first, second = rows(contents("music library songs.csv"))

    assert (first.artist, first.title, first.album) == ("Mirador, Iva Brandt", "Long Way Home", "Long Way")
    assert (second.artist, second.place) == ("Søren Åkerlund", "https://www.youtube.com/watch?v=28tZ-S1LFok")
    assert first.is_liked


def test_an_older_list_of_google_begins_with_a_table_about_itself() -> None:
    text = (
        "Playlist ID,Channel ID,Time Created,Time Updated,Title,Description,Visibility\n"
        'PL1,UC1,2020-01-01 10:00:00 UTC,2021-01-01 10:00:00 UTC,"Dusk, late",,Private\n\n'
        "Video ID,Time Added\ndQw4w9WgXcQ,2021-01-01 10:00:00 UTC\n"
    )

    assert rows(read_contents("Dusk_ late.csv", text)) == [
        Row(
            2,
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
            liked_at="2021-01-01T10:00:00+00:00",
            playlist="Dusk, late",
        )
    ]


@pytest.mark.parametrize(
    "head", ["ID de la vidéo,Horodatage", "動画 ID,再生リスト", "Video-ID,Zeitstempel der Erstellung"]
)
def test_googles_lists_are_read_in_any_language(head: str) -> None:
    text = f"{head}\ndQw4w9WgXcQ,2024-03-01T10:00:00+00:00\n"

    (row,) = rows(read_contents("Dusk-videos.csv", text))
    assert row.place == "https://www.youtube.com/watch?v=dQw4w9WgXcQ"


@pytest.mark.parametrize(
    ("head", "cells"),
    [
        ("Comment ID,Channel ID,Video ID,Comment Text", "UgxA,UCa,dQw4w9WgXcQ,fine"),
        ("Video ID,Approximate Duration (ms),Audio Language,Category,Privacy", "dQw4w9WgXcQ,1,en,Music,Public"),
        ("Channel Id,Channel Url,Channel Title", "UCbbbbbbbbbbbbbbbbbbbbbb,http://www.youtube.com/channel/UCb,Mirador"),
    ],
)
def test_googles_other_tables_name_no_tracks(head: str, cells: str) -> None:
    with pytest.raises(BadSetting, match="no column names a track"):
        read_contents("x.csv", f"{head}\n{cells}\n")


def test_soundclouds_likes_are_read_as_its_site_answers_them() -> None:
    read = contents("soundcloud-likes.json")

    first, second = rows(read)
    assert first == Row(
        1,
        "https://soundcloud.com/mirador/long-way",
        "Mirador",
        "Long Way Home",
        isrc="DEA122600001",
        genre="House",
        length_s=205.12,
        liked_at="2026-08-01T12:00:00+00:00",
        is_liked=True,
    )
    assert (second.title, second.artist) == ("Half", "")
    assert complaints(read) == ["1 entry is no track (liked songs)"]


@pytest.mark.parametrize(
    ("content", "place", "liked"),
    [
        ([{"url": "https://soundcloud.com/a/b"}], "https://soundcloud.com/a/b", False),
        ({"likes": [{"permalink_url": "https://soundcloud.com/a/b"}]}, "https://soundcloud.com/a/b", True),
        ({"name": "Dusk", "tracks": [{"title": "A", "artists": [{"name": "B"}, "C"]}]}, "", False),
        ({"playlists": [{"title": "Dusk", "tracks": [{"uri": ONE}]}]}, ONE, False),
        ({"playlists": [{"title": "Liked Songs", "tracks": [{"uri": ONE}]}]}, ONE, True),
        (
            [{"contentDetails": {"videoId": "dQw4w9WgXcQ"}, "snippet": {}}],
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
            False,
        ),
        (
            [{"snippet": {"resourceId": {"videoId": "dQw4w9WgXcQ"}}}],
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
            False,
        ),
    ],
)
def test_other_programs_json_is_read_as_far_as_it_tells(content: Any, place: str, liked: bool) -> None:
    (row,) = rows(read_contents("x.json", json.dumps(content)))

    assert (row.place, row.is_liked) == (place, liked)


def test_playlists_of_one_name_become_one_and_that_is_told() -> None:
    playlist = {"name": "New Playlist", "items": [{"track": {"trackUri": ONE}}]}

    read = read_contents("Playlist1.json", json.dumps({"playlists": [playlist, playlist]}))

    assert len(read.notes) == 1
    assert "New Playlist" in read.notes[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "no JSON"), ("[" * 100_000, "no JSON"), ("{}", "no list"), ("3", "no list"), ('{"ip": [1]}', "no list")],
)
def test_json_that_holds_no_tracks_is_refused(text: str, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        read_contents("x.json", text)


@pytest.mark.parametrize(
    ("title", "is_liked"),
    [
        ("Liked Songs", True),
        ("Liked_Songs", True),
        ("liked-music", True),
        ("Liked videos", True),
        ("Favorites", True),
        ("Favorite Songs", True),
        ("Your Likes", True),
        ("likes", True),
        ("music library songs", True),
        ("Songs I liked in May", False),
        ("Most Likely", False),
        ("", False),
    ],
)
def test_what_services_call_the_liked_songs_is_no_playlist(title: str, is_liked: bool) -> None:
    assert is_liked_list(title) is is_liked


def test_a_list_a_person_keeps_is_a_playlist_whatever_its_name() -> None:
    (row,) = rows(read_contents("Favorites.m3u", "/music/a.mp3"))

    assert (row.playlist, row.is_liked) == ("Favorites", False)


def test_tunemymusic_tells_liked_songs_by_their_type() -> None:
    text = f"Track name,Artist name,Album,Playlist name,Type,ISRC,Spotify - id\nA,B,C,Mine,Favorite,,{ONE[14:]}\n"

    (row,) = rows(read_contents("My Spotify Library.csv", text))

    assert (row.is_liked, row.playlist, row.place) == (True, "", ONE)


def test_soundiiz_tells_when_a_track_was_added() -> None:
    text = "title;artist;album;isrc;addedDate;addedBy;url\nA;B;C;USUM71703861;2026-01-02T03:04:05+00:00;me;\n"

    read = read_contents("Dusk.csv", text)

    assert (read.is_export, read.newest) == (True, "2026-01-02T03:04:05+00:00")
    assert rows(read)[0].playlist == "Dusk"


def test_a_table_that_a_person_keeps_is_no_export() -> None:
    assert not read_contents("mine.csv", "title,artist\nA,B\n").is_export


def test_the_name_of_a_list_is_that_of_its_file() -> None:
    assert title_of("Friday Night-videos.csv") == "Friday Night"
    assert title_of("Summer-videos.m3u") == "Summer-videos"
    assert title_of("Playlist.v2.csv") == "Playlist.v2"


_KEYS = (
    "playlists items tracks track name likes user artists duration uri videoId title url snippet resourceId addedDate"
    " localTrack episode isrc lastModifiedDate"
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from([ONE, "Likes"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS.split()), inner, min_size=1, max_size=5)
    ),
    max_leaves=25,
)


@settings(max_examples=400, deadline=None)
@given(_VALUES, st.sampled_from(["YourLibrary.json", "Playlist1.json", "x.json"]))
def test_any_json_is_read_or_refused_but_never_breaks(value: Any, name: str) -> None:
    try:
        read = read_contents(name, json.dumps(value))
    except BadSetting:
        return

    for row in rows(read):
        assert row.place or row.title or row.isrc
        assert row.is_liked is not bool(row.playlist)
        assert not re.search(r"[\r\n\0]", f"{row.artist}{row.title}{row.album}{row.playlist}")
