"""The Spotify simulator: refuses what a Development-Mode app is refused, and keeps to the Web API's contract."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from music_sync.demo.spotify import (
    ME,
    NO_PREMIUM,
    SCOPES,
    SpotifyServer,
    album,
    episode,
    local_file,
    quota_exceeded,
    service_id,
    track,
)


@pytest.fixture
def spotify() -> Iterator[SpotifyServer]:
    with SpotifyServer() as server:
        yield server


def get(spotify: SpotifyServer, path: str, *scopes: str, **query: Any) -> requests.Response:
    """Ask with a token of these scopes, or of all."""
    headers = {"Authorization": f"Bearer {spotify.token(*scopes)}"}
    return requests.get(f"{spotify.url}/v1/{path}", params=query, headers=headers, timeout=10)


def refusal(answer: requests.Response) -> tuple[int, str]:
    error = answer.json()["error"]

    assert error["status"] == answer.status_code
    return error["status"], error["message"]


def names(answer: requests.Response) -> list[str]:
    return [(entry.get("track") or entry.get("item"))["name"] for entry in answer.json()["items"]]


# Who may


def test_a_call_without_a_token_or_with_another_scheme_is_refused(spotify: SpotifyServer) -> None:
    me = f"{spotify.url}/v1/me"

    assert refusal(requests.get(me, timeout=10)) == (401, "No token provided")
    assert refusal(requests.get(me, headers={"Authorization": "OAuth x"}, timeout=10))[0] == 400
    assert refusal(requests.get(me, headers={"Authorization": "Bearer x"}, timeout=10))[0] == 401


def test_a_token_ends(spotify: SpotifyServer) -> None:
    headers = {"Authorization": f"Bearer {spotify.token()}"}
    spotify.authorization.end_access()

    assert requests.get(f"{spotify.url}/v1/me", headers=headers, timeout=10).status_code == 401


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("me/tracks", "user-library-read"),
        ("me/playlists", "playlist-read-private"),
        ("me/player/currently-playing", "user-read-currently-playing"),
    ],
)
def test_each_list_wants_its_scope(spotify: SpotifyServer, path: str, scope: str) -> None:
    others = [each for each in SCOPES if each != scope]

    assert refusal(get(spotify, path, *others)) == (403, "Insufficient client scope")
    assert get(spotify, path, scope).status_code in {200, 204}


def test_an_app_whose_owner_has_no_premium_is_refused_everything(spotify: SpotifyServer) -> None:
    spotify.closed = NO_PREMIUM

    assert refusal(get(spotify, "me")) == (403, NO_PREMIUM)


def test_one_signs_in_and_the_token_opens_the_api(spotify: SpotifyServer) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": spotify.refresh_token(), "client_id": "simulated-client"}
    token = requests.post(f"{spotify.url}/api/token", data=form, timeout=10).json()["access_token"]
    me = requests.get(f"{spotify.url}/v1/me", headers={"Authorization": f"Bearer {token}"}, timeout=10).json()

    assert me["id"] == ME
    assert not {"email", "country", "product"} & set(me)


def test_the_browser_is_sent_back_or_shown_a_page(spotify: SpotifyServer) -> None:
    query = {"client_id": "simulated-client", "redirect_uri": "http://127.0.0.1:4711/callback", "state": "s"}
    page = f"{spotify.url}/authorize"
    back = requests.get(page, params=query, allow_redirects=False, timeout=10)
    other = requests.get(page, params=query | {"redirect_uri": "http://localhost:4711/callback"}, timeout=10)

    assert back.headers["location"].startswith("http://127.0.0.1:4711/callback?")
    assert (other.status_code, "redirect URI" in other.text) == (400, True)


# Lists


def test_likes_come_newest_first_in_pages(spotify: SpotifyServer) -> None:
    spotify.like(*(track(number) for number in range(120)))
    pages = [get(spotify, "me/tracks", limit=50, offset=offset) for offset in (0, 50, 100)]

    assert [len(page.json()["items"]) for page in pages] == [50, 50, 20]
    assert names(pages[0])[:2] == ["Half Past 119", "Half Past 118"]
    assert names(requests.get(pages[0].json()["next"], headers=pages[0].request.headers, timeout=10)) == names(pages[1])
    assert (pages[2].json()["next"], pages[2].json()["total"]) == (None, 120)


@pytest.mark.parametrize("query", [{"limit": 51}, {"limit": 0}, {"limit": "x"}, {"offset": -1}])
def test_a_page_that_cannot_be_is_refused(spotify: SpotifyServer, query: dict[str, Any]) -> None:
    assert refusal(get(spotify, "me/tracks", **query))[0] == 400


def test_a_track_has_an_isrc_and_nothing_that_is_gone(spotify: SpotifyServer) -> None:
    spotify.like(track(7))
    found = get(spotify, f"tracks/{service_id(7)}").json()

    assert found["external_ids"] == {"isrc": "DEZZ90000007"}
    assert not {"popularity", "available_markets", "linked_from", "preview_url"} & set(found)


@pytest.mark.parametrize(
    "path",
    [
        f"playlists/{service_id(1, 'P')}/tracks",
        "tracks?ids=1",
        "albums",
        "users/someone/playlists",
        "browse/categories",
        "me/tracks/contains",
        f"artists/{service_id(1)}/top-tracks",
        "audio-features/1",
    ],
)
def test_what_is_gone_for_such_apps_is_forbidden(spotify: SpotifyServer, path: str) -> None:
    spotify.add_playlist("Warm Up")

    assert refusal(get(spotify, path))[0] == 403


def test_a_playlist_is_shown_to_its_owner_and_those_who_work_on_it(spotify: SpotifyServer) -> None:
    mine = spotify.add_playlist("Mine", track(1))
    ours = spotify.add_playlist("Ours", track(2), owner="friend", is_collaborative=True)
    theirs = spotify.add_playlist("Theirs", track(3), owner="friend")

    assert [get(spotify, f"playlists/{each.id}/items").status_code for each in (mine, ours, theirs)] == [200, 200, 403]
    assert get(spotify, f"playlists/{mine.id}").json()["items"]["total"] == 1
    assert "items" not in get(spotify, f"playlists/{theirs.id}").json()
    assert len(get(spotify, "me/playlists").json()["items"]) == 3
    assert len(get(spotify, "me/playlists", "playlist-read-private").json()["items"]) == 2


def test_entries_are_told_under_the_new_name_the_old_one_or_both(spotify: SpotifyServer) -> None:
    playlist = spotify.add_playlist("Mine", track(1), None, episode(1), local_file("Foil", "Paper & Ink"))
    shapes = []
    for shape in (("item",), ("track",), ("item", "track")):
        spotify.entry_names = shape
        first, empty, talk, local = get(spotify, f"playlists/{playlist.id}/items").json()["items"]
        shapes.append({"item", "track"} & set(first))

        assert empty[shape[0]] is None
        assert talk[shape[0]]["type"] == "episode"
        assert (local["is_local"], local[shape[0]]["id"]) == (True, None)
    assert shapes == [{"item"}, {"track"}, {"item", "track"}]


def test_each_change_of_a_playlist_changes_its_snapshot_and_no_other(spotify: SpotifyServer) -> None:
    playlist, other = spotify.add_playlist("Mine"), spotify.add_playlist("Other")
    seen = [(playlist.snapshot_id, other.snapshot_id)]
    changes: list[Callable[[], None]] = [
        lambda: playlist.put(track(1), track(2)),
        lambda: playlist.take(0),
        lambda: playlist.rename("Yours"),
    ]
    for change in changes:
        change()
        told = get(spotify, f"playlists/{playlist.id}", fields="snapshot_id").json()
        seen.append((told["snapshot_id"], other.snapshot_id))

    assert len(set(seen)) == 4
    assert len({mark for _, mark in seen}) == 1


def test_unknown_ids_are_not_found_and_bad_ones_refused(spotify: SpotifyServer) -> None:
    assert refusal(get(spotify, f"playlists/{service_id(1, 'P')}/items"))[0] == 404
    assert refusal(get(spotify, f"tracks/{service_id(1)}"))[0] == 404
    assert refusal(get(spotify, "tracks/1"))[0] == 400
    assert get(spotify, "nothing/here").status_code == 404


# What plays


def test_nothing_that_plays_is_an_empty_answer(spotify: SpotifyServer) -> None:
    answer = get(spotify, "me/player/currently-playing")

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(("content", "kind"), [(track(1), "track"), (episode(1), "episode"), (None, "ad")])
def test_a_track_an_episode_or_an_advertisement_plays(spotify: SpotifyServer, content: Any, kind: str) -> None:
    spotify.play(content)
    answer = get(spotify, "me/player/currently-playing").json()

    assert (answer["currently_playing_type"], answer["item"]) == (kind, content)


# Search, albums, trouble


def test_a_search_gives_at_most_ten(spotify: SpotifyServer) -> None:
    spotify.like(*(track(number) for number in range(30)))

    assert len(get(spotify, "search", q="half", type="track").json()["tracks"]["items"]) == 5
    assert len(get(spotify, "search", q="half", type="track", limit=10).json()["tracks"]["items"]) == 10
    assert refusal(get(spotify, "search", q="half", type="track", limit=11))[0] == 400
    found = get(spotify, "search", q="isrc:DEZZ90000012", type="track").json()["tracks"]["items"]
    assert [each["name"] for each in found] == ["Half Past 12"]


def test_an_album_tells_its_tracks_without_their_isrc(spotify: SpotifyServer) -> None:
    spotify.like(*(track(number) for number in (12, 10, 25)))
    answer = get(spotify, f"albums/{album(1)['id']}").json()

    assert [each["name"] for each in answer["tracks"]["items"]] == ["Half Past 10", "Half Past 12"]
    assert "external_ids" not in answer["tracks"]["items"][0]
    assert get(spotify, f"albums/{album(1)['id']}/tracks").json()["total"] == 2


def test_the_quota_names_its_reason(spotify: SpotifyServer) -> None:
    spotify.misbehave("me/tracks", quota_exceeded())
    answer = get(spotify, "me/tracks")

    assert (answer.status_code, answer.headers["retry-after"]) == (429, "48925")
    assert answer.json()["error"]["reason"] == "QUOTA_EXCEEDED"
    assert get(spotify, "me/tracks").status_code == 200


# The contract


def test_answers_keep_to_the_contract_of_the_web_api(spotify: SpotifyServer, contract: Any) -> None:
    spotify.like(track(1), track(11))
    playlist = spotify.add_playlist("Mine", track(2), episode(1), track(3))
    foreign = spotify.add_playlist("Theirs", track(4), owner="friend")
    paths: list[tuple[str, dict[str, Any]]] = [
        ("me", {}),
        ("me/tracks", {"limit": 1}),
        ("me/tracks", {"limit": 50, "offset": 1}),
        ("me/playlists", {"limit": 50}),
        (f"playlists/{playlist.id}", {}),
        (f"playlists/{playlist.id}", {"fields": "snapshot_id"}),
        (f"playlists/{playlist.id}/items", {"limit": 2, "additional_types": "track,episode"}),
        (f"playlists/{foreign.id}", {}),
        (f"playlists/{foreign.id}/items", {}),
        (f"tracks/{service_id(1)}", {}),
        (f"albums/{album(0)['id']}", {}),
        (f"albums/{album(0)['id']}/tracks", {}),
        ("search", {"q": "half", "type": "track", "limit": 10}),
    ]
    for path, query in paths:
        contract.holds(get(spotify, path, **query))
    for names in (("track",), ("item", "track")):
        spotify.entry_names = names
        contract.holds(get(spotify, f"playlists/{playlist.id}/items"))
    for content in (track(1), episode(1), None):
        spotify.play(content)
        contract.holds(get(spotify, "me/player/currently-playing"))


def test_refusals_keep_to_the_contract_of_the_web_api(spotify: SpotifyServer, contract: Any) -> None:
    contract.holds(get(spotify, "me/tracks", "playlist-read-private"))
    spotify.misbehave("me/tracks", quota_exceeded())
    contract.holds(get(spotify, "me/tracks"))
    spotify.authorization.revoke()
    contract.holds(requests.get(f"{spotify.url}/v1/me", headers={"Authorization": "Bearer x"}, timeout=10))


def test_the_contract_tells_a_wrong_answer_from_a_right_one(spotify: SpotifyServer, contract: Any) -> None:
    spotify.like(track(1, duration_ms="long"))

    with pytest.raises(AssertionError, match="long"):
        contract.holds(get(spotify, "me/tracks"))


class Contract:
    """The Web API's contract, relaxed where it is known to be wrong."""

    def __init__(self, spec: dict[str, Any], url: str) -> None:
        from openapi_core import OpenAPI

        spec["servers"] = [{"url": f"{url}/v1"}]
        # The validator knows nothing of OAuth 2, but it can see that a token is there.
        spec["components"]["securitySchemes"]["oauth_2_0"] = {"type": "http", "scheme": "bearer"}
        _relax(spec["components"]["schemas"])
        self._api = OpenAPI.from_dict(spec)

    def holds(self, answer: requests.Response) -> None:
        """Both the request and its answer are as the contract says."""
        from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

        request = RequestsOpenAPIRequest(answer.request)
        faults = [
            *self._api.iter_request_errors(request),
            *self._api.iter_response_errors(request, RequestsOpenAPIResponse(answer)),
        ]
        told = [f"{fault!r} {getattr(fault.__cause__, 'schema_errors', '')}" for fault in faults]

        assert not told, (answer.url, answer.text[:500], told)


def _relax(schemas: dict[str, Any]) -> None:
    """The defects: discriminators that name nothing, deprecated fields that are required, nulls that are forbidden."""
    for whole in schemas.values():
        parts = [whole, *whole.get("allOf", ())]
        properties = {name: one for part in parts for name, one in part.get("properties", {}).items()}
        for part in parts:
            required = [name for name in part.pop("required", ()) if not properties.get(name, {}).get("deprecated")]
            part.update({"required": required} if required else {})
        for name in {"item", "track"} & set(properties):
            properties[name].pop("discriminator", None)
    playing = schemas["CurrentlyPlayingObject"]["properties"]
    for name in ("item", "context"):
        playing[name] = {"anyOf": [playing[name], {"nullable": True, "enum": [None]}]}


@pytest.fixture
def contract(spotify: SpotifyServer) -> Contract:
    folder = os.environ.get("API_CONTRACTS")
    if not folder:
        pytest.skip("API_CONTRACTS does not name the folder of the contracts")
    import yaml  # type: ignore[import-untyped]  # comes with openapi-core

    return Contract(
        yaml.safe_load((Path(folder) / "spotify-fixed-openapi.yml").read_text(encoding="utf-8")), spotify.url
    )
