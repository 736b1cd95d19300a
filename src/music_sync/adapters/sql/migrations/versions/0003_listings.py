"""The memory of what lists at services held, and links found by their address."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add two tables and an index; nothing that is there changes."""
    op.create_table(
        "listings",
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("listing", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("reading", sa.Integer(), nullable=False),
        sa.Column("goes_on", sa.Text(), nullable=False),
        sa.Column("read_at", sa.Text(), nullable=False),
        sa.Column("looked_at", sa.Text(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("pk_listings")),
        sa.UniqueConstraint("source", "listing", name=op.f("uq_listings_source_listing")),
    )
    op.create_table(
        "listed",
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reading", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", sa.Text(), nullable=False),
        sa.Column("gone_at", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["listing_id"], ["listings.listing_id"], name=op.f("fk_listed_listing_id_listings")),
        sa.PrimaryKeyConstraint("listing_id", "source_id", name=op.f("pk_listed")),
    )
    op.create_index(
        "ix_source_links_url",
        "source_links",
        ["url"],
        unique=False,
        postgresql_using="hash",
        sqlite_where=sa.text("url != ''"),
        postgresql_where=sa.text("url != ''"),
    )
