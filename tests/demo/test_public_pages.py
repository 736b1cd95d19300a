"""The public pages' simulator, asked as the extractors ask; tests/adapters/test_extractor_lists.py asks by them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests import plain_http

from music_sync.demo.public_pages import (
    CLIENT_ID,
    Profile,
    PublicPagesServer,
    Set,
    VideoList,
    soundcloud_likes,
    soundcloud_track,
    videos,
)

API = "api-v2.soundcloud.com"


@pytest.fixture
def server() -> Iterator[PublicPagesServer]:
    with PublicPagesServer() as server:
        server.profiles["nadia-klee"] = Profile(7000, "Nadia Klee", soundcloud_likes(range(250)))
        tracks = [soundcloud_track(number, f"Track {number}") for number in range(60)]
        server.sets["nadia-klee/sets/warm-up"] = Set(55, "Warm Up", tracks)
        server.sets["nadia-klee/sets/secret"] = Set(56, "Secret", tracks[:1], secret="s-Abc12345678")
        server.playlists["PLwarmup"] = VideoList("Warm Up", videos(150))
        yield server


def get(server: PublicPagesServer, place: str, client_id: str = CLIENT_ID, **query: str) -> httpx.Response:
    return plain_http.get(f"{server.url}/{place}", params={**query, "client_id": client_id})


def initial_data(page: str) -> Any:
    found = re.search(r"var ytInitialData = (.*?);</script>", page)
    assert found is not None
    return json.loads(found[1])


def test_the_home_page_leads_to_the_client_id(server: PublicPagesServer) -> None:
    page = plain_http.get(f"{server.url}/soundcloud.com/").text
    links = re.findall(r'src="https://([^"]+)"', page)
    scripts = [plain_http.get(f"{server.url}/{link}").text for link in links]

    assert CLIENT_ID in scripts[-1]
    assert re.fullmatch("[0-9a-zA-Z]{32}", CLIENT_ID)


def test_another_client_id_is_refused(server: PublicPagesServer) -> None:
    assert get(server, f"{API}/users/7000/likes", client_id="old").status_code == 401


def test_likes_come_in_pages_that_name_the_next_one(server: PublicPagesServer) -> None:
    first = get(server, f"{API}/users/7000/likes", limit="200").json()
    following = first["next_href"].removeprefix("https://")
    second = plain_http.get(f"{server.url}/{following}&client_id={CLIENT_ID}").json()

    assert [len(first["collection"]), len(second["collection"]), second["next_href"]] == [200, 50, None]
    assert get(server, f"{API}/users/7000/likes", limit="201").status_code == 400


def test_addresses_are_resolved_and_secrets_are_kept(server: PublicPagesServer) -> None:
    def status(path: str) -> int:
        return get(server, f"{API}/resolve", url=f"https://soundcloud.com/{path}").status_code

    assert status("nadia-klee") == 200
    assert status("nadia-klee/sets/warm-up") == 200
    assert status("nadia-klee/sets/secret") == 404
    assert status("nadia-klee/sets/secret/s-Abc12345678") == 200
    assert status("nobody") == 404


def test_a_set_tells_the_words_of_its_first_tracks_only(server: PublicPagesServer) -> None:
    tracks = get(server, f"{API}/playlists/55").json()["tracks"]
    more = get(server, f"{API}/tracks", ids="5,6,404").json()

    assert ["title" in track for track in tracks[4:6]] == [True, False]
    assert [track["title"] for track in more] == ["Track 5", "Track 6"]
    assert get(server, f"{API}/tracks", ids=",".join(map(str, range(51)))).status_code == 400


def test_a_youtube_playlist_goes_on_by_its_continuation(server: PublicPagesServer) -> None:
    page = plain_http.get(f"{server.url}/www.youtube.com/playlist?list=PLwarmup").text
    tab = initial_data(page)["contents"]["twoColumnBrowseResultsRenderer"]["tabs"][0]["tabRenderer"]["content"]
    section = tab["sectionListRenderer"]["contents"][0]["itemSectionRenderer"]["contents"][0]
    items = section["playlistVideoListRenderer"]["contents"]
    token = items[-1]["continuationItemRenderer"]["continuationEndpoint"]["continuationCommand"]["token"]
    answer = plain_http.post(f"{server.url}/www.youtube.com/youtubei/v1/browse", json={"continuation": token})
    more = answer.json()["onResponseReceivedActions"][0]["appendContinuationItemsAction"]["continuationItems"]

    assert (len(items), len(more)) == (101, 50)
    assert plain_http.post(f"{server.url}/www.youtube.com/youtubei/v1/browse", json={}).status_code == 400


def test_a_playlist_that_is_not_there_is_told_by_an_alert(server: PublicPagesServer) -> None:
    page = plain_http.get(f"{server.url}/www.youtube.com/playlist?list=PLnothere")

    assert page.status_code == 200
    assert initial_data(page.text)["alerts"][0]["alertRenderer"]["type"] == "ERROR"


def test_a_playlist_can_be_asked_for_without_its_page(server: PublicPagesServer) -> None:
    api = f"{server.url}/www.youtube.com/youtubei/v1"
    link = "https://www.youtube.com/playlist?list=PLwarmup"
    endpoint = plain_http.post(f"{api}/navigation/resolve_url", json={"url": link}).json()["endpoint"]["browseEndpoint"]

    assert plain_http.post(f"{api}/browse", json=endpoint).json().keys() >= {"contents", "metadata", "sidebar"}
