"""The YouTube Music simulator, read by ytmusicapi as it is, and refusing what the service refuses."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
import requests
from requests.adapters import HTTPAdapter
from tests import plain_http
from ytmusicapi import YTMusic

from music_sync.demo.ytmusic import COOKIE, ORIGIN, Song, YtmusicServer, songs, video_id

AUTH = {
    "cookie": COOKIE,
    "x-goog-authuser": "0",
    "authorization": "SAPISIDHASH 0_0",
    "origin": ORIGIN,
    "content-type": "application/json",
}
BODY = {"context": {"client": {"clientName": "WEB_REMIX", "clientVersion": "1.20261104.01.00"}}}


class Elsewhere(HTTPAdapter):
    """Sends all calls to the simulator."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.simulator = url

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        request.url = str(request.url).replace(ORIGIN, self.simulator)
        return super().send(request, *args, **options)


def client(server: YtmusicServer, session: requests.Session, auth: dict[str, str]) -> YTMusic:
    session.trust_env = False
    session.mount("https://", Elsewhere(server.url))
    return YTMusic(json.dumps(auth), requests_session=session)


@pytest.fixture
def server() -> Iterator[YtmusicServer]:
    with YtmusicServer(songs(250)) as server:
        yield server


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        yield session


def browse(server: YtmusicServer, headers: dict[str, str], body: object) -> httpx.Response:
    return plain_http.post(f"{server.url}/youtubei/v1/browse?alt=json", headers=headers, json=body)


def logged_in(answer: httpx.Response) -> Sequence[str]:
    services = answer.json()["responseContext"]["serviceTrackingParams"]
    return [param["value"] for each in services for param in each["params"] if param["key"] == "logged_in"]


def test_ytmusicapi_reads_all_liked_songs(server: YtmusicServer, session: requests.Session) -> None:
    liked = client(server, session, AUTH).get_liked_songs(limit=None)  # type: ignore[arg-type]

    assert [track["videoId"] for track in liked["tracks"]] == [video_id(number) for number in range(250)]
    assert (liked["title"], liked["trackCount"]) == ("Liked Music", 250)


def test_ytmusicapi_reads_the_words_of_a_song(server: YtmusicServer, session: requests.Session) -> None:
    server.account.likes = [Song("half-past02", "Half Past Two", ("Nadia Klee", "Foil & Paper"), "Late Shift", "4:05")]
    (track,) = client(server, session, AUTH).get_liked_songs()["tracks"]

    assert [artist["name"] for artist in track["artists"]] == ["Nadia Klee", "Foil & Paper"]
    assert (track["title"], track["album"]["name"], track["duration_seconds"]) == ("Half Past Two", "Late Shift", 245)
    assert (track["isAvailable"], track["likeStatus"]) == (True, "LIKE")


def test_ytmusicapi_reads_whose_account_it_is(server: YtmusicServer, session: requests.Session) -> None:
    assert client(server, session, AUTH).get_account_info()["accountName"] == "Nadia"


def test_what_does_not_play_is_greyed_out(server: YtmusicServer, session: requests.Session) -> None:
    server.account.likes = [Song("half-past02", "Half Past Two", greyed_out=True), Song("", "Song deleted")]
    tracks = client(server, session, AUTH).get_liked_songs()["tracks"]

    assert [(track["videoId"], track["isAvailable"]) for track in tracks] == [("half-past02", False)]


def test_ytmusicapi_finds_its_visitor_on_the_page(server: YtmusicServer, session: requests.Session) -> None:
    music = client(server, session, AUTH)

    assert music.headers["X-Goog-Visitor-Id"] == "simulated-visitor"


def test_an_empty_list_has_a_head_and_no_songs(server: YtmusicServer, session: requests.Session) -> None:
    server.account.likes = []

    assert client(server, session, AUTH).get_liked_songs()["tracks"] == []


def test_a_wrong_signature_is_refused(server: YtmusicServer) -> None:
    for headers in (AUTH, AUTH | {"origin": "https://example.com"}):
        assert browse(server, headers, BODY | {"browseId": "VLLM"}).status_code == 401


def test_without_a_signature_or_a_cookie_one_is_nobody(server: YtmusicServer) -> None:
    for missing in ("authorization", "cookie"):
        headers = {name: text for name, text in AUTH.items() if name != missing}
        answer = browse(server, headers, BODY | {"browseId": "VLLM"})

        assert (answer.status_code, logged_in(answer)) == (200, ["0"])
        assert "signInEndpoint" in answer.text


def test_after_signing_out_the_cookies_are_nobodys(server: YtmusicServer, session: requests.Session) -> None:
    music = client(server, session, AUTH)
    server.sign_out()

    with pytest.raises(KeyError, match="twoColumnBrowseResultsRenderer"):
        music.get_liked_songs()


def test_other_lists_tokens_and_clients_are_refused(server: YtmusicServer, session: requests.Session) -> None:
    headers = {**client(server, session, AUTH).headers}

    def status(body: dict[str, object]) -> int:
        return browse(server, headers, body).status_code

    assert status(BODY | {"browseId": "VLLM"}) == 200
    assert status(BODY | {"browseId": "VLPLother"}) == 404
    assert status(BODY | {"continuation": "stale"}) == 400
    assert status({"browseId": "VLLM"}) == 400
