"""Keeps what each application of a test run would compile anew: routes, statements and templates.

Compiling took half of an application's time in the tests.
"""

from typing import Any

from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Connection, Engine, event
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule


class CompiledTemplates(BytecodeCache):
    """Compiled templates. Jinja stores a template's checksum with each."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


def keep_compiled_routes() -> None:
    """Compile each route once. Our routes differ only in what is in the key, and their converters hold no state."""
    compile_anew = Rule.compile
    kept: dict[object, dict[str, Any]] = {}

    def compile_once(rule: Rule) -> None:
        key = rule.rule, rule.subdomain, rule.host, rule.merge_slashes, repr(rule.defaults)
        if key not in kept:
            compile_anew(rule)
            names = ("_parts", "_trace", "_converters", "arguments", "_build", "_build_unknown")
            kept[key] = {name: getattr(rule, name) for name in names}
        vars(rule).update(kept[key])

    Rule.compile = compile_once  # type: ignore[assignment, method-assign]


class _Statements(LRUCache[Any, Any]):
    """The compiled statements of all engines of one kind; each engine's own dialect is left out of their keys."""

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key[1:], value)


def keep_compiled_statements() -> None:
    """Compile each statement once for all databases of one kind."""
    kept: dict[str, _Statements] = {}

    @event.listens_for(Engine, "engine_connect")
    def use_kept(connection: Connection) -> None:
        connection.engine._compiled_cache = kept.setdefault(connection.dialect.name, _Statements(2_000))
