"""Insert a row, or change the one that is there."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def upsert(connection: Connection, table: Table, keys: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Store `values` in the row with this primary key, which is made when there is none."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    row = make(table).values({**keys, **values})
    connection.execute(row.on_conflict_do_update(index_elements=list(keys), set_=dict(values)))
