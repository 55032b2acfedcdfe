"""Statements that every request makes: compiled once for each kind of database, then passed to its driver directly.

SQLAlchemy looks a statement up and processes its values each time it is executed; that took more of the writer's turn,
for which all processes wait, than SQLite did.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Insert, Select


@dataclass(frozen=True, slots=True)
class _Value:
    """One bound value: its name, its default, and its conversion for the driver."""

    name: str
    otherwise: Any
    convert: Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A statement in one dialect, with its values in order."""

    text: str
    values: tuple[_Value, ...]
    by_position: bool

    def bound(self, given: Mapping[str, Any]) -> Any:
        found = [given.get(value.name, value.otherwise) for value in self.values]
        driver_s = [value.convert(it) if value.convert else it for value, it in zip(self.values, found, strict=True)]
        if self.by_position:
            return tuple(driver_s)
        return {value.name: it for value, it in zip(self.values, driver_s, strict=True)}


class Prepared:
    """A statement with a fixed set of values. `columns` are those that an INSERT fills."""

    def __init__(self, statement: Select[Any] | Insert, columns: tuple[str, ...] | None = None) -> None:
        self._statement = statement
        self._columns = columns
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Execute the statement with these values by name. Results are unconverted: moments are microseconds."""
        compiled = self._compiled.get(connection.dialect.name) or self._compile(connection.dialect)
        return connection.exec_driver_sql(compiled.text, compiled.bound(values))

    def _compile(self, dialect: Dialect) -> _Compiled:
        made = self._statement.compile(dialect=dialect, column_keys=self._columns)
        names = (made.positiontup or ()) if made.positional else tuple(made.params)
        types = {name: bind.type.dialect_impl(dialect) for name, bind in made.binds.items()}
        values = tuple(_Value(name, made.params[name], types[name].bind_processor(dialect)) for name in names)
        compiled = self._compiled[dialect.name] = _Compiled(made.string, values, made.positional)
        return compiled
