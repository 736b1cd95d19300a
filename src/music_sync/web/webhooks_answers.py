"""How a webhook's request ends: an answer, or a refusal that says no more than it must."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from starlette.types import Send

BODY_CAP_BYTES = 256 * 1024


@dataclass(frozen=True)
class Answer:
    """Status, body and headers of an answer."""

    status: int
    said: Mapping[str, object] | bytes = field(default_factory=dict)
    headers: tuple[tuple[bytes, bytes], ...] = ()
    reason: str = ""
    """One word for the log and the counters, where there is something to say."""

    async def send(self, send: Send) -> None:
        is_text = isinstance(self.said, bytes)
        content = self.said if isinstance(self.said, bytes) else orjson.dumps(self.said)
        kind = b"text/plain; charset=utf-8" if is_text else b"application/json"
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(content)), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


class RefusedError(Exception):
    """A request that is not taken in."""

    def __init__(self, status: int, reason: str, sentence: str = "", *headers: tuple[bytes, bytes]) -> None:
        super().__init__(status, reason)
        self.answer = Answer(status, {"error": sentence or reason}, headers, reason)


class ClientGoneError(Exception):
    """The peer went away before its request was whole: there is nobody to answer."""


def not_proven(reason: str) -> RefusedError:
    """The one answer to all that fails to prove itself: it does not tell which check failed."""
    return RefusedError(401, reason, "not authorised")


def too_much(reason: str, after_s: float) -> RefusedError:
    wait = b"%d" % max(1, math.ceil(after_s))
    return RefusedError(429, reason, "too many requests; come again later", (b"retry-after", wait))


def not_now(reason: str, after_s: int) -> RefusedError:
    """Nothing was stored; the sender tries again."""
    return RefusedError(503, reason, "cannot be stored now; send it again", (b"retry-after", b"%d" % after_s))
