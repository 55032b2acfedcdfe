"""The conversation of a ticket: its lines, signals, answer and open pages, and codes that move it to a computer."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0014"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "live_lines",
        sa.Column("id", _ID, nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("file", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_live_lines_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_live_lines"),
        sa.UniqueConstraint("ticket", "who", "key", name="uq_live_lines_ticket_who_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_live_lines_ticket_id", "live_lines", ["ticket", "id"])
    op.create_table(
        "live_signals",
        sa.Column("id", _ID, nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_live_signals_ticket"),
        sa.PrimaryKeyConstraint("id", name="pk_live_signals"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_live_signals_ticket_id", "live_signals", ["ticket", "id"])
    op.create_index("ix_live_signals_at", "live_signals", ["at"])
    op.create_table(
        "live_sessions",
        sa.Column("ticket", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("screen", sa.Text(), server_default="off", nullable=False),
        sa.Column("joined", sa.JSON(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("helped", sa.Boolean(), nullable=True),
        sa.Column("helped_said", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("customer_read", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("technician_read", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("customer_typing_at", sa.BigInteger(), nullable=True),
        sa.Column("technician_typing_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_live_sessions_ticket"),
        sa.PrimaryKeyConstraint("ticket", name="pk_live_sessions"),
    )
    op.create_table(
        "live_here",
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("beat_at", sa.BigInteger(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_live_here_ticket"),
        sa.PrimaryKeyConstraint("ticket", "who", "peer", name="pk_live_here"),
    )
    op.create_table(
        "left_applets",
        sa.Column("applet_id", sa.Text(), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name="fk_left_applets_ticket"),
        sa.PrimaryKeyConstraint("applet_id", name="pk_left_applets"),
    )
    op.create_index("ix_left_applets_ticket", "left_applets", ["ticket"])
    with op.batch_alter_table("session_codes") as codes:
        codes.alter_column("technician_id", existing_type=_ID, nullable=True)
        codes.add_column(sa.Column("ticket", sa.BigInteger(), nullable=True))
    is_there = sa.text("ticket IS NOT NULL")
    op.create_index(
        "ix_session_codes_ticket", "session_codes", ["ticket"], sqlite_where=is_there, postgresql_where=is_there
    )
