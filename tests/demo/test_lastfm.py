"""The Last.fm simulator: texts for numbers, objects for lists of one, errors in the body."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests import plain_http

from music_sync.demo.lastfm import (
    API_KEY,
    INVALID_KEY,
    INVALID_METHOD,
    INVALID_PARAMETERS,
    LOGIN_REQUIRED,
    RATE_LIMIT,
    SUSPENDED,
    USER,
    LastfmServer,
    Love,
    error,
    love,
)


@pytest.fixture
def server() -> Iterator[LastfmServer]:
    with LastfmServer(*(love(number) for number in range(60))) as server:
        yield server


def get(server: LastfmServer, **query: object) -> httpx.Response:
    usual = {"method": "user.getlovedtracks", "format": "json", "user": USER, "api_key": API_KEY}
    asked = {name: str(value) for name, value in {**usual, **query}.items()}
    return plain_http.get(f"{server.url}/2.0/", params=asked, timeout=10)


def loved(server: LastfmServer, **query: object) -> dict[str, Any]:
    page: dict[str, Any] = get(server, **query).json()["lovedtracks"]
    return page


def refusal(reply: httpx.Response) -> tuple[int, int]:
    told = reply.json()

    assert told["message"]
    return reply.status_code, told["error"]


def test_all_numbers_are_texts(server: LastfmServer) -> None:
    page = loved(server)

    assert page["@attr"] == {"user": USER, "totalPages": "2", "page": "1", "perPage": "50", "total": "60"}
    assert page["track"][0]["date"]["uts"].isdecimal()


def test_the_newest_comes_first_page_by_page(server: LastfmServer) -> None:
    assert [track["name"] for track in loved(server, limit=2, page=2)["track"]] == ["Title 57", "Title 56"]


def test_a_list_of_one_is_an_object(server: LastfmServer) -> None:
    server.loved[:] = [love(1)]

    assert loved(server)["track"]["name"] == "Title 1"


def test_an_empty_list_has_either_of_two_shapes(server: LastfmServer) -> None:
    server.loved.clear()

    assert loved(server)["track"] == []
    server.empty = {"#text": " "}
    assert "track" not in loved(server)
    assert loved(server)["@attr"]["total"] == "0"


def test_a_page_behind_the_last_is_empty(server: LastfmServer) -> None:
    assert loved(server, page=3)["track"] == []


def test_the_page_of_a_track_is_made_of_its_words() -> None:
    assert Love("AC/DC", "Back in Black", 1).page == "https://www.last.fm/music/AC%2FDC/_/Back+in+Black"


def test_a_track_may_have_no_date(server: LastfmServer) -> None:
    server.loved[:] = [Love("Artist", "Title", None)]

    assert "date" not in loved(server)["track"]


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ({"api_key": "wrong"}, (403, INVALID_KEY)),
        ({"api_key": ""}, (403, INVALID_KEY)),
        ({"user": "nobody"}, (404, INVALID_PARAMETERS)),
        ({"user": ""}, (400, INVALID_PARAMETERS)),
        ({"limit": 1001}, (400, INVALID_PARAMETERS)),
        ({"limit": 0}, (400, INVALID_PARAMETERS)),
        ({"page": 0}, (400, INVALID_PARAMETERS)),
        ({"method": "user.getloved"}, (400, INVALID_METHOD)),
    ],
)
def test_what_is_wrong_is_refused_in_the_body(
    server: LastfmServer, query: dict[str, object], refused: tuple[int, int]
) -> None:
    assert refusal(get(server, **query)) == refused
    server.errors_with_200 = True
    assert refusal(get(server, **query)) == (200, refused[1])


def test_a_suspended_key_is_refused(server: LastfmServer) -> None:
    server.suspended.add(API_KEY)

    assert refusal(get(server)) == (403, SUSPENDED)


def test_a_private_list_wants_a_login(server: LastfmServer) -> None:
    server.is_private = True

    assert refusal(get(server)) == (403, LOGIN_REQUIRED)


def test_an_error_can_come_with_another_status(server: LastfmServer) -> None:
    server.misbehave("GET", error(RATE_LIMIT), error(RATE_LIMIT, 200))

    assert refusal(get(server)) == (429, RATE_LIMIT)
    assert refusal(get(server)) == (200, RATE_LIMIT)


def test_another_format_is_no_json(server: LastfmServer) -> None:
    assert get(server, format="xml").text.startswith("<?xml")
