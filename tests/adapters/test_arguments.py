import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.listings import FakeListings
from tests.means import means_in

from music_sync.adapters.arguments import ShortLinkSource, from_anywhere
from music_sync.adapters.arguments import source_for_argument as source_with
from music_sync.adapters.links import Place
from music_sync.adapters.means import Means
from music_sync.adapters.short_links import ShortLinks
from music_sync.adapters.sources.folder import FolderSource
from music_sync.adapters.sources.list import ListSource
from music_sync.demo.services import AudioServer, Redirect, Status
from music_sync.model.errors import BadSetting, NeedsPerson, NotSetUp, ServiceUnavailable
from music_sync.model.listing import Listing
from music_sync.model.ports import Source


def source_for_argument(text: str) -> Source:
    """The source of an argument in a home without accounts."""
    return source_with(text, means_in(Path("/nowhere")))


SPOTIFY_ID = "11dFghVXANMlKmJXsNCbNl"


def test_a_folder_is_read_as_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(b"audio")
    os.utime(tmp_path / "a.mp3", (1, 1))
    source = source_for_argument(str(tmp_path))

    assert isinstance(source, FolderSource)
    assert [found.path for found in source.detect()] == [tmp_path / "a.mp3"]


def test_an_audio_file_is_read_alone(tmp_path: Path) -> None:
    for name in ("a.mp3", "b.mp3"):
        (tmp_path / name).write_bytes(b"audio")
        os.utime(tmp_path / name, (1, 1))

    assert [found.path for found in source_for_argument(str(tmp_path / "a.mp3")).detect()] == [tmp_path / "a.mp3"]


@pytest.mark.parametrize("name", ["l.txt", "l.M3U", "l.m3u8", "l.csv", "l.json", "l.ZIP"])
def test_a_list_file_is_read_as_a_list(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("title\nA\n")

    assert isinstance(source_for_argument(str(tmp_path / name)), ListSource)


@pytest.mark.parametrize(
    ("text", "source_id"),
    [
        ("https://example.com/a.mp3?utm_medium=x&id=3#t", "https://example.com/a.mp3?id=3"),
        ("HTTPS://EXAMPLE.com/A.mp3", "https://example.com/A.mp3"),
        (f"spotify:track:{SPOTIFY_ID}", f"spotify:track:{SPOTIFY_ID}"),
        (f"https://open.spotify.com/track/{SPOTIFY_ID}?si=1", f"spotify:track:{SPOTIFY_ID}"),
        (f"open.spotify.com/track/{SPOTIFY_ID}?si=1", f"spotify:track:{SPOTIFY_ID}"),
        ("youtu.be/dQw4w9WgXcQ", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
    ],
)
def test_a_link_is_a_list_of_one(text: str, source_id: str) -> None:
    (found,) = source_for_argument(text).detect()

    assert found.source_id == source_id


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no file or folder"),
        ("/no/such/thing.mp3", "no file or folder `/no/such/thing.mp3`"),
        ("-rf", "no file or folder"),
        ("x" * 5000, "no file or folder"),
        ("nul\0", "no file or folder"),
        ("ftp://example.com/a.mp3", "`ftp:` links"),
        ("file:///etc/passwd", "`file:` links"),
        ("data:audio/mpeg;base64,AA", "`data:` links"),
        ("javascript:alert(1)", "`javascript:` links"),
        ("concat:a|b", "`concat:` links"),
        ("https://user:word@example.com/a.mp3", "password"),
        ("https://example.com/a\r\nHost: x", "control"),
        ("https://exa\tmple.com/", "control"),
        (f"https://example.com/{'a' * 8000}", "characters"),
        ("https://example.com:99999/", "port"),
        ("https://example.com:22/", "port"),
        ("https://example.com:x/", "cannot be read"),
        ("https://", "host"),
        ("https://youtu.be/", "video id"),
    ],
)
def test_what_is_none_of_them_is_refused_in_one_sentence(text: str, words: str) -> None:
    with pytest.raises(BadSetting, match=words) as refused:
        source_for_argument(text)
    assert "\n" not in str(refused.value)
    assert "word@" not in str(refused.value)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").touch()

    with pytest.raises(BadSetting, match="neither audio nor a list"):
        source_for_argument(str(tmp_path / "a.jpg"))


# Links that want an account

CONNECTED = {
    "SPOTIFY_CLIENT_ID": "not-a-real-app",
    "SPOTIFY_REFRESH_TOKEN": "not-a-real-token",
    "SOUNDCLOUD_CLIENT_ID": "not-a-real-app",
    "SOUNDCLOUD_CLIENT_SECRET": "not-a-real-secret",
    "SOUNDCLOUD_REFRESH_TOKEN": "not-a-real-token",
}
PLAYLIST = f"https://open.spotify.com/playlist/{SPOTIFY_ID}"
SET = "https://soundcloud.com/mirador/sets/dusk"


def connected(listings: FakeListings | None = None, **more: str) -> Means:
    """A home whose accounts at Spotify and SoundCloud are connected."""
    return means_in(Path("/nowhere"), listings, **CONNECTED, **more)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (PLAYLIST, "spotify"),
        (f"spotify:user:nadia:playlist:{SPOTIFY_ID}", "spotify"),
        ("https://open.spotify.com/collection/tracks", "spotify"),
        (f"https://open.spotify.com/track/{SPOTIFY_ID}", "spotify"),
        (SET, "soundcloud"),
        ("soundcloud.com/mirador/likes", "soundcloud"),
        ("https://soundcloud.com/mirador/long-way", "soundcloud"),
        ("https://example.com/a.mp3", "list"),
    ],
)
def test_a_link_is_read_by_the_source_of_its_service(text: str, name: str) -> None:
    assert source_with(text, connected()).name == name


@pytest.mark.parametrize(
    ("text", "command"),
    [
        (PLAYLIST, "music-sync connect spotify"),
        (f"https://open.spotify.com/album/{SPOTIFY_ID}", "music-sync connect spotify"),
        ("https://open.spotify.com/collection/tracks", "music-sync connect spotify"),
        (SET, "music-sync connect soundcloud"),
        ("https://soundcloud.com/you/likes", "music-sync connect soundcloud"),
        ("https://www.youtube.com/playlist?list=LL", "music-sync connect youtube"),
        ("https://music.youtube.com/playlist?list=LM", "music-sync connect ytmusic"),
        ("https://www.youtube.com/playlist?list=PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf", "music-sync connect youtube"),
    ],
)
def test_a_link_that_wants_an_account_names_the_command(text: str, command: str) -> None:
    with pytest.raises(NotSetUp, match=command):
        source_for_argument(text)


def test_a_public_link_can_also_be_read_without_an_account() -> None:
    with pytest.raises(NotSetUp, match="add `soundcloud` to MUSIC_SYNC_EXTRACTORS"):
        source_for_argument(SET)


def test_a_link_that_even_an_account_cannot_read_says_so() -> None:
    with pytest.raises(BadSetting, match=r"Spotify profile .* give a playlist or a track"):
        source_with("https://open.spotify.com/user/nadia", connected())


# Short links


def test_a_short_link_is_not_followed_before_it_is_read() -> None:
    source = source_for_argument("on.soundcloud.com/AbC")

    assert source.name == "soundcloud"


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with AudioServer() as server:
        yield server


def short_link(server: AudioServer, means: Means) -> ShortLinkSource:
    """The source of a short link that this server answers."""
    url = server.url("/AbC")
    links = ShortLinks(frozenset({server.host_and_port}), {"127.0.0.1"})
    return ShortLinkSource(Place("soundcloud", "short", url, url), means, links)


def test_a_short_link_to_a_track_gives_that_track(server: AudioServer) -> None:
    """P26"""
    server.misbehave("/AbC", Redirect("https://soundcloud.com/mirador/long-way?si=x"))

    (found,) = short_link(server, means_in(Path("/nowhere"))).detect()

    assert (found.source, found.source_id) == ("list", "https://soundcloud.com/mirador/long-way")


def test_a_short_link_to_what_wants_an_account_names_the_command_and_is_not_passed_over(server: AudioServer) -> None:
    server.misbehave("/AbC", Redirect(SET))

    with pytest.raises(NeedsPerson, match="music-sync connect soundcloud") as refused:
        list(short_link(server, means_in(Path("/nowhere"))).detect())
    assert not isinstance(refused.value, NotSetUp)


def test_a_dead_short_link_is_a_wrong_argument(server: AudioServer) -> None:
    server.misbehave("/AbC", Status(404))

    with pytest.raises(BadSetting, match=r"dead \(404\)"):
        list(short_link(server, means_in(Path("/nowhere"))).detect())


def test_a_short_link_that_cannot_be_followed_now_is_the_services_fault(server: AudioServer) -> None:
    server.misbehave("/AbC", Status(503))

    with pytest.raises(ServiceUnavailable):
        list(short_link(server, means_in(Path("/nowhere"))).detect())


# Names of playlists


def known(*lists: Listing) -> FakeListings:
    listings = FakeListings()
    for each in lists:
        listings.keep(each)
    return listings


WARM_UP = Listing("spotify", f"playlist:{SPOTIFY_ID}", "Warm Up")
DUSK = Listing("soundcloud", "playlist:78", "Dusk")


@pytest.mark.parametrize("text", ["Warm Up", "warm up", " WARM  UP ", "playlist:Warm Up"])
def test_a_playlist_is_meant_by_its_name(text: str) -> None:
    source = source_with(text, connected(known(WARM_UP, DUSK)))

    assert source.name == "spotify"


def test_liked_tracks_are_meant_by_their_name() -> None:
    listings = known(Listing("soundcloud", "likes", "SoundCloud likes"))

    assert source_with("soundcloud likes", connected(listings)).part == "likes"


def test_a_name_that_several_lists_have_is_refused_with_all_of_them() -> None:
    listings = known(WARM_UP, Listing("soundcloud", "playlist:78", "Warm up"))

    with pytest.raises(BadSetting, match="2 lists are called `Warm Up`") as refused:
        source_with("Warm Up", connected(listings))
    assert PLAYLIST in str(refused.value)
    assert "https://api.soundcloud.com/playlists/78" in str(refused.value)


def test_a_name_that_no_list_has_tells_those_that_sound_like_it() -> None:
    with pytest.raises(BadSetting, match=r"no file or folder `Warm Upp`.* one of these playlists: `Warm Up`"):
        source_with("Warm Upp", connected(known(WARM_UP, DUSK)))


def test_a_playlist_of_an_account_that_is_no_longer_connected_names_the_command() -> None:
    with pytest.raises(NotSetUp, match="music-sync connect spotify"):
        source_with("Warm Up", means_in(Path("/nowhere"), known(WARM_UP)))


def test_a_playlist_of_a_list_file_is_meant_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "Friday.csv"
    path.write_text("Track name,Artist name,Playlist name\nA,B,Monday\nC,D,Tuesday\n")
    means = means_in(tmp_path / "home", MUSIC_SYNC_LISTS=str(path))

    assert [found.title for found in source_with("friday", means).detect()] == ["A", "C"]
    assert [found.title for found in source_with("tuesday", means).detect()] == ["C"]


def test_a_list_file_that_is_away_hides_no_other_playlist(tmp_path: Path) -> None:
    means = connected(known(WARM_UP), MUSIC_SYNC_LISTS=str(tmp_path / "away.csv"))

    assert source_with("Warm Up", means).name == "spotify"


def test_a_folder_goes_before_a_playlist_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Warm Up").mkdir()
    monkeypatch.chdir(tmp_path)
    means = connected(known(WARM_UP))

    assert isinstance(source_with("Warm Up", means), FolderSource)
    assert source_with("playlist:Warm Up", means).name == "spotify"


def test_an_argument_means_the_same_in_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there/Warm Up").mkdir(parents=True)
    (tmp_path / "there/youtu.be/dQw4w9WgXcQ").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    typed = [
        from_anywhere(text) for text in ("Warm Up", "youtu.be/dQw4w9WgXcQ", "../there", PLAYLIST, "nonsense:x", "")
    ]
    monkeypatch.chdir(tmp_path / "there")

    assert source_with(typed[0], connected(known(WARM_UP))).name == "spotify"
    assert [found.source_id for found in source_for_argument(typed[1]).detect()] == [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ"
    ]
    assert typed[2:4] == [str(tmp_path / "here/../there"), PLAYLIST]
    assert [from_anywhere(text) for text in typed] == typed
    with pytest.raises(BadSetting, match="`nonsense:` links"):
        source_for_argument(typed[4])


# Exported libraries

EXPORTS = Path(__file__).parent.parent / "samples/exports"


def exported(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(EXPORTS / name, folder / name)
    return folder


@pytest.mark.parametrize("name", ["YourLibrary.json", "Playlist1.json", "Friday Night-videos.csv", "Morning.csv"])
def test_a_folder_with_an_export_is_a_list(tmp_path: Path, name: str) -> None:
    """P55"""
    exported(tmp_path / "my data/inner", name)

    assert isinstance(source_for_argument(str(tmp_path / "my data")), ListSource)


def test_a_folder_of_audio_with_a_table_in_it_is_a_folder_of_audio(tmp_path: Path) -> None:
    exported(tmp_path, "Morning.csv")
    (tmp_path / "a.mp3").write_bytes(b"audio")

    assert isinstance(source_for_argument(str(tmp_path)), FolderSource)


def test_a_folder_whose_table_names_no_track_is_a_folder_of_audio(tmp_path: Path) -> None:
    (tmp_path / "budget.csv").write_text("month,rent\n1,2\n")

    assert isinstance(source_for_argument(str(tmp_path)), FolderSource)


def test_what_audio_lies_in_an_export_comes_along(tmp_path: Path) -> None:
    exported(tmp_path, "music library songs.csv")
    (tmp_path / "upload.mp3").write_bytes(b"audio")
    os.utime(tmp_path / "upload.mp3", (1, 1))
    source = source_for_argument(str(tmp_path))

    assert [found.source for found in source.detect()] == ["list", "list", "folder"]
    assert any("exported on" in message for message in source.messages)
