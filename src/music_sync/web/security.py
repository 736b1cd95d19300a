"""The gate before every route: which host is meant, who asks, where a change comes from, what a browser may do."""

import ipaddress
import logging
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FROM_SENDERS = "/webhooks/"
"""Below this path no browser's rules hold: every request proves itself by its signature or token."""

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    # Not `no-referrer`: with it browsers send our own forms with `Origin: null`, which is refused.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)

Refuse = Callable[[Scope, int, str], Response]
"""Makes the answer to a refused request from status and sentence."""


@dataclass(frozen=True)
class Trust:
    """Which names this server answers to, and whose word about the client counts."""

    hosts: frozenset[str]
    proxies: frozenset[str] = frozenset()

    @classmethod
    def of(cls, host: str, allowed: Iterable[str], public_url: str, proxies: Iterable[str]) -> "Trust":
        names = {*LOOPBACK_NAMES, _unbracketed(host), *map(str.lower, allowed)}
        names |= {urlsplit(public_url).hostname or ""} if public_url else set()
        return cls(frozenset(names - {"", "0.0.0.0", "::"}), frozenset(proxies))  # noqa: S104 - taken out, not bound

    def knows(self, host_header: str) -> bool:
        return host_in(host_header) in self.hosts


class Gate:
    """Lets a request through to the routes when host and origin are right, and completes every answer.

    In `scope["state"]` it leaves `address`, the client's, and `is_secure`: the cookie may go over https only.
    """

    def __init__(self, app: ASGIApp, trust: Trust, refuse: Refuse) -> None:
        self._app = app
        self._trust = trust
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = headers_of(scope)
        host = headers.get("host", "")
        state = scope.setdefault("state", {})
        state["address"], state["scheme"] = seen_through(scope, headers, self._trust.proxies)
        state["is_secure"] = state["scheme"] == "https" or host_in(host) not in LOOPBACK_NAMES
        answer = self._refusal(scope, headers, host)
        started = _Started(send)
        try:
            if answer is not None:
                await answer(scope, receive, started.send)
            else:
                await self._app(scope, receive, started.send)
        except ClientDisconnect:
            return
        except Exception:
            # The edge of a request: what nobody foresaw is one answer and one trace in the log.
            log.exception("the page %s failed", visible(scope["path"]))
            if not started.is_so:
                answer = self._refuse(scope, 500, "Something unexpected went wrong; the log has the details.")
                await answer(scope, receive, started.send)

    def _refusal(self, scope: Scope, headers: Mapping[str, str], host: str) -> Response | None:
        if not self._trust.knows(host):
            text = "This server does not answer to that name; add it to MUSIC_SYNC_ALLOWED_HOSTS if it is yours."
            return self._refuse(scope, 421, text)
        if scope["path"].startswith(FROM_SENDERS) or scope["method"] in SAFE_METHODS:
            return None
        if not comes_from_us(headers, host):
            return self._refuse(scope, 403, "That request came from another site, so nothing was changed.")
        return None


def comes_from_us(headers: Mapping[str, str], host: str) -> bool:
    """Does a request that changes something come from a page of ours, as far as the browser tells?

    A program that is no browser sends neither header; it has no cookie that a browser would add by itself either.
    """
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    return origin is None or (origin != "null" and urlsplit(origin).netloc.lower() == host.lower())


def seen_through(scope: Scope, headers: Mapping[str, str], proxies: frozenset[str]) -> tuple[str, str]:
    """The client's address and scheme; X-Forwarded-* counts only from a proxy of the settings."""
    address, scheme = (scope.get("client") or ("", 0))[0], scope.get("scheme", "http")
    if address not in proxies:
        return address, scheme
    # The last hop that is no proxy of ours: what stands before it anyone may have written.
    hops = [hop.strip() for hop in headers.get("x-forwarded-for", "").split(",") if hop.strip()]
    strangers = [hop for hop in hops if hop not in proxies]
    told = headers.get("x-forwarded-proto", "").strip().lower()
    return (
        strangers[-1] if strangers and _is_address(strangers[-1]) else address,
        told if told in {"http", "https"} else scheme,
    )


def is_loopback(host: str) -> bool:
    """Does this name or address to bind to mean this machine alone?"""
    plain = _unbracketed(host)
    try:
        return ipaddress.ip_address(plain).is_loopback
    except ValueError:
        return plain == "localhost"


@lru_cache(256)
def host_in(header: str) -> str:
    """The name in a Host header, without its port, in lower case; empty for what is none."""
    try:
        return (urlsplit(f"//{header}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def headers_of(scope: Scope) -> dict[str, str]:
    """Names in lower case; of a name that is there twice the last value."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def visible(text: str) -> str:
    """Foreign text for a log line: short and on one line."""
    return "".join(mark if mark.isprintable() else "?" for mark in text[:200])


class _Started:
    """Adds our headers to the answer and remembers that it began."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.is_so = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.is_so = True
            message = {**message, "headers": _completed(message)}
        await self._send(message)


def _completed(message: MutableMapping[str, object]) -> list[tuple[bytes, bytes]]:
    given: Iterable[tuple[bytes, bytes]] = message.get("headers", ())  # type: ignore[assignment]
    names = {name.lower() for name, _value in given}
    return [*given, *[header for header in HEADERS if header[0] not in names]]


def _unbracketed(host: str) -> str:
    return host.strip().lower().removeprefix("[").removesuffix("]")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
