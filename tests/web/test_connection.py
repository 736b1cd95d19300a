"""What a peer may do before its request is one, over real sockets."""

import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from starlette.types import Receive, Scope, Send
from tests.web.serving import Served

from music_sync.web import connection
from music_sync.web.server import running


@pytest.fixture
def peer(server: Served) -> Iterator[socket.socket]:
    with connected(server) as opened:
        yield opened


def connected(server: Served) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=15)


def answer_to(peer: socket.socket, *blocks: bytes) -> bytes:
    """All that comes back until the server closes."""
    answer = b""
    try:
        for block in blocks:
            peer.sendall(block)
        while block := peer.recv(65536):
            answer += block
    except ConnectionError:
        pass
    return answer


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


def test_b13_a_head_of_100_kilobytes_is_refused(peer: socket.socket) -> None:
    assert status_of(answer_to(peer, HEAD + b"X-Long: " + b"a" * 100_000 + b"\r\n\r\n")) == 431


def test_b13_a_head_that_never_ends_is_refused_at_its_cap(peer: socket.socket) -> None:
    assert status_of(answer_to(peer, HEAD + b"X-Long: ", *[b"a" * 4096] * 20)) == 431


def test_b13_twenty_thousand_headers_are_refused(peer: socket.socket) -> None:
    many = b"".join(b"a%d: b\r\n" % number for number in range(20_000))

    assert status_of(answer_to(peer, HEAD + many + b"\r\n")) == 431


def test_b13_many_short_headers_are_refused_by_their_number(peer: socket.socket) -> None:
    assert status_of(answer_to(peer, HEAD + b"a: b\r\n" * 101 + b"\r\n")) == 431


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        b"Content-Length: 3\r\nContent-Length: 4\r\n",
        b"Content-Length: 3\r\nContent-Length: 3\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 3x\r\n",
        b"Host: localhost\r\n",
        b"Host : localhost\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Bad\x00Name: x\r\n",
    ],
)
def test_b14_contradicting_or_malformed_headers_are_refused(peer: socket.socket, lines: bytes) -> None:
    request = b"POST /webhooks/music-sync HTTP/1.1\r\nHost: localhost\r\n" + lines + b"\r\nabc"

    assert status_of(answer_to(peer, request)) == 400


def test_b12_a_slow_head_and_a_slow_body_are_closed(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert connection.REQUEST_WITHIN_S <= 10
    monkeypatch.setattr(connection, "REQUEST_WITHIN_S", 0.3)
    started = time.monotonic()
    with connected(server) as silent, connected(server) as head, connected(server) as body:
        head.sendall(HEAD)
        body.sendall(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n" + FORM + b"\r\nab")
        answers = [answer_to(each) for each in (silent, head, body)]

    assert [status_of(answer) for answer in answers] == [408, 408, 408]
    assert time.monotonic() - started < 5


def test_b12_a_trickle_of_empty_lines_is_closed_too(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_WITHIN_S", 0.3)
    with connected(server) as peer:
        peer.sendall(HEAD + b"\r\n")
        assert status_of(peer.recv(65536)) == 200
        peer.sendall(b"\r\n")

        assert status_of(answer_to(peer)) == 408


def test_b12_a_slow_head_behind_another_request_is_closed_too(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_WITHIN_S", 0.3)
    started = time.monotonic()
    with connected(server) as peer:
        answer = answer_to(peer, HEAD + b"\r\n" + HEAD)

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"HTTP/1.1 408 " in answer
    assert time.monotonic() - started < 5


def test_an_answer_goes_out_in_one_piece(peer: socket.socket) -> None:
    for _ in range(20):
        peer.sendall(HEAD + b"\r\n")
        head, _, body = peer.recv(65536).partition(b"\r\n\r\n")

        assert f"content-length: {len(body)}".encode() in head
        assert body


def test_an_answer_of_many_pieces_is_whole() -> None:
    pieces = [bytes([number % 251]) * 5000 for number in range(500)]

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    with running(app) as url, httpx.Client() as client:
        answers = [client.get(url, headers={"Connection": kept}) for kept in ("keep-alive", "keep-alive", "close")]

    assert [answer.content == b"".join(pieces) for answer in answers] == [True] * 3


def test_one_connection_more_than_allowed_is_told_to_wait(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_CONNECTIONS", 3)
    peers = [connected(server) for _ in range(3)]
    for peer in peers:
        peer.sendall(HEAD + b"\r\n")
        assert status_of(peer.recv(65536)) == 200
    with connected(server) as late:
        answer = answer_to(late, HEAD + b"\r\n")
    for peer in peers:
        peer.close()

    assert status_of(answer) == 503


def test_two_requests_on_one_connection_are_answered(peer: socket.socket) -> None:
    answer = answer_to(peer, HEAD + b"\r\n" + HEAD + b"Connection: close\r\n\r\n")

    assert answer.count(b"HTTP/1.1 200 OK") == 2


def test_requests_with_large_bodies_are_answered_one_after_the_other(server: Served) -> None:
    """Their bodies do not count as the next one's head."""
    with httpx.Client() as client:
        answers = [client.post(f"{server.url}/sign-in", data={"password": "a" * 40_000}) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
