"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "attempts",
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("ending", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("next_actor", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("source", "source_id", "attempt", name=op.f("uq_attempts_source_source_id_attempt")),
    )
    op.create_index(op.f("ix_attempts_ending"), "attempts", ["ending"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("key", "attempt", "stage", "digest", name=op.f("uq_decisions_key_attempt_stage_digest")),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_facts")),
    )
    op.create_table(
        "journal",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_journal")),
    )
    op.create_index(op.f("ix_journal_recording_id"), "journal", ["recording_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("outgoing_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("outgoing_id", name=op.f("pk_outbox")),
    )
    op.create_index(
        "uq_outbox_unsent",
        "outbox",
        ["target", "subject"],
        unique=True,
        sqlite_where=sa.text("sent_at = ''"),
        postgresql_where=sa.text("sent_at = ''"),
    )
    op.create_table(
        "playlists",
        sa.Column("playlist_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("playlist_id", name=op.f("pk_playlists")),
        sa.UniqueConstraint("source", "source_id", name=op.f("uq_playlists_source_source_id")),
    )
    op.create_table(
        "recordings",
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("artist", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("album", sa.Text(), nullable=False),
        sa.Column("isrc", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("genre", sa.Text(), nullable=False),
        sa.Column("origin_sha256", sa.Text(), nullable=False),
        sa.Column("length_s", sa.Double(), nullable=False),
        sa.Column("loudness_lufs", sa.Double(), nullable=True),
        sa.Column("peak", sa.Double(), nullable=True),
        sa.Column("tempo_bpm", sa.Double(), nullable=True),
        sa.Column("tempo_confidence", sa.Double(), nullable=True),
        sa.Column("key_tonic", sa.Integer(), nullable=True),
        sa.Column("key_mode", sa.Text(), nullable=False),
        sa.Column("key_confidence", sa.Double(), nullable=True),
        sa.Column("filed_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_recordings")),
    )
    op.create_index(
        op.f("ix_recordings_filed_at_recording_id"), "recordings", ["filed_at", "recording_id"], unique=False
    )
    op.create_index(op.f("ix_recordings_isrc"), "recordings", ["isrc"], unique=False)
    op.create_index(op.f("ix_recordings_length_s"), "recordings", ["length_s"], unique=False)
    op.create_index(op.f("ix_recordings_origin_sha256"), "recordings", ["origin_sha256"], unique=False)
    op.create_table(
        "files",
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("path_key", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["recording_id"], ["recordings.recording_id"], name=op.f("fk_files_recording_id")),
        sa.PrimaryKeyConstraint("file_id", name=op.f("pk_files")),
        sa.UniqueConstraint("path_key", name=op.f("uq_files_path_key")),
    )
    op.create_index(op.f("ix_files_recording_id"), "files", ["recording_id"], unique=False)
    op.create_index(op.f("ix_files_sha256"), "files", ["sha256"], unique=False)
    op.create_table(
        "fingerprints",
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("length_s", sa.Double(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.recording_id"], name=op.f("fk_fingerprints_recording_id")
        ),
        sa.PrimaryKeyConstraint("recording_id", name=op.f("pk_fingerprints")),
    )
    op.create_index(op.f("ix_fingerprints_length_s"), "fingerprints", ["length_s"], unique=False)
    op.create_table(
        "playlist_members",
        sa.Column("playlist_id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["playlist_id"], ["playlists.playlist_id"], name=op.f("fk_playlist_members_playlist_id")
        ),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.recording_id"], name=op.f("fk_playlist_members_recording_id")
        ),
        sa.PrimaryKeyConstraint("playlist_id", "recording_id", name=op.f("pk_playlist_members")),
    )
    op.create_index(op.f("ix_playlist_members_recording_id"), "playlist_members", ["recording_id"], unique=False)
    op.create_table(
        "source_links",
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("found_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording_id"], ["recordings.recording_id"], name=op.f("fk_source_links_recording_id")
        ),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_source_links")),
        sa.UniqueConstraint("source", "source_id", name=op.f("uq_source_links_source_source_id")),
    )
    op.create_index(op.f("ix_source_links_recording_id"), "source_links", ["recording_id"], unique=False)
