import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests import plain_http

from music_sync.demo.services import (
    AudioServer,
    Break,
    Disguise,
    Good,
    NoLength,
    Redirect,
    Status,
    Trickle,
    WholeAnyway,
    WrongLength,
    WrongRange,
)

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def server() -> Iterator[AudioServer]:
    with AudioServer({"/a.mp3": CONTENT}) as server:
        yield server


def get(server: AudioServer, path: str = "/a.mp3", **headers: str) -> httpx.Response:
    return plain_http.get(server.url(path), headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_file_is_served_with_length_type_and_etag(server: AudioServer) -> None:
    answer = get(server)

    assert answer.content == CONTENT
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.headers["etag"].startswith('"')


def test_a_file_may_come_from_disk_under_any_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(CONTENT)

    with AudioServer({"/夜 & 100%.flac": tmp_path / "a"}) as server:
        assert get(server, "/夜 & 100%.flac").content == CONTENT


def test_a_range_is_served_as_asked(server: AudioServer) -> None:
    answer = get(server, range="bytes=100-199")

    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes 100-199/{len(CONTENT)}"
    assert answer.content == CONTENT[100:200]


def test_a_range_to_the_end_is_served(server: AudioServer) -> None:
    assert get(server, range="bytes=255990-").content == CONTENT[-10:]


def test_a_range_beyond_the_end_is_refused(server: AudioServer) -> None:
    assert get(server, range="bytes=256000-").status_code == 416


def test_a_range_of_a_file_that_changed_is_the_whole_new_file(server: AudioServer) -> None:
    etag = get(server).headers["etag"]
    same = get(server, range="bytes=5-", if_range=etag)
    server.serve("/a.mp3", CONTENT[::-1])
    changed = get(server, range="bytes=5-", if_range=etag)

    assert (same.status_code, same.content) == (206, CONTENT[5:])
    assert (changed.status_code, changed.content) == (200, CONTENT[::-1])


def test_an_unknown_path_is_not_found(server: AudioServer) -> None:
    assert get(server, "/b.mp3").status_code == 404


def test_head_tells_all_but_the_body(server: AudioServer) -> None:
    answer = plain_http.head(server.url("/a.mp3"))

    assert answer.headers["content-length"] == str(len(CONTENT))
    assert server.requests()[0].method == "HEAD"
    assert server.bytes_sent() == 0


def test_requests_and_bytes_are_counted_by_path(server: AudioServer) -> None:
    get(server, range="bytes=0-9")
    get(server, "/b.mp3")

    assert [seen.path for seen in server.requests()] == ["/a.mp3", "/b.mp3"]
    assert server.requests("/a.mp3")[0].headers["range"] == "bytes=0-9"
    assert server.bytes_sent("/a.mp3") == 10


def test_behaviours_are_taken_in_turn_and_then_it_is_good(server: AudioServer) -> None:
    server.misbehave("/a.mp3", Status(503, retry_after="1"), Good(), Status(404))
    answers = [get(server) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [503, 200, 404, 200, 200]
    assert answers[0].headers["retry-after"] == "1"


def test_behaviours_may_come_again_for_always(server: AudioServer) -> None:
    server.misbehave("/a.mp3", Status(500), Good(), always=True)

    assert [get(server).status_code for _ in range(5)] == [500, 200, 500, 200, 500]


def test_a_redirect_names_its_target(server: AudioServer) -> None:
    server.misbehave("/a.mp3", Redirect("http://example.com/"))

    assert get(server).headers["location"] == "http://example.com/"


def test_other_content_can_bear_an_audio_type(server: AudioServer) -> None:
    server.misbehave("/a.mp3", Disguise(b"<html>"))
    answer = get(server)

    assert answer.headers["content-type"] == "audio/mpeg"
    assert answer.content == b"<html>"


@pytest.mark.parametrize("behaviour", [Break(1000), Break(1000, reset=True), WrongLength(5)])
def test_a_body_can_break_off(server: AudioServer, behaviour: Break | WrongLength) -> None:
    server.misbehave("/a.mp3", behaviour)

    with pytest.raises(httpx.TransportError):
        get(server)


def test_a_length_can_be_too_short(server: AudioServer) -> None:
    server.misbehave("/a.mp3", WrongLength(-5))

    assert get(server).content == CONTENT[:-5]


def test_a_length_can_be_missing(server: AudioServer) -> None:
    server.misbehave("/a.mp3", NoLength())
    answer = get(server)

    assert "content-length" not in answer.headers
    assert answer.content == CONTENT


def test_a_range_can_be_answered_wrongly(server: AudioServer) -> None:
    server.misbehave("/a.mp3", WholeAnyway(), WrongRange())

    assert get(server, range="bytes=5-").status_code == 200
    assert get(server, range="bytes=5-9").headers["content-range"] == f"bytes 6-10/{len(CONTENT)}"


def test_a_trickle_ends_when_the_server_closes() -> None:
    with AudioServer({"/a.mp3": CONTENT}) as server:
        server.misbehave("/a.mp3", Trickle(1, 3600))
        with plain_http.Client() as client, client.stream("GET", server.url("/a.mp3")) as answer:
            assert next(answer.iter_raw()) == CONTENT[:1]
    # Leaving the block above joins the thread that trickles, which waits for an hour otherwise.
    assert server.bytes_sent() == 1


def test_many_clients_are_served_at_once(server: AudioServer) -> None:
    bodies: list[bytes] = []
    threads = [threading.Thread(target=lambda: bodies.append(get(server).content)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert bodies == [CONTENT] * 8


def test_the_server_is_on_loopback_only(server: AudioServer) -> None:
    assert server.host_and_port.startswith("127.0.0.1:")
