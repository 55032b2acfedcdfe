"""Opening hours of the desk, of departments and of sites; whose consoles listen."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "opening_hours",
        sa.Column("scope", sa.Text(), primary_key=True),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("spans", sa.Text(), nullable=False),
        sa.Column("country", sa.Text()),
        sa.Column("region", sa.Text()),
        sa.Column("days", sa.JSON(), nullable=False),
    )
    op.add_column("console_sessions", sa.Column("listened_at", sa.BigInteger()))
