"""The SoundCloud simulator: refuses as SoundCloud does, and answers as its contract has it, but for the nulls."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests import plain_http
from tests.samples.sources.soundcloud import connected

from music_sync.adapters.links import read_place
from music_sync.adapters.sources.soundcloud import for_place, open_parts, who
from music_sync.demo.loopback import Change
from music_sync.demo.soundcloud import (
    Set,
    Shelf,
    SoundCloudServer,
    geo_blocked,
    nulled,
    offered,
    rate_limited,
    stamp,
    track,
    without,
)


class Caller:
    """Speaks to the simulator without any client of ours in between."""

    def __init__(self, server: SoundCloudServer) -> None:
        self.server = server
        self.token = server.token
        self.answers: list[httpx.Response] = []

    def get(self, path: str, authorization: str | None = None, **query: Any) -> httpx.Response:
        url = path if path.startswith("http") else f"{self.server.url}{path}"
        given = f"OAuth {self.token}" if authorization is None else authorization
        answer = plain_http.get(
            url, params=query or None, headers={"Authorization": given} if given else {}, timeout=10
        )
        self.answers.append(answer)
        return answer

    def page(self, path: str, **query: Any) -> dict[str, Any]:
        page: dict[str, Any] = self.get(path, **query, linked_partitioning="true").json()
        return page

    def all_ids(self, path: str, **query: Any) -> list[int]:
        """What stands on all pages."""
        page = self.page(path, **query)
        ids = [entry["id"] for entry in page["collection"]]
        while page.get("next_href"):
            page = self.get(page["next_href"]).json()
            ids += [entry["id"] for entry in page["collection"]]
        return ids


@pytest.fixture
def caller() -> Iterator[Caller]:
    with SoundCloudServer() as server:
        yield Caller(server)


def refusal_of_download(caller: Caller, number: int, authorization: str | None = None) -> tuple[int, int]:
    return refusal(caller.get(f"/tracks/soundcloud:tracks:{number}/download", authorization=authorization))


def refusal(answer: httpx.Response) -> tuple[int, int]:
    told = answer.json()

    assert told["message"]
    return answer.status_code, told["code"]


# The sign-in


@pytest.mark.parametrize("authorization", ["", "OAuth wrong", "Bearer {token}", "oauth {token}"])
def test_only_a_good_token_after_the_word_oauth_opens_it(caller: Caller, authorization: str) -> None:
    given = authorization.replace("{token}", caller.token)

    assert refusal(caller.get("/me", authorization=given)) == (401, 401)


def test_an_access_token_ends(caller: Caller) -> None:
    caller.server.authorization.end_access()

    assert refusal(caller.get("/me/likes/tracks")) == (401, 401)


def test_a_refresh_token_is_good_for_one_use(caller: Caller) -> None:
    app = caller.server.authorization.app
    form = {"grant_type": "refresh_token", "refresh_token": caller.server.authorization.grant()}
    form |= {"client_id": app.client_id, "client_secret": app.client_secret}
    first, second = (plain_http.post(f"{caller.server.url}/oauth/token", data=form) for _ in range(2))

    assert first.json()["refresh_token"] != form["refresh_token"]
    assert (first.status_code, second.status_code, second.json()["error"]) == (200, 400, "invalid_grant")


def test_the_app_needs_its_secret(caller: Caller) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": caller.server.authorization.grant()}
    form["client_id"] = caller.server.authorization.app.client_id

    assert plain_http.post(f"{caller.server.url}/oauth/token", data=form).json()["error"] == "invalid_client"


# Downloads


def test_only_what_is_offered_is_downloaded_and_only_by_those_who_signed_in(caller: Caller) -> None:
    """The contract names the address of a download and nothing of its answer."""
    caller.server.catalogue = [offered(1, "a"), track(2, "b"), offered(3, "c")]
    caller.server.files = {number: f"https://files.example/{number}.wav" for number in (1, 2)}
    first, second = (caller.get("/tracks/soundcloud:tracks:1/download") for _ in range(2))
    caller.server.tells_file_in_body = True

    assert first.status_code == 302
    assert first.headers["location"].startswith("https://files.example/1.wav?Signature=")
    assert first.headers["location"] != second.headers["location"]
    assert caller.get("/tracks/1/download").json()["redirectUri"].startswith("https://files.example/1.wav?")
    assert refusal_of_download(caller, 1, "OAuth wrong") == (401, 401)
    assert [refusal_of_download(caller, number) for number in (2, 3, 4)] == [(404, 404)] * 3


# Pages


@pytest.mark.parametrize("limit", ["0", "201", "-1", "many"])
def test_a_page_holds_one_to_two_hundred(caller: Caller, limit: str) -> None:
    assert refusal(caller.get("/me/likes/tracks", limit=limit)) == (400, 400)


@pytest.mark.parametrize("next_href_at", ["absolute", "relative"])
def test_following_next_href_brings_everything_once(caller: Caller, next_href_at: str) -> None:
    caller.server.next_href_at = next_href_at
    caller.server.likes = Shelf(track(number, f"Piece {number}") for number in range(1, 8))
    if next_href_at == "relative":
        page = caller.page("/me/likes/tracks", limit=3)

        assert page["next_href"].startswith("/me/likes/tracks?")
    else:
        assert caller.all_ids("/me/likes/tracks", limit=3) == list(range(1, 8))


def test_next_href_may_name_a_host_that_nobody_reaches(caller: Caller) -> None:
    caller.server.next_href_at = "internal"
    caller.server.likes = Shelf(track(number, "x") for number in (1, 2))

    assert caller.page("/me/likes/tracks", limit=1)["next_href"].startswith("https://http.api.internal.invalid/me/")


def test_the_last_page_has_a_next_href_of_null_or_none_at_all(caller: Caller) -> None:
    null = caller.page("/me/likes/tracks")
    caller.server.ends_with_null = False

    assert null == {"collection": [], "next_href": None}
    assert caller.page("/me/likes/tracks") == {"collection": []}


def test_without_linked_partitioning_it_is_a_bare_list_with_no_way_on(caller: Caller) -> None:
    caller.server.likes = Shelf(track(number, "x") for number in range(1, 60))

    assert len(caller.get("/me/likes/tracks").json()) == 50


def test_a_cursor_stays_good_when_entries_come_and_go(caller: Caller) -> None:
    caller.server.likes = Shelf(track(number, "x") for number in range(1, 7))
    page = caller.page("/me/likes/tracks", limit=2)
    caller.server.likes.put(track(9, "new"))
    caller.server.likes.remove(1)

    assert [entry["id"] for entry in caller.get(page["next_href"]).json()["collection"]] == [3, 4]


def test_a_made_up_cursor_is_refused(caller: Caller) -> None:
    assert refusal(caller.get("/me/likes/tracks", cursor="mine")) == (400, 400)


def test_blocked_tracks_of_a_set_are_shown_only_when_asked_for(caller: Caller) -> None:
    held = [track(1, "a"), track(2, "b", access="preview"), track(3, "c", access="blocked"), track(4, "d", access=None)]
    caller.server.sets = [Set(5, "Warm Up", Shelf(held))]
    every = "playable,preview,blocked"

    assert caller.all_ids("/playlists/5/tracks") == [1, 2, 4]
    assert caller.all_ids("/playlists/soundcloud:playlists:5/tracks", access=every) == [1, 2, 3, 4]
    assert refusal(caller.get("/playlists/5/tracks", access="all")) == (400, 400)


def test_sets_come_with_their_tracks_unless_asked_without(caller: Caller) -> None:
    caller.server.sets = [Set(5, "Warm Up", Shelf([track(1, "a")]))]

    assert [entry["id"] for entry in caller.page("/me/playlists")["collection"][0]["tracks"]] == [1]
    assert "tracks" not in caller.page("/me/playlists", show_tracks="false")["collection"][0]


def test_a_change_to_a_set_shows_in_its_time_and_count(caller: Caller) -> None:
    warm_up = Set(5, "Warm Up")
    caller.server.sets = [warm_up]
    before = caller.get("/playlists/5").json()
    warm_up.add(track(1, "a"))
    after = caller.get("/playlists/5").json()

    assert (before["track_count"], after["track_count"]) == (0, 1)
    assert before["last_modified"] < after["last_modified"]


# Links


def test_a_link_leads_to_what_it_names_by_urn_or_number(caller: Caller) -> None:
    caller.server.catalogue = [track(77, "Half Past Two")]
    caller.server.short_links["https://on.soundcloud.com/AbC"] = "https://soundcloud.com/nadia-klee/half-past-two?si=1"
    urn = caller.get("/resolve", url="https://soundcloud.com/nadia-klee/half-past-two")
    caller.server.location_is_urn = False
    number = caller.get("/resolve", url="https://on.soundcloud.com/AbC")

    assert (urn.status_code, urn.headers["location"]) == (302, f"{caller.server.url}/tracks/soundcloud:tracks:77")
    assert number.json()["location"] == f"{caller.server.url}/tracks/77"
    assert caller.get(number.headers["location"]).json()["title"] == "Half Past Two"


@pytest.mark.parametrize("url", ["https://soundcloud.com/no/one", "https://m.soundcloud.com/nadia-klee/x", ""])
def test_a_link_that_names_nothing_is_not_found(caller: Caller, url: str) -> None:
    assert refusal(caller.get("/resolve", url=url)) == (404, 404)


@pytest.mark.parametrize("path", ["/tracks/1", "/playlists/1", "/playlists/1/tracks", "/users/1/likes/tracks", "/x"])
def test_what_is_not_there_is_not_found(caller: Caller, path: str) -> None:
    assert refusal(caller.get(path)) == (404, 404)


def test_a_set_behind_a_secret_is_shown_to_who_knows_it(caller: Caller) -> None:
    caller.server.liked_sets = [Set(5, "Secret", secret="s-AbC")]

    assert caller.get("/playlists/5").status_code == 404
    assert caller.get("/playlists/5", secret_token="s-AbC").status_code == 200


# Misbehaviour


def test_a_limit_tells_its_end_in_the_body_alone(caller: Caller) -> None:
    caller.server.misbehave("GET /me/likes", rate_limited(stamp(1_433_152_180)))
    limited = caller.get("/me/likes/tracks")

    assert limited.status_code == 429
    assert limited.json()["errors"][0]["meta"]["reset_time"] == "2015/06/01 09:49:40 +0000"
    assert "retry-after" not in limited.headers


def test_a_country_may_be_blocked(caller: Caller) -> None:
    caller.server.misbehave("GET /me/likes", geo_blocked())

    assert refusal(caller.get("/me/likes/tracks")) == (403, 403)


def test_an_entry_may_be_null_or_full_of_nulls_or_have_no_fields(caller: Caller) -> None:
    caller.server.likes = Shelf([None, nulled(track(1, "a"), "id"), without(track(2, "b"), "user")])
    collection = caller.page("/me/likes/tracks")["collection"]

    assert collection[0] is None
    assert set(collection[1].values()) == {1, None}
    assert "user" not in collection[2]


# As the contract has it


class Contract:
    """SoundCloud's own OpenAPI document, as far as it tells the truth."""

    def __init__(self, spec: dict[str, Any], url: str) -> None:
        from openapi_core import OpenAPI

        spec["servers"] = [{"url": url}]
        for schema in spec["components"]["schemas"].values():
            _allow_nulls(schema)
        self._api = OpenAPI.from_dict(spec)

    def faults(self, answer: httpx.Response) -> list[str]:
        request, response = _Asked(answer.request), _Answered(answer)
        return _told([*self._api.iter_request_errors(request), *self._api.iter_response_errors(request, response)])

    def faults_in_question(self, request: httpx.Request) -> list[str]:
        return _told(list(self._api.iter_request_errors(_Asked(request))))


def _told(faults: list[Exception]) -> list[str]:
    return [f"{fault!r} {getattr(fault.__cause__, 'schema_errors', '')}" for fault in faults]


def _allow_nulls(schema: dict[str, Any]) -> None:
    """The service sends null for any field, whatever the document says of it."""
    for one in schema.get("properties", {}).values():
        if "$ref" in one or "allOf" in one:
            one["anyOf"] = [dict(one), {"nullable": True, "enum": [None]}]
            one.pop("$ref", None)
            one.pop("allOf", None)
        else:
            one["nullable"] = True
            if "enum" in one:
                one["enum"] = [*one["enum"], None]
    for part in schema.get("allOf", ()):
        _allow_nulls(part)


class _Asked:
    """A request as openapi-core wants to see it."""

    def __init__(self, request: httpx.Request) -> None:
        from openapi_core.datatypes import RequestParameters
        from werkzeug.datastructures import Headers, ImmutableMultiDict

        url = request.url
        self.host_url = f"{url.scheme}://{url.netloc.decode()}"
        self.path = url.path
        self.method = request.method.lower()
        self.content_type = ""
        self.body = None
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(list(url.params.multi_items())), header=Headers(list(request.headers.items()))
        )


class _Answered:
    def __init__(self, answer: httpx.Response) -> None:
        self.status_code = answer.status_code
        self.data = answer.content
        self.content_type = answer.headers["content-type"]
        self.headers: Mapping[str, str] = dict(answer.headers)


@pytest.fixture
def contract(caller: Caller) -> Contract:
    folder = os.environ.get("API_CONTRACTS")
    if not folder:
        pytest.skip("API_CONTRACTS does not name the folder of the contracts")
    import yaml  # type: ignore[import-untyped]  # comes with openapi-core

    text = (Path(folder) / "soundcloud-openapi.patched.yaml").read_text(encoding="utf-8")
    return Contract(yaml.safe_load(text), caller.server.url)


def ask_everything(caller: Caller) -> None:
    """Each call of the simulator once, and its refusals."""
    server = caller.server
    server.likes = Shelf([offered(1, "a"), nulled(track(2, "b"), "urn"), without(track(3, "c"), "isrc")])
    server.sets = [Set(5, "Warm Up", Shelf([track(4, "d", access="blocked", isrc="DEAB12500001")]))]
    server.liked_sets = [Set(6, "Cool Down", Shelf([track(5, "e")]), last_modified=None, counts=False)]
    server.others["mira-voss"] = Shelf([track(6, "f", access=None)])
    pages: dict[str, Any] = {"limit": 2, "linked_partitioning": "true"}
    caller.get(caller.get("/me/likes/tracks", **pages, access="playable,preview,blocked").json()["next_href"])
    caller.get("/me/likes/tracks")
    for path in ("/me/reposts/tracks", "/me/likes/playlists", "/me/playlists", "/users/8000/likes/tracks"):
        caller.get(path, **pages)
    caller.get("/me/playlists", show_tracks="false")
    for path in ("/me", "/tracks/soundcloud:tracks:1", "/playlists/soundcloud:playlists:5", "/tracks/99"):
        caller.get(path)
    caller.get("/playlists/soundcloud:playlists:5/tracks", linked_partitioning="true", access="blocked")
    caller.get("/resolve", url="https://soundcloud.com/mira-voss")
    caller.get("/resolve", url="https://soundcloud.com/nobody")
    caller.get("/me", authorization="OAuth wrong")


def test_requests_and_answers_are_as_the_contract_has_them(caller: Caller, contract: Contract) -> None:
    ask_everything(caller)

    assert {answer.status_code for answer in caller.answers} == {200, 302, 401, 404}
    assert [(str(answer.url), fault) for answer in caller.answers for fault in contract.faults(answer)] == []


@pytest.mark.parametrize(
    ("field", "wrong"), [("title", 7), ("duration", "3:00"), ("access", "secret"), ("user", "Nadia"), ("isrc", [])]
)
def test_the_contract_tells_wrong_from_right(caller: Caller, contract: Contract, field: str, wrong: object) -> None:
    caller.server.catalogue = [track(1, "a")]
    caller.server.misbehave("GET /tracks", Change(lambda told: json.loads(json.dumps({**told, field: wrong}))))

    assert contract.faults(caller.get("/tracks/soundcloud:tracks:1"))


@pytest.mark.parametrize("query", ["limit=201", "limit=0", "access=everything", "linked_partitioning=perhaps"])
def test_the_contract_refuses_wrong_requests(caller: Caller, contract: Contract, query: str) -> None:
    assert contract.faults(caller.get(f"{caller.server.url}/me/likes/tracks?{query}"))


def test_what_the_source_asks_is_as_the_contract_has_it(caller: Caller, contract: Contract, tmp_path: Path) -> None:
    server = caller.server
    server.likes = Shelf(track(number, "x") for number in range(1, 300))
    server.sets = [Set(5, "Warm Up", Shelf(track(number, "y") for number in range(400, 460)))]
    server.others["mira-voss"] = Shelf([track(6, "f")])
    means = connected(tmp_path, server)
    links = ("/nadia-klee/x", "/nadia-klee/sets/warm-up", "/mira-voss/likes")
    places = [for_place(read_place(f"https://soundcloud.com{link}"), means) for link in links]
    for source in filter(None, (*open_parts(means), *places)):
        list(source.detect())
    who(means)
    asked = [
        httpx.Request("GET", f"{server.url}{seen.path}", params=dict(seen.query), headers=dict(seen.headers))
        for seen in server.calls("GET")
    ]

    assert len({request.url.path for request in asked}) == 10
    assert [(str(request.url), fault) for request in asked for fault in contract.faults_in_question(request)] == []
