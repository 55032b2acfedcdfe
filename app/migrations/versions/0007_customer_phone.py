"""A customer's telephone number."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    there = sa.text("customer_phone IS NOT NULL")
    for table in ("requests", "tickets"):
        op.add_column(table, sa.Column("customer_phone", sa.Text(), nullable=True))
        name = f"ix_{table}_customer_phone"
        op.create_index(name, table, ["customer_phone"], sqlite_where=there, postgresql_where=there)
