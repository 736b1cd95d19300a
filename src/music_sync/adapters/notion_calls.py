"""Calls to Notion: paced, tried again when that may help, and every failure told in our own words."""

import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import httpx

from music_sync.adapters.calls import after_s
from music_sync.adapters.certificates import certificates
from music_sync.model.errors import BadSetting, NeedsPerson, ServiceUnavailable, SyncError

if TYPE_CHECKING:
    from notion_client import Client

NOTION_URL = "https://api.notion.com"
VERSION = "2026-03-11"
TIMEOUT_S = 60.0
"""Notion itself gives up a call after this time."""
PATIENCE_S = 75.0
"""One window of Notion's rate limit is 60 s at most; what asks for more waits for the next run."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_CERTAINLY_NOT_DONE = frozenset({409, 429, 529})
_WORTH_ANOTHER_TRY = frozenset({0, 429, 500, 502, 503, 504, 529})
"""0 stands for no answer, or none that can be read."""
_LONGEST_MESSAGE = 500

# httpx tells of each request as news.
logging.getLogger("httpx").setLevel(logging.WARNING)


class NotThere(NeedsPerson):
    """Notion has nothing of this id, or does not share it with the connection; whoever asked knows what that means."""


class Rejected(NeedsPerson):
    """Notion does not take what was sent: the table's properties may have changed."""


class Unsure(ServiceUnavailable):
    """No answer came to a call that must not be made twice: it may or may not have been done."""


@dataclass(frozen=True)
class _Trouble:
    status: int
    message: str
    after_s: float | None = None
    sent: bool = True
    """Whether the call may have reached Notion."""


class NotionCalls:
    """A connection to Notion; one instance serves all threads.

    `patience_s`: how long one call is tried again, waiting included; `tries`: how often at most when Notion does not say
    after how long it wants to be asked again.
    """

    def __init__(
        self,
        token: str,
        base_url: str = NOTION_URL,
        http: httpx.Client | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        patience_s: float = PATIENCE_S,
        timeout_s: float = TIMEOUT_S,
        tries: int = 100,
    ) -> None:
        from notion_client import Client

        self._token = _checked_token(token)
        self._http = http or httpx.Client(verify=certificates(trust_env=True))
        self._sleep = sleep
        self._patience_s = patience_s
        self._tries = tries
        self._pace = _Pace(sleep)
        self._client = Client(
            client=self._http,
            auth=self._token,
            base_url=_checked_url(base_url),
            notion_version=VERSION,
            timeout_ms=int(timeout_s * 1000),
            # Its own retries know neither 529 nor 502, and cut Retry-After short.
            retry=False,
            logger=logging.getLogger("notion_client"),
            log_level=logging.CRITICAL,
        )

    def close(self) -> None:
        self._http.close()

    def ask(self, what: str, call: "Callable[[Client], Any]", *, repeatable: bool = True) -> dict[str, Any]:
        """Make a call and give Notion's answer; `what` completes "Notion refused to ...".

        Raises ServiceUnavailable when Notion is away or limits us for longer than our patience, Unsure instead when
        the call is not repeatable and may have been done, NotThere, Rejected, and NeedsPerson when the token is refused.
        """
        began, waited = time.monotonic(), 0.0
        for attempt in itertools.count():
            self._pace.take()
            trouble = self._try(call)
            if isinstance(trouble, dict):
                return trouble
            if not repeatable and trouble.sent and trouble.status not in _CERTAINLY_NOT_DONE:
                self._refuse_known(trouble, what)
                raise Unsure(f"Notion did not say whether it did {what} ({self._told(trouble)})", trouble.after_s)
            delay_s = self._delay_s(trouble, attempt, what)
            is_last = trouble.after_s is None and attempt + 1 >= self._tries
            if is_last or max(waited, time.monotonic() - began) + delay_s > self._patience_s:
                raise ServiceUnavailable(_away(what, self._told(trouble)), trouble.after_s)
            self._sleep(delay_s)
            waited += delay_s
        raise AssertionError  # the loop has no end

    def rest(self, seconds: float) -> None:
        self._sleep(seconds)

    def _try(self, call: "Callable[[Client], Any]") -> dict[str, Any] | _Trouble:
        from notion_client.errors import HTTPResponseError, NotionClientErrorBase

        try:
            answer = call(self._client)
        except HTTPResponseError as error:
            return _Trouble(error.status, _message_of(error), after_s(error.headers.get("Retry-After")))
        except NotionClientErrorBase as error:
            return _Trouble(0, str(error))
        except httpx.HTTPError as error:
            sent = not isinstance(error, httpx.ConnectError | httpx.UnsupportedProtocol)
            return _Trouble(0, type(error).__name__, sent=sent)
        except ValueError:
            return _Trouble(0, "the answer is not JSON")
        is_object = isinstance(answer, dict)
        return cast("dict[str, Any]", answer) if is_object else _Trouble(0, "the answer is no JSON object")

    def _delay_s(self, trouble: _Trouble, attempt: int, what: str) -> float:
        """How long to wait before another try; raises when there shall be none."""
        again = trouble.status in _WORTH_ANOTHER_TRY or (trouble.status == 409 and attempt == 0)
        if not again:
            self._refuse_known(trouble, what)
            raise ServiceUnavailable(_away(what, self._told(trouble)))
        return float(2**attempt) if trouble.after_s is None else trouble.after_s

    def _refuse_known(self, trouble: _Trouble, what: str) -> None:
        error = _refusal(trouble.status, what, self._told(trouble))
        if error:
            raise error

    def _told(self, trouble: _Trouble) -> str:
        """The reason as a person may read it: without our token, on one line, not too long."""
        text = " ".join(trouble.message.replace(self._token, "[token]").split())[:_LONGEST_MESSAGE]
        clean = "".join(letter for letter in text if letter.isprintable())
        return f"{trouble.status}: {clean}" if trouble.status else clean


def _refusal(status: int, what: str, told: str) -> SyncError | None:
    if status == 401:
        return NeedsPerson(f"Notion refused the token ({told}); set NOTION_TOKEN to the token of your connection")
    if status == 403:
        return NeedsPerson(
            f"Notion refused the token the right to {what} ({told}); "
            "let the connection read and change content, or set NOTION_TOKEN to another one's token"
        )
    if status == 404:
        return NotThere(f"Notion could not {what} ({told}); share it with the connection")
    if status == 400:
        return Rejected(f"Notion refused to {what} ({told}); look at the database's properties")
    if status != 409 and status not in _WORTH_ANOTHER_TRY:
        return NeedsPerson(f"Notion answered oddly when asked to {what} ({told}); check MUSIC_SYNC_NOTION_URL")
    return None


def _away(what: str, told: str) -> str:
    return f"Notion is away or limits us, so that we could not {what} ({told}); the next run tries again"


def _message_of(error: Any) -> str:
    """Notion's own sentence; for an error that the client does not know it stands in the body."""
    import json

    try:
        body = json.loads(error.body)
    except ValueError:
        return "no answer of Notion's own"
    message = body.get("message") if isinstance(body, dict) else None
    return str(message or error)


def _checked_token(token: str) -> str:
    clean = token.strip()
    if not clean or not clean.isascii() or not clean.isprintable() or " " in clean:
        raise NeedsPerson("NOTION_TOKEN is empty or holds signs that no token has; set it to your connection's token")
    return clean


def _checked_url(base_url: str) -> str:
    """The token goes to this address, so it is either encrypted or on this machine."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise BadSetting(f"MUSIC_SYNC_NOTION_URL is no address: {base_url[:100]!r}") from error
    if url.scheme != "https" and not (url.scheme == "http" and url.host in _LOOPBACK):
        raise BadSetting("MUSIC_SYNC_NOTION_URL must begin with https://; plain http is for this machine only")
    return str(url).rstrip("/").removesuffix("/v1")


class _Pace:
    """As many calls at once as Notion's strictest rule allows in a minute, then three a second."""

    AT_ONCE = 180
    PER_S = 3.0

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._lock = threading.Lock()
        self._left = float(self.AT_ONCE)
        self._at = time.monotonic()

    def take(self) -> None:
        with self._lock:
            now = time.monotonic()
            self._left = min(self.AT_ONCE, self._left + (now - self._at) * self.PER_S) - 1
            self._at = now
            debt_s = -self._left / self.PER_S
        if debt_s > 0:
            self._sleep(debt_s)
