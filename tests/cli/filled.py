"""A home whose catalogue was filled by hand, for commands that only read."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import Result
from tests.state import state_at

from music_sync.adapters.sql.catalogue import SqlCatalogue

Run = Callable[..., Result]


@contextmanager
def catalogue_of(home: Path) -> Iterator[SqlCatalogue]:
    engine = state_at(home / "var" / "state.db")
    yield SqlCatalogue(engine)
    engine.dispose()
