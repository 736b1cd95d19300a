"""The YouTube simulator: keeps to Google's discovery document, counts units, and refuses what the service refuses."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from tests import plain_http

from music_sync.demo.loopback import Refuse
from music_sync.demo.youtube import (
    LIKES,
    SimulatedPlaylist,
    YouTubeServer,
    clip,
    not_enabled,
    quota_exceeded,
    rate_limited,
    video,
)

DETAILS = "snippet,contentDetails"
ALL = "id,snippet,contentDetails,status"


@pytest.fixture
def youtube() -> Iterator[YouTubeServer]:
    with YouTubeServer() as server:
        yield server


def get(youtube: YouTubeServer, path: str, etag: str = "", token: str = "", **query: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token or youtube.token()}"} | ({"If-None-Match": etag} if etag else {})
    asked = {name: str(value) for name, value in query.items()}
    return plain_http.get(f"{youtube.url}/youtube/v3/{path}", params=asked, headers=headers, timeout=10)


def entries(youtube: YouTubeServer, playlist_id: str = LIKES, **query: Any) -> httpx.Response:
    asked: dict[str, Any] = {"part": DETAILS, "playlistId": playlist_id, "maxResults": 50}
    return get(youtube, "playlistItems", **asked | query)


def titles(answer: httpx.Response) -> list[str]:
    return [item["snippet"]["title"] for item in answer.json()["items"]]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]

    assert error["code"] == answer.status_code
    assert error["message"] == error["errors"][0]["message"]
    return error["code"], error["errors"][0]["reason"]


# Who may


def test_a_call_without_a_token_or_with_a_wrong_one_is_refused(youtube: YouTubeServer) -> None:
    channels = f"{youtube.url}/youtube/v3/channels?part=id&mine=true"

    assert refusal(plain_http.get(channels)) == (401, "required")
    assert refusal(plain_http.get(channels, headers={"Authorization": "OAuth x"})) == (401, "required")
    assert refusal(get(youtube, "channels", token="wrong", part="id", mine="true")) == (401, "authError")
    assert youtube.units == 0


def test_a_token_ends_with_its_time_and_with_the_consent(youtube: YouTubeServer) -> None:
    first, token = youtube.token(), youtube.token()
    assert entries(youtube, token=first).status_code == 200
    youtube.authorization.end_access()
    assert refusal(entries(youtube, token=first)) == (401, "authError")
    token = youtube.token()
    youtube.authorization.revoke()

    refused = entries(youtube, token=token)

    assert refused.json()["error"]["status"] == "UNAUTHENTICATED"


def test_another_scope_is_not_enough(youtube: YouTubeServer) -> None:
    token = youtube.token("https://www.googleapis.com/auth/userinfo.email")

    assert refusal(entries(youtube, token=token)) == (403, "insufficientPermissions")


def test_the_token_endpoint_wants_the_secret_and_keeps_the_refresh_token(youtube: YouTubeServer) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": youtube.refresh_token(), "client_id": "simulated-client"}
    answer = plain_http.post(f"{youtube.url}/token", data={**form, "client_secret": "simulated-secret"}).json()

    assert entries(youtube, token=answer["access_token"]).status_code == 200
    assert "refresh_token" not in answer
    assert plain_http.post(f"{youtube.url}/token", data=form).json()["error"] == "invalid_client"


# Lists


def test_the_channel_names_the_list_of_likes(youtube: YouTubeServer) -> None:
    item = get(youtube, "channels", part="contentDetails", mine="true").json()["items"][0]

    assert item["contentDetails"]["relatedPlaylists"]["likes"] == LIKES
    assert "snippet" not in item


def test_a_person_without_a_channel_gets_no_items_at_all(youtube: YouTubeServer) -> None:
    youtube.has_channel = False

    assert "items" not in get(youtube, "channels", part="contentDetails", mine="true").json()


def test_likes_come_newest_first_and_five_when_no_number_is_asked_for(youtube: YouTubeServer) -> None:
    youtube.like(*(video(number) for number in range(7)))

    first = get(youtube, "playlistItems", part="snippet", playlistId=LIKES)

    assert titles(first) == [f"Half Past {number}" for number in (6, 5, 4, 3, 2)]
    assert first.json()["pageInfo"] == {"totalResults": 7, "resultsPerPage": 5}


def test_pages_follow_one_another(youtube: YouTubeServer) -> None:
    playlist = youtube.add_playlist("Warm Up", *(video(number) for number in range(120)))
    page = entries(youtube, playlist.id)
    seen = titles(page)
    while token := page.json().get("nextPageToken"):
        page = entries(youtube, playlist.id, pageToken=token)
        seen += titles(page)

    assert (youtube.units, seen) == (3, [f"Half Past {number}" for number in range(120)])


def test_pages_shift_when_the_list_changes_while_it_is_read(youtube: YouTubeServer) -> None:
    playlist = youtube.add_playlist("Warm Up", *(video(number) for number in range(60)))
    token = entries(youtube, playlist.id).json()["nextPageToken"]
    playlist.put(video(99), at=0)

    assert titles(entries(youtube, playlist.id, pageToken=token))[0] == "Half Past 49"


def test_a_page_token_is_refused_when_unknown_forgotten_or_of_another_list(youtube: YouTubeServer) -> None:
    youtube.like(*(video(number) for number in range(60)))
    other = youtube.add_playlist("Warm Up", video(99))
    token = entries(youtube).json()["nextPageToken"]

    assert refusal(entries(youtube, other.id, pageToken=token)) == (400, "invalidPageToken")
    assert refusal(entries(youtube, pageToken="EAAaWrong")) == (400, "invalidPageToken")
    youtube.forget_page_tokens()
    assert refusal(entries(youtube, pageToken=token)) == (400, "invalidPageToken")


def test_deleted_and_private_videos_keep_their_place_and_lose_their_words(youtube: YouTubeServer) -> None:
    gone, closed = video(1), video(2)
    playlist = youtube.add_playlist("Warm Up", gone, video(3), closed)
    gone.is_deleted, closed.privacy = True, "private"

    page = entries(youtube, playlist.id)

    assert titles(page) == ["Deleted video", "Half Past 3", "Private video"]
    assert "videoOwnerChannelTitle" not in page.json()["items"][0]["snippet"]
    assert page.json()["items"][0]["contentDetails"] == {"videoId": gone.id}


def test_a_list_may_count_more_than_it_shows(youtube: YouTubeServer) -> None:
    playlist = youtube.add_playlist("Warm Up", video(1, is_deleted=True), video(2))
    playlist.hides = True

    page = entries(youtube, playlist.id)

    assert (titles(page), page.json()["pageInfo"]["totalResults"]) == (["Half Past 2"], 2)


def test_own_playlists_are_told_with_their_number_of_entries(youtube: YouTubeServer) -> None:
    warm_up = youtube.add_playlist("Warm Up", video(1), video(2))
    youtube.add_playlist("Theirs", video(3), is_mine=False)

    items = get(youtube, "playlists", part=DETAILS, mine="true").json()["items"]

    assert [(item["id"], item["contentDetails"]["itemCount"]) for item in items] == [(warm_up.id, 2)]


def test_a_change_gives_a_playlist_another_etag(youtube: YouTubeServer) -> None:
    playlist = youtube.add_playlist("Warm Up", video(1), video(2))

    def etag() -> str:
        return str(get(youtube, "playlists", part=DETAILS, id=playlist.id).json()["items"][0]["etag"])

    before = etag()
    assert etag() == before
    playlist.take(0)
    playlist.put(video(3))
    assert etag() != before


def test_what_is_closed_or_not_there_is_not_found(youtube: YouTubeServer) -> None:
    theirs = youtube.add_playlist("Theirs", video(1), is_mine=False)

    assert refusal(entries(youtube, theirs.id)) == (404, "playlistNotFound")
    assert refusal(entries(youtube, "PLnothing")) == (404, "playlistNotFound")
    assert get(youtube, "playlists", part="id", id=theirs.id).json()["items"] == []
    theirs.privacy = "unlisted"
    assert titles(entries(youtube, theirs.id)) == ["Half Past 1"]


# Videos


def test_videos_tell_length_category_and_channel(youtube: YouTubeServer) -> None:
    youtube.like(video(1), clip(2, duration="PT1H2M3S"))
    ids = f"{video(1).id},{video(2).id}"

    told = get(youtube, "videos", part=DETAILS, id=ids).json()["items"]

    assert [
        (item["snippet"]["categoryId"], item["snippet"]["channelTitle"], item["contentDetails"]["duration"])
        for item in told
    ] == [("10", "Nadia Klee - Topic", "PT3M20S"), ("24", "Pots", "PT1H2M3S")]


def test_videos_that_are_not_shown_are_left_out(youtube: YouTubeServer) -> None:
    youtube.like(video(1, is_deleted=True), video(2, privacy="private"), video(3))
    ids = ",".join(video(number).id for number in range(5))

    told = get(youtube, "videos", part="id", id=ids).json()

    assert [item["id"] for item in told["items"]] == [video(3).id]


def test_liked_videos_can_be_asked_for_by_rating(youtube: YouTubeServer) -> None:
    youtube.like(video(1), video(2, is_deleted=True), clip(3))

    assert titles(get(youtube, "videos", part="snippet", myRating="like")) == ["We Cook 3", "Half Past 1"]
    assert refusal(get(youtube, "videos", part="snippet", myRating="love")) == (400, "invalidParameter")


# What makes no sense


@pytest.mark.parametrize(
    ("path", "query", "reason"),
    [
        ("playlistItems", {"playlistId": LIKES}, "required"),
        ("playlistItems", {"playlistId": LIKES, "part": "snippet,tracks"}, "unknownPart"),
        ("playlistItems", {"part": "snippet"}, "missingRequiredParameter"),
        ("playlistItems", {"playlistId": LIKES, "part": "snippet", "maxResults": 51}, "invalidParameter"),
        ("playlistItems", {"playlistId": LIKES, "part": "snippet", "maxResults": -1}, "invalidParameter"),
        ("videos", {"part": "snippet", "id": ",".join(["x"] * 51)}, "invalidParameter"),
        ("videos", {"part": "snippet", "id": "x", "maxResults": 50}, "incompatibleParameters"),
        ("playlists", {"part": "snippet", "mine": "true", "id": "x"}, "incompatibleParameters"),
        ("channels", {"part": "snippet"}, "missingRequiredParameter"),
    ],
)
def test_what_makes_no_sense_is_refused(youtube: YouTubeServer, path: str, query: dict[str, Any], reason: str) -> None:
    assert refusal(get(youtube, path, **query)) == (400, reason)


# ETags and units


def test_an_unchanged_page_is_not_sent_again_and_costs_a_unit_all_the_same(youtube: YouTubeServer) -> None:
    youtube.like(video(1))
    etag = entries(youtube).json()["etag"]
    same = entries(youtube, etag=f'"{etag}"')

    assert (same.status_code, same.content, youtube.units) == (304, b"", 2)
    youtube.like(video(2))
    assert entries(youtube, etag=f'"{etag}"').status_code == 200


def test_the_units_of_a_day_come_to_an_end(youtube: YouTubeServer) -> None:
    youtube.units_a_day = 2

    assert [entries(youtube).status_code for _ in range(3)] == [200, 200, 403]
    assert refusal(entries(youtube)) == (403, "quotaExceeded")
    assert youtube.units == 2


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (quota_exceeded(), (403, "quotaExceeded")),
        (quota_exceeded("dailyLimitExceeded"), (403, "dailyLimitExceeded")),
        (rate_limited(), (403, "rateLimitExceeded")),
        (rate_limited(429), (429, "rateLimitExceeded")),
        (not_enabled(), (403, "accessNotConfigured")),
    ],
)
def test_troubles_come_in_the_shape_that_google_gives_them(
    youtube: YouTubeServer, trouble: Refuse, told: tuple[int, str]
) -> None:
    youtube.misbehave("playlistItems", trouble)

    assert refusal(entries(youtube)) == told
    assert entries(youtube).status_code == 200


# The contract


@pytest.fixture(scope="session")
def validated() -> Callable[[str, httpx.Response], None]:
    """Holds an answer to a schema of the discovery document; fields that are not in it are refused."""
    folder = os.environ.get("API_CONTRACTS", "")
    if not folder:
        pytest.skip("API_CONTRACTS does not name the folder of the contracts")
    document = json.loads((Path(folder) / "youtube-v3-discovery.json").read_text("utf-8"))
    definitions = {name: in_json_schema(schema) for name, schema in document["schemas"].items()}

    def validate(name: str, answer: httpx.Response) -> None:
        assert answer.status_code == 200
        schema = {"$ref": f"#/definitions/{name}", "definitions": definitions}
        jsonschema.Draft7Validator(schema).validate(answer.json())

    return validate


def in_json_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of Google's as JSON Schema: references lead into `definitions`, objects have no other fields."""
    if "$ref" in schema:
        return {"$ref": f"#/definitions/{schema['$ref']}"}
    kept: dict[str, Any] = {name: schema[name] for name in ("type", "enum") if name in schema}
    if "items" in schema:
        kept["items"] = in_json_schema(schema["items"])
    if schema.get("type") == "object":
        kept["properties"] = {name: in_json_schema(each) for name, each in schema.get("properties", {}).items()}
        more = schema.get("additionalProperties")
        kept["additionalProperties"] = in_json_schema(more) if more else False
    return {} if kept.get("type") == "any" else kept


def warm_up(youtube: YouTubeServer) -> SimulatedPlaylist:
    youtube.like(*(video(number) for number in range(60)), clip(98, live="live", duration="P0D"))
    return youtube.add_playlist("Warm Up", video(1), video(99, privacy="private"))


def test_answers_keep_to_the_discovery_document(
    youtube: YouTubeServer, validated: Callable[[str, httpx.Response], None]
) -> None:
    playlist = warm_up(youtube)
    first = entries(youtube, part=ALL)
    ids = ",".join(video(number).id for number in range(50, 60))

    validated("PlaylistItemListResponse", first)
    validated("PlaylistItemListResponse", entries(youtube, pageToken=first.json()["nextPageToken"], part=ALL))
    validated("PlaylistItemListResponse", entries(youtube, playlist.id, part=ALL))
    validated("ChannelListResponse", get(youtube, "channels", part=DETAILS, mine="true"))
    validated("PlaylistListResponse", get(youtube, "playlists", part=ALL, mine="true"))
    validated("VideoListResponse", get(youtube, "videos", part=ALL, id=ids))
    validated("VideoListResponse", get(youtube, "videos", part=ALL, myRating="like"))


def test_the_check_of_the_contract_finds_what_is_wrong(
    youtube: YouTubeServer, validated: Callable[[str, httpx.Response], None]
) -> None:
    youtube.like(video(1))
    good = entries(youtube, part=ALL).json()
    broken = [
        {**good, "pageInfo": {"totalResults": "1"}},
        {**good, "items": [{**good["items"][0], "rating": 5}]},
        {**good, "items": [{**good["items"][0], "status": {"privacyStatus": "open"}}]},
    ]

    for body in broken:
        with pytest.raises(jsonschema.ValidationError):
            validated("PlaylistItemListResponse", httpx.Response(200, json=body))
