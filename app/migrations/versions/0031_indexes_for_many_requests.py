"""Indexes of the few requests that are due, of what is not erased yet, of addresses that are kept for a week, and of
requests that codes lead back to.

Without them background work, hand-offs and erasures read whole tables, or all of a site.
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"

_SEARCHED = {"email": "customer_email", "customer_number": "customer_number", "customer_phone": "customer_phone"}


def upgrade() -> None:
    _index("ix_requests_site_due_at", "requests", ["site", "due_at"], "due_at IS NOT NULL")
    _index("ix_requests_with_address", "requests", ["created_at"], "client_address IS NOT NULL")
    _index("ix_session_codes_leads_to", "session_codes", ["leads_to"], "leads_to IS NOT NULL")
    for table in ("requests", "tickets"):
        _index(f"ix_{table}_not_erased", table, ["created_at"], "erased_at IS NULL")
    _find_the_newest()


def _find_the_newest() -> None:
    """Lead searches to the newest requests of a mail address or number. The previous version searches by them too."""
    for name, column in _SEARCHED.items():
        op.drop_index(f"ix_requests_{name}", "requests")
        found_by = sa.text("lower(customer_email)") if name == "email" else column
        _index(f"ix_requests_{name}", "requests", [found_by, "created_at"], f"{column} IS NOT NULL")


def _index(name: str, table: str, columns: list[str | sa.TextClause], which: str) -> None:
    condition = sa.text(which)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
