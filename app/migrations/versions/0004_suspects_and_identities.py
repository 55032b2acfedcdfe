"""Further answers of a form and verified fields of requests and tickets; checks and identities that count once."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for table in ("requests", "tickets"):
        op.add_column(table, sa.Column("more", sa.JSON(), nullable=True))
        op.add_column(table, sa.Column("verified", sa.Text(), nullable=True))
    for name in ("return_to", "body_hash"):
        op.add_column("requests", sa.Column(name, sa.Text(), nullable=True))
    op.create_table(
        "spent",
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "id", name=op.f("pk_spent")),
    )
    op.create_index(op.f("ix_spent_expires_at"), "spent", ["expires_at"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("restore a backup: an older Handbell does not know suspects' and identities' columns")
