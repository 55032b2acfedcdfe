"""Notices are an outbox for every channel: what they tell, who gets them, and how each one went.

A settled notice stays for a week, due in the year 9999, so that a program of the previous version never claims it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0031"
compatible_from = "0031"


def upgrade() -> None:
    for name, kind in (
        ("event", sa.Text()),
        ("receiver", sa.Text()),
        ("lane", sa.Text()),
        ("ticket", sa.BigInteger()),
        ("reference", sa.Text()),
        ("why", sa.Text()),
        ("settled_at", sa.BigInteger()),
    ):
        op.add_column("notices", sa.Column(name, kind, nullable=True))
    op.add_column("notices", sa.Column("state", sa.Text(), nullable=False, server_default="waiting"))
    op.add_column("notices", sa.Column("perhaps_twice", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_notices_created_at", "notices", ["created_at"])
    known = sa.text("reference IS NOT NULL")
    op.create_index("ix_notices_reference", "notices", ["reference"], sqlite_where=known, postgresql_where=known)
