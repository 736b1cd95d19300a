"""What senders reach: one door a scheme, the same order of checks behind each.

path and method -> kind and announced length -> the body, capped -> who sends -> strict JSON -> what it asks for
-> stored durably -> 202 with the id

A plain ASGI application beside the pages: a burst of events must not pay for what pages need.
"""

import asyncio
import hashlib
import logging
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from music_sync.adapters.hook_file import NOTION, SIGNED, YOUTUBE, Handshake, Key
from music_sync.model.errors import EnvironmentFault, SyncError
from music_sync.model.events import Event, Outcome
from music_sync.settings import HookFields
from music_sync.web import webhooks_schemes as schemes
from music_sync.web.security import visible
from music_sync.web.webhooks_answers import Answer, ClientGoneError, RefusedError, not_now, not_proven, too_much
from music_sync.web.webhooks_body import (
    announced_length,
    flat_json,
    form_fields,
    json_object,
    kind_in,
    multipart_part,
    read_body,
)
from music_sync.web.webhooks_events import Asked, asked
from music_sync.web.webhooks_fields import asked_by_plex, asked_flat
from music_sync.web.webhooks_limits import BURST_S, FAILURES_AT_ONCE, FAILURES_PER_S, Buckets
from music_sync.web.webhooks_notion import Databases, event_of, verification_token
from music_sync.web.webhooks_schemes import Headers, Secret

log = logging.getLogger(__name__)

LONGEST_CHALLENGE = 1000
LOGGED_PER_S, LOGGED_AT_ONCE = 1.0, 20.0
JSON, FORM, MULTIPART, ATOM = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/atom+xml",
)


class Keys(Protocol):
    """The secrets by which senders are known, and what was agreed with Notion and YouTube."""

    def signing(self) -> Sequence[Secret]: ...
    def notion_tokens(self) -> Sequence[str]: ...
    def youtube_secret(self) -> str: ...
    def tokens(self, hook: str) -> Sequence[Key]: ...
    def handshake(self) -> Handshake | None: ...
    def handshake_came(self, token: str) -> bool: ...
    def confirm_lease(self, mode: str, topic: str, token: str, lease_s: float) -> bool:
        """A hub asks whether we want this; False when we did not ask for it, or it is not the hub that asks."""


class Store(Protocol):
    """Stores an event durably; raises SyncError when it cannot."""

    async def keep(self, event: Event) -> Outcome: ...


@dataclass(frozen=True)
class HookSettings:
    """What of the settings the doors need."""

    rate_per_s: float
    fields: Mapping[str, HookFields]
    private_hosts: frozenset[str]
    databases: Databases
    youtube_subject: str


@dataclass(frozen=True)
class _Request:
    """A request whose body was read."""

    headers: Headers
    body: bytes
    kind: str
    content_type: bytes
    query: Mapping[str, Sequence[str]]
    name: str
    address: str


Read = Callable[["Hooks", _Request], Awaitable[Answer]]


@dataclass(frozen=True)
class _Door:
    methods: Mapping[str, Read]
    kinds: tuple[str, ...]


class Hooks:
    """The doors below /webhooks/. `counts` tells how many requests ended how: (hook, status, reason) -> number."""

    def __init__(
        self, settings: HookSettings, keys: Keys, store: Store, clock: Callable[[], float] = time.time
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._store = store
        self._clock = clock
        self._sent = Buckets(settings.rate_per_s, max(1.0, settings.rate_per_s * BURST_S))
        self._failed = Buckets(FAILURES_PER_S, FAILURES_AT_ONCE)
        self._logged = Buckets(LOGGED_PER_S, LOGGED_AT_ONCE)
        self.counts: Counter[tuple[str, int, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        address: str = scope["state"]["address"]
        hook = _hook_in(path)
        try:
            answer = await self._answered(scope, receive, hook)
        except RefusedError as refusal:
            answer = self._refused(refusal, hook, address)
        except SyncError as error:
            # What the senders' secrets are kept in cannot be read or written: nobody can be known.
            log.error("webhook %s: %s", visible(hook), error)  # noqa: TRY400 - the sentence says it all
            answer = self._refused(not_now("secrets", 60), hook, address)
        except (ClientGoneError, asyncio.CancelledError):
            self.counts[hook, 0, "gone"] += 1
            return
        self.counts[hook, answer.status, answer.reason] += 1
        await answer.send(send)

    async def _answered(self, scope: Scope, receive: Receive, hook: str) -> Answer:
        door = DOORS.get(hook)
        if door is None:
            raise RefusedError(404, "no_such_hook", "there is no such webhook")
        read = door.methods.get(scope["method"])
        if read is None:
            allowed = ", ".join(door.methods).encode()
            raise RefusedError(405, "method", "that method is not taken here", (b"allow", allowed))
        headers = Headers(scope["headers"])
        content_type = schemes.only(headers, b"content-type") or b""
        kind = kind_in(content_type)
        if scope["method"] == "POST":
            _check_kind(kind, door.kinds, schemes.only(headers, b"content-encoding"))
        body = await read_body(receive, announced_length(schemes.only(headers, b"content-length")))
        name = scope["path"].rpartition("/")[2]
        query = _query(scope["query_string"])
        return await read(self, _Request(headers, body, kind, content_type, query, name, scope["state"]["address"]))

    # One door each

    async def signed(self, request: _Request) -> Answer:
        """Standard Webhooks."""
        event_id = schemes.event_id_in(request.headers)
        key = schemes.standard(request.headers, request.body, self._keys.signing(), self._clock())
        self._limit(key)
        wanted = asked(json_object(request.body), self._settings.private_hosts)
        return await self._kept(SIGNED, event_id, wanted, request.body)

    async def notion(self, request: _Request) -> Answer:
        """Events of Notion; and its handshake, which a person must have begun."""
        tokens = self._keys.notion_tokens()
        try:
            schemes.notion(request.headers, request.body, tokens)
        except RefusedError:
            return self._handshake(request)
        self._limit(NOTION)
        said = json_object(request.body)
        if verification_token(said):
            return Answer(200, {"state": "known"})
        event_id, wanted = event_of(said, self._settings.databases)
        return await self._kept(NOTION, event_id, wanted, request.body)

    def _handshake(self, request: _Request) -> Answer:
        pending = self._keys.handshake()
        if pending is None or self._clock() >= pending.until:
            raise not_proven("signature")
        said = json_object(request.body)
        token = verification_token(said)
        if not token:
            raise not_proven("signature")
        schemes.notion(request.headers, request.body, [token])
        if not self._keys.handshake_came(token):
            raise not_proven("handshake")
        log.info("webhook notion: a handshake came; `music-sync webhook add notion` shows it")
        return Answer(200, {"state": "shown to the owner"})

    async def youtube_asks(self, request: _Request) -> Answer:
        """WebSub's challenge: echoed only for what we asked for."""
        names = ("hub.mode", "hub.topic", "token", "hub.challenge", "hub.lease_seconds", "hub.reason")
        mode, topic, token, challenge, lease, reason = ((request.query.get(name) or [""])[0] for name in names)
        lease_s = float(lease) if lease.isdecimal() and len(lease) < 10 else 0.0
        is_whole = mode == "denied" or 0 < len(challenge) <= LONGEST_CHALLENGE
        if not is_whole or not self._keys.confirm_lease(mode, topic, token, lease_s):
            raise RefusedError(404, "not_subscribed", "nothing of that is subscribed to")
        if mode == "denied":
            log.warning("webhook youtube: the hub denies %s: %s", visible(topic), visible(reason) or "it says not why")
            return Answer(200, b"")
        return Answer(200, challenge.encode())

    async def youtube(self, request: _Request) -> Answer:
        """A channel has something new; what it is is asked of YouTube, so the feed in the body is not even parsed."""
        secret = self._keys.youtube_secret()
        if not secret or not schemes.websub(request.headers, request.body, [secret]):
            return Answer(202, {"state": "accepted"}, reason="dropped")
        self._limit(YOUTUBE)
        digest = _digest(request.body)
        wanted = Asked("youtube.feed", self._settings.youtube_subject)
        return await self._kept(YOUTUBE, digest, wanted, request.body)

    async def named(self, request: _Request) -> Answer:
        """A hook with a token of its own, for senders that sign nothing."""
        keys = self._keys.tokens(request.name)
        key = schemes.token(schemes.bearer(request.headers), keys, self._clock())
        self._limit(key)
        said = form_fields(request.body) if request.kind == FORM else flat_json(request.body)
        wanted = asked_flat(said, self._settings.fields.get(request.name), self._settings.private_hosts)
        return await self._kept(request.name, _own_id(request.headers), wanted, request.body)

    async def plex(self, request: _Request) -> Answer:
        """Plex signs nothing and sets no header: its token can stand in the address only."""
        given = (request.query.get("token") or [""])[0]
        key = schemes.token(given, self._keys.tokens("plex"), self._clock())
        self._limit(key)
        payload = multipart_part(request.body, request.content_type, "payload")
        wanted = asked_by_plex(json_object(payload), self._settings.private_hosts)
        return await self._kept("plex", uuid.uuid4().hex, wanted, payload)

    # What they share

    async def _kept(self, hook: str, event_id: str, wanted: Asked, body: bytes) -> Answer:
        event = Event(hook, event_id, wanted.type, wanted.subject, wanted.wish, body, _digest(body))
        try:
            outcome = await self._store.keep(event)
        except SyncError as error:
            is_disk = isinstance(error, EnvironmentFault)
            raise not_now("disk" if is_disk else "busy", 60 if is_disk else 5) from error
        if outcome == "other_body":
            log.warning("webhook %s: the id %s came again with another body", hook, visible(event_id))
            raise RefusedError(409, "other_body", "that id came before with another body")
        return Answer(202, {"id": event_id, "state": "accepted"})

    def _limit(self, key: str) -> None:
        wait_s = self._sent.wait_s(key)
        if wait_s:
            raise too_much("rate", wait_s)

    def _refused(self, refusal: RefusedError, hook: str, address: str) -> Answer:
        """The refusal's answer; an address that keeps failing to prove itself is told to slow down, and only then."""
        answer, reason = refusal.answer, refusal.answer.reason
        if answer.status == 401:
            wait_s = self._failed.wait_s(address)
            if wait_s:
                answer = replace(too_much("failures", wait_s).answer, reason=reason)
        if self._logged.wait_s(hook) == 0.0:
            log.warning("webhook %s: %d %s from %s", visible(hook), answer.status, reason, address)
        return answer


DOORS: Mapping[str, _Door] = {
    SIGNED: _Door({"POST": Hooks.signed}, (JSON,)),
    NOTION: _Door({"POST": Hooks.notion}, (JSON,)),
    YOUTUBE: _Door({"GET": Hooks.youtube_asks, "POST": Hooks.youtube}, (ATOM, "application/xml", "text/xml")),
    "plex": _Door({"POST": Hooks.plex}, (MULTIPART,)),
    "in": _Door({"POST": Hooks.named}, (JSON, FORM)),
}
"""The part of the path behind /webhooks/ -> what is taken there."""


def _hook_in(path: str) -> str:
    parts = path.removeprefix("/webhooks/").split("/")
    if parts[0] == "in":
        return "in" if len(parts) == 2 and parts[1] else ""
    return parts[0] if len(parts) == 1 else ""


def _check_kind(kind: str, kinds: tuple[str, ...], encoding: bytes | None) -> None:
    if encoding is not None and encoding.strip().lower() != b"identity":
        raise RefusedError(415, "encoding", "a compressed body is not taken; send it plain")
    if kind not in kinds:
        raise RefusedError(415, "kind", f"the body must be {' or '.join(kinds)}")


def _query(text: bytes) -> Mapping[str, Sequence[str]]:
    if not text:
        return {}
    try:
        return parse_qs(text.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise RefusedError(400, "bad_query", "the query cannot be read") from None


def _own_id(headers: Headers) -> str:
    """The id that a sender gives itself, so that a repeat is known; made here for one that gives none."""
    for name in (b"webhook-id", b"idempotency-key"):
        if schemes.only(headers, name) is not None:
            return schemes.event_id_in(headers, name)
    return uuid.uuid4().hex


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
