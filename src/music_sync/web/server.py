"""The listening server: its socket, its start, and a stop that lets requests in hand come to their end."""

import logging
import os
import resource
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from music_sync.model.errors import EnvironmentFault
from music_sync.web.connection import MOST_CONNECTIONS, GuardedConnection

STOP_WITHIN_S = 4
KEEP_ALIVE_S = 15
WAITING_CONNECTIONS = 2048
_FILES_WANTED = 2 * MOST_CONNECTIONS + 500

# Its lines would hold paths with their query, which may carry a token.
for _chatty in ("uvicorn.access", "uvicorn.error"):
    logging.getLogger(_chatty).setLevel(logging.CRITICAL)


class Server(uvicorn.Server):
    """Serves until a signal comes; `ended_by` is its number then. The second signal ends the process at once."""

    ended_by = 0

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=GuardedConnection,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=STOP_WITHIN_S,
                backlog=WAITING_CONNECTIONS,
            )
        )
        self._ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The library would raise the signal again at the end; our exit code tells it."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._asked) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked(self, number: int, _frame: FrameType | None) -> None:
        if self.ended_by:
            os._exit(128 + number)
        self.ended_by = number
        self.should_exit = True

    @contextmanager
    def in_thread(self, sockets: list[socket.socket]) -> Iterator[None]:
        """Serve beside this thread while the block runs."""
        thread = threading.Thread(target=self.run, args=(sockets,), name="serve", daemon=True)
        thread.start()
        self._ready.wait(30)
        try:
            yield
        finally:
            self.should_exit = True
            thread.join(30)


def listening(host: str, port: int) -> socket.socket:
    """Bind and listen; raises EnvironmentFault when the address is taken or not ours. Port 0 is any free one."""
    _allow_many_files()
    plain = host.removeprefix("[").removesuffix("]")
    try:
        family = socket.getaddrinfo(plain, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        # Named as TCP, for asyncio sends small answers at once only then.
        bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise EnvironmentFault(f"MUSIC_SYNC_HOST {host} is no address of this machine ({error}); correct it") from None
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((plain, port))
        # From here on a connection waits for the server and is not refused: the address may be told.
        bound.listen(WAITING_CONNECTIONS)
    except OSError as error:
        bound.close()
        raise EnvironmentFault(
            f"{host}:{port} cannot be listened on ({error.strerror}); stop what holds it, or set MUSIC_SYNC_PORT"
        ) from None
    return bound


def address_of(bound: socket.socket) -> str:
    """`http://127.0.0.1:8765` of a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


@contextmanager
def running(app: ASGIApp, host: str = "127.0.0.1", then: Callable[[], None] = lambda: None) -> Iterator[str]:
    """Serve on a free port in a thread while the block runs, and give its address; `then` runs after the end."""
    with listening(host, 0) as bound, Server(app).in_thread([bound]):
        yield address_of(bound)
    then()


def _allow_many_files() -> None:
    """A connection is a file; what systems allow by default is less than the connections that we do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(_FILES_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
