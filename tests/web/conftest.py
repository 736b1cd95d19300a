"""Fixtures of the server's tests: one real server a module."""

from collections.abc import Iterator

import httpx
import pytest
from tests.web.serving import Served, served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("home"), MUSIC_SYNC_PUBLIC_URL="https://music.example.org") as running:
        yield running


@pytest.fixture
def stranger(server: Served) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client


@pytest.fixture
def owner(server: Served) -> Iterator[httpx.Client]:
    with server.signed_in() as client:
        yield client
