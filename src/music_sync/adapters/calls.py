"""Calls to a service: within its budget, signed in, tried again when that may help, and every failure in our own words.

One way for our own calls (`get`), and one for the clients that bring theirs: `session` for those on requests,
`http` for Google's.
"""

import itertools
import json
import logging
import time
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Protocol, Self

import httpx

from music_sync.adapters.budget_file import LONGEST_BLOCK_S, Budget, when
from music_sync.adapters.certificates import certificates
from music_sync.model.errors import BadSetting, GiveUp, NeedsPerson, ServiceUnavailable, SyncError

if TYPE_CHECKING:
    import requests

PATIENCE_S = 30.0
"""A service that asks for a longer pause is left alone until then, and other work goes on."""
MOST_TRIES = 5
TIMEOUT_S = 20.0
DEADLINE_S = 240.0
"""How long one source may take in one sync; what is left comes with the next."""
LARGEST_ANSWER_BYTES = 16 * 1024**2

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_LONGEST_MESSAGE = 300

# These tell of each request as news, links and all.
for _chatty in ("httpx", "httpcore", "urllib3", "spotipy", "googleapiclient"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)


class Forbidden(NeedsPerson):
    """The service does not show this to the person who is signed in."""


class NotThere(GiveUp):
    """The service has no such thing."""


class Rejected(GiveUp):
    """The service does not understand what it was asked; such as a page that exists no more."""


class SignIn(Protocol):
    """Where the access token comes from."""

    @property
    def command(self) -> str:
        """What a person types to sign in."""

    def token(self) -> str:
        """A token that should do; refreshed when it is about to end.

        Raises NotSetUp when nobody ever signed in, NeedsPerson when the sign-in has ended.
        """

    def refused(self, token: str) -> None:
        """The service does not take this token, so the next one must be another; raises as `token` does."""


@dataclass(frozen=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        """The body read as JSON, None when it is empty; raises ValueError."""
        return json.loads(self.body) if self.body.strip() else None


@dataclass(frozen=True)
class Trouble:
    """What is wrong with a reply. `kind`: what is to be done about it.

    `again` soon, or after `after_s` · `quota` used up, for `after_s` when told · `sign_in` not taken ·
    `forbidden`, `not_there`, `rejected` for this one thing.
    """

    kind: str
    message: str = ""
    after_s: float | None = None


Judge = Callable[[Reply], Trouble | None]
"""Says what is wrong with a reply, None when nothing is."""

Send = Callable[[Mapping[str, str], float], Reply]
"""Makes one call with these headers within so many seconds; raises OSError or httpx.HTTPError when no answer came."""


def by_status(reply: Reply) -> Trouble | None:
    """What the status of an answer means with any service; an answer that cannot be read counts as broken off."""
    status, message = reply.status, _message_in(reply)
    if status in {200, 201, 204}:
        return None if _is_readable(reply) else Trouble("again", "its answer broke off")
    if status in {304, 302}:
        return None
    if status in {429, 503}:
        return Trouble("again", message or str(status), after_s(reply.headers.get("retry-after")))
    if status >= 500 or status == 408:
        return Trouble("again", message or str(status))
    kind = {401: "sign_in", 403: "forbidden", 404: "not_there"}.get(status, "rejected")
    return Trouble(kind, f"{status}: {message}" if message else str(status))


class Calls:
    """A connection to one service for the time of one reading; it ends with its deadline.

    `scheme` stands before the token in the Authorization header.
    """

    def __init__(
        self,
        base_url: str,
        budget: Budget,
        sign_in: SignIn | None = None,
        *,
        judge: Judge = by_status,
        scheme: str = "Bearer",
        deadline_s: float = DEADLINE_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base_url = checked_url(base_url)
        self.made = 0
        self._budget = budget
        self._sign_in = sign_in
        self._judge = judge
        self._scheme = scheme
        self._ends_at = time.monotonic() + deadline_s
        self._deadline_s = deadline_s
        self._most_tries = MOST_TRIES
        self._sleep = sleep
        self._agent = "music-sync"
        self._client = httpx.Client(verify=certificates(), trust_env=False, timeout=TIMEOUT_S, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def with_manners(self, agent: str, most_tries: int) -> Self:
        """Be called so, as some services want to know who asks, and give up after so many tries."""
        self._agent = agent
        self._most_tries = most_tries
        return self

    @property
    def label(self) -> str:
        """What a person calls the service."""
        return self._budget.label

    def within(self, deadline_s: float) -> Self:
        """The same connection for one more piece of work, which has so many seconds from now on."""
        again = copy(self)
        vars(again).update(_deadline_s=deadline_s, _ends_at=time.monotonic() + deadline_s)
        return again

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        cost: int = 1,
    ) -> Reply:
        """GET a path of the service, or a whole address below it."""
        address = self._address(path)

        def send(ours: Mapping[str, str], timeout_s: float) -> Reply:
            wanted = {**(headers or {}), **ours}
            return self.send(
                httpx.Request("GET", httpx.URL(address, params=params) if params else address, headers=wanted),
                timeout_s,
            )

        return self.guarded(send, cost=cost)

    def guarded(self, send: Send, *, cost: int = 1) -> Reply:
        """Make a call under the budget and try it again while that may help.

        Raises ServiceUnavailable when the service is away, limits us or the deadline is over; NeedsPerson when the
        sign-in is refused; Forbidden, NotThere and Rejected for the one thing that was asked for.
        """
        renewed = False
        for attempt in itertools.count(1):
            left_s = self._left_s()
            token = self._sign_in.token() if self._sign_in else ""
            self._budget.take(cost, within_s=left_s)
            self.made += 1
            trouble, reply = self._tried(send, token)
            if reply is not None and trouble is None:
                return reply
            assert trouble is not None  # noqa: S101 - no reply is always a trouble
            if trouble.kind == "sign_in" and self._sign_in and not renewed:
                self._sign_in.refused(token)
                renewed = True
                continue
            self._rest(self._pause_s(trouble, attempt))
        raise AssertionError  # the loop has no end

    def session(self) -> "requests.Session":
        """A session of requests whose calls all go through `guarded`."""
        from music_sync.adapters.calls_requests import session_over

        return session_over(self)

    def http(self) -> Any:
        """What Google's client calls through."""
        from music_sync.adapters.calls_google import GoogleHttp

        return GoogleHttp(self)

    def _address(self, path: str) -> str:
        address = path if path.startswith(("http://", "https://")) else f"{self.base_url}/{path.lstrip('/')}"
        self.check_host(address)
        return address

    def check_host(self, address: str) -> None:
        """The token goes along, so a page that the service names elsewhere is not followed; raises Rejected."""
        url, ours = httpx.URL(address), httpx.URL(self.base_url)
        if (url.scheme, url.host, url.port) != (ours.scheme, ours.host, ours.port):
            raise Rejected(
                f"{self.label} names a page at another host ({url.scheme}://{url.host}), which is not followed"
            )

    def send(self, request: httpx.Request, timeout_s: float) -> Reply:
        """Send one request as it is; the body is read whole, up to 16 MiB and to our deadline."""
        ends_at = max(self._ends_at, time.monotonic() + timeout_s)
        # A request that is made by hand takes no header from the client.
        request.headers.setdefault("User-Agent", self._agent)
        request.extensions["timeout"] = httpx.Timeout(timeout_s).as_dict()
        response = self._client.send(request, stream=True)
        try:
            body = bytearray()
            for block in response.iter_bytes():
                body += block
                if len(body) > LARGEST_ANSWER_BYTES:
                    raise httpx.ReadError("the answer is too large")
                # Each single block may come in time, and the answer never.
                if time.monotonic() > ends_at:
                    raise httpx.ReadTimeout("the answer is too slow")
        finally:
            response.close()
        return Reply(response.status_code, {name.lower(): text for name, text in response.headers.items()}, bytes(body))

    def _tried(self, send: Send, token: str) -> tuple[Trouble | None, Reply | None]:
        headers = {"Authorization": f"{self._scheme} {token}"} if token else {}
        try:
            reply = send(headers, max(1.0, min(TIMEOUT_S, self._left_s())))
        except (OSError, httpx.HTTPError) as error:
            return Trouble("again", f"no answer came ({type(error).__name__})"), None
        trouble = self._judge(reply)
        shown = trouble and replace(trouble, message=_told(trouble.message, token))
        return shown, reply

    def _pause_s(self, trouble: Trouble, attempt: int) -> float:
        """How long to wait before another try; raises when there shall be none."""
        now = time.time()
        if trouble.kind == "quota" or (trouble.kind == "again" and (trouble.after_s or 0) > PATIENCE_S):
            pause_s = min(trouble.after_s or 3600.0, LONGEST_BLOCK_S)
            why = f"{self.label} limits us" + (f" ({trouble.message})" if trouble.message else "")
            self._budget.block(pause_s, why)
            raise ServiceUnavailable(f"{why} until {when(now + pause_s, now)}; other work goes on", pause_s)
        if trouble.kind != "again":
            raise self._refusal(trouble)
        pause_s = float(2 ** (attempt - 1)) if trouble.after_s is None else trouble.after_s
        if attempt >= self._most_tries or pause_s > self._ends_at - time.monotonic():
            raise ServiceUnavailable(
                f"{self.label} is away or limits us ({trouble.message}); the next sync tries again", trouble.after_s
            )
        return pause_s

    def _refusal(self, trouble: Trouble) -> SyncError:
        if trouble.kind == "sign_in":
            command = self._sign_in.command if self._sign_in else f"music-sync connect {self._budget.service}"
            return NeedsPerson(f"{self.label} does not take the sign-in ({trouble.message}); run `{command}`")
        if trouble.kind == "forbidden":
            return Forbidden(f"{self.label} does not allow that ({trouble.message})")
        if trouble.kind == "not_there":
            return NotThere(f"{self.label} has no such thing ({trouble.message})", "not_there")
        return Rejected(f"{self.label} did not understand what it was asked ({trouble.message})", "rejected")

    def _rest(self, seconds: float) -> None:
        self._sleep(seconds)

    def _left_s(self) -> float:
        left_s = self._ends_at - time.monotonic()
        if left_s <= 0:
            raise ServiceUnavailable(
                f"{self.label} took longer than {self._deadline_s:.0f} s; the next sync goes on from there"
            )
        return left_s


def after_s(header: str | None) -> float | None:
    """Retry-After in either of its forms, in seconds; None when it is missing or makes no sense."""
    text = (header or "").strip()
    if text.isdecimal() and text.isascii():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def checked_url(base_url: str) -> str:
    """A base address without its last slash; the sign-in goes there, so it is encrypted or on this machine."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise BadSetting(f"{base_url[:100]!r} is no address of a service; correct the setting") from error
    if url.scheme != "https" and not (url.scheme == "http" and url.host in _LOOPBACK):
        raise BadSetting(
            f"{base_url[:100]!r} must begin with https://; plain http is for this machine only; correct the setting"
        )
    return str(url).rstrip("/")


def _is_readable(reply: Reply) -> bool:
    try:
        return reply.json is not None or reply.status != 200
    except ValueError:
        return False


def _message_in(reply: Reply) -> str:
    """The service's own sentence, in any of the usual shapes."""
    try:
        body = reply.json
    except ValueError:
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        return str(error.get("message") or error.get("reason") or "")
    if isinstance(body, dict):
        return str(body.get("error_description") or body.get("message") or error or "")
    return ""


def _told(message: str, token: str) -> str:
    """As a person may read it: without our token, on one line, not too long."""
    text = " ".join((message.replace(token, "[token]") if token else message).split())[:_LONGEST_MESSAGE]
    return "".join(letter for letter in text if letter.isprintable())
