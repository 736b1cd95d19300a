"""The whole schema at once, for a new database: the steps that lead to it one after the other take ten times as long."""

from collections.abc import Iterator

import sqlalchemy as sa

from music_sync.adapters.sql.tables import HEAD, metadata, recordings
from music_sync.adapters.sql.words import postgres_index, sqlite_index

_VERSION = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""As Alembic makes it, which goes on from here."""


def create(connection: sa.Connection) -> None:
    """Make all tables and indexes of the newest revision in a database without any; a test holds both ways equal."""
    metadata.create_all(connection, checkfirst=False)
    for statement in _on_sqlite(connection) if connection.dialect.name == "sqlite" else postgres_index():
        connection.exec_driver_sql(statement)
    _VERSION.create(connection)
    connection.execute(sa.insert(_VERSION).values(version_num=HEAD))


def _on_sqlite(connection: sa.Connection) -> Iterator[str]:
    """What only SQLite can do, and so the tables do not say: names in any case of their letters, and words."""
    (by_name,) = (index for index in recordings.indexes if recordings.c.artist in index.columns.values())
    yield f"DROP INDEX {by_name.name}"
    yield f"CREATE INDEX {by_name.name} ON recordings (artist COLLATE NOCASE, title COLLATE NOCASE, recording_id, album)"
    yield from sqlite_index(connection)
