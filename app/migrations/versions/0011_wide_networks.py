"""The /48 of senders with an IPv6 address, which is counted beside their /64."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("requests", sa.Column("client_wide", sa.Text(), nullable=True))
    _index("requests", "client_wide", "client_wide", "created_at")
    op.add_column("failed_logins", sa.Column("wide", sa.Text(), nullable=True))
    _index("failed_logins", "wide", "account_hash", "wide", "at")
    _index("failed_logins", "wide", "wide", "at")


def _index(table: str, there: str, *columns: str) -> None:
    condition = sa.text(f"{there} IS NOT NULL")
    name = f"ix_{table}_{'_'.join(columns)}"
    op.create_index(name, table, list(columns), sqlite_where=condition, postgresql_where=condition)
