import re
import unicodedata
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from music_sync.adapters.list_rows import Complaint, Row, decoded, read_rows
from music_sync.adapters.sources.list import ListSource
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
    (found,) = tracks(tmp_path, "Liked_Songs.csv", EXPORTIFY)

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
        playlists=(Playlist("list", "Liked_Songs", "Liked_Songs", 0),),
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
