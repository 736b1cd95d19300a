"""Opening the databases: settings, rights, and what is refused before anything changes."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from music_sync.adapters.sql import engine as opening
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import can_hold_flows, engine_for_flows, in_write, on_network_drive, open_engine
from music_sync.model.errors import BadSetting, EnvironmentFault, ServiceUnavailable, SyncError, TryAgainLater


@contextmanager
def opened(path: Path | str, **options: bool) -> Iterator[sa.Engine]:
    engine = open_engine(path, **options)
    try:
        yield engine
    finally:
        engine.dispose()


def pragma(engine: sa.Engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Each file with its rights, time and bytes: what must not change."""
    return {
        path.name: (path.stat().st_mode, path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.iterdir())
    }


@pytest.fixture
def masked() -> Iterator[Callable[[int], int]]:
    """Set the process's umask until the test ends."""
    former = os.umask(0o022)
    yield os.umask
    os.umask(former)


@pytest.mark.parametrize("umask", [0o000, 0o077])
@pytest.mark.parametrize("make", [open_engine, engine_for_flows])
def test_database_and_folder_are_for_us_alone_whatever_the_umask(
    tmp_path: Path, masked: Callable[[int], int], umask: int, make: Callable[[Path], sa.Engine]
) -> None:
    masked(umask)
    path = tmp_path / "home" / "var" / "state.db"
    engine = make(path)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE mine (x)")
        connection.exec_driver_sql("INSERT INTO mine VALUES (1)")
        rights = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    engine.dispose()

    assert rights == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}
    assert [each.stat().st_mode & 0o777 for each in (path.parent, path.parent.parent)] == [0o700, 0o700]


def test_a_database_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with opened(path):
        path.chmod(0o644)
    with opened(path):
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("make", [open_engine, engine_for_flows])
def test_every_connection_is_durable_and_waits_for_others(tmp_path: Path, make: Callable[[Path], sa.Engine]) -> None:
    engine = make(tmp_path / "state.db")
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")

    settings = {name: pragma(engine, name) for name in names}
    engine.dispose()

    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_macos_is_asked_to_write_through_the_drives_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    assert {"fullfsync=1", "checkpoint_fullfsync=1"} <= set(opening._pragmas())


def test_tables_that_were_made_in_a_transaction_that_failed_do_not_exist(sqlite_engine: sa.Engine) -> None:
    def fail() -> None:
        with sqlite_engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE half (x)")
            raise LookupError

    with pytest.raises(LookupError):
        fail()

    assert not sa.inspect(sqlite_engine).has_table("half")


def test_a_reader_sees_one_moment_while_others_write(engine: sa.Engine) -> None:
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    catalogue = SqlCatalogue(engine)
    with engine.connect() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM facts").scalar()
        catalogue.remember("library", "one")
        during = connection.exec_driver_sql("SELECT count(*) FROM facts").scalar()

    assert (before, during, catalogue.identity("library")) == (0, 0, "one")


def test_an_odd_path_is_opened_as_it_is_spelled(tmp_path: Path) -> None:
    path = tmp_path / "50% off? #1; ü" / "state & file:.db"
    with opened(path) as engine:
        SqlCatalogue(engine).remember("library", "one")

    assert path.stat().st_size > 0
    with opened(path) as engine:
        assert SqlCatalogue(engine).identity("library") == "one"


def test_a_path_that_is_not_utf8_is_opened(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.db"))
    with opened(path) as engine:
        SqlCatalogue(engine).remember("library", "one")

    assert path.exists()


@pytest.mark.parametrize("state", ["missing", "empty"])
def test_an_absent_database_beside_music_is_never_started_over(tmp_path: Path, state: str) -> None:
    path = tmp_path / "state.db"
    if state == "empty":
        path.touch()
    before = tree(tmp_path)

    with pytest.raises(EnvironmentFault, match=f"is {state} though the library holds music; restore it from a backup"):
        open_engine(path, library_holds_audio=True)
    assert tree(tmp_path) == before
    with opened(path):
        pass
    with opened(path, library_holds_audio=True):
        pass


def test_a_lost_database_whose_log_is_left_is_not_started_over(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    (tmp_path / "state.db-wal").write_bytes(b"the last commits")
    before = tree(tmp_path)

    with pytest.raises(EnvironmentFault, match=r"its log state\.db-wal is there"):
        open_engine(path)

    assert tree(tmp_path) == before


def _random_bytes(path: Path) -> None:
    path.write_bytes(os.urandom(4096 * 4))


def _cut_to_100_bytes(path: Path) -> None:
    os.truncate(path, 100)


def _cut_in_half(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)


def _spoil_the_schema(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3000)


def _blank_the_head(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(100))


@pytest.mark.parametrize("damage", [_random_bytes, _cut_to_100_bytes, _cut_in_half, _spoil_the_schema, _blank_the_head])
def test_a_damaged_database_is_refused_and_left_as_it_is(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    path = tmp_path / "state.db"
    with opened(path):
        pass
    damage(path)
    before = path.read_bytes()

    with pytest.raises(EnvironmentFault, match="restore it from a backup"):
        open_engine(path)

    assert path.read_bytes() == before


def test_a_folder_in_the_databases_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.db").mkdir()

    with pytest.raises(EnvironmentFault, match="cannot be used"):
        open_engine(tmp_path / "state.db")


def test_the_database_of_a_newer_version_is_refused_and_left_as_it_is(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    address = str(engine.url.database) if engine.dialect.name == "sqlite" else engine.url.render_as_string()

    for migrate in (True, False):
        with pytest.raises(BadSetting, match="was written by a newer Music Sync; update this one"):
            open_engine(address, migrate=migrate)

    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"


def test_a_database_that_vanishes_under_us_is_no_new_one(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with opened(path) as engine:
        engine.dispose()
        path.rename(tmp_path / "elsewhere.db")

        with pytest.raises(EnvironmentFault, match="cannot be used"):
            SqlCatalogue(engine).counts()

    assert not path.exists()


def test_a_writer_that_waits_too_long_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_pragmas", lambda: ("busy_timeout=50",))
    path = tmp_path / "state.db"
    with opened(path) as engine, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(TryAgainLater, match="stayed busy"):
            SqlCatalogue(engine).remember("library", "one")
        other.execute("ROLLBACK")

        assert SqlCatalogue(engine).identity("library") is None


def test_a_full_disk_is_called_one(tmp_path: Path) -> None:
    with opened(tmp_path / "state.db") as engine:
        with engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        catalogue = SqlCatalogue(engine)

        @sa.event.listens_for(engine, "connect")
        def _limit(connection: sqlite3.Connection, _entry: object) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")

        engine.dispose()
        with pytest.raises(EnvironmentFault, match="the disk is full; free some space"):
            catalogue.remember("big", "x" * 1_000_000)

        assert catalogue.identity("big") is None


@pytest.mark.parametrize(
    "address", ["mysql://db/x", "sqlite:///x.db", "postgresql://h:port/x", "postgresql+asyncpg://h/x"]
)
def test_an_address_of_another_kind_is_refused(address: str) -> None:
    with pytest.raises(BadSetting, match="write postgresql://user@host/database"):
        open_engine(address)


def test_a_postgres_that_is_away_is_a_service_and_its_password_stays_secret() -> None:
    with pytest.raises(ServiceUnavailable, match="does not answer") as caught:
        open_engine("postgres://me:hunter2@127.0.0.1:1/music")

    assert "hunter2" not in str(caught.value)


def test_a_postgres_without_that_database_is_a_wrong_setting(postgres_url: str) -> None:
    with pytest.raises(BadSetting, match="check MUSIC_SYNC_DATABASE_URL"):
        open_engine(f"{postgres_url}_not_there")


def test_a_postgres_that_dropped_its_connections_is_used_again(postgres_engine: sa.Engine) -> None:
    catalogue = SqlCatalogue(postgres_engine)
    catalogue.remember("library", "one")
    with postgres_engine.connect() as connection:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        held = postgres_engine.connect()  # a second one in the pool
        connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) {others}")
        held.invalidate()
        held.close()

    assert catalogue.identity("library") == "one"


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/music /mnt/music nfs4 rw 0 0
//nas/my\\040share /mnt/my\\040share cifs rw 0 0
/dev/sdb1 /mnt/music/local ext4 rw 0 0
short
"""


@pytest.mark.parametrize(
    ("path", "system"),
    [
        ("/var/state.db", ""),
        ("/mnt/music/state.db", "nfs4"),
        ("/mnt/music/local/state.db", ""),
        ("/mnt/musical/state.db", ""),
        ("/mnt/my share/x/state.db", "cifs"),
    ],
)
def test_a_network_drive_is_told_from_a_local_one(path: str, system: str) -> None:
    assert on_network_drive(Path(path), MOUNTS) == system


def test_this_machine_says_where_a_folder_lies(tmp_path: Path) -> None:
    assert on_network_drive(tmp_path) == ""


# The schema


def test_two_who_open_a_new_database_at_once_both_succeed(tmp_path: Path) -> None:
    path, failures = tmp_path / "var" / "state.db", list[SyncError]()
    together = threading.Barrier(4)

    def run() -> None:
        together.wait(30)
        try:
            open_engine(path).dispose()
        except SyncError as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)

    assert failures == []


OPENS = "import sys; from music_sync.adapters.sql.engine import open_engine; open_engine(sys.argv[1]).dispose()"


def test_processes_that_migrate_one_database_at_once_all_succeed(tmp_path: Path, postgres_url: str) -> None:
    addresses = [str(tmp_path / "state.db"), postgres_url] * 2
    running = [subprocess.Popen([sys.executable, "-c", OPENS, address]) for address in addresses]

    assert [each.wait(60) for each in running] == [0, 0, 0, 0]


def test_flows_get_an_engine_that_begins_its_transactions_itself(tmp_path: Path) -> None:
    engine = engine_for_flows(tmp_path / "flows.db")
    with engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql("CREATE TABLE dbos_migrations (version)")
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO dbos_migrations VALUES (1)")
    there = sa.inspect(engine).get_table_names()
    engine.dispose()

    assert there == ["dbos_migrations"]


def test_the_write_lock_is_taken_when_a_writer_begins(engine: sa.Engine) -> None:
    began, order = threading.Event(), list[str]()

    def second() -> None:
        began.set()
        with in_write(engine).begin():
            order.append("second")

    thread = threading.Thread(target=second)
    with in_write(engine).begin() as connection:
        thread.start()
        began.wait(30)
        connection.exec_driver_sql("SELECT 1")
        order.append("first")
    thread.join(30)

    assert order == ["first", "second"]


@pytest.mark.parametrize(
    ("python", "sqlite", "fits"),
    [((3, 11), (3, 40, 1), True), ((3, 12), (3, 40, 1), False), ((3, 13), (3, 42, 0), True)],
)
def test_an_old_sqlite_holds_flows_only_for_an_older_python(
    python: tuple[int, ...], sqlite: tuple[int, ...], fits: bool
) -> None:
    assert can_hold_flows(python, sqlite) == fits


LAST_ONE_OUT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("INSERT INTO facts VALUES ('theirs', '1')")
connection.commit()
connection.close()
"""


def test_a_file_opened_twice_here_loses_no_commit_when_another_process_leaves(tmp_path: Path) -> None:
    """Looking into the file by hand would give up SQLite's locks, and the other process would clear the log away."""
    path = tmp_path / "state.db"
    first = open_engine(path)
    with first.connect() as connection:
        connection.execute(sa.text("SELECT * FROM facts")).all()
    second = open_engine(path)
    subprocess.run([sys.executable, "-c", LAST_ONE_OUT, str(path)], check=True)
    for engine, name in ((first, "one"), (second, "two")):
        with engine.begin() as connection:
            connection.execute(sa.text("INSERT INTO facts VALUES (:name, '1')"), {"name": name})
    with closing(sqlite3.connect(path)) as connection:
        seen = {name for (name,) in connection.execute("SELECT name FROM facts")}
    for engine in (first, second):
        engine.dispose()

    assert {"theirs", "one", "two"} <= seen
