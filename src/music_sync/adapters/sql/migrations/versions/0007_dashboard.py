"""What the dashboard asks for: runs, indexes to page and count by, and the words of each recording."""

import sqlalchemy as sa
from alembic import op

from music_sync.adapters.sql.words import postgres_index, sqlite_index

revision = "0007"
down_revision = "0006"

_COUNTED = ("new", "already_have", "review", "buy_list", "failed", "queue")


def upgrade() -> None:
    """Add a table and indexes; what is there already is indexed at once."""
    op.create_table(
        "runs",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTED),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
    )
    op.create_index("ix_runs_ended_at", "runs", ["ended_at"])
    tempo = ["tempo_bpm", "recording_id", "key_mode", "key_tonic"]
    op.create_index(f"ix_recordings_{'_'.join(tempo)}", "recordings", tempo)
    op.create_index("ix_recordings_key_mode_key_tonic", "recordings", ["key_mode", "key_tonic"])
    op.create_index("ix_source_links_found_at_source", "source_links", ["found_at", "source"])
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    folded = " COLLATE NOCASE" if is_sqlite else ""
    op.execute(
        "CREATE INDEX ix_recordings_artist_title_recording_id_album"
        f" ON recordings (artist{folded}, title{folded}, recording_id, album)"
    )
    for statement in sqlite_index(connection) if is_sqlite else postgres_index():
        connection.exec_driver_sql(statement)
