"""A server of this machine that no link may reach."""

import socket
import threading
from collections.abc import Iterator

import pytest


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """A server of this machine that nobody may reach, and who came."""
    came: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        closing = threading.Event()

        def wait() -> None:
            while True:
                connection, who = server.accept()
                connection.close()
                if closing.is_set():
                    return
                came.append(str(who))

        thread = threading.Thread(target=wait)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/inside.mp3", came
        closing.set()
        socket.create_connection(server.getsockname()[:2]).close()
        thread.join()
