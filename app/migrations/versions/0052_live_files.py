"""Files and pictures of conversations; their bytes are in `files`, as vendors' applets are."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    op.create_table(
        "live_files",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("line", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["kept"], ["files.id"], name="fk_live_files_kept", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_live_files_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_live_files"),
        sa.UniqueConstraint("ticket", "who", "key", name="uq_live_files_ticket_who_key"),
    )
    op.create_index("ix_live_files_kept", "live_files", ["kept"])
