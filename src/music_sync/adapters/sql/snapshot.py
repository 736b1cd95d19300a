"""A throwaway copy of the catalogue in memory, for a dry run: the real stages work on it, and nothing real changes."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import QueuePool

from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import check_file, name_of, prepare_sqlite, refuse_newer, translated
from music_sync.adapters.sql.tables import metadata
from music_sync.model.errors import EnvironmentFault, TryAgainLater

_TRIES = 20
_ROWS = 1_000


def copy_for_plan(source: sa.Engine | Path | None, *, library_holds_audio: bool = False) -> SqlCatalogue:
    """Give a catalogue in memory with all rows of the real one; without a real one, or before its first run, an empty one.

    A SQLite file is given as its path: it is copied together with its log and only the copy is opened, because even
    reading makes SQLite write beside a file. An engine, such as Postgres, is read in one read-only transaction.
    Refuses what `open_engine` refuses, in the same words.
    """
    engine = _in_memory()
    with translated("the dry run's copy"), engine.begin() as memory:
        metadata.create_all(memory)
        if isinstance(source, sa.Engine):
            _copy_from(source, memory)
        elif source is not None:
            check_file(source, library_holds_audio=library_holds_audio)
            _copy_from_file(source, memory)
    return SqlCatalogue(engine)


def _in_memory() -> sa.Engine:
    """An engine that is one connection: a thread that wants it waits for the one that has it."""

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(":memory:", check_same_thread=False)

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=1, max_overflow=0)
    prepare_sqlite(engine)
    return engine


def _copy_from_file(path: Path, memory: sa.Connection) -> None:
    if not path.exists() or not path.stat().st_size:
        return
    with tempfile.TemporaryDirectory(prefix="music-sync-plan-") as folder:
        copied = Path(folder) / "state.db"
        _copy_files(path, copied)
        with translated(str(path)), closing(sqlite3.connect(copied)) as connection:
            connection.row_factory = sqlite3.Row
            refuse_newer(_revision(connection), str(path))
            for table in metadata.sorted_tables:
                _fill(memory, table, _rows_of(connection, table))


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


def _revision(connection: sqlite3.Connection) -> str:
    if not _columns(connection, "alembic_version"):
        return ""
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row["name"] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def _rows_of(connection: sqlite3.Connection, table: sa.Table) -> Iterator[dict[str, Any]]:
    known = _columns(connection, table.name)
    if not known:
        return
    for row in connection.execute(f'SELECT * FROM "{table.name}"'):  # noqa: S608
        yield {column.name: row[column.name] for column in table.columns if column.name in known}


def _copy_from(source: sa.Engine, memory: sa.Connection) -> None:
    with translated(name_of(source)), source.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        there = set(sa.inspect(connection).get_table_names())
        for table in metadata.sorted_tables:
            if table.name in there:
                found = connection.execution_options(yield_per=_ROWS).execute(sa.select(table))
                _fill(memory, table, (dict(row) for row in found.mappings()))


def _fill(memory: sa.Connection, table: sa.Table, rows: Iterable[dict[str, Any]]) -> None:
    remaining = iter(rows)
    while some := list(islice(remaining, _ROWS)):
        memory.execute(sa.insert(table), some)
