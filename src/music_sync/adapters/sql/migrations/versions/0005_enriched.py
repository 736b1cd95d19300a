"""What services told of recordings, what views were shown of them, and how good their sound is."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add two tables and three columns; recordings that are there say nothing in them."""
    op.add_column("recordings", sa.Column("codec", sa.Text(), nullable=False, server_default=""))
    op.add_column("recordings", sa.Column("bit_rate", sa.Integer(), nullable=True))
    op.add_column("recordings", sa.Column("cutoff_hz", sa.Double(), nullable=True))
    op.create_table(
        "enrichments",
        sa.Column("recording_id", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.Text(), nullable=False),
        sa.Column("due_at", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "service", name="pk_enrichments"),
    )
    op.create_index("ix_enrichments_state_due_at", "enrichments", ["state", "due_at"])
    op.create_table(
        "shown",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("shown_as", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("shown_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("target", "subject", name="pk_shown"),
    )
