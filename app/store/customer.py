"""A customer's details as columns: one text column per field, under the field's name."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Table, Text

from app.core.customer import FIELDS, NAMES, Customer


def customer_columns() -> list[Column[Any]]:
    """The columns of a table whose rows hold a customer's details."""
    return [Column(name, Text) for name in NAMES]


def take_customer(row: dict[str, Any]) -> None:
    """Replace a row's columns of details by one `customer`."""
    row["customer"] = Customer(*[row.pop(name) for name in NAMES])


def whole_columns(table: Table) -> list[Column[Any]]:
    """The columns that are searched by their whole value; each has an index."""
    return [table.c[each.name] for each in FIELDS if each.found_whole]


def has_whole(table: Table, text: str) -> list[ColumnElement[bool]]:
    """Conditions that a detail searched by its whole value equals this text."""
    return [column == text for column in whole_columns(table)]


def searched_columns(table: Table) -> list[ColumnElement[str | None]]:
    """The columns that are searched by a part of their value."""
    return [table.c[each.name] for each in FIELDS if not each.found_whole]
