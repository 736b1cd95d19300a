"""What a peer may do before its request is one: uvicorn has no deadline for it, no cap on its head, and none on lines.

Slow or endless heads and bodies are ended after `REQUEST_WITHIN_S`, whatever route they are meant for.
"""

import asyncio
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

REQUEST_WITHIN_S = 9.0
"""From the first byte, or from the connection, to the end of the request's body."""
LARGEST_HEAD_BYTES = 32 * 1024
MOST_HEADERS = 100
MOST_CONNECTIONS = 900
MOST_HELD_BYTES = 64 * 1024
LINGER_S = 1.0
"""A refused peer that still sends is read so long and not listened to: closed at once, it would not see the answer."""

_ONCE = frozenset({b"content-length", b"host", b"transfer-encoding", b"content-encoding", b"content-type"})
_SENTENCES = {
    400: "That is no request this server can read.",
    408: "The request took too long.",
    431: "The head of the request is too large.",
    503: "Too many connections are open; try again in a moment.",
}


class OneWrite(asyncio.Transport):
    """A transport whose writes within one turn of the loop go out together.

    uvicorn writes the head of an answer and its body one by one, and each write wakes the peer.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []
        self._held_bytes = 0
        self.is_closing = transport.is_closing  # type: ignore[method-assign]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(bytes(data))
        self._held_bytes += len(data)
        if self._held_bytes > MOST_HELD_BYTES:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def write_eof(self) -> None:
        self._flush()
        self._transport.write_eof()

    def can_write_eof(self) -> bool:
        return self._transport.can_write_eof()

    def abort(self) -> None:
        self._transport.abort()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def _flush(self) -> None:
        held, self._held, self._held_bytes = self._held, [], 0
        if held and not self._transport.is_closing():
            self._transport.write(b"".join(held) if len(held) > 1 else held[0])


class GuardedConnection(HttpToolsProtocol):
    """uvicorn's own protocol with those limits."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._deadline: asyncio.TimerHandle | None = None
        self._in_head = True
        self._head_bytes = 0
        self._is_next = False
        self._has_begun = False
        self._refusal = 400
        self._is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.transport = OneWrite(transport, self.loop)
        if len(self.connections) > MOST_CONNECTIONS:
            self._refuse(503)
            return
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused or self.transport.is_closing():
            return
        room = LARGEST_HEAD_BYTES - self._head_bytes
        if self._in_head and len(data) > room:
            if self._head_ends_in(data[:room]):
                self.data_received(data[room:])
            else:
                self._refuse(431)
            return
        self._is_next = False
        super().data_received(data)
        # Where a request ended within these bytes, most of them were not the next one's head.
        if self._in_head and not self._is_next:
            self._head_bytes += len(data)
        if self._has_begun or not self._is_next:
            self._arm()

    def _head_ends_in(self, data: bytes) -> bool:
        super().data_received(data)
        return not self._in_head

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes, self._has_begun = True, 0, True

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self.headers) >= MOST_HEADERS:
            self._refusal = 431
            raise httptools.HttpParserError("too many headers")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head, self._head_bytes = False, 0
        given = dict(self.headers)
        twice = len(given) < len(self.headers) and any(
            [name for name, _value in self.headers].count(name) > 1 for name in _ONCE
        )
        # The one that the parser does not choose would be another's body: a smuggled request.
        if twice or (b"content-length" in given and b"transfer-encoding" in given):
            raise httptools.HttpParserError("contradicting headers")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._disarm()
        self._in_head, self._head_bytes, self._is_next, self._has_begun = True, 0, True, False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        # The next request may have begun while this one was worked on.
        if self._has_begun:
            self._arm()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the library's sentence, ours is said instead
        self._refuse(self._refusal)

    def _arm(self) -> None:
        if self._deadline is None and (self.cycle is None or self.cycle.response_complete):
            self._deadline = self.loop.call_later(REQUEST_WITHIN_S, self._too_slow)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        self._refuse(408)

    def _refuse(self, status: int) -> None:
        """Answer, unless an answer began already, and close."""
        self._disarm()
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            text = f"{_SENTENCES[status]}\n".encode()
            head = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + head % len(text) + text)
            if self.cycle is not None:
                self.cycle.disconnected = True
                self.cycle.message_event.set()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._deadline = self.loop.call_later(LINGER_S, self.transport.close)
