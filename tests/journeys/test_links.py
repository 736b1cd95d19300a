"""Links and names of playlists that a person types, through the whole program."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.journeys.warm import Warm
from tests.journeys.world import World, new_world, offer

from music_sync.demo.soundcloud import Set, Shelf, SoundCloudServer, track

PLAYLIST = "https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M"


@pytest.fixture
def soundcloud() -> Iterator[SoundCloudServer]:
    with SoundCloudServer() as server:
        server.sets = [Set(78, "Warm Up", Shelf([track(1, "Half Past Two"), track(2, "Long Way Home")]))]
        yield server


@pytest.fixture
def connected(tmp_path: Path, soundcloud: SoundCloudServer) -> World:
    """A home that is connected to SoundCloud."""
    app = soundcloud.authorization.app
    return new_world(
        tmp_path / "connected",
        MUSIC_SYNC_SOUNDCLOUD_URL=soundcloud.url,
        MUSIC_SYNC_SOUNDCLOUD_AUTH_URL=soundcloud.url,
        SOUNDCLOUD_CLIENT_ID=app.client_id,
        SOUNDCLOUD_CLIENT_SECRET=app.client_secret,
        SOUNDCLOUD_REFRESH_TOKEN=soundcloud.authorization.grant(),
        PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring",
    )


def titles(tracks: list[dict[str, str]]) -> list[str]:
    return sorted(each["title"] for each in tracks)


def test_a_playlist_without_an_account_names_the_command_and_changes_nothing(warm: Warm, world: World) -> None:
    """P52"""
    done = warm.run(world, "sync", PLAYLIST)

    assert done.code == 4
    assert "music-sync connect spotify" in done.sentence
    assert not world.home.exists()


@pytest.mark.parametrize(
    "text",
    [
        "https://open.spotify.com/intl-de/track/11dFghVXANMlKmJXsNCbNl?si=x",
        "open.spotify.com/track/11dFghVXANMlKmJXsNCbNl",
        "<spotify:track:11dFghVXANMlKmJXsNCbNl>",
    ],
)
def test_a_track_that_no_provider_brings_is_on_the_buy_list_under_one_id(warm: Warm, world: World, text: str) -> None:
    """P25 P26"""
    done = warm.run(world, "sync", text, "--json")

    (found,) = done.json["tracks"]
    assert (found["source_id"], found["ending"]) == ("spotify:track:11dFghVXANMlKmJXsNCbNl", "buy_list")


def test_a_playlist_is_synced_by_its_link_and_then_by_its_name(
    warm: Warm, connected: World, soundcloud: SoundCloudServer
) -> None:
    """P52 P53"""
    by_link = warm.run(connected, "sync", soundcloud.sets[0].page, "--json")
    soundcloud.sets[0].add(track(3, "Låda"))
    by_name = warm.run(connected, "sync", "warm up", "--json")

    assert titles(by_link.json["tracks"]) == ["Half Past Two", "Long Way Home"]
    assert titles(by_name.json["tracks"]) == ["Låda"]
    assert by_name.json["sources"][0]["found"] == 3
    assert by_link.json["sources"][0]["message"].startswith("Warm Up: 0 of 2 in the library, 2 on the buy list")
    assert by_name.json["sources"][0]["message"].startswith("Warm Up: 0 of 3 in the library, 3 on the buy list")


def test_a_name_that_nothing_has_tells_what_sounds_like_it(
    warm: Warm, connected: World, soundcloud: SoundCloudServer
) -> None:
    warm.run(connected, "sync", soundcloud.sets[0].page)

    done = warm.run(connected, "sync", "warmup")

    assert done.code == 2
    assert "`Warm Up`" in done.sentence


def test_a_list_of_the_settings_is_synced_by_its_name_from_any_folder(warm: Warm, tmp_path: Path, world: World) -> None:
    paths = [offer(world, number) for number in range(2)]
    (tmp_path / "Friday.m3u").write_text("\n".join(map(str, paths)))
    (tmp_path / "elsewhere").mkdir()
    listed = World(world.home, world.music, (("MUSIC_SYNC_LISTS", str(tmp_path / "Friday.m3u")),))

    done = warm.run(listed, "sync", "friday", "--json", cwd=tmp_path / "elsewhere")

    assert done.code == 0, done.err
    assert done.json["counts"]["new"] == 2
    assert (world.library / "Playlists/Friday.m3u8").is_file()
