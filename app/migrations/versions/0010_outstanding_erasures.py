"""Erasures that are unfinished while a reader blocks SQLite's write-ahead log."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "outstanding_erasures",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("erased_at", sa.BigInteger(), nullable=False),
        sqlite_autoincrement=True,
    )
