import os
import re
import shutil
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music_sync.adapters.links import Place
from music_sync.adapters.list_rows import Complaint, Row, decoded, read_rows
from music_sync.adapters.short_links import ShortLinks
from music_sync.adapters.sources.list import ListSource
from music_sync.demo.services import AudioServer, Redirect, Status
from music_sync.model.errors import BadSetting, EnvironmentFault
from music_sync.model.track import FoundTrack, Playlist

SPOTIFY_ID = "11dFghVXANMlKmJXsNCbNl"

# As exportify.net writes it.
EXPORTIFY = (
    "\ufeff"
    '"Track URI","Track Name","Artist URI(s)","Artist Name(s)","Album URI","Album Name","Album Release Date",'
    '"Track Duration (ms)","Explicit","Popularity","ISRC","Added By","Added At"\r\n'
    f'"spotify:track:{SPOTIFY_ID}","Cut To The ""Feeling""","spotify:artist:6","Carly, Rae","spotify:album:0",'
    '"Cut\nTo","2017-05-26","207959","false","63","US-UM7-17-03861","","2024-03-02T10:11:12Z"\r\n'
)


def listed(tmp_path: Path, name: str, text: str | bytes) -> ListSource:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return ListSource(path)


def tracks(tmp_path: Path, name: str, text: str | bytes) -> list[FoundTrack]:
    return list(listed(tmp_path, name, text).detect())


def test_a_text_holds_one_path_or_link_a_line(tmp_path: Path) -> None:
    text = "\ufeff# my list\r\n\r\nsub/a.mp3\r\n/music/b.flac\r\n  https://Example.com/c.mp3?utm_source=x  \r\n"

    found = tracks(tmp_path, "mine.txt", text)

    assert [track.source_id for track in found] == [
        str(tmp_path / "sub/a.mp3"),
        "/music/b.flac",
        "https://example.com/c.mp3",
    ]
    assert [track.path for track in found] == [tmp_path / "sub/a.mp3", Path("/music/b.flac"), None]
    assert found[2].url == "https://example.com/c.mp3"
    assert found[0].playlists == (Playlist("list", "mine", "mine", 0),)
    assert {track.source for track in found} == {"list"}


def test_a_text_may_name_tracks_by_their_words(tmp_path: Path) -> None:
    (found,) = tracks(tmp_path, "wishes.txt", "Søren Åkerlund - Låda\n")

    assert (found.artist, found.title, found.source_id) == (
        "Søren Åkerlund",
        "Låda",
        "text:søren åkerlund - låda",
    )


def test_an_old_list_in_latin_1_is_read(tmp_path: Path) -> None:
    (found,) = tracks(tmp_path, "old.m3u", "Låda.mp3".encode("latin-1"))

    assert found.path == tmp_path / "Låda.mp3"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_is_read_in_the_encoding_it_marks(encoding: str) -> None:
    assert decoded("Låda 夜".encode(encoding)) == "Låda 夜"


@pytest.mark.parametrize(
    "row",
    [
        "ftp://example.com/a.mp3",
        "file:///etc/passwd",
        "data:audio/mpeg;base64,AAAA.mp3",
        "javascript:alert(1).mp3",
        "gopher://example.com/a.mp3",
        "concat:a.mp3|b.mp3",
        "https://user:word@example.com/a.mp3",
        "https://example.com:22/a.mp3",
        "https://www.youtube.com/watch",
        f"spotify:playlist:{SPOTIFY_ID}",
        "C:\\Music\\a.mp3",
        "cover.jpg",
        "/etc/passwd",
        "nul\0.mp3",
        "x" * 30_000,
    ],
)
def test_a_row_that_cannot_be_used_is_told_and_the_others_go_on(tmp_path: Path, row: str) -> None:
    source = listed(tmp_path, "mine.txt", f"a.mp3\n{row}\nb.mp3\n")

    assert [track.path and track.path.name for track in source.detect()] == ["a.mp3", "b.mp3"]
    (message,) = source.messages
    assert message.startswith(f"line 2 of {tmp_path / 'mine.txt'}")


def test_an_m3u_tells_length_words_name_and_order(tmp_path: Path) -> None:
    text = (
        "#EXTM3U\n#PLAYLIST:Sunday\n#EXTINF:205,Mirador - Long Way Home\na.mp3\n"
        '#EXTINF:-1 tvg-id="x",Just A Title\nhttps://example.com/b.mp3\n#EXTGRP:x\nc - d.mp3\n'
    )

    first, second, third = tracks(tmp_path, "list.m3u8", text)

    assert (first.artist, first.title, first.length_s) == ("Mirador", "Long Way Home", 205.0)
    assert (second.artist, second.title, second.length_s) == ("", "Just A Title", None)
    assert (third.artist, third.title, third.length_s, third.guessed) == ("c", "d", None, True)
    assert [track.playlists[0].position for track in (first, second, third)] == [0, 1, 2]
    assert {track.playlists[0].name for track in (first, second, third)} == {"Sunday"}


def test_an_m3u_may_write_backslashes_and_percent_signs(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a b.mp3").touch()
    (tmp_path / "100%25.mp3").touch()

    found = tracks(tmp_path, "list.m3u", "sub\\a b.mp3\nsub/a%20b.mp3\n100%25.mp3\n")

    assert [track.path for track in found] == [tmp_path / "sub" / "a b.mp3", tmp_path / "100%25.mp3"]


def test_a_broadcast_playlist_is_no_list_of_tracks(tmp_path: Path) -> None:
    source = listed(tmp_path, "hls.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9.9,\nseg-1.mp3\n")

    assert list(source.detect()) == []
    assert "HLS" in source.messages[0]


def test_an_exportify_csv_is_read_with_all_it_tells(tmp_path: Path) -> None:
    (found,) = tracks(tmp_path, "Warm_Up.csv", EXPORTIFY)

    assert found == FoundTrack(
        source="list",
        source_id=f"spotify:track:{SPOTIFY_ID}",
        artist="Carly, Rae",
        title='Cut To The "Feeling"',
        album="Cut To",
        isrc="USUM71703861",
        year=2017,
        length_s=207.959,
        url=f"https://open.spotify.com/track/{SPOTIFY_ID}",
        playlists=(Playlist("list", "Warm_Up", "Warm_Up", 0),),
        liked_at="2024-03-02T10:11:12+00:00",
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_is_read_with_any_delimiter(tmp_path: Path, delimiter: str) -> None:
    text = f"Title{delimiter}Artist{delimiter}Length\nLåda{delimiter}Søren{delimiter}3:25\n"

    (found,) = tracks(tmp_path, "t.csv", text)

    assert (found.artist, found.title, found.length_s) == ("Søren", "Låda", 205.0)


def test_a_csv_may_say_its_delimiter_as_excel_wants_it(tmp_path: Path) -> None:
    (found,) = tracks(tmp_path, "t.csv", "sep=;\nTitle;Artist, all\nA, B;C\n")

    assert found.title == "A, B"


@pytest.mark.parametrize(
    ("header", "cells", "source_id"),
    [
        ("Spotify ID,ISRC", f"{SPOTIFY_ID},USUM71703861", f"spotify:track:{SPOTIFY_ID}"),
        ("url,isrc", "https://example.com/a.mp3,USUM71703861", "https://example.com/a.mp3"),
        ("isrc,title", "us-um7-17-03861,A", "isrc:USUM71703861"),
        ("isrc,title,artist", "nonsense,A  B,C", "text:c - a b"),
        ("Track URI,Track Name,Artist Name(s)", "spotify:local:x:y:z:1,A,B", "text:b - a"),
    ],
)
def test_a_csv_row_is_named_by_the_best_it_has(tmp_path: Path, header: str, cells: str, source_id: str) -> None:
    (found,) = tracks(tmp_path, "t.csv", f"{header}\n{cells}\n")

    assert found.source_id == source_id


def test_ids_stay_when_rows_move(tmp_path: Path) -> None:
    rows = ["A,B,", "C,D,USUM71703861", "E,F,"]
    before = {track.key for track in tracks(tmp_path, "t.csv", "\n".join(["title,artist,isrc", *rows]))}
    after = {track.key for track in tracks(tmp_path, "t.csv", "\n".join(["title,artist,isrc", "X,Y,", *rows[::-1]]))}

    assert before < after


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("a,b,c,d", "4 columns"),
        ('"a,b', "quotes"),
        ('a,"b"x,', "quotes"),
        (f"{'x' * 200_000},b,", "quotes|characters"),
    ],
)
def test_a_malformed_csv_row_is_told_and_the_others_go_on(tmp_path: Path, row: str, why: str) -> None:
    source = listed(tmp_path, "t.csv", f"title,artist,isrc\nfirst,x,\n{row}\nsecond,x,\nthird,x,\n")

    assert [track.title for track in source.detect()] == ["first", "second", "third"]
    (message,) = source.messages
    assert message.startswith("line 3")
    assert re.search(why, message)


def test_a_row_with_an_artist_alone_names_no_track(tmp_path: Path) -> None:
    source = listed(tmp_path, "t.csv", "title,artist\n,x\nA,x\n")

    assert [track.title for track in source.detect()] == ["A"]
    assert "no title" in source.messages[0]


def test_a_csv_without_a_telling_column_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="Track Name"):
        tracks(tmp_path, "t.csv", "one,two\n1,2\n")


def test_a_track_on_two_playlists_of_one_export_is_found_once_with_both(tmp_path: Path) -> None:
    text = "Track name,Artist name,Playlist name\nA,B,Monday\nC,D,Monday\nA,B,Tuesday\n"

    first, second = tracks(tmp_path, "all.csv", text)

    assert [playlist.name for playlist in first.playlists] == ["Monday", "Tuesday"]
    assert [playlist.name for playlist in second.playlists] == ["Monday"]


@pytest.mark.parametrize(
    ("text", "length_s"),
    [("205", 205.0), ("3:25", 205.0), ("1:00:05", 3605.0), ("205000", 205.0), ("-3", None), ("0", None), ("x", None)],
)
def test_a_length_is_read_as_people_write_it(tmp_path: Path, text: str, length_s: float | None) -> None:
    (found,) = tracks(tmp_path, "t.csv", f"title,duration\nA,{text}\n")

    assert found.length_s == length_s


def test_a_list_that_is_away_is_never_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="not there"):
        list(ListSource(tmp_path / "away.txt").detect())


def test_a_file_that_is_no_text_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="not a text"):
        tracks(tmp_path, "song.txt", b"RIFF" + bytes(1000))


def test_typed_links_are_on_no_playlist() -> None:
    (found,) = ListSource(["https://example.com/a.mp3"]).detect()

    assert found.playlists == ()
    assert found.url == "https://example.com/a.mp3"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400), st.sampled_from(["txt", "m3u", "csv"]))
def test_any_text_is_read_or_refused_but_never_breaks(text: str, ending: str) -> None:
    try:
        rows = list(read_rows(text, ending))
    except BadSetting:
        return

    assert all(isinstance(row, Row | Complaint) and row.line >= 1 for row in rows)


@pytest.mark.parametrize("on_disk", ["NFC", "NFD"])
@pytest.mark.parametrize("in_list", ["NFC", "NFD"])
def test_a_list_may_compose_letters_otherwise_than_the_disk(
    tmp_path: Path, on_disk: Literal["NFC", "NFD"], in_list: Literal["NFC", "NFD"]
) -> None:
    path = tmp_path / unicodedata.normalize(on_disk, "Björk - Jóga.mp3")
    path.write_bytes(b"x")

    (found,) = tracks(tmp_path, "list.m3u", unicodedata.normalize(in_list, path.name))

    assert found.path == path


# Exported libraries

EXPORTS = Path(__file__).parents[2] / "samples/exports"
SPOTIFY = ("YourLibrary.json", "Playlist1.json")
GOOGLE = ("Friday Night-videos.csv", "music library songs.csv")


def unpacked(tmp_path: Path, folder: str, names: Sequence[str]) -> Path:
    """Samples in a folder below `tmp_path / "export"`."""
    here = tmp_path / "export" / folder
    here.mkdir(parents=True)
    for name in names:
        shutil.copy(EXPORTS / name, here / name)
    return tmp_path / "export"


def packed(tmp_path: Path, folder: str, names: Sequence[str], packed_on: date = date(2026, 10, 5)) -> Path:
    """The same as a zip."""
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(f"{folder}/{name}", (packed_on.year, packed_on.month, packed_on.day, 1, 2, 4))
            archive.writestr(entry, (EXPORTS / name).read_bytes(), zipfile.ZIP_DEFLATED)
    return path


@pytest.mark.parametrize("laid", [unpacked, packed])
def test_spotifys_account_data_is_read_as_likes_and_playlists(tmp_path: Path, laid: Callable[..., Path]) -> None:
    """P55"""
    source = ListSource(laid(tmp_path, "Spotify Account Data", SPOTIFY))

    found = {track.title: track for track in source.detect()}
    warm_up = {title: track.playlists for title, track in found.items()}
    assert warm_up == {
        "Long Way Home": (Playlist("list", "Warm Up", "Warm Up", 0),),
        "Half Past Two": (Playlist("list", "Warm Up", "Warm Up", 1),),
        "Cassette #3": (Playlist("list", "Warm Up", "Warm Up", 2),),
        "Låda": (),
    }
    assert found["Låda"].source_id == "spotify:track:22dFghVXANMlKmJXsNCbNl"
    assert "Not This" not in found


@pytest.mark.parametrize("laid", [unpacked, packed])
def test_google_takeout_is_read_as_likes_and_playlists(tmp_path: Path, laid: Callable[..., Path]) -> None:
    """P55"""
    source = ListSource(laid(tmp_path, "Takeout/YouTube and YouTube Music/playlists", GOOGLE))

    found = {track.source_id[-11:]: track for track in source.detect()}
    assert {video: [each.name for each in track.playlists] for video, track in found.items()} == {
        "dQw4w9WgXcQ": ["Friday Night"],
        "eY-eyZuW_Uk": ["Friday Night"],
        "28tZ-S1LFok": [],
    }
    # The playlist tells the id alone; the words come from the library's own list.
    assert (found["dQw4w9WgXcQ"].artist, found["dQw4w9WgXcQ"].title) == ("Mirador, Iva Brandt", "Long Way Home")


def test_soundclouds_likes_are_read_from_a_file(tmp_path: Path) -> None:
    first, second = ListSource(EXPORTS / "soundcloud-likes.json").detect()

    assert (first.source_id, first.length_s) == ("https://soundcloud.com/mirador/long-way", 205.12)
    assert second.source_id == "https://soundcloud.com/nadia/half/s-AbC12"
    assert first.playlists == second.playlists == ()


def test_a_folder_of_csv_files_is_one_library(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, "spotify_playlists", ["Morning.csv", "Friday Night-videos.csv"])
    (folder / "spotify_playlists" / "Liked_Songs.csv").write_text(EXPORTIFY, "utf-8")

    found = list(ListSource(folder).detect())

    assert sorted(name for track in found for name in (each.name for each in track.playlists)) == [
        *("Friday Night", "Friday Night", "Morning"),
    ]
    assert len(found) == 4


def test_an_export_says_from_when_it_is(tmp_path: Path) -> None:
    """P55: the newest date in it, else the file's."""
    (tmp_path / "one").mkdir()
    dated = ListSource(unpacked(tmp_path, "x", SPOTIFY))
    undated = ListSource(unpacked(tmp_path / "one", "x", ["YourLibrary.json"]))
    os.utime(tmp_path / "one/export/x/YourLibrary.json", (1_790_000_000, 1_790_000_000))
    zipped = ListSource(packed(tmp_path, "x", SPOTIFY))
    csv = listed(tmp_path, "Warm_Up.csv", EXPORTIFY)
    for source in (dated, undated, zipped, csv):
        list(source.detect())

    assert dated.messages[0] == "exported on 2026-10-02; what was liked since is not in it"
    assert undated.messages == ["exported on 2026-09-21; what was liked since is not in it"]
    assert zipped.messages[0] == "exported on 2026-10-05; what was liked since is not in it"
    assert csv.messages == ["exported on 2024-03-02; what was liked since is not in it"]


def test_a_list_that_a_person_keeps_is_never_old(tmp_path: Path) -> None:
    for name, text in (("a.txt", "x.mp3\n"), ("b.m3u", "x.mp3\n"), ("c.csv", "title,artist\nA,B\n")):
        source = listed(tmp_path, name, text)
        list(source.detect())
        assert source.messages == []


def test_what_was_played_is_not_what_was_liked(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, "x", ["YourLibrary.json"])
    shutil.copy(EXPORTS / "Playlist1.json", folder / "StreamingHistory_music_0.json")
    shutil.copy(EXPORTS / "Friday Night-videos.csv", folder / "Watch later-videos.csv")

    assert {track.title for track in ListSource(folder).detect()} == {"Half Past Two", "Låda"}


def test_no_path_out_of_an_export_is_opened(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, "x", ["YourLibrary.json"])
    (tmp_path / "mine.mp3").write_bytes(b"mine")
    (folder / "table.csv").write_text(f"title,artist,path\nA,B,{tmp_path}/mine.mp3\n,,../../mine.mp3\n")
    source = ListSource(folder)

    found = list(source.detect())

    assert all(track.path is None for track in found)
    assert "text:b - a" in {track.source_id for track in found}
    assert any("no path out of an export" in message for message in source.messages)


def test_a_playlist_of_a_list_can_be_read_alone(tmp_path: Path) -> None:
    text = "Track name,Artist name,Playlist name\nA,B,Monday\nC,D,Tuesday\nA,B,Tuesday\n"
    source = ListSource(listed(tmp_path, "all.csv", text)._path or tmp_path, only="Tuesday")

    assert [(track.title, track.playlists[0].position) for track in source.detect()] == [("C", 0), ("A", 1)]
    assert source.playlists() == {"Monday", "Tuesday"}


def test_each_playlist_of_an_export_has_its_own_order(tmp_path: Path) -> None:
    text = "Track name,Artist name,Playlist name\nA,B,Monday\nC,D,Monday\nC,D,Tuesday\nA,B,Tuesday\n"

    a, c = tracks(tmp_path, "all.csv", text)

    assert [(each.name, each.position) for each in a.playlists] == [("Monday", 0), ("Tuesday", 1)]
    assert [(each.name, each.position) for each in c.playlists] == [("Monday", 1), ("Tuesday", 0)]


# Short links in a list


def test_a_short_link_in_a_list_is_the_track_that_it_leads_to(tmp_path: Path) -> None:
    """P26"""
    with AudioServer() as server:
        server.misbehave("/AbC", Redirect("https://soundcloud.com/mirador/long-way?si=x"))
        source = _with_short_links(tmp_path, "https://on.soundcloud.com/AbC\nA - B\n", server)
        first, second = source.detect()

    assert first.source_id == "https://soundcloud.com/mirador/long-way"
    assert second.title == "B"


def test_short_links_that_cannot_be_followed_now_wait_for_the_next_sync(tmp_path: Path) -> None:
    with AudioServer() as server:
        server.misbehave("/AbC", Status(503), always=True)
        text = "https://on.soundcloud.com/AbC\nhttps://on.soundcloud.com/AbC?x\nA - B\n"
        source = _with_short_links(tmp_path, text, server)

        assert [track.title for track in source.detect()] == ["B"]
        assert len(server.requests()) == 1
    assert len(source.messages) == 2
    assert all("the next sync tries again" in message for message in source.messages)


def _with_short_links(tmp_path: Path, text: str, server: AudioServer) -> ListSource:
    """A list whose short links are all asked of this server."""

    class Here(ShortLinks):
        def leads_to(self, place: Place) -> Place:
            return super().leads_to(replace(place, url=server.url("/AbC")))

    (tmp_path / "mine.txt").write_text(text)
    return ListSource(tmp_path / "mine.txt", short_links=Here(frozenset({server.host_and_port}), {"127.0.0.1"}))
