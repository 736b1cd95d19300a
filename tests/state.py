"""A state database that was migrated once and is copied, which takes a twentieth of the time of migrating each."""

import tempfile
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from music_sync.adapters.sql.engine import open_engine


def state_at(path: Path) -> sa.Engine:
    """The database there; where there is none, an empty one with our tables is put there."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_bytes(_migrated())
        path.chmod(0o600)
    return open_engine(path)


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory(prefix="music-sync-tests-") as folder:
        path = Path(folder) / "state.db"
        open_engine(path).dispose()
        return path.read_bytes()
