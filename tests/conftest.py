"""Fixtures of all tests: the catalogue on its fake, on SQLite and on Postgres, and fresh Postgres databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.fakes.catalogue import FakeCatalogue
from tests.postgres import Postgres, PostgresMissing, running

from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import open_engine

AnyCatalogue = SqlCatalogue | FakeCatalogue


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real server, started when the first test asks for it."""
    try:
        with running() as server:
            yield server
    except PostgresMissing as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """The name of a database that has our tables, to make others from."""
    name = postgres.create(name="migrated")
    open_engine(postgres.url(name)).dispose()
    return name


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The address of a fresh, empty database."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_engine(tmp_path / "var" / "state.db")
    yield engine
    engine.dispose()


@pytest.fixture
def postgres_engine(postgres: Postgres, migrated: str) -> Iterator[sa.Engine]:
    name = postgres.create(template=migrated)
    engine = open_engine(postgres.url(name))
    yield engine
    engine.dispose()
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> sa.Engine:
    """A migrated, empty database, once on SQLite and once on Postgres."""
    found = request.getfixturevalue(f"{request.param}_engine")
    assert isinstance(found, sa.Engine)
    return found


@pytest.fixture(params=["fake", "sqlite", "postgres"])
def catalogue(request: pytest.FixtureRequest) -> AnyCatalogue:
    """An empty catalogue, once on each of its adapters and on the fake."""
    if request.param == "fake":
        return FakeCatalogue()
    return SqlCatalogue(request.getfixturevalue(f"{request.param}_engine"))


@pytest.fixture
def address(engine: sa.Engine) -> str:
    """What another process opens to reach the same database."""
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
