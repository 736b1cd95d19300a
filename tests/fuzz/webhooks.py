"""Feeds the doors of webhooks what atheris makes up; ends with a fault when an answer is 500 or more, or none comes.

    python tests/fuzz/webhooks.py [-runs=100000] [FOLDER OF EXAMPLES ...]

Each case is a whole request, rightly signed so that it reaches what lies behind the proof. The doors run in this
process with a store that keeps nothing, so that a case takes microseconds.
"""

import asyncio
import hashlib
import hmac
import sys
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import atheris

with atheris.instrument_imports(include=["music_sync.web"]):
    from music_sync.web import webhooks_body, webhooks_events, webhooks_fields, webhooks_notion, webhooks_schemes
    from music_sync.web.webhooks import Hooks, HookSettings

from music_sync.adapters.hook_file import Handshake, Key, digest_of
from music_sync.model.events import Event, Outcome
from music_sync.settings import HookFields

NEEDED = (webhooks_body, webhooks_events, webhooks_fields, webhooks_notion)
SECRET = webhooks_schemes.Secret("fuzz", b"an obviously fake secret for fuzzing")
TOKEN, HUB, NOTION = "an obviously fake token", "an obviously fake hub", "an obviously fake verification"
KINDS = (
    b"application/json",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=b",
    b"text/xml",
    b"",
)


class Keys:
    """Known secrets for every door."""

    def signing(self) -> list[webhooks_schemes.Secret]:
        return [SECRET]

    def notion_tokens(self) -> list[str]:
        return [NOTION]

    def youtube_secret(self) -> str:
        return HUB

    def tokens(self, hook: str) -> list[Key]:
        return [Key(hook, "fuzz", sha256=digest_of(TOKEN))]

    def handshake(self) -> Handshake:
        return Handshake(time.time() + 60)

    def handshake_came(self, token: str) -> bool:
        return len(token) % 2 == 0

    def confirm_lease(self, mode: str, topic: str, token: str, lease_s: float) -> bool:
        return lease_s >= 0 and mode == "subscribe" and bool(topic) and len(token) < 1000


class Store:
    """Checks that what it is given could be stored, and keeps nothing."""

    async def keep(self, event: Event) -> Outcome:
        for text in (event.hook, event.event_id, event.type, event.subject, event.wish):
            text.encode("utf-8")
        return "new"


HOOKS = Hooks(
    HookSettings(
        1e9,
        {"mapped": HookFields(title="a.b.0", artist="c")},
        frozenset(),
        webhooks_notion.Databases("a" * 32, frozenset({"b" * 32}), "only:youtube"),
        "only:youtube",
    ),
    Keys(),
    Store(),
)


def one_case(data: bytes) -> None:
    """Make a request of the bytes and send it through the doors."""
    given = atheris.FuzzedDataProvider(data)
    door = given.ConsumeIntInRange(0, 6)
    kind = KINDS[given.ConsumeIntInRange(0, len(KINDS) - 1)]
    name = given.ConsumeBytes(given.ConsumeIntInRange(0, 40))
    body = given.ConsumeBytes(given.remaining_bytes())
    path, query, headers = request_of(door, name, body)
    status = asyncio.run(
        answered(path, query, [(b"content-type", kind), *headers], body, "GET" if door == 6 else "POST")
    )
    if not 200 <= status < 500:
        raise RuntimeError(f"{path} answered {status}")


def request_of(door: int, name: bytes, body: bytes) -> tuple[str, bytes, list[tuple[bytes, bytes]]]:
    """Path, query and headers that prove themselves, as far as the door asks for that."""
    signed = webhooks_schemes.sign(SECRET, "fuzz", int(time.time()), body)
    digest = hmac.new(NOTION.encode(), body, hashlib.sha256).hexdigest()
    hub = hmac.new(HUB.encode(), body, hashlib.sha256).hexdigest()
    bearer = [(b"authorization", f"Bearer {TOKEN}".encode())]
    standard = [(header.encode(), value.encode()) for header, value in signed.items()]
    doors: Mapping[int, tuple[str, bytes, list[tuple[bytes, bytes]]]] = {
        0: ("/webhooks/music-sync", b"", standard),
        1: ("/webhooks/music-sync", b"", [(b"webhook-id", name), *standard[1:]]),
        2: ("/webhooks/notion", b"", [(b"x-notion-signature", f"sha256={digest}".encode())]),
        3: ("/webhooks/in/mapped", b"", [*bearer, (b"idempotency-key", name)]),
        4: (f"/webhooks/in/{name.decode('latin-1')}", b"", bearer),
        5: ("/webhooks/plex", f"token={quote(TOKEN)}".encode(), []),
        6: ("/webhooks/youtube", name + body, [(b"x-hub-signature", f"sha256={hub}".encode())]),
    }
    return doors[door]


async def answered(path: str, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes, method: str) -> int:
    """The status of the answer; 0 when none came."""
    statuses = [0]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses[0] = message["status"]

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": headers,
        "state": {"address": "192.0.2.1"},
    }
    await HOOKS(scope, receive, send)
    return statuses[0]


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_case)
    atheris.Fuzz()
