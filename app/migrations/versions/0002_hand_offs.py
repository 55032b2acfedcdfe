"""Hand-offs of requests to vendors: their outcome, next try and lease."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TEXTS = (
    "vendor_ticket",
    "start",
    "applet_link",
    "applet_file",
    "applet_name",
    "applet_type",
    "user_agent",
    "accept_language",
    "lease",
)


def upgrade() -> None:
    for name in _TEXTS:
        op.add_column("requests", sa.Column(name, sa.Text(), nullable=True))
    for name in ("due_at", "waiting_since"):
        op.add_column("requests", sa.Column(name, sa.BigInteger(), nullable=True))
    for name in ("unsure", "lost"):
        op.add_column("requests", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE requests SET start = 'desk' WHERE ticket_number IS NOT NULL")


def downgrade() -> None:
    raise NotImplementedError("restore a backup: an older Handbell does not know these requests")
