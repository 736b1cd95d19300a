"""The schema's steps: they lead to the tables, and a kill at any statement leaves the old schema or the new one."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from music_sync.adapters.sql import migrations, rows
from music_sync.adapters.sql.catalogue import SqlCatalogue
from music_sync.adapters.sql.engine import in_write, open_engine
from music_sync.adapters.sql.tables import HEAD, WORDS, files, metadata, recordings, source_links
from music_sync.adapters.sql.text import path_key
from music_sync.model.listing import Listing
from music_sync.model.track import Analysis, FoundTrack, LibraryFile, Recording

FOUND = FoundTrack("spotify", "1", title="Waves", url="https://open.spotify.com/track/1")
FILE = LibraryFile("Ann/Waves.aiff", "aiff", "f" * 64, 5)
RECORDING = Recording("a" * 32, "Ann", "Waves", "", "", "", None, "", "0" * 64, Analysis(100.0, ()), (FILE,))
AT = "2026-11-23T10:00:00.000Z"
LIKES = Listing("spotify", "likes", "Liked songs", reading=1)

KILLED = 9

# Kills its own process before the statement with that number; says how many there were when it comes to the end.
DIES_AT = """
import os, signal, sys
import sqlalchemy as sa
from music_sync.adapters.sql.engine import open_engine

left = int(sys.argv[2])
ran = 0

@sa.event.listens_for(sa.Engine, "before_cursor_execute")
def count(connection, cursor, statement, *rest):
    global left, ran
    ran += 1
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

open_engine(sys.argv[1]).dispose()
print(ran)
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_new_database_has_the_schema_that_all_steps_lead_to(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    addresses = [str(tmp_path / "made.db"), str(tmp_path / "led.db")]
    if kind == "postgres":
        server = request.getfixturevalue("postgres")
        addresses = [server.url(server.create()) for _ in addresses]
    make_schema("head", addresses[1])
    made, led = (schema_at(address) for address in addresses)

    assert made == led
    assert len(made) > 100


def schema_at(address: str) -> set[tuple[object, ...]]:
    """Every column, constraint, index and trigger, as the database itself tells of it."""
    asked = (
        """
        SELECT 'column', m.name, c.name, c.type, c."notnull", c.dflt_value, c.pk
          FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'
        UNION SELECT 'key', m.name, k."from", k."table", k."to", k.on_update, k.on_delete
          FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) k
        UNION SELECT 'index', m.name, CASE origin WHEN 'c' THEN i.name END, "unique", origin, partial,
          (SELECT group_concat(c.name || ' ' || c.coll || c."desc") FROM pragma_index_xinfo(i.name) c WHERE c.key)
          FROM sqlite_master m JOIN pragma_index_list(m.name) i
        UNION SELECT type, tbl_name, name, sql, '', '', '' FROM sqlite_master WHERE type IN ('index', 'trigger')
        UNION SELECT 'version', version_num, '', '', '', '', '' FROM alembic_version
        """
        if "://" not in address
        else """
        SELECT 'column', table_name, column_name, data_type, is_nullable, column_default, character_maximum_length || ''
          FROM information_schema.columns WHERE table_schema = 'public'
        UNION SELECT 'constraint', conrelid::regclass || '', conname, pg_get_constraintdef(oid), '', '', ''
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION SELECT 'index', tablename, indexname, indexdef, '', '', '' FROM pg_indexes WHERE schemaname = 'public'
        UNION SELECT 'version', version_num, '', '', '', '', '' FROM alembic_version
        """
    )
    engine = open_engine(address)
    with engine.connect() as connection:
        found = {tuple(row) for row in connection.exec_driver_sql(asked.replace("%", "%%"))}
    engine.dispose()
    return found


def test_the_migrated_schema_is_that_of_the_tables(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        options = {"compare_type": True, "target_metadata": metadata, "include_object": is_ours_to_compare}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, metadata)

    assert differences == []


def is_ours_to_compare(_thing: object, name: str | None, *_about: object) -> bool:
    """All but the full-text index, which stands in words of each database's own."""
    return WORDS not in (name or "")


def test_the_unsent_index_covers_unsent_entries_only(engine: sa.Engine) -> None:
    entry = "INSERT INTO outbox (target, subject, payload, created_at, sent_at) VALUES ('m3u', 'a', '', '', %s)"
    with engine.begin() as connection:
        for sent_at in ("'1'", "'2'", "''"):
            connection.exec_driver_sql(entry % sent_at)
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
        connection.exec_driver_sql(entry % "''")


def test_the_newest_step_is_the_one_that_opening_asks_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))

    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]
    assert migrations.is_known(HEAD)
    assert not migrations.is_known("9999")


def test_opening_again_changes_nothing(engine: sa.Engine, address: str) -> None:
    SqlCatalogue(engine).remember("library", "one")
    again = open_engine(address)
    kept = SqlCatalogue(again).identity("library")
    again.dispose()

    assert kept == "one"


def test_readers_change_nothing_in_a_database_without_tables(postgres_url: str) -> None:
    engine = open_engine(postgres_url, migrate=False)
    there = sa.inspect(engine).get_table_names()
    engine.dispose()

    assert there == []


def migrate_dying_at(statement: int, address: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", DIES_AT, address, str(statement)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def tables_at(address: str) -> list[str]:
    engine = open_engine(address, migrate=False)
    there = [name for name in sa.inspect(engine).get_table_names() if is_ours_to_compare(None, name)]
    engine.dispose()
    return there


@pytest.mark.parametrize("statement", [1, 8, 20, 30])
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_migration_killed_at_a_statement_is_done_whole_by_the_next_start(
    kind: str, statement: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    address = str(tmp_path / "state.db") if kind == "sqlite" else str(request.getfixturevalue("postgres_url"))
    died = migrate_dying_at(statement, address)

    assert died.returncode == -KILLED
    assert tables_at(address) == []
    open_engine(address).dispose()
    assert set(tables_at(address)) == {*metadata.tables, "alembic_version"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_migration_killed_at_any_statement_leaves_all_or_nothing(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    last = int(migrate_dying_at(0, str(tmp_path / "whole.db")).stdout)
    for statement in range(1, last + 1):
        address = (
            str(tmp_path / f"{statement}.db")
            if kind == "sqlite"
            else request.getfixturevalue("postgres").url(request.getfixturevalue("postgres").create())
        )
        died = migrate_dying_at(statement, address)
        there = tables_at(address)

        assert died.returncode in {0, -KILLED}
        assert there == [] or set(there) == {*metadata.tables, "alembic_version"}


def make_schema(revision: str, address: str) -> None:
    """A database as an earlier release left it, with something in it."""
    if "://" not in address:
        Path(address).touch()
    engine = open_engine(address, migrate=False)
    with in_write(engine).begin() as connection:
        config = migrations._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    catalogue = SqlCatalogue(engine)
    catalogue.remember("library", "one")
    known = {column["name"] for column in sa.inspect(engine).get_columns("recordings")}
    told = rows.recording_row(RECORDING, AT).items()
    link = {"recording_id": RECORDING.recording_id, "source": "spotify", "source_id": "1", "revision": "", "url": ""}
    with in_write(engine).begin() as connection:
        connection.execute(sa.insert(recordings).values({name: value for name, value in told if name in known}))
        connection.execute(sa.insert(files).values(rows.file_row(RECORDING.recording_id, FILE, path_key(FILE.path))))
        connection.execute(sa.insert(source_links).values(link | {"found_at": AT}))
    engine.dispose()


def held_at(address: str) -> tuple[object, ...]:
    engine = open_engine(address)
    catalogue = SqlCatalogue(engine)
    held = catalogue.identity("library"), catalogue.by_source("spotify", "1")
    engine.dispose()
    return held


@pytest.mark.parametrize("statement", [6, 9, 12])
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_an_older_schema_whose_migration_is_killed_keeps_all_it_held(
    kind: str, statement: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    address = str(tmp_path / "state.db") if kind == "sqlite" else str(request.getfixturevalue("postgres_url"))
    make_schema("0001", address)
    before = set(tables_at(address))
    died = migrate_dying_at(statement, address)
    between = set(tables_at(address))
    library, recording = held_at(address)

    assert died.returncode == -KILLED, died.stdout
    assert (between, library) == (before, "one")
    assert recording is not None
    assert set(tables_at(address)) == {*metadata.tables, "alembic_version"}


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_an_older_database_is_brought_up_to_date_with_all_it_held(
    kind: str, revision: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    address = str(tmp_path / "state.db") if kind == "sqlite" else str(request.getfixturevalue("postgres_url"))
    make_schema(revision, address)
    engine = open_engine(address)
    catalogue = SqlCatalogue(engine)
    with engine.connect() as connection:
        options = {"compare_type": True, "target_metadata": metadata, "include_object": is_ours_to_compare}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, metadata)
    catalogue.listings.page(LIKES, [FOUND], 0)
    linked = catalogue.by_source("spotify", "1")
    listed = catalogue.listings.tracks("spotify", "likes")
    kept = catalogue.identity("library")
    engine.dispose()

    assert differences == []
    assert linked is not None
    assert (kept, linked.recording_id, [each.source_id for each in listed]) == ("one", "a" * 32, ["1"])


def test_an_installed_package_finds_its_steps(tmp_path: Path) -> None:
    source = Path(migrations.__file__).parents[3]
    wheel = tmp_path / "music_sync.zip"
    with zipfile.ZipFile(wheel, "w") as packed:
        for file in source.rglob("*.py"):
            packed.write(file, file.relative_to(source.parent))
    installed = tmp_path / "100% installed"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(installed)
    make_schema("0001", str(tmp_path / "state.db"))
    opens = "import sys, music_sync; from music_sync.adapters.sql.engine import open_engine; open_engine(sys.argv[1])"
    opens += "; print(music_sync.__file__)"
    ran = subprocess.run(
        [sys.executable, "-c", opens, str(tmp_path / "state.db")],
        env={**os.environ, "PYTHONPATH": str(installed)},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(str(installed))
