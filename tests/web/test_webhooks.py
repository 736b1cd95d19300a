"""The door for signed events, over the real server: what strangers may send, and the exact answers."""

import hmac
import json
import logging
import secrets
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import orjson
import pytest
from tests.web.sender import FIRST_SECRET, PATH, SECOND_SECRET, Sender, key_of, raw, status_of
from tests.web.serving import Served, served

from music_sync.adapters.hook_file import Key, digest_of
from music_sync.adapters.sql.engine import open_engine
from music_sync.adapters.sql.inbox import SqlInbox
from music_sync.model.errors import BadSetting
from music_sync.settings import load
from music_sync.web import webhooks_schemes as schemes
from music_sync.web import webhooks_store
from music_sync.web.webhooks_answers import BODY_CAP_BYTES, RefusedError
from music_sync.web.webhooks_schemes import sign

BOTH = {"MUSIC_SYNC_WEBHOOK_SECRETS": f"{FIRST_SECRET},{SECOND_SECRET}", "MUSIC_SYNC_WEBHOOK_RATE": "100000"}
BODY = b'{"type": "unknown.type", "data": {}}'


@pytest.fixture(scope="module")
def hooked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("home"), **BOTH) as running:
        yield running


@pytest.fixture
def sender(hooked: Served) -> Iterator[Sender]:
    # Each test begins with an address that never failed.
    hooked.site.hooks._failed._full.clear()
    with httpx.Client() as client:
        yield Sender(hooked.url, client)


# Who sends


def test_a_signed_event_is_taken_in_with_its_id(sender: Sender, hooked: Served) -> None:
    answer = sender.send(BODY, "one")

    assert answer.status_code == 202
    assert answer.json() == {"id": "one", "state": "accepted"}
    stored = hooked.site.inbox.event("music-sync", "one")
    assert stored is not None
    assert hooked.site.inbox.body(stored.number) == BODY


def wrong_signatures(good: str) -> dict[str, str]:
    return {
        "empty": "",
        "wrong": "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "wrong case": good.swapcase().replace("V1,", "v1,"),
        "junk": "v1,!!!!not base64!!!!",
        "a letter too many": good + "=",
        "eleven of them": " ".join([good] * 11),
        "six hundred of them": " ".join(["v1,AAAA"] * 600),
        "another version": good.replace("v1,", "v1a,"),
        "no version": good.removeprefix("v1,"),
        "an algorithm of its own": good.replace("v1,", "sha1="),
        "none": "none,",
    }


@pytest.mark.parametrize("how", list(wrong_signatures("")))
def test_b01_b03_what_is_not_rightly_signed_is_refused(sender: Sender, how: str) -> None:
    good = sender.headers(BODY, "b01")["webhook-signature"]

    answer = sender.send(BODY, "b01", webhook_signature=wrong_signatures(good)[how])

    assert answer.status_code == 401
    assert answer.json() == {"error": "not authorised"}


def test_b01_an_event_without_any_signature_is_refused_with_the_same_words(sender: Sender) -> None:
    answer = sender.client.post(sender.url + PATH, content=BODY, headers={"content-type": "application/json"})

    assert answer.status_code == 401
    assert answer.json() == {"error": "not authorised"}


@pytest.mark.parametrize("signature", [b"v1,abc ", b" v1,abc", b"v1,abc  v1,def"])
def test_b01_a_signature_with_odd_spaces_is_none(signature: bytes) -> None:
    headers = schemes.Headers(
        [(b"webhook-id", b"1"), (b"webhook-timestamp", b"100"), (b"webhook-signature", signature)]
    )

    with pytest.raises(RefusedError, match="401"):
        schemes.standard(headers, b"", [key_of(FIRST_SECRET)], 100)


def test_b02_one_good_signature_among_others_is_enough(sender: Sender) -> None:
    good = sender.headers(BODY, "b02")["webhook-signature"]

    assert sender.send(BODY, "b02", webhook_signature=f"v1a,zzzz v1,AAAA {good}").status_code == 202


def test_b02_both_secrets_count_while_one_is_changed_for_the_other(hooked: Served, sender: Sender) -> None:
    second = Sender(hooked.url, sender.client, key_of(SECOND_SECRET))

    assert [each.send(BODY).status_code for each in (sender, second)] == [202, 202]


def test_b02_an_old_secret_counts_until_its_end_and_no_longer(tmp_path: Path) -> None:
    from music_sync.adapters.hook_file import HookFile

    file = HookFile(tmp_path / "var" / "webhooks.json")
    old = file.add("music-sync", signed=True)
    with served(tmp_path) as running, httpx.Client() as client:
        before = Sender(running.url, client, key_of(old)).send(BODY)
        new = file.rotate("music-sync", overlap_s=3600)
        within = [Sender(running.url, client, key_of(each)).send(BODY).status_code for each in (old, new)]
        file.rotate("music-sync", overlap_s=0)
        after = [Sender(running.url, client, key_of(each)).send(BODY).status_code for each in (old, new)]

    assert before.status_code == 202
    assert within == [202, 202]
    assert after == [401, 401]


def test_b04_a_body_or_id_that_was_changed_on_the_way_is_refused(sender: Sender) -> None:
    body = b'{"type":"x.y","data":{}}'
    headers = sender.headers(body, "b04")

    def sent(content: bytes, **changed: str) -> int:
        changed = {name.replace("_", "-"): value for name, value in changed.items()}
        return sender.client.post(sender.url + PATH, content=content, headers=headers | changed).status_code

    assert sent(body.replace(b"x.y", b"x.z")) == 401
    assert sent(json.dumps(json.loads(body)).encode()) == 401
    assert sent(body, webhook_id="b04-other") == 401
    assert sent(body, webhook_timestamp=str(int(headers["webhook-timestamp"]) + 1)) == 401
    assert sent(body) == 202


def test_b05_a_header_that_stands_there_twice_is_refused(sender: Sender) -> None:
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        headers = httpx.Headers([*sender.headers(BODY).items(), (name, "b05")])

        assert sender.client.post(sender.url + PATH, content=BODY, headers=headers).status_code == 400


@pytest.mark.parametrize("event_id", ["", "x" * 129, "a\tb", "\u00e4\u0085"])
def test_b05_an_id_that_is_none_is_refused(sender: Sender, event_id: str) -> None:
    headers = sender.headers(BODY) | {"webhook-id": event_id}
    encoded = {name.encode(): value.encode() for name, value in headers.items()}

    assert sender.client.post(sender.url + PATH, content=BODY, headers=encoded).status_code == 400


def test_b05_the_longest_id_is_taken(sender: Sender) -> None:
    assert sender.send(BODY, "x" * 128).status_code == 202


@pytest.mark.parametrize("stamp", ["", "soon", "1.5", "-1", "1" + "0" * 20, "+1", "0x10", "１２３"])
def test_b06_a_timestamp_that_is_none_is_refused(sender: Sender, stamp: str) -> None:
    headers = {name.encode(): value.encode() for name, value in sender.headers(BODY).items()}
    headers[b"webhook-timestamp"] = stamp.encode()

    assert sender.client.post(sender.url + PATH, content=BODY, headers=headers).status_code == 401


def test_b06_a_timestamp_in_milliseconds_is_refused(sender: Sender) -> None:
    headers = sender.headers(BODY, stamp=int(time.time() * 1000))

    assert sender.client.post(sender.url + PATH, content=BODY, headers=headers).status_code == 401


@pytest.mark.parametrize(("seconds", "status"), [(-302, 401), (302, 401), (-298, 202), (298, 202)])
def test_b06_five_minutes_of_difference_are_allowed(sender: Sender, seconds: int, status: int) -> None:
    headers = sender.headers(BODY, stamp=int(time.time()) + seconds)

    assert sender.client.post(sender.url + PATH, content=BODY, headers=headers).status_code == status


def test_b07_a_repeat_gets_the_same_answer_and_starts_nothing_more(sender: Sender, hooked: Served) -> None:
    first = sender.event("sync.requested", "b07", source="lastfm")
    ran = hooked.syncs.ran.get(timeout=10)
    again = sender.event("sync.requested", "b07", source="lastfm")
    other = sender.event("sync.requested", "b07-other", source="listenbrainz")

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert other.status_code == 202
    assert ran == ("--only", "lastfm")
    assert hooked.syncs.ran.get(timeout=10) == ("--only", "listenbrainz")


def test_b07_the_same_id_with_another_body_is_told_and_stored_once(
    sender: Sender, hooked: Served, caplog: pytest.LogCaptureFixture
) -> None:
    sender.send(BODY, "b07-two")
    with caplog.at_level(logging.WARNING, "music_sync"):
        answer = sender.send(BODY.replace(b"unknown", b"other"), "b07-two")
    stored = hooked.site.inbox.event("music-sync", "b07-two")

    assert answer.status_code == 409
    assert stored is not None
    assert stored.type == "unknown.type"
    assert "b07-two came again with another body" in caplog.text


Proof = Callable[[bytes], object]
TOKEN = "an obviously fake token of a named hook"
PROOFS: dict[str, tuple[bytes, bytes, Proof]] = {
    "standard": (
        b"v1,",
        sign(key_of(FIRST_SECRET), "b08", 100, BODY)["webhook-signature"].encode().removeprefix(b"v1,"),
        lambda given: schemes.standard(
            schemes.Headers([(b"webhook-id", b"b08"), (b"webhook-timestamp", b"100"), (b"webhook-signature", given)]),
            BODY,
            [key_of(FIRST_SECRET), key_of(SECOND_SECRET)],
            100,
        ),
    ),
    "notion": (
        b"sha256=",
        hmac.digest(b"one", BODY, "sha256").hex().encode(),
        lambda given: schemes.notion(schemes.Headers([(b"x-notion-signature", given)]), BODY, ["one", "two"]),
    ),
    "websub": (
        b"sha1=",
        hmac.digest(b"one", BODY, "sha1").hex().encode(),
        lambda given: schemes.websub(schemes.Headers([(b"x-hub-signature", given)]), BODY, ["one", "two"]),
    ),
    "token": (
        b"",
        TOKEN.encode(),
        lambda given: schemes.token(
            given.decode(), [Key("h", "1", sha256=digest_of(TOKEN)), Key("h", "2", sha256=digest_of("other"))], 100
        ),
    ),
}


@pytest.mark.parametrize("scheme", PROOFS)
@pytest.mark.parametrize("wrong", ["", "first", "last"])
def test_b08_every_secret_is_compared_in_constant_time_whether_one_fits_or_not(
    monkeypatch: pytest.MonkeyPatch, scheme: str, wrong: str
) -> None:
    compare, compared = hmac.compare_digest, list[bytes | str]()

    def noted(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    kind, good, proof = PROOFS[scheme]
    given = {"": good, "first": b"_" + good[1:], "last": good[:-2] + b"_" + good[-1:]}[wrong]
    with suppress(RefusedError):
        proof(kind + given)

    assert len(compared) == 2


@pytest.mark.slow
def test_b08_the_time_of_a_refusal_does_not_tell_how_much_was_right() -> None:
    secret = key_of(FIRST_SECRET)
    good = sign(secret, "b08", 100, BODY)["webhook-signature"]

    def took(signature: str) -> float:
        headers = schemes.Headers(
            [(b"webhook-id", b"b08"), (b"webhook-timestamp", b"100"), (b"webhook-signature", signature.encode())]
        )
        began = time.perf_counter()
        with suppress(RefusedError):
            schemes.standard(headers, BODY, [secret], 100)
        return time.perf_counter() - began

    first, last = "v1,A" + good[4:], good[:-2] + "A="
    pairs = [(took(first), took(last)) for _ in range(2000)]
    medians = [statistics.median(times) for times in zip(*pairs, strict=True)]

    assert abs(medians[0] - medians[1]) < 0.05 * max(medians)


@pytest.mark.parametrize("secret", ["short", "changeme", "whsec_c2hvcnQ=", "whsec_not base64", "a" * 64])
def test_b09_a_weak_secret_starts_no_server(tmp_path: Path, secret: str) -> None:
    with pytest.raises(BadSetting, match="webhook_secrets") as refused:
        load({"MUSIC_SYNC_HOME": str(tmp_path), "MUSIC_SYNC_WEBHOOK_SECRETS": secret})

    assert secret not in str(refused.value)


def test_b09_without_any_secret_nothing_is_taken_in(tmp_path: Path) -> None:
    with served(tmp_path) as running, httpx.Client() as client:
        empty = Sender(running.url, client, key_of("x" * 8 + "0123456789abcdefghij"))

        assert empty.send(BODY).status_code == 401


# The request


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS"])
def test_b10_other_methods_are_not_taken(sender: Sender, method: str) -> None:
    answer = sender.client.request(method, sender.url + PATH)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/webhooks/", "/webhooks/other", "/webhooks/in", "/webhooks/in/", "/webhooks/in/a/b"])
def test_b10_an_unknown_path_is_not_there(sender: Sender, path: str) -> None:
    assert sender.client.post(sender.url + path, content=BODY).status_code == 404


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""])
def test_b10_another_kind_of_body_is_not_taken(sender: Sender, kind: str) -> None:
    assert sender.send(BODY, content_type=kind).status_code == 415


def test_b10_a_sender_that_asks_first_is_told_to_go_on(hooked: Served, sender: Sender) -> None:
    head = head_of(sender, BODY, b"Expect: 100-continue\r\nConnection: close\r\n")
    answer = raw(hooked.url, head, BODY)

    assert answer.startswith(b"HTTP/1.1 100 Continue")
    assert b"HTTP/1.1 202" in answer


def head_of(sender: Sender, body: bytes, more: bytes = b"", length: bytes | None = None, event_id: str = "") -> bytes:
    lines = [f"{name}: {value}\r\n".encode() for name, value in sender.headers(body, event_id).items()]
    announced = b"Content-Length: %d\r\n" % len(body) if length is None else length
    return b"POST " + PATH.encode() + b" HTTP/1.1\r\nHost: localhost\r\n" + b"".join(lines) + announced + more + b"\r\n"


def body_of(size: int) -> bytes:
    start, end = b'{"type": "x", "data": {"pad": "', b'"}}'
    return start + b"a" * (size - len(start) - len(end)) + end


def test_b11_a_body_of_256_kib_is_taken_and_one_byte_more_is_not(sender: Sender) -> None:
    assert sender.send(body_of(BODY_CAP_BYTES)).status_code == 202
    assert sender.send(body_of(BODY_CAP_BYTES + 1)).status_code == 413


def test_b11_chunks_are_counted(hooked: Served, sender: Sender) -> None:
    body = body_of(BODY_CAP_BYTES + 1)
    head = head_of(sender, body, b"Transfer-Encoding: chunked\r\n", b"")
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(body[at : at + 65536]), body[at : at + 65536]) for at in range(0, len(body), 65536)
    )
    answer = raw(hooked.url, head + chunks + b"0\r\n\r\n")

    assert status_of(answer) == 413
    assert b"connection: close" in answer.lower()


def test_b11_a_body_that_never_ends_is_cut_off_and_takes_no_memory(hooked: Served, sender: Sender) -> None:
    head = head_of(sender, b"x", b"Transfer-Encoding: chunked\r\n", b"")
    before = resident_bytes()
    began = time.monotonic()
    answer = raw(hooked.url, head, *[b"10000\r\n" + b"a" * 65536 + b"\r\n"] * 1024)

    assert answer == b"" or status_of(answer) == 413
    assert time.monotonic() - began < 9
    assert resident_bytes() - before < 8 * 1024**2


def resident_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    pytest.skip("this system does not tell the memory of a process here")


def test_b12_honest_senders_are_served_beside_peers_that_are_stuck(hooked: Served, sender: Sender) -> None:
    host, port = hooked.url.removeprefix("http://").split(":")
    stuck = []
    for number in range(200):
        peer = socket.create_connection((host, int(port)))
        peer.sendall(b"POST /webhooks/music-sync HTTP/1.1\r\nHost: l" + (b"\r\n" if number % 2 else b""))
        stuck.append(peer)
    times = []
    for _ in range(100):
        began = time.monotonic()
        assert sender.send(BODY).status_code == 202
        times.append(time.monotonic() - began)
    for peer in stuck:
        peer.close()

    assert sorted(times)[98] <= 0.2


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
def test_b15_a_compressed_body_is_not_taken(sender: Sender, encoding: str) -> None:
    assert sender.send(BODY, content_encoding=encoding).status_code == 415


DARK = {
    "duplicate keys": b'{"type": "a", "type": "b"}',
    "duplicate keys deep inside": b'{"type": "a", "data": {"x": [{"y": 1, "y": 2}]}}',
    "NaN": b'{"type": "a", "data": {"x": NaN}}',
    "Infinity": b'{"type": "a", "data": {"x": -Infinity}}',
    "1e999": b'{"type": "a", "data": {"x": 1e999}}',
    "five thousand digits": b'{"type": "a", "data": {"x": ' + b"9" * 5000 + b"}}",
    "2^64": b'{"type": "a", "data": {"x": 18446744073709551616}}',
    "-2^64": b'{"type": "a", "data": {"x": -18446744073709551616}}',
    "depth 100,000": b'{"type": "a", "data": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    "depth 1,000": b'{"type": "a", "data": {"x": ' + b"[" * 1000 + b"]" * 1000 + b"}}",
    "BOM": b"\xef\xbb\xbf" + BODY,
    "UTF-16": BODY.decode().encode("utf-16"),
    "bad UTF-8": b'{"type": "\xff\xfe"}',
    "lone surrogate": b'{"type": "\\ud800"}',
    "NUL": b'{"type": "a\\u0000b"}',
    "NUL in a name": b'{"type": "a", "data": {"\\u0000": 1}}',
    "trailing data": BODY + b"x",
    "two objects": BODY + BODY,
    "empty": b"",
    "spaces": b"   ",
    "null": b"null",
    "array": b"[]",
    "text": b'"type"',
    "number": b"7",
    "half an object": b'{"type": "a"',
    "single quotes": b"{'type': 'a'}",
}


@pytest.mark.parametrize("what", DARK)
def test_b16_dark_corners_of_json_are_refused(sender: Sender, what: str) -> None:
    assert sender.send(DARK[what]).status_code == 400


def test_b17_an_unknown_type_is_stored_and_ignored_with_all_its_fields(sender: Sender, hooked: Served) -> None:
    body = orjson.dumps({"type": "track.danced", "data": {"bpm": 120}, "specversion": "9"})
    answer = sender.send(body, "b17")
    stored = hooked.site.inbox.event("music-sync", "b17")

    assert answer.status_code == 202
    assert stored is not None
    assert stored.state == "ignored"
    assert hooked.site.inbox.body(stored.number) == body


WRONG = [
    {},
    {"data": {}},
    {"type": 7},
    {"type": ""},
    {"type": "x" * 101},
    {"type": "track.liked"},
    {"type": "track.liked", "data": []},
    {"type": "track.liked", "data": {"artist": "only"}},
    {"type": "track.liked", "data": {"isrc": "DEZZ92600001"}},
    {"type": "track.liked", "data": {"title": 7}},
    {"type": "track.liked", "data": {"title": "x" * 1001}},
    {"type": "track.liked", "data": {"url": "https://open.spotify.com/playlist/37i9dQZF1DXcBWIGoYBM5M"}},
    {"type": "playlist.changed", "data": {}},
    {"type": "playlist.changed", "data": {"source": "tidal"}},
    {"type": "playlist.changed", "data": {"url": "https://music.example.com/list.mp3"}},
    {"type": "sync.requested", "data": {"source": "no such"}},
    {"type": "task.created", "data": {"title": ["x"]}},
]


@pytest.mark.parametrize("said", WRONG, ids=lambda said: json.dumps(said)[:60])
def test_b17_a_known_type_without_what_it_needs_is_refused(sender: Sender, said: object) -> None:
    answer = sender.send(orjson.dumps(said))

    assert answer.status_code == 422
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "link",
    [
        "file:///etc/passwd", "ftp://example.com/a.mp3", "gopher://example.com/", "data:audio/mp3;base64,AAAA",
        "javascript:alert(1)", "concat:a|b", "subfile:,,start,0,end,1,,:/etc/passwd", "pipe:0",
    ],
)  # fmt: skip
def test_b31_links_of_other_schemes_are_refused(sender: Sender, link: str) -> None:
    assert sender.event("track.liked", url=link).status_code == 422


INNER = [
    "http://127.0.0.1:{port}/", "http://[::1]:{port}/", "http://0.0.0.0:{port}/", "http://127.1:{port}/",
    "http://2130706433:{port}/", "http://0x7f000001:{port}/", "http://017700000001:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/", "http://169.254.169.254/latest", "http://metadata.google.internal/",
    "http://10.0.0.1/a.mp3", "http://192.168.1.1/a.mp3", "http://100.64.0.1/a.mp3", "http://[fe80::1]/a.mp3",
    "http://[fc00::1]/a.mp3", "http://[64:ff9b::7f00:1]/a.mp3", "http://localhost.:{port}/a.mp3",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["track.liked", "sync.requested", "playlist.changed"])
def test_b32_links_into_this_machine_are_refused_and_nothing_connects(sender: Sender, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        codes = {link: sender.event(kind, url=link.format(port=port)).status_code for link in INNER}
        with pytest.raises(TimeoutError):
            listener.accept()

    assert set(codes.values()) == {422}, codes


@pytest.mark.parametrize(
    "link",
    [
        "https://soundcloud.com@evil.example/a", "https://user:pass@soundcloud.com/a/b", "https://evil.example:22/a.mp3",
        "https://soundcloud.com\\@evil.example/", "https://sound\tcloud.com/a", "https://so\u0443ndcloud.com/a/b",
        "https://soundcloud.com/a\r\nHost: evil", "https://example.com/" + "a" * 8000,
    ],
)  # fmt: skip
def test_b33_links_that_pretend_are_refused(sender: Sender, link: str) -> None:
    assert sender.event("track.liked", url=link).status_code == 422


def test_b36_a_playlist_goes_through_the_same_gate(sender: Sender) -> None:
    assert sender.event("sync.requested", url="http://127.0.0.1/list.m3u").status_code == 422


# Limits and faults


def test_b18_one_sender_is_slowed_down_and_the_others_are_not(tmp_path: Path) -> None:
    with served(tmp_path, **BOTH | {"MUSIC_SYNC_WEBHOOK_RATE": "5"}) as running, httpx.Client() as client:
        loud, quiet = Sender(running.url, client), Sender(running.url, client, key_of(SECOND_SECRET))
        answers = [loud.send(BODY) for _ in range(60)]
        other = quiet.send(BODY)

    limited = [answer for answer in answers if answer.status_code == 429]
    assert 5 <= len(limited) <= 10
    assert {answer.headers["retry-after"] for answer in limited} == {"1"}
    assert {answer.status_code for answer in answers} == {202, 429}
    assert other.status_code == 202


def test_b18_wrong_signatures_are_slowed_down_sooner_and_the_right_key_never(sender: Sender) -> None:
    codes = [sender.send(BODY, webhook_signature="v1,AAAA").status_code for _ in range(40)]

    assert codes[:20] == [401] * 20
    assert set(codes[22:]) == {429}
    assert sender.send(BODY).status_code == 202


def test_b19_a_locked_database_is_told_and_nothing_is_promised(
    hooked: Served, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks_store, "STORED_WITHIN_S", 0.3)
    engine = open_engine(hooked.site.settings.state_db)
    with engine.connect() as other:
        other.exec_driver_sql("ROLLBACK")
        other.exec_driver_sql("BEGIN EXCLUSIVE")
        locked = sender.send(BODY, "b19")
        other.exec_driver_sql("ROLLBACK")
    free = sender.send(BODY, "b19")
    engine.dispose()

    assert locked.status_code == 503
    assert int(locked.headers["retry-after"]) > 0
    assert free.status_code == 202


def test_b19_a_full_disk_is_told_and_service_goes_on_when_there_is_room(hooked: Served, sender: Sender) -> None:
    writer = hooked.site.hooks._store._writer  # type: ignore[attr-defined]
    connected = writer._connected()
    pages = connected.exec_driver_sql("PRAGMA page_count").scalar()
    connected.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    connected.rollback()
    full = [sender.send(body_of(200_000), f"b19-full-{number}") for number in range(3)]
    # The failed connection was thrown away, and its limit with it.
    free = sender.send(BODY, "b19-room")

    assert 503 in {answer.status_code for answer in full}
    for number, answer in enumerate(full):
        stored = hooked.site.inbox.event("music-sync", f"b19-full-{number}")
        assert (stored is not None) == (answer.status_code == 202)
    assert free.status_code == 202


def test_b19_too_much_at_once_is_told(hooked: Served, sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("music_sync.adapters.sql.inbox.MOST_QUEUED_BYTES", 10)

    answer = sender.send(BODY)

    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def test_b20_a_sender_that_goes_away_leaves_no_trace_of_a_fault(
    hooked: Served, sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    host, port = hooked.url.removeprefix("http://").split(":")
    with caplog.at_level(logging.DEBUG):
        for _ in range(20):
            with socket.create_connection((host, int(port))) as peer:
                peer.sendall(head_of(sender, BODY))
            with socket.create_connection((host, int(port))) as peer:
                peer.sendall(head_of(sender, BODY) + BODY)
        assert sender.send(BODY).status_code == 202

    assert "Traceback" not in caplog.text
    assert not [record for record in caplog.records if record.exc_info]


def test_b50_no_secret_signature_or_body_stands_in_a_log(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    canary = f"canary-{secrets.token_hex(8)}"
    with caplog.at_level(logging.DEBUG):
        sender.send(orjson.dumps({"type": canary, "data": {"x": canary}}))
        sender.send(orjson.dumps([canary]))
        sender.send(BODY, webhook_signature=f"v1,{canary}")
        sender.client.post(f"{sender.url}/webhooks/in/x", headers={"Authorization": f"Bearer {canary}"}, json={})
        sender.client.post(f"{sender.url}/webhooks/plex?token={canary}", files={"payload": "{}"})
        sender.client.get(f"{sender.url}/first-password?link={canary}")

    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert not [line for line in ours if canary in line or FIRST_SECRET in line]


def test_events_of_sixty_four_senders_at_once_are_all_stored(hooked: Served, sender: Sender) -> None:
    requests = {
        f"many-{number}": head_of(sender, BODY, b"Connection: close\r\n", event_id=f"many-{number}") + BODY
        for number in range(256)
    }
    with ThreadPoolExecutor(64) as senders:
        answers = list(senders.map(lambda request: raw(hooked.url, request), requests.values()))
    stored = {event.event_id for event in hooked.site.inbox.events()}

    assert {status_of(answer) for answer in answers} == {202}
    assert requests.keys() <= stored


def test_what_was_waiting_is_taken_up_by_the_next_start(tmp_path: Path) -> None:
    with served(tmp_path, **BOTH) as running, httpx.Client() as client:
        running.syncs.may_end.clear()
        Sender(running.url, client).event("sync.requested", "first", source="lastfm")
        running.syncs.ran.get(timeout=10)
        Sender(running.url, client).event("sync.requested", "second", source="spotify")
        running.syncs.result = "error"
        running.syncs.may_end.set()
        running.site.dispatcher.stop()
    with served(tmp_path, password="", **BOTH) as again:
        ran = {again.syncs.ran.get(timeout=10) for _ in range(2)}
        inbox = SqlInbox(open_engine(again.site.settings.state_db), "home")

        assert ran == {("--only", "lastfm"), ("--only", "spotify")}
        assert inbox.event("music-sync", "first") is not None
