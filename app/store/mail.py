"""SQL conditions that match a mail address in any case."""

from typing import Any

from sqlalchemy import Column, ColumnElement, and_, func


def is_mail(column: Column[Any], email: str) -> ColumnElement[bool]:
    """Rows with this address in any case, found by the index on `lower(column)`.

    SQLite lowers ASCII letters only: an address with others is found as it was typed, or in lower case.
    """
    return and_(column.is_not(None), func.lower(column).in_([func.lower(email), email.lower()]))
