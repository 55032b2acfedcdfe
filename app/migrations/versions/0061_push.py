"""Browsers that are told of events by Web Push, and the key that signs what is pushed."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
compatible_from = "0060"


def upgrade() -> None:
    op.create_table(
        "push_keys",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "push_browsers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("technician_id", sa.BigInteger(), sa.ForeignKey("technicians.id"), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False, unique=True),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text()),
        sa.Column("session", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_push_browsers_technician_id", "push_browsers", ["technician_id"])
    pushed = sa.text("channel = 'push'")
    op.create_index("ix_notices_pushed", "notices", ["ticket"], sqlite_where=pushed, postgresql_where=pushed)
