"""A Notion simulator on loopback: it refuses what Notion refuses, and misbehaves when it is told to.

Its answers are held to Notion's own types by tests/demo/test_notion.py. What it leaves out: blocks, comments, files,
formulas, rollups, relative dates in filters, two-way relations, and the search for pages.
"""

import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import parse_qs, urlsplit

from music_sync.demo.notion_values import Refused, invalid
from music_sync.demo.notion_workspace import LARGEST_BODY_BYTES, VERSIONS, Request, Workspace

TOKEN = "ntn_simulated"  # noqa: S105 - opens nothing but this simulator


@dataclass(frozen=True)
class Good:
    """Answer as Notion does when all is well."""


@dataclass(frozen=True)
class Refuse:
    """Answer with an error in Notion's shape; `retry_after` is sent as it stands."""

    status: int
    code: str
    message: str = "Something is not right."
    retry_after: str | None = None
    additional: Mapping[str, Any] | None = None


def rate_limited(retry_after: str | None = "1") -> Refuse:
    reason = {"rate_limit_reason": "public_api_request_rate_limit"}
    return Refuse(429, "rate_limited", "You have been rate limited. Please try again.", retry_after, reason)


def overloaded(retry_after: str | None = "1") -> Refuse:
    return Refuse(529, "service_overload", "Notion is overloaded. Please try again later.", retry_after)


def conflict() -> Refuse:
    return Refuse(409, "conflict_error", "Conflict occurred while saving. Please try again.")


@dataclass(frozen=True)
class BadGateway:
    """What stands in front of Notion answers, in HTML. `done`: Notion had done what was asked."""

    status: int = 502
    done: bool = False


@dataclass(frozen=True)
class Hang:
    """Do not answer at all, while the server is open."""


@dataclass(frozen=True)
class Truncated:
    """Do what was asked, and break off in the midst of the answer."""


@dataclass(frozen=True)
class Garbled:
    """Do what was asked, and answer 200 with a body that is not what was asked for."""

    body: bytes = b"<html>Sign in to the hotel's network</html>"


@dataclass(frozen=True)
class Short:
    """Give at most so many rows, with more to come."""

    rows: int


@dataclass(frozen=True)
class Repeat:
    """Give the first rows of the results once more before the asked ones, as happens when rows move meanwhile."""

    rows: int


@dataclass(frozen=True)
class Nulls:
    """Give null for the value of every property."""


Behaviour = Good | Refuse | BadGateway | Hang | Truncated | Garbled | Short | Repeat | Nulls
_GOOD = Good()


@dataclass(frozen=True)
class Seen:
    """One call: what was asked and what was answered (None: nothing as Notion means it)."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: Any
    status: int
    answer: Any


@dataclass
class _Trouble:
    pattern: re.Pattern[str]
    behaviours: Iterator[Behaviour]


@dataclass(frozen=True)
class _Reply:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"
    announced: int = 0
    """Bytes of body that are announced and never sent."""


class NotionServer:
    """Serves a workspace on 127.0.0.1 and a free port, while its `with` block lasts.

    with NotionServer() as server:
        tasks = agent_tasks_database(server.workspace)
        server.misbehave(rate_limited("2"), on="POST data_sources/.*/query")  # once, then good
        notion_client.Client(auth=server.token, base_url=server.url)
    """

    def __init__(self, workspace: Workspace | None = None, token: str = TOKEN) -> None:
        self.workspace = workspace or Workspace()
        self.token = token
        self._seen: list[Seen] = []
        self._troubles: list[_Trouble] = []
        self._events: list[tuple[re.Pattern[str], Callable[[], object]]] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="notion-simulator")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """As `MUSIC_SYNC_NOTION_URL` wants it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def misbehave(self, *behaviours: Behaviour, on: str = ".*", always: bool = False) -> None:
        """One behaviour for each coming call whose `METHOD path` fits the pattern `on`; then good, or again `always`."""
        queue = itertools.cycle(behaviours) if always else iter(behaviours)
        with self._lock:
            self._troubles.append(_Trouble(re.compile(on), queue))

    def meanwhile(self, act: Callable[[], object], *, on: str = ".*") -> None:
        """Do this once, after the next such call was worked on and before its answer goes out."""
        with self._lock:
            self._events.append((re.compile(on), act))

    def behave(self) -> None:
        """Forget all misbehaviour."""
        with self._lock:
            self._troubles.clear()

    def requests(self, on: str = ".*") -> list[Seen]:
        """All calls so far whose `METHOD path` fits the pattern."""
        with self._lock:
            return [seen for seen in self._seen if re.fullmatch(on, f"{seen.method} {seen.path}")]

    def behaviour(self, call: str) -> Behaviour:
        with self._lock:
            for trouble in self._troubles:
                if trouble.pattern.fullmatch(call) and (found := next(trouble.behaviours, None)):
                    return found
        return _GOOD

    def note(self, seen: Seen) -> None:
        with self._lock:
            self._seen.append(seen)

    def let_happen(self, call: str) -> None:
        """Do what was ordered by `meanwhile` for such a call."""
        with self._lock:
            due = [event for event in self._events if event[0].fullmatch(call)][:1]
            self._events = [event for event in self._events if event not in due]
        for _, act in due:
            act()

    def wait_until_closed(self) -> None:
        self._closing.wait(60)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 64

    def __init__(self, owner: NotionServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Exchange)


class _Exchange(BaseHTTPRequestHandler):
    """One call and its answer; the connection is closed after it."""

    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        owner = cast("_Server", self.server).owner
        self.close_connection = True
        parts = urlsplit(self.path)
        path = parts.path.removeprefix("/v1/")
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        behaviour = owner.behaviour(f"{self.command} {path}")
        if isinstance(behaviour, Hang):
            owner.wait_until_closed()
            return
        query = parse_qs(parts.query)
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply, answer = _reply(owner, behaviour, self._asked(path, query), headers, raw)
        owner.let_happen(f"{self.command} {path}")
        owner.note(Seen(self.command, path, query, headers, _read(raw), reply.status, answer))
        try:
            self._send(reply)
        except OSError:
            # The client went away; some tests are about just that.
            self.close_connection = True

    def do_POST(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Nothing: `NotionServer.requests` tells it."""

    def _asked(self, path: str, query: Mapping[str, list[str]]) -> Request:
        version = self.headers.get("Notion-Version", "")
        return Request(self.command, tuple(path.split("/")), version, query, {})

    def _send(self, reply: _Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body) + reply.announced))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)


def _reply(
    owner: NotionServer, behaviour: Behaviour, asked: Request, headers: Mapping[str, str], raw: bytes
) -> tuple[_Reply, Any]:
    """What is sent, and the answer as it was meant."""
    if isinstance(behaviour, BadGateway) and not behaviour.done:
        return _gateway(behaviour), None
    if isinstance(behaviour, Refuse):
        refused = Refused(behaviour.status, behaviour.code, behaviour.message, behaviour.additional)
        return _refusal(refused, behaviour)
    try:
        asked = _checked(owner, asked, headers, raw, behaviour)
        answer = owner.workspace.answer(asked)
    except Refused as refused:
        return _refusal(refused, behaviour)
    return _distorted(owner, behaviour, asked, answer)


def _checked(
    owner: NotionServer, asked: Request, headers: Mapping[str, str], raw: bytes, behaviour: Behaviour
) -> Request:
    """The call with its body, when token, version and body are as Notion wants them."""
    if headers.get("authorization") != f"Bearer {owner.token}":
        raise Refused(401, "unauthorized", "API token is invalid.")
    if not asked.version:
        missing = "Notion-Version header failed validation: it should be defined, instead was `undefined`."
        raise Refused(400, "missing_version", missing)
    if asked.version not in VERSIONS:
        raise invalid(f"Notion-Version header failed validation: `{asked.version}` is no version.")
    if len(raw) > LARGEST_BODY_BYTES:
        raise invalid(f"body failed validation: the payload should be ≤ `{LARGEST_BODY_BYTES}` bytes.")
    body = _read(raw)
    if raw and not isinstance(body, dict):
        raise Refused(400, "invalid_json", "Error parsing JSON body.")
    if isinstance(behaviour, Short):
        body = (body or {}) | {"page_size": min(behaviour.rows, (body or {}).get("page_size", 100))}
    return Request(asked.method, asked.parts, asked.version, asked.query, body or {})


def _read(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None


def _gateway(behaviour: BadGateway) -> _Reply:
    return _Reply(behaviour.status, b"<html><h1>Bad gateway</h1></html>", content_type="text/html")


def _refusal(refused: Refused, behaviour: Behaviour) -> tuple[_Reply, Any]:
    answer: dict[str, Any] = {"object": "error", "status": refused.status, "code": refused.code}
    answer |= {"message": refused.message, "request_id": "00000000-0000-4000-8000-000000000000"}
    if refused.additional:
        answer["additional_data"] = dict(refused.additional)
    after = behaviour.retry_after if isinstance(behaviour, Refuse) else None
    return _Reply(refused.status, _json(answer), {} if after is None else {"Retry-After": after}), answer


def _distorted(owner: NotionServer, behaviour: Behaviour, asked: Request, answer: dict[str, Any]) -> tuple[_Reply, Any]:
    if isinstance(behaviour, BadGateway):
        return _gateway(behaviour), None
    if isinstance(behaviour, Garbled):
        return _Reply(HTTPStatus.OK, behaviour.body), None
    if isinstance(behaviour, Truncated):
        whole = _json(answer)
        half = whole[: len(whole) // 2]
        return _Reply(HTTPStatus.OK, half, announced=len(whole) - len(half)), None
    if isinstance(behaviour, Repeat):
        body = {name: value for name, value in asked.body.items() if name != "start_cursor"}
        first = owner.workspace.answer(replace(asked, body=body | {"page_size": behaviour.rows}))["results"]
        answer = answer | {"results": first + answer["results"]}
    if isinstance(behaviour, Nulls):
        return _Reply(HTTPStatus.OK, _json(_without_values(answer))), None
    return _Reply(HTTPStatus.OK, _json(answer)), answer


def _without_values(answer: dict[str, Any]) -> dict[str, Any]:
    if "results" in answer:
        return answer | {"results": [_without_values(one) for one in answer["results"]]}
    if answer.get("object") != "page":
        return answer
    emptied = {name: value | {value["type"]: None} for name, value in answer["properties"].items()}
    return answer | {"properties": emptied}


def _json(answer: Any) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass")
