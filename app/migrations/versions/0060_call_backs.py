"""Promises to call customers back."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0052"
compatible_from = "0052"


def upgrade() -> None:
    op.create_table(
        "call_backs",
        sa.Column("ticket", sa.BigInteger(), sa.ForeignKey("tickets.number"), primary_key=True, autoincrement=False),
        sa.Column("begins_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("sent_to", sa.Text()),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger()),
    )
    op.create_index("ix_call_backs_begins_at", "call_backs", ["begins_at"])
    op.create_index("ix_call_backs_ends_at", "call_backs", ["ends_at"])
    told = sa.text("next_at IS NOT NULL")
    op.create_index("ix_call_backs_next_at", "call_backs", ["next_at"], sqlite_where=told, postgresql_where=told)
