"""The embedded board, the ledger of hand-offs, and the tasks that started a sync."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add three tables; nothing that is there changes."""
    op.create_table(
        "board_tasks",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.Column("success_criteria", sa.Text(), nullable=False),
        sa.Column("assigned_agent", sa.Text(), nullable=False),
        sa.Column("task_type", sa.Text(), nullable=False),
        sa.Column("blocking_reason", sa.Text(), nullable=False),
        sa.Column("prerequisites", sa.Text(), nullable=False),
        sa.Column("review_of", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Text(), nullable=False),
        sa.Column("edited_at", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("handoff_status", sa.Text(), nullable=False),
        sa.Column("delivered_path", sa.Text(), nullable=False),
        sa.Column("delivered_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_board_tasks")),
        sa.UniqueConstraint("task_id", name=op.f("uq_board_tasks_task_id")),
    )
    op.create_index(
        "uq_board_tasks_review",
        "board_tasks",
        ["review_of"],
        unique=True,
        sqlite_where=sa.text("review_of != ''"),
        postgresql_where=sa.text("review_of != ''"),
    )
    op.create_table(
        "handoffs",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.Column("delivered_at", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_handoffs")),
        sa.UniqueConstraint("name", name=op.f("uq_handoffs_name")),
        sa.UniqueConstraint("task_id", "revision", "agent", name=op.f("uq_handoffs_task_id_revision_agent")),
    )
    op.create_table(
        "task_triggers",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("triggered_at", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_task_triggers")),
    )
