"""What happens, until people are told of it; who wants to be told; and where to.

Triggers write what happens in the transaction in which it does, also when a program of the previous version does it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
compatible_from = "0031"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COLUMNS = "what, ticket, reference, site, who, source, at, due_at"
_RECEIVED = "CASE NEW.state WHEN 'suspect' THEN 'suspect' ELSE 'requested' END"
# For each trigger: its name, when, on which rows, and the values of these columns.
_TRIGGERS = (
    (
        "happens_ticket",
        "INSERT ON tickets",
        "NEW.number > 0",
        "'requested', NEW.number, NEW.reference, NEW.site, NULL, NULL, NEW.created_at, 0",
    ),
    (
        "happens_request",
        "INSERT ON requests",
        "NEW.ticket_number IS NULL",
        f"{_RECEIVED}, NULL, NEW.reference, NEW.site, NULL, NULL, NEW.created_at, 0",
    ),
    (
        "happens_parked",
        "UPDATE OF state ON requests",
        "NEW.state = 'parked' AND OLD.state <> 'parked'",
        "'parked', NULL, NEW.reference, NEW.site, NULL, NEW.attempts, COALESCE(NEW.waiting_since, NEW.created_at), 0",
    ),
    (
        "happens_event",
        "INSERT ON ticket_events",
        "NEW.what NOT IN ('applet_opened', 'details_changed', 'note')",
        "NEW.what, NEW.ticket_number, NULL, NULL, NEW.who, NEW.id, NEW.at, 0",
    ),
    (
        "happens_line",
        "INSERT ON live_lines",
        "NEW.who = 'customer' AND NEW.kind IN ('say', 'file')",
        "'wrote', NEW.ticket, NULL, NULL, NEW.who, NEW.id, NEW.at, 0",
    ),
)


def upgrade() -> None:
    op.create_table(
        "happenings",
        sa.Column("id", _ID, nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("who", sa.Text(), nullable=True),
        sa.Column("source", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_happenings"),
    )
    op.create_index("ix_happenings_due_at", "happenings", ["due_at"])
    op.create_table(
        "notice_settings",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=True),
        sa.Column("quiet", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("details", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.PrimaryKeyConstraint("owner", name="pk_notice_settings"),
    )
    op.create_table(
        "notice_places",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=True),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_notice_places"),
        sqlite_autoincrement=True,
    )
    make = _on_postgresql if op.get_bind().dialect.name == "postgresql" else _on_sqlite
    for trigger in _TRIGGERS:
        make(*trigger)


def _on_sqlite(name: str, when: str, which: str, values: str) -> None:
    op.execute(
        f"CREATE TRIGGER {name} AFTER {when} WHEN {which}"
        f" BEGIN INSERT INTO happenings ({_COLUMNS}) VALUES ({values}); END"
    )


def _on_postgresql(name: str, when: str, which: str, values: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" INSERT INTO happenings ({_COLUMNS}) VALUES ({values}); RETURN NULL; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} AFTER {when} FOR EACH ROW WHEN ({which}) EXECUTE FUNCTION {name}()")
