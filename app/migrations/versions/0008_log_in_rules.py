"""Rules of the log-in: passwords to be changed at the next log-in, and when a session was last confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column(
        "technicians", sa.Column("password_temporary", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("console_sessions", sa.Column("confirmed_at", sa.BigInteger(), nullable=True))
