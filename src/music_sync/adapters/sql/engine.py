"""Opens the databases: SQLite beside the program, or Postgres for many machines; refuses before it changes anything."""

import errno
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from music_sync.adapters.sql.tables import HEAD
from music_sync.model.errors import BadSetting, EnvironmentFault, ServiceUnavailable, SyncError, TryAgainLater

BUSY_S = 30
"""How long a writer waits for another writer."""

WRITE_LOCK = 7_235_102_447
"""Postgres advisory lock under which all writers of a catalogue stand in line."""

_POOL = 20
"""Connections kept open; the flows' threads ask for about as many at once."""

_MAGIC = b"SQLite format 3\0"
_SMALLEST = 512
"""One page, in bytes."""
_RESTORE = "restore it from a backup"
_REFUSALS = ("does not exist", "authentication failed", "no pg_hba.conf entry", "no password supplied")
_NETWORK_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "afpfs", "webdav", "9p", "ceph", "glusterfs"}
    | {"fuse.sshfs", "fuse.rclone", "fuse.glusterfs", "fuse.s3fs", "davfs", "macfuse", "osxfuse"}
)


class Damaged(EnvironmentFault):
    """A database file that holds no database, or half of one."""


def open_engine(where: str | Path, *, library_holds_audio: bool = False, migrate: bool = True) -> sa.Engine:
    """Open the catalogue's database, making or migrating it first; `where` is a SQLite path or a postgresql:// address.

    `library_holds_audio`: a missing or empty SQLite file is then refused, so that nothing is fetched all over again.
    `migrate=False` opens what is there and changes nothing, for readers.
    Raises BadSetting when the address is wrong or a newer Music Sync wrote the database, EnvironmentFault when the
    file is damaged or cannot be used, ServiceUnavailable when Postgres does not answer.
    """
    text = str(where)
    if "://" in text and not isinstance(where, Path):
        engine = _postgres(text)
    else:
        path = Path(where).absolute()
        if not _is_open_here(path):
            check_file(path, library_holds_audio=library_holds_audio)
            if migrate:
                _make_file(path)
        engine = _sqlite(path)
    name = name_of(engine)
    try:
        with translated(name):
            bring_to_head(engine, name, migrate=migrate)
    except SyncError:
        engine.dispose()
        raise
    return engine


def engine_for_flows(where: str | Path) -> sa.Engine:
    """Open the durable engine's own database with our settings; that engine makes and migrates its tables itself.

    It begins its SQLite transactions through the driver's legacy mode, so ours must not begin them a second time.
    """
    text = str(where)
    if "://" in text and not isinstance(where, Path):
        return _postgres(text)
    path = Path(where).absolute()
    if not can_hold_flows(sys.version_info[:2], sqlite3.sqlite_version_info):
        raise EnvironmentFault(
            f"SQLite {sqlite3.sqlite_version} of this Python is too old to sync; "
            "use Python 3.11, or one built with SQLite 3.42 or newer"
        )
    with _flows_can_start_anew(path):
        check_file(path)
        _make_file(path)
    return _sqlite(path, legacy_transactions=True)


def can_hold_flows(python: tuple[int, ...], sqlite: tuple[int, ...]) -> bool:
    """From Python 3.12 on the durable engine asks SQLite for times that only 3.42 and newer can give."""
    return python < (3, 12) or sqlite >= (3, 42)


@contextmanager
def translated_flows(path: Path) -> Iterator[None]:
    """As `translated`, for the durable engine's own database."""
    with _flows_can_start_anew(path), translated(str(path)):
        yield


@contextmanager
def _flows_can_start_anew(path: Path) -> Iterator[None]:
    """What was filed and tried stands in the catalogue, so a damaged record of what is under way may go."""
    try:
        yield
    except Damaged as error:
        raise EnvironmentFault(
            f"{path} is damaged; move it away and sync again: tracks under way start anew, what was filed stays"
        ) from error


def on_network_drive(path: Path, mounts: str | None = None) -> str:
    """Name the network file system that holds `path`, or '' for a local one; WAL needs local shared memory.

    `mounts` is the text of /proc/mounts; without it the running system is asked.
    """
    if mounts is None:
        mounts = _mounts()
    best, system = "", ""
    resolved = str(path.resolve())
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = resolved == point or resolved.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, system = point, fields[2]
    return system if system in _NETWORK_SYSTEMS else ""


@contextmanager
def translated(name: str = "the state database") -> Iterator[None]:
    """Turn the database libraries' errors into ours; `name` is the file or the address without its password."""
    try:
        yield
    except exc.DBAPIError as error:
        raise _fault(error.orig or error, name) from error
    except exc.TimeoutError as error:
        raise TryAgainLater(f"No connection to {name} became free; try again when fewer syncs run") from error
    except sqlite3.Error as error:
        raise _fault(error, name) from error


def name_of(engine: sa.Engine) -> str:
    """The file's path, or the address without its password."""
    if engine.dialect.name == "sqlite":
        return engine.url.database or "the catalogue in memory"
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=True)


def in_write(engine: sa.Engine) -> sa.Engine:
    """The same engine, whose transactions take the write lock when they begin."""
    return engine.execution_options(music_sync_write=True)


def insert_into(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An insert that can say what to do on a conflict."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


# Opening


def _sqlite(path: Path, *, legacy_transactions: bool = False) -> sa.Engine:
    """Build an engine on an existing file: a file that vanished is an error, never a new empty database."""
    address = f"file:{quote(os.fsencode(path))}?mode=rw"

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(address, uri=True, timeout=BUSY_S, check_same_thread=False)

    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)),
        creator=connect,
        poolclass=QueuePool,
        pool_size=_POOL,
        pool_timeout=BUSY_S,
    )
    prepare_sqlite(engine, legacy_transactions=legacy_transactions)
    _remember_open(engine, path)
    return engine


# The engines of this process, each with its file's device and inode. Closing any descriptor of a file gives up all locks
# that the process holds on it (POSIX), SQLite's too: another process then takes itself for the last one, clears the
# write-ahead log away, and every later commit here is lost. So a file that is open here is never looked into by hand.
_OPEN: "WeakKeyDictionary[sa.Engine, tuple[int, int] | None]" = WeakKeyDictionary()


def _is_open_here(path: Path) -> bool:
    identity = _identity_of(path)
    return identity is not None and identity in _OPEN.values()


def _remember_open(engine: sa.Engine, path: Path) -> None:
    _OPEN[engine] = _identity_of(path)
    sa.event.listen(engine, "engine_disposed", lambda disposed: _OPEN.pop(disposed, None))


def _identity_of(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status.st_size else None


def prepare_sqlite(engine: sa.Engine, *, legacy_transactions: bool = False, durable: bool = True) -> None:
    """Give each connection of the engine our settings, and its transactions an explicit BEGIN."""

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # The driver's own BEGIN comes before INSERT, UPDATE and DELETE only, so reads and DDL would stand outside.
        connection.isolation_level = "IMMEDIATE" if legacy_transactions else None
        for pragma in _pragmas() if durable else _THROWAWAY:
            connection.execute(f"PRAGMA {pragma}")

    if not legacy_transactions:

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: sa.Connection) -> None:
            # A transaction that reads first and writes later could fail half-way; a writer waits at its start instead.
            wants_write = connection.get_execution_options().get("music_sync_write")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if wants_write else "BEGIN")


_THROWAWAY = ("foreign_keys=ON", "synchronous=OFF")


def _pragmas() -> tuple[str, ...]:
    always = (f"busy_timeout={BUSY_S * 1000}", "foreign_keys=ON", "synchronous=FULL")
    if sys.platform == "darwin":
        # fsync on macOS leaves data in the drive's cache.
        return (*always, "fullfsync=1", "checkpoint_fullfsync=1")
    return always


def _postgres(address: str) -> sa.Engine:
    try:
        url = sa.make_url(address)
    except (exc.ArgumentError, ValueError) as error:
        raise BadSetting("MUSIC_SYNC_DATABASE_URL is no address; write postgresql://user@host/database") from error
    if url.drivername not in {"postgres", "postgresql", "postgresql+psycopg"}:
        raise BadSetting(
            f"MUSIC_SYNC_DATABASE_URL begins with {url.drivername}://; write postgresql://user@host/database"
        )
    url = url.set(drivername="postgresql+psycopg")
    engine = sa.create_engine(
        url,
        pool_pre_ping=True,
        pool_size=_POOL,
        pool_timeout=BUSY_S,
        connect_args={"connect_timeout": 10, "application_name": "music-sync"},
    )

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("music_sync_write"):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_S}s'")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITE_LOCK})")

    return engine


# The file


def check_file(path: Path, *, library_holds_audio: bool = False) -> None:
    """Refuse a file that SQLite would take for a new database, or could not read. Reads a few bytes, opens nothing."""
    try:
        size = path.stat().st_size if path.exists() else 0
        header = _first_bytes(path) if size else b""
        logged = _log_holds_something(path)
    except OSError as error:
        raise _unusable(path, error) from error
    if size == 0:
        _check_absence(path, logged=logged, library_holds_audio=library_holds_audio)
    elif size < _SMALLEST or header[:16] != _MAGIC or (not logged and size < _announced_size(header)):
        raise Damaged(f"{path} is damaged or no database; {_RESTORE}")


def _announced_size(header: bytes) -> int:
    """What the header says the whole file measures, in bytes; with a log beside it, the log may hold the rest."""
    page, pages = int.from_bytes(header[16:18], "big"), int.from_bytes(header[28:32], "big")
    return pages * (65536 if page == 1 else page)


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(100)


def _log_holds_something(path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _check_absence(path: Path, *, logged: bool, library_holds_audio: bool) -> None:
    state = "is empty" if path.exists() else "is missing"
    if logged:
        # SQLite would throw the log away with the last commits in it.
        raise EnvironmentFault(f"{path} {state} but its log {path.name}-wal is there; {_RESTORE}")
    if library_holds_audio:
        raise EnvironmentFault(
            f"{path} {state} though the library holds music; {_RESTORE}, or set MUSIC_SYNC_LIBRARY to a new folder"
        )


def _make_file(path: Path) -> None:
    """Make the file ourselves, for us alone, before SQLite makes it readable for everyone; its log follows suit."""
    try:
        _make_folder(path.parent)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        _use_wal(path)
    except OSError as error:
        raise _unusable(path, error) from error


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _use_wal(path: Path) -> None:
    """Switch to the write-ahead log; SQLite does not wait for others here, so this does."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            with translated(str(path)), closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
                mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            break
        except EnvironmentFault:
            raise
        except TryAgainLater:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    if mode != "wal":
        raise EnvironmentFault(f"{path} lies on a drive that cannot hold a live database; move it to a local drive")


def _mounts() -> str:
    table = Path("/proc/mounts")
    if table.exists():
        return table.read_text(encoding="utf-8", errors="replace")
    if sys.platform == "darwin":
        return _mounts_of_macos()
    return ""


def _mounts_of_macos() -> str:
    """Turn `//server/share on /Volumes/share (smbfs, nodev)` into the form of /proc/mounts."""
    import re
    import subprocess

    said = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=False, timeout=10).stdout
    lines = re.findall(r"^(.+?) on (.+) \((\w+)", said, flags=re.MULTILINE)
    return "\n".join(f"- {point.replace(' ', chr(92) + '040')} {system} - 0 0" for _device, point, system in lines)


# The schema


def _refuse_newer(revision: str, name: str) -> None:
    """Raise BadSetting for a schema that this version of Music Sync does not know; '' is a new database."""
    if revision in {"", HEAD}:
        return
    from music_sync.adapters.sql.migrations import is_known

    if not is_known(revision):
        raise BadSetting(f"{name} was written by a newer Music Sync; update this one with `pip install -U music-sync`")


def bring_to_head(engine: sa.Engine, name: str, *, migrate: bool = True) -> None:
    """Make or migrate the schema in one transaction: killed at any statement, it leaves the old one or the new one."""
    with engine.connect() as connection:
        revision = _revision(connection)
    _refuse_newer(revision, name)
    if revision == HEAD or not migrate:
        return
    with in_write(engine).begin() as connection:
        revision = _revision(connection)  # another process may have been first
        if revision == "":
            from music_sync.adapters.sql.schema import create

            create(connection)
        elif revision != HEAD:
            # Imported for a migration only: it takes as long as the rest of the start.
            from music_sync.adapters.sql.migrations import upgrade

            upgrade(connection)


def _revision(connection: sa.Connection) -> str:
    """The schema's revision, or '' for a new database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")) or "")


# Errors


def _fault(error: BaseException, name: str) -> SyncError:
    if isinstance(error, sqlite3.Error):
        return _sqlite_fault(error, name)
    return _postgres_fault(error, name)


def _sqlite_fault(error: sqlite3.Error, name: str) -> SyncError:
    # Python before 3.11 could not tell the code; the low byte is the primary one.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return TryAgainLater(f"{name} stayed busy for {BUSY_S} s; try again when the other sync has ended")
    if code == sqlite3.SQLITE_FULL:
        return EnvironmentFault(f"{name} cannot grow, the disk is full; free some space")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return Damaged(f"{name} is damaged ({error}); {_RESTORE}")
    return EnvironmentFault(f"{name} cannot be used ({error}); check the drive and the file's rights")


def _postgres_fault(error: BaseException, name: str) -> SyncError:
    state = getattr(error, "sqlstate", None) or ""
    said = (str(error).strip() or type(error).__name__).splitlines()[0]
    if state == "55P03":
        return TryAgainLater(f"{name} stayed busy for {BUSY_S} s; try again when the other sync has ended")
    # A refused sign-in comes without its code, so its words are looked at.
    if state.startswith("28") or state == "3D000" or any(words in said for words in _REFUSALS):
        return BadSetting(f"{name} refuses us ({said}); check MUSIC_SYNC_DATABASE_URL")
    if state.startswith("53"):
        return EnvironmentFault(f"{name} has run out of room ({said}); free some there")
    return ServiceUnavailable(f"{name} does not answer ({said}); check that Postgres runs")


def _unusable(path: Path, error: OSError) -> EnvironmentFault:
    if error.errno == errno.ENOSPC:
        return EnvironmentFault(f"{path} cannot be made, the disk is full; free some space")
    return EnvironmentFault(f"{path} cannot be used ({error.strerror}); check the drive and the file's rights")
