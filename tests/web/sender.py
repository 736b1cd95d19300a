"""A sender of signed events over raw sockets and over httpx."""

import secrets
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
import orjson

from music_sync.web.webhooks_schemes import Secret, sign

FIRST_SECRET = "whsec_" + "c2VjcmV0LW51bWJlci1vbmUtZm9yLXRlc3RzLW9ubHk="
SECOND_SECRET = "an obviously fake secret of plain text and second"
PATH = "/webhooks/music-sync"


def key_of(text: str) -> Secret:
    from music_sync.adapters.hook_file import signing_key

    return Secret("test", signing_key(text, "test"))


@dataclass(frozen=True)
class Sender:
    """Signs with the first secret unless told otherwise."""

    url: str
    client: httpx.Client
    secret: Secret = field(default_factory=lambda: key_of(FIRST_SECRET))

    def headers(self, body: bytes, event_id: str = "", stamp: int | None = None) -> dict[str, str]:
        now = int(time.time()) if stamp is None else stamp
        signed = sign(self.secret, event_id or secrets.token_hex(8), now, body)
        return {"content-type": "application/json", **signed}

    def send(self, body: bytes, event_id: str = "", **changed: str) -> httpx.Response:
        """`changed`: headers with underscores for hyphens."""
        headers = self.headers(body, event_id) | {name.replace("_", "-"): value for name, value in changed.items()}
        return self.client.post(self.url + PATH, content=body, headers=headers)

    def event(self, kind: str = "unknown.type", event_id: str = "", **data: object) -> httpx.Response:
        return self.send(orjson.dumps({"type": kind, "data": data}), event_id)


def raw(url: str, *blocks: bytes, timeout_s: float = 15) -> bytes:
    """All that comes back until the server closes."""
    host, port = url.removeprefix("http://").split(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=timeout_s) as peer, suppress(ConnectionError):
        with suppress(ConnectionError):
            for block in blocks:
                peer.sendall(block)
        while block := peer.recv(65536):
            answer += block
    return answer


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])
