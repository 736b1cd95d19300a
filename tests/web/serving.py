"""The real server on a loopback port, in a thread of the test's process, and a browser's manners without a browser."""

import queue
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from tests.state import state_at

from music_sync.adapters.sign_in_file import SignInFile
from music_sync.adapters.sync_process import SyncProcess
from music_sync.model.report import RunReport
from music_sync.settings import Settings, load
from music_sync.web.app import create_app
from music_sync.web.server import running
from music_sync.web.site import Site, open_site

PASSWORD = "an obviously fake password"
CHEAP = 4
"""scrypt as quick as it gets."""


class Syncs(SyncProcess):
    """Stands where a process would be started: notes what it was asked for, and answers as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: queue.Queue[tuple[str, ...]] = queue.Queue()
        self.may_end = threading.Event()
        self.may_end.set()
        self.result = "done"

    def run(self, _tell: Callable[[str], None], *more: str) -> Mapping[str, Any]:
        self.ran.put(more)
        self.may_end.wait(30)
        return {**RunReport(fault=self.result).as_json(), "result": self.result}


@dataclass(frozen=True)
class Served:
    """A server that runs, and what it was made from."""

    url: str
    site: Site
    store: SignInFile
    syncs: Syncs

    def client(self) -> httpx.Client:
        """A stranger's, who asks for pages as browsers do."""
        return httpx.Client(base_url=self.url, headers={"Accept": "text/html"})

    @contextmanager
    def signed_in(self) -> Iterator[httpx.Client]:
        with self.client() as client:
            answer = sign_in(client, PASSWORD)
            assert answer.status_code == 303, answer.text
            yield client


def form_token_in(page: httpx.Response) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]{64})"', page.text)
    assert found, page.text
    return found[1]


def sign_in(client: httpx.Client, password: str, to: str = "/") -> httpx.Response:
    page = client.get("/sign-in")
    return client.post("/sign-in", data={"form_token": form_token_in(page), "password": password, "to": to})


def settings_in(home: Path, **variables: str) -> Settings:
    return load({"MUSIC_SYNC_HOME": str(home), **variables}).settings


@contextmanager
def served(
    home: Path, clock: Callable[[], float] = time.time, /, *, password: str = PASSWORD, **variables: str
) -> Iterator[Served]:
    settings = settings_in(home, **variables)
    store = SignInFile(settings.sign_in_file, cost=CHEAP)
    if password:
        store.set_password(password)
    syncs = Syncs()
    state_at(settings.state_db).dispose()
    with open_site(settings, store, syncs, clock) as site, running(create_app(site)) as url:
        yield Served(url, site, store, syncs)
