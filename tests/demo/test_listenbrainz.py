"""The ListenBrainz simulator: pages as the service gives them, and its refusals."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests import plain_http

from music_sync.demo.listenbrainz import (
    HATED,
    TOKEN,
    USER,
    ListenBrainzServer,
    feedback,
    rate_limited,
    without_mbid,
    without_words,
)
from music_sync.demo.loopback import Truncated

LOVED = f"/1/user/{USER}/get-feedback"


@pytest.fixture
def server() -> Iterator[ListenBrainzServer]:
    with ListenBrainzServer(*(feedback(number) for number in range(30))) as server:
        yield server


def get(server: ListenBrainzServer, path: str = LOVED, token: str = "", **query: object) -> httpx.Response:
    headers = {"Authorization": token} if token else {}
    asked = {name: str(value) for name, value in query.items()}
    return plain_http.get(f"{server.url}{path}", params=asked, headers=headers, timeout=10)


def titles(reply: httpx.Response) -> list[str]:
    return [entry["track_metadata"]["track_name"] for entry in reply.json()["feedback"]]


def refusal(reply: httpx.Response) -> tuple[int, str]:
    told: dict[str, Any] = reply.json()

    assert told["code"] == reply.status_code
    return reply.status_code, told["error"]


def test_twenty_five_come_when_no_count_is_asked_for(server: ListenBrainzServer) -> None:
    reply = get(server, metadata="true").json()

    assert (reply["count"], reply["total_count"], reply["offset"]) == (25, 30, 0)
    assert len(reply["feedback"]) == 25


def test_the_newest_comes_first_from_where_it_is_asked(server: ListenBrainzServer) -> None:
    assert titles(get(server, count=2, offset=1, metadata="true")) == ["Title 28", "Title 27"]


def test_a_page_holds_a_thousand_at_most(server: ListenBrainzServer) -> None:
    server.said.extend(feedback(number) for number in range(30, 1200))

    assert get(server, count=5000).json()["count"] == 1000


def test_metadata_comes_only_when_it_is_asked_for(server: ListenBrainzServer) -> None:
    assert get(server, count=1).json()["feedback"][0]["track_metadata"] is None


def test_one_score_is_given_by_itself(server: ListenBrainzServer) -> None:
    server.said.append(feedback(99, HATED))

    assert get(server, score=1).json()["total_count"] == 30
    assert get(server, score=-1).json()["total_count"] == 1
    assert get(server).json()["total_count"] == 31


def test_some_servers_count_what_is_hated_too(server: ListenBrainzServer) -> None:
    server.said.append(feedback(99, HATED))
    server.counts_hated = True

    reply = get(server, score=1, count=1000).json()

    assert (reply["count"], reply["total_count"]) == (30, 31)


def test_ids_and_words_may_be_missing(server: ListenBrainzServer) -> None:
    server.said[:] = [without_mbid(2), without_words(1)]

    first, second = get(server, metadata="true").json()["feedback"]

    assert (first["recording_mbid"], first["track_metadata"]["additional_info"]) == (
        None,
        {"recording_msid": first["recording_msid"]},
    )
    assert (second["recording_msid"], second["track_metadata"]) == (None, None)


def test_the_rate_headers_count_down(server: ListenBrainzServer) -> None:
    first, second = get(server).headers, get(server).headers

    assert int(first["X-RateLimit-Remaining"]) - int(second["X-RateLimit-Remaining"]) == 1
    assert first["X-RateLimit-Reset-In"] == "10"


def test_too_many_calls_are_refused_without_retry_after(server: ListenBrainzServer) -> None:
    server.misbehave("GET", rate_limited("7"))

    reply = get(server)

    assert refusal(reply)[0] == 429
    assert reply.headers["X-RateLimit-Reset-In"] == "7"
    assert "Retry-After" not in reply.headers


def test_a_user_is_found_in_any_case(server: ListenBrainzServer) -> None:
    assert get(server, f"/1/user/{USER.upper()}/get-feedback").json()["feedback"][0]["user_id"] == USER


def test_an_unknown_user_is_not_found(server: ListenBrainzServer) -> None:
    assert refusal(get(server, "/1/user/nobody/get-feedback")) == (404, "Cannot find user: nobody")
    assert refusal(get(server, "/1/nothing"))[0] == 404


@pytest.mark.parametrize("token", ["Token wrong", f"Bearer {TOKEN}", "Token"])
def test_a_wrong_token_or_scheme_is_refused(server: ListenBrainzServer, token: str) -> None:
    assert refusal(get(server, token=token)) == (401, "Invalid authorization token.")


def test_a_token_is_demanded_only_when_the_service_wants_one(server: ListenBrainzServer) -> None:
    assert get(server).status_code == 200
    server.wants_token = True

    assert get(server).status_code == 401
    assert get(server, token=f"Token {TOKEN}").status_code == 200


def test_a_token_can_be_looked_at(server: ListenBrainzServer) -> None:
    path = "/1/validate-token"

    assert get(server, path, f"Token {TOKEN}").json()["user_name"] == USER
    assert get(server, path, "Token wrong").json()["valid"] is False
    assert refusal(get(server, path))[0] == 400


@pytest.mark.parametrize("query", ["score=3", "count=-1", "offset=some"])
def test_what_makes_no_sense_is_refused(server: ListenBrainzServer, query: str) -> None:
    assert refusal(plain_http.get(f"{server.url}{LOVED}?{query}"))[0] == 400


def test_an_answer_can_break_off(server: ListenBrainzServer) -> None:
    server.misbehave("GET", Truncated())

    with pytest.raises(httpx.RemoteProtocolError):
        get(server)
