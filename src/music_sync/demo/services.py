"""A small web server on loopback that serves audio files, and misbehaves when it is told to, for the demo and the tests."""

import hashlib
import itertools
import re
import socket
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self, cast
from urllib.parse import quote, unquote, urlsplit

_BLOCK_BYTES = 65_536


@dataclass(frozen=True)
class Good:
    """Serve the file as a good server does."""


@dataclass(frozen=True)
class Status:
    """Answer with a status instead of the file; `retry_after` is sent as it stands."""

    code: int
    retry_after: str | None = None
    body: bytes = b"not today\n"


@dataclass(frozen=True)
class Redirect:
    """Send the client elsewhere; a loop when `to` is the same path."""

    to: str
    code: int = 302


@dataclass(frozen=True)
class WrongLength:
    """Announce so many bytes more (or fewer, when negative) than are sent."""

    off_by: int


@dataclass(frozen=True)
class Break:
    """Close the connection after so many bytes of the body; `reset` closes it the hard way."""

    after_bytes: int
    reset: bool = False


@dataclass(frozen=True)
class Trickle:
    """Send the body so many bytes at a time with pauses; `Trickle(0, ...)` sends nothing and waits."""

    block_bytes: int
    pause_s: float


@dataclass(frozen=True)
class Disguise:
    """Send other content, under whatever type."""

    body: bytes
    content_type: str = "audio/mpeg"


@dataclass(frozen=True)
class WholeAnyway:
    """Answer a request for a range with the whole file."""


@dataclass(frozen=True)
class WrongRange:
    """Answer a request for a range with another range than was asked for."""

    off_by: int = 1


@dataclass(frozen=True)
class NoLength:
    """Send the body without its length, until the connection closes."""


Behaviour = Good | Status | Redirect | WrongLength | Break | Trickle | Disguise | WholeAnyway | WrongRange | NoLength


@dataclass
class Seen:
    """One request as it came, and how much was sent for it."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body_bytes_sent: int = 0


@dataclass
class _Served:
    content: bytes
    etag: str
    behaviours: Iterator[Behaviour] = field(default_factory=lambda: itertools.repeat(Good()))


class AudioServer:
    """Serves files with ranges and ETags on 127.0.0.1 and a free port, while its `with` block lasts.

    with AudioServer({"/a.mp3": content}) as server:
        server.misbehave("/a.mp3", Status(503, retry_after="1"))  # once, then good
        client.get(server.url("/a.mp3"))
    """

    def __init__(self, files: Mapping[str, bytes | Path] | None = None) -> None:
        self._served: dict[str, _Served] = {}
        self._seen: list[Seen] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        for path, content in (files or {}).items():
            self.serve(path, content)
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="audio-server")

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
    def host_and_port(self) -> str:
        """As `MUSIC_SYNC_LINK_HOSTS` wants it."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def url(self, path: str) -> str:
        return f"http://{self.host_and_port}{quote(path)}"

    def serve(self, path: str, content: bytes | Path) -> None:
        """Serve this content from now on; other content under the same path has another ETag."""
        whole = content.read_bytes() if isinstance(content, Path) else content
        with self._lock:
            served = self._served.setdefault(path, _Served(b"", ""))
            served.content = whole
            served.etag = f'"{hashlib.sha256(whole).hexdigest()[:16]}"'

    def misbehave(self, path: str, *behaviours: Behaviour, always: bool = False) -> None:
        """Take one behaviour for each coming request; then be good, or begin again if it is for `always`."""
        after: Iterable[Behaviour] = itertools.repeat(Good())
        with self._lock:
            served = self._served.setdefault(path, _Served(b"", '"empty"'))
            served.behaviours = itertools.cycle(behaviours) if always else itertools.chain(behaviours, after)

    def requests(self, path: str | None = None) -> list[Seen]:
        """All requests so far, or those of one path."""
        with self._lock:
            return [seen for seen in self._seen if path in {None, seen.path}]

    def bytes_sent(self, path: str | None = None) -> int:
        """Bytes of bodies that were handed to the network."""
        return sum(seen.body_bytes_sent for seen in self.requests(path))

    def take(self, seen: Seen) -> tuple[bytes, str, Behaviour] | None:
        """Note a request and say what it gets: content, ETag, behaviour; None for an unknown path."""
        with self._lock:
            self._seen.append(seen)
            served = self._served.get(seen.path)
            return (served.content, served.etag, next(served.behaviours)) if served else None

    def rest(self, pause_s: float) -> bool:
        """Wait, and say whether the server is still open."""
        return not self._closing.wait(pause_s)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, owner: AudioServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Exchange)


@dataclass(frozen=True)
class _Answer:
    status: int
    body: bytes
    headers: dict[str, str]


class _Exchange(BaseHTTPRequestHandler):
    """One request and its answer; the connection is closed after it."""

    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        owner = cast("_Server", self.server).owner
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, unquote(urlsplit(self.path).path), headers)
        taken = owner.take(seen)
        content, etag, behaviour = taken or (b"", "", Status(404, body=b"no such file\n"))
        answer = _answer(behaviour, content, etag, headers, seen.path)
        try:
            self._send(seen, answer, behaviour)
        except OSError:
            # The client went away; that is its right, and some tests are about just that.
            self.close_connection = True

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Nothing: `AudioServer.requests` tells it."""

    def _send(self, seen: Seen, answer: _Answer, behaviour: Behaviour) -> None:
        self.close_connection = True
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        if seen.method == "HEAD":
            return
        if isinstance(behaviour, Break):
            self._write(seen, answer.body[: behaviour.after_bytes])
            if behaviour.reset:
                self._reset()
        elif isinstance(behaviour, Trickle):
            self._trickle(seen, answer.body, behaviour)
        else:
            self._write(seen, answer.body)

    def _write(self, seen: Seen, body: bytes) -> None:
        for start in range(0, len(body), _BLOCK_BYTES):
            block = body[start : start + _BLOCK_BYTES]
            # Counted first, so that whoever has the bytes also finds them counted.
            seen.body_bytes_sent += len(block)
            self.wfile.write(block)

    def _trickle(self, seen: Seen, body: bytes, behaviour: Trickle) -> None:
        owner = cast("_Server", self.server).owner
        sent = 0
        while sent < len(body):
            self._write(seen, body[sent : sent + behaviour.block_bytes])
            sent += behaviour.block_bytes
            if not owner.rest(behaviour.pause_s):
                return

    def _reset(self) -> None:
        # With a linger time of 0 closing sends RST instead of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()


def _answer(behaviour: Behaviour, content: bytes, etag: str, headers: Mapping[str, str], path: str) -> _Answer:
    if isinstance(behaviour, Status):
        after = {} if behaviour.retry_after is None else {"Retry-After": behaviour.retry_after}
        return _whole(behaviour.code, behaviour.body, {"Content-Type": "text/plain", **after})
    if isinstance(behaviour, Redirect):
        return _whole(behaviour.code, b"", {"Location": behaviour.to})
    if isinstance(behaviour, Disguise):
        return _whole(HTTPStatus.OK, behaviour.body, {"Content-Type": behaviour.content_type})
    return _of_file(behaviour, content, etag, headers, path)


def _whole(status: int, body: bytes, headers: dict[str, str]) -> _Answer:
    return _Answer(status, body, {"Content-Length": str(len(body)), **headers})


def _of_file(behaviour: Behaviour, content: bytes, etag: str, headers: Mapping[str, str], path: str) -> _Answer:
    about = {"Content-Type": _content_type(path), "ETag": etag, "Accept-Ranges": "bytes"}
    if isinstance(behaviour, NoLength):
        return _Answer(HTTPStatus.OK, content, about)
    asked = None if isinstance(behaviour, WholeAnyway) else _asked_range(headers, etag, len(content))
    if asked is None:
        answer = _whole(HTTPStatus.OK, content, about)
    elif not asked:
        return _whole(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"", {"Content-Range": f"bytes */{len(content)}"})
    else:
        off_by = behaviour.off_by if isinstance(behaviour, WrongRange) else 0
        told = f"bytes {asked.start + off_by}-{asked.stop - 1 + off_by}/{len(content)}"
        body = content[asked.start : asked.stop]
        answer = _whole(HTTPStatus.PARTIAL_CONTENT, body, {**about, "Content-Range": told})
    if isinstance(behaviour, WrongLength):
        answer.headers["Content-Length"] = str(len(answer.body) + behaviour.off_by)
    return answer


def _asked_range(headers: Mapping[str, str], etag: str, size: int) -> range | None:
    """The range that is asked for; empty when it lies outside; None for the whole file (also when If-Range differs)."""
    match = re.fullmatch(r"bytes=(\d+)-(\d*)", headers.get("range", ""))
    if not match or headers.get("if-range", etag) != etag:
        return None
    end = min(size, int(match[2]) + 1) if match[2] else size
    return range(int(match[1]), end)


def _content_type(path: str) -> str:
    return {
        "mp3": "audio/mpeg",
        "m4a": "audio/mp4",
        "flac": "audio/flac",
        "ogg": "audio/ogg",
        "opus": "audio/ogg",
        "wav": "audio/wav",
        "aiff": "audio/aiff",
    }.get(path.rpartition(".")[2].lower(), "application/octet-stream")
