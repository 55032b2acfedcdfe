"""A customer's details as columns: one of text for each field, of the field's name."""

from typing import Any

from sqlalchemy import Column, ColumnElement, Table, Text

from app.core.customer import FIELDS, NAMES, Customer


def customer_columns() -> list[Column[Any]]:
    """The columns of a table whose rows bear a customer's details."""
    return [Column(name, Text) for name in NAMES]


def take_customer(row: dict[str, Any]) -> None:
    """Put one `customer` in the place of a row's columns of details."""
    row["customer"] = Customer(*[row.pop(name) for name in NAMES])


def whole_columns(table: Table) -> list[Column[Any]]:
    """The details that only the whole value finds; each has an index."""
    return [table.c[each.name] for each in FIELDS if each.found_whole]


def has_whole(table: Table, text: str) -> list[ColumnElement[bool]]:
    """One of the details that are only found whole is this text."""
    return [column == text for column in whole_columns(table)]


def searched_columns(table: Table) -> list[ColumnElement[str | None]]:
    """The details that a part of them finds."""
    return [table.c[each.name] for each in FIELDS if not each.found_whole]
