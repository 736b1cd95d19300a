"""The doors beside the signed one: Notion, YouTube's hub, named hooks, Plex; over the real server."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from tests.web.serving import Served, served

from music_sync.adapters.hook_file import HookFile
from music_sync.adapters.websub_hub import token_for
from music_sync.model.events import Stored

TASKS_DB, TRACKS_DB, OTHER_DB = (letter * 32 for letter in "abc")
NOTION_TOKEN = "secret_" + "obviouslyfakeverificationtoken"
CHANNEL = "UCfakefakefakefakefakefa"
TOPIC = f"https://www.youtube.com/feeds/videos.xml?channel_id={CHANNEL}"
HUB_SECRET = "an obviously fake hub secret"
SETTINGS = {
    "MUSIC_SYNC_WEBHOOK_RATE": "100000",
    "NOTION_WEBHOOK_TOKEN": NOTION_TOKEN,
    "AGENT_TASKS_DB_ID": f"https://www.notion.so/team/{TASKS_DB}?v=1",
    "TRACKS_DB_ID": TRACKS_DB,
    "MUSIC_SYNC_PUBLIC_URL": "https://music.example.org",
    "MUSIC_SYNC_YOUTUBE_CHANNELS": CHANNEL,
    "MUSIC_SYNC_YOUTUBE_HUB_URL": "http://127.0.0.1:9/",  # refused by the gate for links, so nothing goes out
}
HOOKS = """
[hooks.shelf]
type = "track.liked"
title = "record.name"
artist = "record.by.0"

[hooks.button]
type = "sync.requested"
"""


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    home = tmp_path_factory.mktemp("home")
    (home / "music-sync.toml").write_text(HOOKS)
    file = HookFile(home / "var" / "webhooks.json")
    made = {name: file.add(name, signed=False) for name in ("ifttt", "shelf", "button", "plex")}
    file.put("youtube", HUB_SECRET, signed=True)
    file.ask_lease(TOPIC, "https://music.example.org/webhooks/youtube")
    return home, made


@pytest.fixture(scope="module")
def doors(tokens: tuple[Path, dict[str, str]]) -> Iterator[Served]:
    with served(tokens[0], **SETTINGS) as running:
        yield running


@pytest.fixture
def client(doors: Served) -> Iterator[httpx.Client]:
    doors.site.hooks._failed._full.clear()
    with httpx.Client(base_url=doors.url) as opened:
        yield opened


def latest(doors: Served) -> Stored:
    return doors.site.inbox.events(newest=1)[0]


# Notion


def notion_event(event_id: str, database: str, kind: str = "page.properties_updated") -> bytes:
    dashed = "-".join((database[:8], database[8:12], database[12:16], database[16:20], database[20:]))
    return orjson.dumps(
        {
            "id": event_id,
            "timestamp": "2026-11-23T04:00:00.000Z",
            "type": kind,
            "entity": {"id": "d" * 32, "type": "page"},
            "data": {"parent": {"id": dashed, "type": "database", "data_source_id": "e" * 32}},
        }
    )


def from_notion(client: httpx.Client, body: bytes, token: str = NOTION_TOKEN) -> httpx.Response:
    signature = "sha256=" + hmac.new(token.encode(), body, hashlib.sha256).hexdigest()
    headers = {"content-type": "application/json", "X-Notion-Signature": signature}
    return client.post("/webhooks/notion", content=body, headers=headers)


def test_a_task_changed_at_notion_wakes_the_orchestrator(client: httpx.Client, doors: Served) -> None:
    answer = from_notion(client, notion_event("n-1", TASKS_DB))

    assert answer.status_code == 202
    assert latest(doors).subject == "tasks"


@pytest.mark.parametrize("database", [TRACKS_DB, OTHER_DB])
def test_what_concerns_no_task_starts_nothing_of_the_board(client: httpx.Client, doors: Served, database: str) -> None:
    answer = from_notion(client, notion_event(f"n-{database[0]}", database))

    assert answer.status_code == 202
    assert latest(doors).subject in {"", "only:notion"}


def test_a_repeat_of_notion_is_stored_once(client: httpx.Client, doors: Served) -> None:
    answers = [from_notion(client, notion_event("n-twice", OTHER_DB)) for _ in range(3)]

    assert len({answer.content for answer in answers}) == 1
    assert [event.event_id for event in doors.site.inbox.events()].count("n-twice") == 1


@pytest.mark.parametrize("signature", ["", "sha256=", "sha256=" + "0" * 64, "sha1=" + "0" * 40])
def test_an_unsigned_event_of_notion_is_refused(client: httpx.Client, signature: str) -> None:
    headers = {"content-type": "application/json", "X-Notion-Signature": signature}

    answer = client.post("/webhooks/notion", content=notion_event("n-2", TASKS_DB), headers=headers)

    assert answer.status_code == 401


def handshake(client: httpx.Client, token: str) -> int:
    return from_notion(client, orjson.dumps({"verification_token": token}), token).status_code


def test_b21_a_handshake_that_nobody_waits_for_is_refused(client: httpx.Client, doors: Served) -> None:
    assert handshake(client, "secret_of_a_stranger") == 401
    assert from_notion(client, notion_event("n-3", TASKS_DB), "secret_of_a_stranger").status_code == 401


def test_b21_a_handshake_is_shown_and_not_taken(client: httpx.Client, tokens: tuple[Path, dict[str, str]]) -> None:
    file = HookFile(tokens[0] / "var" / "webhooks.json")
    file.await_handshake()
    first, second = handshake(client, "secret_for_the_owner"), handshake(client, "secret_of_a_stranger")
    waiting = file.read().handshake
    before = from_notion(client, notion_event("n-4", TASKS_DB), "secret_for_the_owner").status_code
    file.end_handshake()

    assert (first, second) == (200, 401)
    assert waiting is not None
    assert waiting.token == "secret_for_the_owner"
    assert before == 401


def test_b21_a_handshake_comes_too_late_after_an_hour(tmp_path: Path) -> None:
    now = [1000.0]
    file = HookFile(tmp_path / "webhooks.json", lambda: now[0])
    file.await_handshake()
    now[0] += 3601

    assert not file.handshake_came("secret_late")


# YouTube


ASKED = {
    "token": token_for(TOPIC, HUB_SECRET),
    "hub.mode": "subscribe",
    "hub.topic": TOPIC,
    "hub.challenge": "c",
    "hub.lease_seconds": "432000",
}


def test_the_hubs_question_is_answered_for_what_was_asked_for(
    client: httpx.Client, tokens: tuple[Path, dict[str, str]]
) -> None:
    answer = client.get("/webhooks/youtube", params=ASKED | {"hub.challenge": "c-<b>1</b>"})
    until = HookFile(tokens[0] / "var" / "webhooks.json").read().leases[TOPIC].until

    assert (answer.status_code, answer.text) == (200, "c-<b>1</b>")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 431_000 < until - time.time() < 433_000


@pytest.mark.parametrize(
    "changed",
    [
        {"hub.topic": "https://www.youtube.com/feeds/videos.xml?channel_id=other"},
        {"hub.mode": "unsubscribe"},
        {"hub.mode": "other"},
        {"token": ""},
        {"token": "0" * 32},
        {"token": "\u00e4"},
        {"hub.challenge": ""},
        {"hub.challenge": "x" * 1001},
    ],
)
def test_the_hubs_question_for_anything_else_is_not_echoed(client: httpx.Client, changed: dict[str, str]) -> None:
    assert client.get("/webhooks/youtube", params=ASKED | changed).status_code == 404


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_signed_feed_starts_a_sync_of_youtube(client: httpx.Client, doors: Served, method: str) -> None:
    body = f"<feed><entry><id>yt:video:{method}</id></entry></feed>".encode()
    signature = f"{method}=" + hmac.new(HUB_SECRET.encode(), body, method).hexdigest()
    headers = {"content-type": "application/atom+xml", "X-Hub-Signature": signature}

    answer = client.post("/webhooks/youtube", content=body, headers=headers)

    assert answer.status_code == 202
    assert latest(doors).subject == "only:youtube"


@pytest.mark.parametrize("signature", ["", "sha1=" + "0" * 40, "md5=" + "0" * 32, "sha256"])
def test_a_feed_that_is_wrongly_signed_is_thanked_for_and_dropped(
    client: httpx.Client, doors: Served, signature: str
) -> None:
    before = len(doors.site.inbox.events())
    headers = {"content-type": "application/atom+xml", "X-Hub-Signature": signature}
    answer = client.post("/webhooks/youtube", content=b"<feed/>", headers=headers)

    assert answer.status_code == 202
    assert len(doors.site.inbox.events()) == before


# Named hooks


def bearer(tokens: tuple[Path, dict[str, str]], name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens[1][name]}"}


IFTTT = {
    "TrackName": "Half Past Two", "ArtistName": "Nadia Klee", "AlbumName": "Hours", "SavedAt": "2026-11-23T04:00:00+01:00",
    "TrackURL": "https://open.spotify.com/track/11dFghVXANMlKmJXsNCbNl", "Track ISRC": "DEZZ92600001",
}  # fmt: skip
LIKED = {"title": "Half Past Two", "artist": "Nadia Klee", "isrc": "DEZZ92600001"}


def test_what_ifttt_sends_is_understood_without_settings(
    client: httpx.Client, doors: Served, tokens: tuple[Path, dict[str, str]]
) -> None:
    answer = client.post("/webhooks/in/ifttt", json=IFTTT, headers=bearer(tokens, "ifttt"))
    wish = json.loads(latest(doors).wish)

    assert answer.status_code == 202
    assert {name: wish[name] for name in LIKED} == LIKED
    assert wish["source_id"] == "spotify:track:11dFghVXANMlKmJXsNCbNl"


@pytest.mark.parametrize("header", ["Authorization", "X-Webhook-Token"])
def test_a_form_is_as_good_as_json(
    client: httpx.Client, doors: Served, tokens: tuple[Path, dict[str, str]], header: str
) -> None:
    value = tokens[1]["ifttt"] if header.startswith("X") else f"Bearer {tokens[1]['ifttt']}"
    answer = client.post("/webhooks/in/ifttt", data={"title": header, "artist": "B"}, headers={header: value})

    assert answer.status_code == 202
    assert json.loads(latest(doors).wish)["title"] == header


def test_fields_are_found_where_the_settings_say(
    client: httpx.Client, doors: Served, tokens: tuple[Path, dict[str, str]]
) -> None:
    said = {"record": {"name": "Waves", "by": ["Ann", "Bo"]}}
    answer = client.post("/webhooks/in/shelf", json=said, headers=bearer(tokens, "shelf"))
    wish = json.loads(latest(doors).wish)

    assert answer.status_code == 202
    assert (wish["artist"], wish["title"]) == ("Ann", "Waves")


def test_a_button_starts_a_sync_each_time_it_is_pressed(
    client: httpx.Client, doors: Served, tokens: tuple[Path, dict[str, str]]
) -> None:
    ids = {client.post("/webhooks/in/button", json={}, headers=bearer(tokens, "button")).json()["id"] for _ in range(2)}

    assert len(ids) == 2
    assert latest(doors).subject == "sync"


def test_a_sender_that_names_its_event_is_answered_the_same_twice(
    client: httpx.Client, tokens: tuple[Path, dict[str, str]]
) -> None:
    headers = bearer(tokens, "button") | {"Idempotency-Key": "press-1"}
    answers = [client.post("/webhooks/in/button", json={}, headers=headers) for _ in range(2)]

    assert {answer.content for answer in answers} == {b'{"id":"press-1","state":"accepted"}'}


def test_quotes_in_a_title_of_hand_written_json_are_taken_literally(
    client: httpx.Client, doors: Served, tokens: tuple[Path, dict[str, str]]
) -> None:
    headers = bearer(tokens, "ifttt") | {"content-type": "application/json"}
    body = b'{"title": "It\'s "quoted", really", "artist": "A "B" C"}'
    answer = client.post("/webhooks/in/ifttt", content=body, headers=headers)
    wish = json.loads(latest(doors).wish)

    assert answer.status_code == 202
    assert (wish["artist"], wish["title"]) == ('A "B" C', 'It\'s "quoted", really')


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "a "b"", "title": "c "d""}',
        b'{"title": "a "b" \\"c\\""}',
        b'{"title": "a "b"", "artist": 7}x',
        b'{"title": "a "b" \x01"}',
        b'["a "b""]',
        b'{"title": "a \xff"}',
    ],
)
def test_what_could_mean_two_things_is_refused(
    client: httpx.Client, tokens: tuple[Path, dict[str, str]], body: bytes
) -> None:
    headers = bearer(tokens, "ifttt") | {"content-type": "application/json"}

    assert client.post("/webhooks/in/ifttt", content=body, headers=headers).status_code == 400


@pytest.mark.parametrize("name", ["ifttt", "shelf", "nobody", "music-sync", "notion"])
def test_a_token_opens_its_own_door_only(client: httpx.Client, tokens: tuple[Path, dict[str, str]], name: str) -> None:
    others = [{}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer x"}, bearer(tokens, "plex")]

    codes = [client.post(f"/webhooks/in/{name}", json=IFTTT, headers=headers).status_code for headers in others]

    assert codes == [401] * 4


# Plex


def from_plex(client: httpx.Client, token: str, payload: dict[str, Any], *more: tuple[str, Any]) -> httpx.Response:
    parts = [("payload", (None, json.dumps(payload), "application/json")), *more]
    return client.post("/webhooks/plex", params={"token": token}, files=parts)


def rated(stars: float, kind: str = "track") -> dict[str, Any]:
    track = {"type": kind, "title": "Waves", "grandparentTitle": "Ann", "parentTitle": "Sea", "userRating": stars}
    return {"event": "media.rate", "rating": stars, "Metadata": track}


def test_a_track_rated_in_plex_is_liked(
    client: httpx.Client, doors: Served, tokens: tuple[Path, dict[str, str]]
) -> None:
    picture = ("thumb", ("thumb.jpg", b"\xff\xd8\xff" + b"\0" * 5000, "image/jpeg"))
    answer = from_plex(client, tokens[1]["plex"], rated(8), picture)
    wish = json.loads(latest(doors).wish)

    assert answer.status_code == 202
    assert (wish["artist"], wish["title"], wish["album"]) == ("Ann", "Waves", "Sea")


@pytest.mark.parametrize("payload", [rated(4), rated(10, "movie"), {"event": "library.new", "Metadata": {}}])
def test_what_else_plex_tells_starts_nothing(
    client: httpx.Client, doors: Served, tokens: tuple[Path, dict[str, str]], payload: dict[str, Any]
) -> None:
    answer = from_plex(client, tokens[1]["plex"], payload)

    assert answer.status_code == 202
    assert latest(doors).subject == ""


@pytest.mark.parametrize("token", ["", "x", "\u00e4"])
def test_plex_without_its_token_is_refused(client: httpx.Client, token: str) -> None:
    assert from_plex(client, token, rated(8)).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b\r\n",
        b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\n{}\r\n--b--\r\n',
        b'--b\r\nContent-Disposition: form-data; name="payload"\r\n\r\n{}\r\n' * 2 + b"--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="payload"\r\n\r\nno json\r\n--b--\r\n',
        b'--b\r\n\xff\xfe: x; name="payload"\r\n\r\n{}\r\n--b--\r\n',
    ],
)
def test_a_form_that_is_none_is_refused(client: httpx.Client, tokens: tuple[Path, dict[str, str]], body: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = client.post("/webhooks/plex", params={"token": tokens[1]["plex"]}, content=body, headers=headers)

    assert answer.status_code == 400
