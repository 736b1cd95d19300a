"""The simulated services hold what the likes say, and a day later what must be told of them."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests import plain_http

from music_sync.adapters.sources import soundcloud as soundcloud_source
from music_sync.adapters.sources import spotify as spotify_source
from music_sync.adapters.sources import youtube as youtube_source
from music_sync.demo import likes
from music_sync.demo.likes import LIKES, NOWHERE, LikedServices
from music_sync.model.track import FoundTrack
from music_sync.settings import SECRETS, Settings


def access_token(services: LikedServices, name: str) -> str:
    """What the program gets for the refresh token of its environment."""
    given = services.settings
    path = {"spotify": "/api/token", "soundcloud": "/oauth/token", "youtube": "/token"}[name]
    form = {
        "grant_type": "refresh_token",
        "refresh_token": given[f"{name}_refresh_token"],
        "client_id": given[f"{name}_client_id"],
        "client_secret": given.get(f"{name}_client_secret", ""),
    }
    answer = plain_http.post(given[f"{name}_url"] + path, data=form, trust_env=False)
    return str(answer.json().get("access_token", answer.json().get("error")))


def asked(services: LikedServices, name: str, path: str, token: str) -> httpx.Response:
    scheme = "OAuth" if name == "soundcloud" else "Bearer"
    headers = {"Authorization": f"{scheme} {token}"}
    return plain_http.get(services.settings[f"{name}_url"] + path, headers=headers, trust_env=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "accounts.json"


def on_spotify(services: LikedServices, path: str = "/v1/me/tracks") -> list[FoundTrack | None]:
    reply = asked(services, "spotify", path, access_token(services, "spotify")).json()
    return [spotify_source.parse_entry(entry) for entry in reply["items"]]


def ids(found: list[FoundTrack | None]) -> list[str]:
    return [track.source_id if track else "" for track in found]


def source_ids(*found: likes.Like) -> list[str]:
    return [like.source_id for like in found]


def test_each_like_is_found_with_the_words_the_isrc_and_the_length_of_the_recording_that_it_is(file: Path) -> None:
    with LikedServices(file, is_later=False) as services:
        songs = on_spotify(services)
        page = asked(services, "soundcloud", "/me/likes/tracks", access_token(services, "soundcloud")).json()
    tracks = {each.source_id: each for each in (*songs, *map(soundcloud_source.parse_track, page)) if each}

    assert tracks.keys() == set(source_ids(*(each for each in LIKES if each.service != "youtube"))) - set(
        source_ids(likes.ONE_MORE, likes.ON_THE_LIST)
    )
    for like in LIKES:
        if track := tracks.get(like.source_id):
            assert (track.label, track.isrc) == (like.label, like.isrc)
            assert like.of is None or track.length_s == like.of.length_s


def test_of_the_videos_only_the_music_is_a_like(file: Path) -> None:
    with LikedServices(file, is_later=False) as services:
        token = access_token(services, "youtube")
        items = asked(services, "youtube", "/youtube/v3/videos?part=snippet,contentDetails&myRating=like", token)
    music = [each["id"] for each in items.json()["items"] if youtube_source.parse_details(each).is_music]

    assert music == [likes.VIDEO.source_id]
    assert len(items.json()["items"]) == 2


def test_a_day_later_one_like_is_there_more_and_one_less_and_the_playlist_is_longer(file: Path) -> None:
    with LikedServices(file, is_later=False) as services:
        before = ids(on_spotify(services))
        services.let_a_day_pass()
        after = ids(on_spotify(services))
        playlists = asked(services, "spotify", "/v1/me/playlists", access_token(services, "spotify")).json()["items"]
        listed = ids(on_spotify(services, f"/v1/playlists/{playlists[0]['id']}/items"))

    assert before == source_ids(likes.TWICE, likes.TAKEN_AWAY, likes.ELSEWHERE, likes.UNSURE, likes.TO_BUY)
    assert after == source_ids(likes.ONE_MORE, likes.TWICE, likes.ELSEWHERE, likes.UNSURE, likes.TO_BUY)
    assert [playlist["name"] for playlist in playlists] == [likes.PLAYLIST]
    assert listed == [*source_ids(*likes.LISTED), *[""] * likes.NO_TRACKS]


def test_a_day_later_one_service_limits_us_and_one_sign_in_has_ended(file: Path) -> None:
    with LikedServices(file, is_later=False) as services:
        soundcloud, youtube = (access_token(services, name) for name in ("soundcloud", "youtube"))
        services.let_a_day_pass()
        limited = asked(services, "soundcloud", "/me/likes/tracks", soundcloud)
        ended = asked(services, "youtube", "/youtube/v3/channels?part=id&mine=true", youtube)

        assert (limited.status_code, ended.status_code) == (429, 401)
        assert access_token(services, "youtube") == "invalid_grant"
        assert {name: len(calls) for name, calls in services.calls().items()} == {
            "spotify": 0,
            "soundcloud": 1,
            "youtube": 2,
        }


def test_services_that_are_started_again_go_on_as_they_were_left(file: Path) -> None:
    with LikedServices(file, is_later=False) as services:
        refresh = services.settings["soundcloud_refresh_token"]
        token = access_token(services, "soundcloud")
        services.let_a_day_pass()
        left = on_spotify(services)
    with LikedServices(file, is_later=True) as again:
        assert on_spotify(again) == left
        assert asked(again, "soundcloud", "/me/likes/tracks", token).status_code == 429
        assert again.settings["soundcloud_refresh_token"] == refresh
        assert access_token(again, "soundcloud") == "invalid_grant", "it was good for one use, and that was before"
        assert access_token(again, "youtube") == "invalid_grant"


def test_a_token_is_written_down_before_it_goes_out(file: Path) -> None:
    with LikedServices(file, is_later=False) as services:
        token = access_token(services, "soundcloud")
        kept = json.loads(file.read_bytes())

        assert any(token in each["access"] for each in kept["soundcloud"]["sign_ins"])


def of_this_machine(address: str) -> bool:
    return address == NOWHERE or address.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("is_meant", "least"),
    [
        (lambda name: name.endswith("_url") and name not in SECRETS, 10),
        (lambda name: name.endswith("_client_id"), 3),
        (lambda name: name.endswith("_refresh_token"), 3),
    ],
)
def test_every_address_and_sign_in_is_named_so_that_no_real_service_is_asked(
    file: Path, is_meant: Callable[[str], bool], least: int
) -> None:
    names = {name for name in Settings.model_fields if is_meant(name)}
    with LikedServices(file, is_later=False) as services:
        given = services.settings

    assert len(names) >= least
    assert names <= given.keys()
    assert all(of_this_machine(given[name]) for name in names if name.endswith("_url"))


def test_no_secret_in_the_settings_is_one_that_opens_anything(file: Path) -> None:
    with LikedServices(file, is_later=False) as services:
        given = services.settings
    secret = [given[name] for name in SECRETS & given.keys()]

    assert secret
    assert all(word == "simulated-secret" or word.startswith("refresh-") for word in secret)
