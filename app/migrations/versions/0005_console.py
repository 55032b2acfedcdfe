"""The console: roles, second factors, owners of tickets, session codes, an append-only audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_KEPT = "the audit log only grows"


def upgrade() -> None:
    op.add_column("configuration", sa.Column("options", sa.JSON(), nullable=True))
    op.add_column("technicians", sa.Column("role", sa.Text(), nullable=False, server_default="technician"))
    op.add_column("technicians", sa.Column("away", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("technicians", sa.Column("sealed_totp", sa.Text(), nullable=True))
    op.add_column("technicians", sa.Column("totp_step", sa.BigInteger(), nullable=True))
    op.add_column("console_sessions", sa.Column("pending", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("console_sessions", sa.Column("address", sa.Text(), nullable=True))
    op.add_column("console_sessions", sa.Column("user_agent", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("owner_id", sa.BigInteger(), nullable=True))
    op.add_column("tickets", sa.Column("claimed_at", sa.BigInteger(), nullable=True))
    op.add_column("tickets", sa.Column("outcome", sa.Text(), nullable=True))
    op.create_index(op.f("ix_tickets_state_number"), "tickets", ["state", "number"])
    op.create_index(op.f("ix_requests_site_created_at"), "requests", ["site", "created_at"])
    _index("ix_tickets_owner", "tickets", ["state", "owner_id", "number"], "owner_id")
    for table in ("tickets", "requests"):
        _index(f"ix_{table}_email", table, [sa.text("lower(customer_email)")], "customer_email")
        _index(f"ix_{table}_customer_number", table, ["customer_number"], "customer_number")
    _tables_about_people()
    _tables_about_the_desk()
    _let_the_audit_log_only_grow()


def _index(name: str, table: str, columns: list[str | sa.TextClause], present: str) -> None:
    there = sa.text(f"{present} IS NOT NULL")
    op.create_index(name, table, columns, sqlite_where=there, postgresql_where=there)


def _tables_about_people() -> None:
    op.create_table(
        "invitations",
        sa.Column("id_hash", sa.Text(), nullable=False),
        sa.Column("technician_id", _auto_id(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        _technician("invitations"),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_invitations")),
    )
    op.create_index(op.f("ix_invitations_technician_id"), "invitations", ["technician_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("technician_id", _auto_id(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        _technician("recovery_codes"),
        sa.PrimaryKeyConstraint("technician_id", "code_hash", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "known_networks",
        sa.Column("account_hash", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_hash", "network", name=op.f("pk_known_networks")),
    )
    op.create_table(
        "session_codes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pin", sa.Text(), nullable=False),
        sa.Column("technician_id", _auto_id(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        _technician("session_codes"),
        sa.ForeignKeyConstraint(["site"], ["sites.key"], name=op.f("fk_session_codes_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_codes")),
        sa.UniqueConstraint("pin", name=op.f("uq_session_codes_pin")),
    )
    for column in ("expires_at", "reference"):
        op.create_index(op.f(f"ix_session_codes_{column}"), "session_codes", [column])
    op.create_index(op.f("ix_session_codes_technician_id_expires_at"), "session_codes", ["technician_id", "expires_at"])


def _tables_about_the_desk() -> None:
    op.create_table(
        "logos",
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["site"], ["sites.key"], name=op.f("fk_logos_site")),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_logos")),
    )
    op.create_table(
        "audit",
        sa.Column("id", _auto_id(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.BigInteger(), nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_who_id"), "audit", ["who", "id"])
    op.create_index(op.f("ix_audit_act_id"), "audit", ["act", "id"])
    op.create_table(
        "day_figures",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        *(
            sa.Column(f"{what}_{which}", sa.BigInteger(), nullable=True)
            for what in ("to_applet", "to_claim")
            for which in ("median", "p95")
        ),
        sa.PrimaryKeyConstraint("day", "site", name=op.f("pk_day_figures")),
    )


def _let_the_audit_log_only_grow() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{act.lower()} BEFORE {act} ON audit BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_KEPT}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()"
    )


def _auto_id() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _technician(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["technician_id"], ["technicians.id"], name=op.f(f"fk_{table}_technician_id"))


def downgrade() -> None:
    raise NotImplementedError("restore a backup: an older Handbell does not know roles and owners")
