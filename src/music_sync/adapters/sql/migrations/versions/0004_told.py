"""What a source told of a track when an attempt at it began."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add a column; attempts that are there say nothing in it."""
    op.add_column("attempts", sa.Column("found", sa.Text(), nullable=False, server_default=""))
