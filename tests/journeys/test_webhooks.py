"""The real server: its start and end, kills in the middle, and a like from its signed request to the library."""

import functools
import signal
import socket
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from tests.journeys.serving import events_in, serving, waited_for
from tests.journeys.warm import Warm
from tests.journeys.world import World, new_world, offer
from tests.web.sender import FIRST_SECRET, Sender

SECRETS = {"MUSIC_SYNC_WEBHOOK_SECRETS": FIRST_SECRET, "MUSIC_SYNC_WEBHOOK_RATE": "100000"}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[World, str]]:
    """A server with one track, and the link to it."""
    made = new_world(tmp_path)
    offer(made, 1).rename(made.music / "track.flac")
    handler = functools.partial(Quiet, directory=str(made.music))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"127.0.0.1:{server.server_port}"
        variables = {**SECRETS, "MUSIC_SYNC_LINK_HOSTS": place}
        yield World(made.home, made.music, tuple(variables.items())), f"http://{place}/track.flac"
        server.shutdown()


def test_it_serves_alone_in_its_home_until_it_is_asked_to_stop(warm: Warm, world: World) -> None:
    with serving(warm, world) as (running, address):
        healthy = httpx.get(f"{address}/healthz").json()
        second = warm.run(world, "serve")
        elsewhere = new_world(world.music.parent / "else", MUSIC_SYNC_PORT=address.rpartition(":")[2])
        third = warm.run(elsewhere, "serve")
        running.signal(signal.SIGTERM)
        first = running.ended()

    assert healthy == {"ok": True}
    assert first.code == 128 + signal.SIGTERM
    assert "/first-password?link=" in first.out
    assert (second.code, third.code) == (5, 7)
    assert f"pid {first.pid}" in second.sentence
    assert "cannot be listened on" in third.sentence


def test_b20_clients_that_go_away_before_their_answers_do_not_end_the_server(warm: Warm, tmp_path: Path) -> None:
    with serving(warm, new_world(tmp_path)) as (_running, address):
        host, port = address.removeprefix("http://").split(":")
        for _ in range(30):
            with socket.create_connection((host, int(port))) as peer:
                # Several answers to one that reads none: the second write meets a closed connection.
                peer.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
        answer = httpx.get(f"{address}/healthz")

    assert answer.status_code == 200


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_every_event_that_was_answered_is_in_the_table_after_a_kill(warm: Warm, tmp_path: Path, kills: int) -> None:
    accepted: list[str] = []
    world = new_world(tmp_path, **SECRETS)
    for number in range(kills):
        with serving(warm, world) as (running, address):
            senders = [sending(address, f"{number}-{sender}", accepted) for sender in range(4)]
            waited_for(functools.partial(enough, accepted, len(accepted) + 40))
            running.signal(signal.SIGKILL)
            running.ended()
            for sender in senders:
                sender.join()

    assert len(accepted) >= 40 * kills
    assert set(accepted) <= events_in(world.home).keys()


def enough(accepted: list[str], goal: int) -> str:
    return "enough" if len(accepted) >= goal else ""


def sending(address: str, name: str, accepted: list[str]) -> threading.Thread:
    """Send event after event until the server is gone, and note each that it promised to keep."""

    def send() -> None:
        with httpx.Client() as client:
            sender = Sender(address, client)
            for number in range(100_000):
                try:
                    if sender.send(b'{"type": "x"}', f"{name}-{number}").status_code == 202:
                        accepted.append(f"{name}-{number}")
                except httpx.HTTPError:
                    return

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def test_a_like_that_was_answered_is_filed_once_though_the_server_is_killed_at_once(
    warm: Warm, shop: tuple[World, str]
) -> None:
    world, link = shop
    with serving(warm, world) as (running, address), httpx.Client() as client:
        first = Sender(address, client).event("track.liked", "like-1", url=link)
        running.signal(signal.SIGKILL)
        running.ended()
    with serving(warm, world) as (running, address), httpx.Client() as client:
        sender = Sender(address, client)
        again = sender.event("track.liked", "like-1", url=link)
        tasks = [sender.event("task.created", "task-1", title="Look at the webhook") for _ in range(2)]
        tested = warm.run(world, "webhook", "test", "--type", "task.created", "--url", address)
        waited_for(lambda: "done" * (events_in(world.home)["like-1"][0] == "done"))
        tail = warm.run(world, "webhook", "tail", "--once")

    assert (first.status_code, again.status_code) == (202, 202)
    assert {answer.status_code for answer in tasks} == {202}
    assert tested.code == 0, tested.err
    assert "like-1 done" in tail.out
    assert len(world.filed()) == 1
    assert warm.run(world, "tasks", "list").out.count("Look at the webhook") == 1
