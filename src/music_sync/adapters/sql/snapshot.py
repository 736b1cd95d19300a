"""A throwaway copy of the catalogue for a dry run: the real stages work on it, and nothing real changes."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import bring_to_head, check_file, name_of, prepare_sqlite, translated
from music_sync.adapters.sql.tables import metadata
from music_sync.model.errors import EnvironmentFault, SyncError, TryAgainLater

_TRIES = 20
_ROWS = 1_000


def copy_for_plan(source: sa.Engine | Path | None, *, library_holds_audio: bool = False) -> SqlCatalogue:
    """Give a private catalogue with all rows of the real one; without a real one, or before its first run, an empty one.

    A SQLite file is given as its path: it is copied together with its log and only the copy is opened, because even
    reading makes SQLite write beside a file. An engine, such as Postgres, is read in one read-only transaction.
    The copy has no name in any folder, so it is gone with the process, however that ends.
    Refuses what `open_engine` refuses, in the same words.
    """
    return SqlCatalogue(copied_engine(source, library_holds_audio=library_holds_audio))


def copied_engine(source: sa.Engine | Path | None, *, library_holds_audio: bool = False) -> sa.Engine:
    """An engine on such a copy, for the board and the ledger."""
    path = source if isinstance(source, Path) else None
    if path is not None:
        check_file(path, library_holds_audio=library_holds_audio)
    engine = _private(path)
    try:
        name = str(path or "the dry run's copy")
        with translated(name):
            bring_to_head(engine, name)
        if isinstance(source, sa.Engine):
            _copy_rows(source, engine)
    except SyncError:
        engine.dispose()
        raise
    return engine


def _private(path: Path | None) -> sa.Engine:
    """An engine on a copy of the file, or on an empty one; its name is taken away while it is open."""
    with tempfile.TemporaryDirectory(prefix="music-sync-plan-") as folder:
        copied = Path(folder) / "state.db"
        if path is not None and path.exists():
            _copy_files(path, copied)
        with translated(str(path)):
            connection = _open(copied)
    engine = sa.create_engine("sqlite://", creator=lambda: connection, poolclass=QueuePool, pool_size=1, max_overflow=0)
    # One connection: a thread that wants it waits for the one that has it.
    prepare_sqlite(engine, durable=False)
    return engine


def _open(copied: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(copied, check_same_thread=False)
    try:
        # Folds the log in, and opens no further file from now on.
        for journal in ("DELETE", "MEMORY"):
            connection.execute(f"PRAGMA journal_mode={journal}").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _copy_files(path: Path, target: Path) -> None:
    """Copy a database and its log as they stand at one moment, though someone may be writing.

    Writers only append to the log, which is harmless. The database itself changes when the log is folded into it;
    then the log's head changes soon after. A copy during which neither changed is whole.
    """
    wal, target_wal = path.with_name(f"{path.name}-wal"), target.with_name(f"{target.name}-wal")
    for _ in range(_TRIES):
        before = _state(path, wal)
        shutil.copyfile(path, target)
        target_wal.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            shutil.copyfile(wal, target_wal)
        if _state(path, wal) == before:
            return
    raise TryAgainLater(f"{path} changes too fast to be copied; plan again when the running sync has ended")


def _state(path: Path, wal: Path) -> tuple[int, int, bytes]:
    try:
        about = path.stat()
    except OSError as error:
        raise EnvironmentFault(f"{path} cannot be read ({error.strerror}); check the drive") from error
    try:
        with wal.open("rb") as log:
            head = log.read(32)
    except FileNotFoundError:
        head = b""
    return about.st_size, about.st_mtime_ns, head


def _copy_rows(source: sa.Engine, target: sa.Engine) -> None:
    with translated(name_of(source)), source.connect() as connection, target.begin() as private:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        inspector = sa.inspect(connection)
        there = set(inspector.get_table_names())
        for table in metadata.sorted_tables:
            if table.name in there:
                known = {column["name"] for column in inspector.get_columns(table.name)}
                wanted = sa.select(*(column for column in table.columns if column.name in known))
                found = connection.execution_options(yield_per=_ROWS).execute(wanted)
                _fill(private, table, (dict(row) for row in found.mappings()))


def _fill(private: sa.Connection, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    remaining = iter(rows)
    while some := list(islice(remaining, _ROWS)):
        private.execute(sa.insert(table), some)
