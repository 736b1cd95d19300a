"""The HTTP ground of the simulators: a service on loopback that answers in JSON, and misbehaves when it is told to."""

import hashlib
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """One call as it came."""

    method: str
    path: str
    """Without the query, unquoted."""
    query: Mapping[str, str]
    """The last value of each parameter; an empty one counts."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""
    parts: Mapping[str, str] = field(default_factory=dict)
    """The named groups of the route's pattern."""

    @property
    def bearer(self) -> str:
        """The token after `Bearer`, empty for another scheme or none."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme == "Bearer" else ""

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))

    @property
    def json(self) -> Any:
        """The body read as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True)
class Answer:
    """What goes back: bytes as they are, None as an empty body, all else as JSON."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """A route says no with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass(frozen=True)
class Good:
    """Answer as the service does when all is well."""


@dataclass(frozen=True)
class Refuse:
    """Do nothing of what was asked, and answer like this."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RateLimited:
    """Answer 429; `retry_after` is sent as it stands, None sends no such header."""

    retry_after: str | None = "1"


@dataclass(frozen=True)
class Truncated:
    """Do what was asked, and break off in the midst of the answer."""


@dataclass(frozen=True)
class Garbled:
    """Do what was asked, and answer 200 with a body that is not what was asked for."""

    body: bytes = b"<html>Sign in to the hotel's network</html>"


@dataclass(frozen=True)
class Hang:
    """Do not answer at all, while the server is open."""


@dataclass(frozen=True)
class Change:
    """Do what was asked, and rewrite the JSON of the answer."""

    rewrite: Callable[[Any], Any]


def in_ranges(request: Request, content: bytes, headers: Mapping[str, str]) -> Answer:
    """A file as it was asked for: whole, the bytes of one range, or 416; the file's ETag is told, and If-Range is kept to."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes", **headers}
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    if asked is None or request.headers.get("if-range", etag) != etag:
        return Answer(200, content, headers)
    first, size = int(asked[1]), len(content)
    if first >= size:
        return Answer(416, None, {"Content-Range": f"bytes */{size}"})
    last = min(int(asked[2] or size), size - 1)
    return Answer(206, content[first : last + 1], {**headers, "Content-Range": f"bytes {first}-{last}/{size}"})


Behaviour = Good | Refuse | RateLimited | Truncated | Garbled | Hang | Change
_GOOD = Good()

Route = tuple[str, str, Callable[[Request], Answer]]
"""Method, pattern of the whole path, and what answers it."""


@dataclass(frozen=True)
class Seen:
    """One call: what was asked and which status it got."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    status: int
    """0 when no answer went out."""


@dataclass
class _Trouble:
    pattern: re.Pattern[str]
    behaviours: Iterator[Behaviour]


class Loopback:
    """Serves `routes` on 127.0.0.1 and a free port, while its `with` block lasts.

    with Shop() as shop:                                    # class Shop(Loopback)
        shop.misbehave("GET /shelf", RateLimited("2"))      # once, then good
        client.get(f"{shop.url}/shelf")
        assert [seen.status for seen in shop.seen] == [429]

    One route works at a time, so a simulated world needs no locks of its own. A route that fails makes the `with` block
    fail.
    """

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.after_each: Callable[[int], object] = lambda _count: None
        """Called with the number of calls so far, after each was worked on and before its answer goes out."""
        self._troubles: list[_Trouble] = []
        self._faults: list[Exception] = []
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name=type(self).__name__)

    def routes(self) -> Sequence[Route]:
        """What is served; the first that fits answers."""
        return ()

    def unknown(self, request: Request) -> Answer:
        """What a path gets that no route fits."""
        return Answer(404, {"error": {"status": 404, "message": f"Not found: {request.path}"}})

    def __enter__(self) -> Self:
        self._routes = [(method, re.compile(pattern), answer) for method, pattern, answer in self.routes()]
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if self._faults and error is None:
            raise self._faults[0]

    @property
    def url(self) -> str:
        """Base address, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def misbehave(self, pattern: str, *behaviours: Behaviour, always: bool = False) -> None:
        """One behaviour for each coming call in whose `METHOD /path?query` the pattern is found; then good, or again."""
        queue = itertools.cycle(behaviours) if always else iter(behaviours)
        with self._lock:
            self._troubles.append(_Trouble(re.compile(pattern), queue))

    def behave(self) -> None:
        """Forget all misbehaviour."""
        with self._lock:
            self._troubles.clear()

    def calls(self, pattern: str = "") -> list[Seen]:
        """The calls so far in whose `METHOD /path` the pattern is found."""
        with self._lock:
            return [seen for seen in self.seen if re.search(pattern, f"{seen.method} {seen.path}")]

    def exchange(self, request: Request, target: str) -> "tuple[Answer, bool] | None":
        """The answer to a call and whether it breaks off; None for none at all."""
        behaviour = self._behaviour(f"{request.method} {target}")
        if isinstance(behaviour, Hang):
            self._note(request, 0)
            self._closing.wait(60)
            return None
        answer = self._answered(request, behaviour)
        self.after_each(self._note(request, answer.status))
        return answer, isinstance(behaviour, Truncated)

    def _behaviour(self, call: str) -> Behaviour:
        with self._lock:
            for trouble in self._troubles:
                if trouble.pattern.search(call) and (found := next(trouble.behaviours, None)):
                    return found
        return _GOOD

    def _note(self, request: Request, status: int) -> int:
        seen = Seen(request.method, request.path, request.query, request.headers, request.body, status)
        with self._lock:
            self.seen.append(seen)
            return len(self.seen)

    def _answered(self, request: Request, behaviour: Behaviour) -> Answer:
        if isinstance(behaviour, Refuse):
            return Answer(behaviour.status, behaviour.body, behaviour.headers)
        if isinstance(behaviour, RateLimited):
            after = {} if behaviour.retry_after is None else {"Retry-After": behaviour.retry_after}
            return Answer(429, {"error": {"status": 429, "message": "API rate limit exceeded"}}, after)
        answer = self._routed(request)
        if isinstance(behaviour, Garbled):
            return Answer(200, behaviour.body)
        if isinstance(behaviour, Change):
            return Answer(answer.status, behaviour.rewrite(json.loads(answer.body)), answer.headers)
        return answer

    def _routed(self, request: Request) -> Answer:
        """What the route says, put into bytes before the world moves on."""
        with self._lock:
            try:
                answer = self._at_route(request)
                return Answer(answer.status, _bytes_of(answer.body), answer.headers)
            except Refused as refused:
                return refused.answer
            except Exception as fault:  # noqa: BLE001 - it is raised again when the server closes
                self._faults.append(fault)
                return Answer(500, {"error": {"status": 500, "message": "the simulator is at fault"}})

    def _at_route(self, request: Request) -> Answer:
        for method, pattern, answer in self._routes:
            if method == request.method and (found := pattern.fullmatch(request.path)):
                parts = {name: text or "" for name, text in found.groupdict().items()}
                return answer(
                    Request(request.method, request.path, request.query, request.headers, request.body, parts)
                )
        return self.unknown(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 64

    def __init__(self, owner: Loopback) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Exchange)


class _Exchange(BaseHTTPRequestHandler):
    """One call and its answer; the connection is closed after it."""

    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        self.close_connection = True
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length") or 0))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        request = Request(self.command, unquote(parts.path), query, headers, body)
        exchanged = cast("_Server", self.server).owner.exchange(request, self.path)
        try:
            if exchanged:
                self._send(*exchanged)
        except OSError:
            # The client went away; some tests are about just that.
            self.close_connection = True

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815 - the base class looks for these names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Nothing: `Loopback.seen` tells it."""

    def _send(self, answer: Answer, breaks_off: bool) -> None:  # noqa: FBT001 - comes out of a pair
        body = _bytes_of(answer.body)
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **answer.headers}.items():
            self.send_header(name, value)
        if answer.status not in {204, 304}:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if breaks_off else body)


def _bytes_of(body: Any) -> bytes:
    if body is None or isinstance(body, bytes):
        return body or b""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
