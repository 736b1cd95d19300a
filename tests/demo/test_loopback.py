"""The ground of the simulators: routes answer, and misbehave when told to."""

from collections.abc import Iterator, Sequence

import httpx
import pytest
from tests import plain_http

from music_sync.demo.loopback import (
    Answer,
    Change,
    Garbled,
    Good,
    Hang,
    Loopback,
    RateLimited,
    Refuse,
    Refused,
    Request,
    Route,
    Truncated,
)


class Shop(Loopback):
    """Records on shelves."""

    def __init__(self) -> None:
        super().__init__()
        self.shelves = {"a": ["Half Past Two"]}

    def routes(self) -> Sequence[Route]:
        return (
            ("GET", "/shelves/(?P<name>[^/]+)", self.shelf),
            ("POST", "/shelves/(?P<name>[^/]+)", self.put),
            ("GET", "/away", lambda _request: Answer(204)),
            ("GET", "/broken", lambda request: Answer(200, request.parts["missing"])),
        )

    def shelf(self, request: Request) -> Answer:
        if request.bearer != "key":
            raise Refused(Answer(401, {"error": "who are you?"}))
        return Answer(200, {"records": self.shelves[request.parts["name"]], "asked": request.query})

    def put(self, request: Request) -> Answer:
        record = request.form.get("record") or request.json["record"]
        self.shelves[request.parts["name"]].append(record)
        return Answer(201, record, {"X-Shelf": request.parts["name"]})


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as shop:
        yield shop


def get(shop: Shop, path: str, timeout: float = 10) -> httpx.Response:
    return plain_http.get(f"{shop.url}{path}", headers={"Authorization": "Bearer key"}, timeout=timeout)


def test_a_route_answers_with_what_stands_in_its_pattern_and_query(shop: Shop) -> None:
    answer = get(shop, "/shelves/a?limit=5&empty=")

    assert answer.json() == {"records": ["Half Past Two"], "asked": {"limit": "5", "empty": ""}}


def test_forms_and_json_are_taken(shop: Shop) -> None:
    plain_http.post(f"{shop.url}/shelves/a", data={"record": "Foil & Paper"})
    answer = plain_http.post(f"{shop.url}/shelves/a", json={"record": "夜行"})

    assert (answer.status_code, answer.headers["x-shelf"]) == (201, "a")
    assert shop.shelves["a"] == ["Half Past Two", "Foil & Paper", "夜行"]


def test_a_route_refuses_and_an_unknown_path_is_not_found(shop: Shop) -> None:
    assert plain_http.get(f"{shop.url}/shelves/a").status_code == 401
    assert get(shop, "/elsewhere").status_code == 404
    assert httpx.delete(f"{shop.url}/shelves/a").status_code == 404


def test_an_empty_answer_is_empty(shop: Shop) -> None:
    answer = get(shop, "/away")

    assert (answer.status_code, answer.content) == (204, b"")


def test_each_call_is_noted_with_its_answer(shop: Shop) -> None:
    get(shop, "/shelves/a?limit=5")
    plain_http.get(f"{shop.url}/shelves/a")

    assert [(seen.method, seen.path, seen.query, seen.status) for seen in shop.seen] == [
        ("GET", "/shelves/a", {"limit": "5"}, 200),
        ("GET", "/shelves/a", {}, 401),
    ]
    assert shop.seen[0].headers["authorization"] == "Bearer key"
    assert len(shop.calls("GET /shelves")) == 2


def test_each_behaviour_is_used_once_in_turn(shop: Shop) -> None:
    shop.misbehave("GET /shelves", Refuse(503, {"error": "full"}, {"X-Why": "people"}), Good(), RateLimited("7"))
    answers = [get(shop, "/shelves/a") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [503, 200, 429, 200]
    assert answers[0].headers["x-why"] == "people"
    assert answers[2].headers["retry-after"] == "7"


def test_a_behaviour_can_be_meant_for_one_page_for_ever_and_be_forgotten(shop: Shop) -> None:
    shop.misbehave("page=2", RateLimited(None), always=True)

    assert [get(shop, f"/shelves/a?page={page}").status_code for page in (1, 2, 2)] == [200, 429, 429]
    assert "retry-after" not in get(shop, "/shelves/a?page=2").headers
    shop.behave()
    assert get(shop, "/shelves/a?page=2").status_code == 200


def test_an_answer_can_break_off_be_something_else_or_be_rewritten(shop: Shop) -> None:
    shop.misbehave("shelves", Truncated(), Garbled(), Change(lambda body: {**body, "records": None}))

    with pytest.raises(httpx.RemoteProtocolError):
        get(shop, "/shelves/a")
    assert get(shop, "/shelves/a").text.startswith("<html>")
    assert get(shop, "/shelves/a").json()["records"] is None
    assert get(shop, "/shelves/a").json()["records"] == ["Half Past Two"]


def test_a_call_that_hangs_ends_when_the_server_closes() -> None:
    with Shop() as shop:
        shop.misbehave("shelves", Hang())
        with pytest.raises(httpx.ReadTimeout):
            get(shop, "/shelves/a", timeout=0.05)

    assert [seen.status for seen in shop.seen] == [0]


def test_the_world_can_change_between_two_calls(shop: Shop) -> None:
    shop.after_each = lambda count: shop.shelves["a"].insert(0, f"after {count}")
    get(shop, "/shelves/a")

    assert get(shop, "/shelves/a").json()["records"] == ["after 1", "Half Past Two"]


def test_a_fault_of_the_simulator_comes_to_light() -> None:
    with pytest.raises(KeyError), Shop() as shop:
        assert get(shop, "/broken").status_code == 500
