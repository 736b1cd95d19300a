"""Calls to a service: over real HTTP, to one that misbehaves in every way that the real ones do."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from music_sync.adapters.budget_file import Budget, Limits
from music_sync.adapters.calls import Calls, Forbidden, NotThere, Rejected, Reply, Trouble, by_status, checked_url
from music_sync.demo.loopback import (
    Answer,
    Garbled,
    Hang,
    Loopback,
    RateLimited,
    Refuse,
    Request,
    Route,
    Truncated,
)
from music_sync.model.errors import BadSetting, GiveUp, NeedsPerson, ServiceUnavailable

SECRET = "token-that-is-not-real"


class Shop(Loopback):
    def routes(self) -> Sequence[Route]:
        return [("GET", "/v1/shelf", self._shelf), ("POST", "/v1/shelf", self._shelf)]

    def _shelf(self, request: Request) -> Answer:
        if not request.headers.get("authorization", "").endswith(SECRET):
            return Answer(401, {"error": {"status": 401, "message": "The access token expired"}})
        return Answer(200, {"records": 3})


@dataclass
class Tokens:
    """Fulfils `calls.SignIn`: gives one token after the other."""

    tokens: list[str]
    refusals: list[str] = field(default_factory=list)
    command: str = "music-sync connect shop"

    def token(self) -> str:
        return self.tokens[0]

    def refused(self, token: str) -> None:
        self.refusals.append(token)
        self.tokens = self.tokens[1:] or self.tokens


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as opened:
        yield opened


@dataclass
class Bench:
    """Calls to the shop, and the pauses they made."""

    shop: Shop
    folder: Path
    pauses: list[float] = field(default_factory=list)

    def calls(
        self, *tokens: str, judge: Callable[[Reply], Trouble | None] = by_status, deadline_s: float = 60
    ) -> Calls:
        budget = Budget(self.folder, "shop", "The Shop", Limits(burst=100, per_s=100))
        self.sign_in = Tokens([*(tokens or (SECRET,))])
        return Calls(
            f"{self.shop.url}/v1", budget, self.sign_in, judge=judge, deadline_s=deadline_s, sleep=self.pauses.append
        )

    def get(self, **how: Any) -> Any:
        with self.calls(**how) as calls:
            return calls.get("shelf").json


@pytest.fixture
def bench(shop: Shop, tmp_path: Path) -> Bench:
    return Bench(shop, tmp_path)


def test_a_call_goes_out_signed_and_comes_back(bench: Bench) -> None:
    assert bench.get() == {"records": 3}
    (seen,) = bench.shop.seen
    assert seen.headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize(
    "trouble", [Refuse(500), Refuse(502, b"<html>"), Refuse(503), Refuse(529), Truncated(), Garbled()]
)
def test_what_may_pass_is_tried_again(bench: Bench, trouble: Any) -> None:
    bench.shop.misbehave("GET", trouble, trouble)

    assert bench.get() == {"records": 3}
    assert bench.pauses == [1.0, 2.0]


def test_a_service_that_stays_away_is_told_after_some_tries(bench: Bench) -> None:
    bench.shop.misbehave("GET", Refuse(500), always=True)
    with pytest.raises(ServiceUnavailable, match=r"The Shop is away or limits us .*next sync tries again"):
        bench.get()

    assert len(bench.shop.seen) == 5


def test_a_service_that_cannot_be_reached_is_told(bench: Bench, tmp_path: Path) -> None:
    budget = Budget(tmp_path, "shop", "The Shop", Limits(burst=100, per_s=100))
    with (
        Calls("http://127.0.0.1:1", budget, sleep=lambda _: None) as calls,
        pytest.raises(ServiceUnavailable, match="no answer came"),
    ):
        calls.get("shelf")


def test_a_short_pause_that_the_service_asks_for_is_kept_to_the_second(bench: Bench) -> None:
    """P55"""
    bench.shop.misbehave("GET", RateLimited("7"))

    assert bench.get() == {"records": 3}
    assert bench.pauses == [7.0]


def test_a_limit_without_a_time_is_waited_out_longer_each_time(bench: Bench) -> None:
    bench.shop.misbehave("GET", RateLimited(None), RateLimited(None), RateLimited(None))

    assert bench.get() == {"records": 3}
    assert bench.pauses == [1.0, 2.0, 4.0]


def test_a_day_long_pause_is_told_at_once_and_holds_for_all(bench: Bench) -> None:
    """P55: the service is left alone until then, and nobody sleeps for half a day."""
    bench.shop.misbehave("GET", RateLimited("48925"))
    with pytest.raises(ServiceUnavailable, match=r"The Shop limits us .* until .*13 h 35 min"):
        bench.get()
    with pytest.raises(ServiceUnavailable, match="other work goes on"):
        bench.get()

    assert len(bench.shop.seen) == 1
    assert bench.pauses == []


def test_a_token_that_is_refused_is_renewed_once(bench: Bench) -> None:
    with bench.calls("old", SECRET) as calls:
        assert calls.get("shelf").json == {"records": 3}
    assert bench.sign_in.refusals == ["old"]


def test_a_sign_in_that_stays_refused_needs_a_person(bench: Bench) -> None:
    with (
        bench.calls("old", "older") as calls,
        pytest.raises(NeedsPerson, match=r"does not take the sign-in .*`music-sync connect shop`"),
    ):
        calls.get("shelf")

    assert len(bench.shop.seen) == 2


@pytest.mark.parametrize(("status", "error"), [(403, Forbidden), (404, NotThere), (400, Rejected), (410, Rejected)])
def test_what_is_refused_for_good_is_not_tried_again(bench: Bench, status: int, error: type[Exception]) -> None:
    bench.shop.misbehave("GET", Refuse(status, {"error": {"message": "because"}}))
    with pytest.raises(error, match="because"):
        bench.get()

    assert len(bench.shop.seen) == 1


def test_no_message_shows_the_token(bench: Bench) -> None:
    bench.shop.misbehave("GET", Refuse(400, {"message": f"bad header Bearer {SECRET}\nsecond line"}))
    with pytest.raises(GiveUp) as refused:
        bench.get()

    assert SECRET not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_reading_ends_with_its_deadline(bench: Bench) -> None:
    """P9"""
    with bench.calls(deadline_s=0) as calls, pytest.raises(ServiceUnavailable, match="took longer than 0 s"):
        calls.get("shelf")


def test_a_pause_beyond_the_deadline_is_not_begun(bench: Bench) -> None:
    bench.shop.misbehave("GET", RateLimited("20"))
    with bench.calls(deadline_s=5) as calls, pytest.raises(ServiceUnavailable):
        calls.get("shelf")

    assert bench.pauses == []


def test_a_judge_knows_the_ways_of_its_service(bench: Bench) -> None:
    def judge(reply: Reply) -> Trouble | None:
        return Trouble("quota", "over", 3600.0) if reply.status == 403 else by_status(reply)

    bench.shop.misbehave("GET", Refuse(403))
    with bench.calls(judge=judge) as calls, pytest.raises(ServiceUnavailable, match=r"limits us \(over\) until"):
        calls.get("shelf")


@pytest.mark.parametrize(
    "address", ["https://evil.example/v1/next", "https://127.0.0.1/v1/next", "http://127.0.0.1:9/"]
)
def test_a_page_at_another_host_is_not_followed(bench: Bench, address: str) -> None:
    """Nor one at the same host in clear, or at another port of it, for the token would go along."""
    with bench.calls() as calls, pytest.raises(Rejected, match="another host"):
        calls.get(address)

    assert bench.shop.seen == []


@pytest.mark.parametrize(
    "address", ["http://example.com", "ftp://127.0.0.1", "nonsense", "http://127.0.0.1.evil.example"]
)
def test_a_sign_in_never_goes_out_in_clear(address: str) -> None:
    with pytest.raises(BadSetting):
        checked_url(address)


def test_clients_on_requests_keep_the_same_rules(bench: Bench) -> None:
    bench.shop.misbehave("GET", RateLimited("3"), Truncated(), Refuse(500))
    with bench.calls("old", SECRET) as calls, calls.session() as session:
        answer = session.get(f"{bench.shop.url}/v1/shelf")

    assert answer.json() == {"records": 3}
    assert bench.pauses == [3.0, 2.0, 4.0]
    assert bench.sign_in.refusals == ["old"]


def test_clients_on_requests_meet_our_errors(bench: Bench) -> None:
    bench.shop.misbehave("GET", RateLimited("48925"))
    with bench.calls() as calls, calls.session() as session, pytest.raises(ServiceUnavailable, match="13 h 35 min"):
        session.get(f"{bench.shop.url}/v1/shelf")


def test_googles_client_keeps_the_same_rules(bench: Bench) -> None:
    bench.shop.misbehave("POST", Refuse(503))
    with bench.calls() as calls:
        response, body = calls.http().request(f"{bench.shop.url}/v1/shelf", "POST", body=b"{}")

    assert (response.status, json.loads(body)) == (200, {"records": 3})


def test_a_service_that_says_nothing_is_left_at_the_deadline(bench: Bench) -> None:
    bench.shop.misbehave("GET", Hang())
    with bench.calls(deadline_s=1.2) as calls, pytest.raises(ServiceUnavailable):
        calls.get("shelf")


def test_an_answer_that_comes_letter_by_letter_is_left_at_the_deadline(bench: Bench, tmp_path: Path) -> None:
    """P9"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_drip, args=(server,))
        thread.start()
        budget = Budget(tmp_path, "shop", "The Shop", Limits(burst=100, per_s=100))
        with (
            Calls(f"http://127.0.0.1:{server.getsockname()[1]}", budget, deadline_s=0.2) as calls,
            pytest.raises(ServiceUnavailable),
        ):
            calls.get("shelf")
        # The client has hung up long before the last letter.
        thread.join(5)
        assert not thread.is_alive()


def _drip(server: socket.socket) -> None:
    connection, _address = server.accept()
    with connection, suppress(OSError):
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b" ")
            # The pace of the service, on which nothing waits.
            connection.settimeout(0.05)
            with suppress(TimeoutError):
                connection.recv(1)


@pytest.mark.parametrize("after", ["1700000000000", "9" * 400])
def test_a_pause_that_is_no_number_of_seconds_is_told_and_ends(bench: Bench, after: str) -> None:
    """Some services write there at which moment, in thousandths of a second."""
    bench.shop.misbehave("GET", RateLimited(after))
    for _ in range(2):
        with pytest.raises(ServiceUnavailable, match=r"limits us .* until .*48 h 0 min"):
            bench.get()


def test_a_huge_answer_is_not_read_to_its_end(bench: Bench) -> None:
    bench.shop.misbehave("GET", Garbled(b" " * (17 * 1024**2)), always=True)
    with pytest.raises(ServiceUnavailable, match="ReadError"):
        bench.get()


def test_an_unfinished_address_is_no_address() -> None:
    assert httpx.URL(checked_url("https://api.example.com/v1/")).path == "/v1"
