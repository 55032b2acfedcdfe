"""Session codes that reopen a session for its customer, and which form used a code."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("session_codes", sa.Column("leads_to", sa.Text(), nullable=True))
    op.add_column("session_codes", sa.Column("used_by", sa.Text(), nullable=True))
