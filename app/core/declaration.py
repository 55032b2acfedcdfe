"""Declarations of backends and channels: made in their own files, queried by sites, forms and commands."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Opener(StrEnum):
    """The party that opens a site's sessions."""

    DESK = "desk"  # the embedded desk, in the transaction that records the request
    SERVER = "server"  # the server, by a call of the hand-off pool
    BROWSER = "browser"  # the customer's browser, by its own call


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A site option for a backend or a channel: `name` in the site and at the command line (`pager_url`,
    `--pager-url`).

    `label` and `hint` are English texts for the catalogues. `read` converts written text, stripped and never empty, to
    the stored JSON value, and raises Invalid. `kept_as` is the site's attribute for it, where it has one. Without a
    `needed` option no session is opened, or no event delivered.
    """

    name: str
    label: str
    hint: str = ""
    read: Callable[[str], Any] = str
    kept_as: str | None = None
    needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One way to open sessions.

    `name` is what operators type and the database stores; `label` is an English text for the catalogues. With
    `browser_when_unreadable` the customer's browser opens the sessions once an answer of the vendor could not be read.
    """

    name: str
    label: str
    opener: Opener
    options: tuple[Option, ...] = ()
    browser_when_unreadable: bool = False


class UnknownBackend(LookupError):
    """No backend of this name is declared."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no backend {name!r}; there are: {', '.join(_DECLARED) or 'none'}")


_DECLARED: dict[str, Declaration] = {}
_CHANNELS: dict[str, tuple[Option, ...]] = {}


def declare(declaration: Declaration) -> None:
    """Register a backend; `app/backends/__init__.py` does so for each one at import.

    Raises ValueError when its name is taken, or one of its options has the name of a different option.
    """
    if declaration.name in _DECLARED or _taken(declaration.options):
        raise ValueError(f"backend {declaration.name}: its name, or one of its options', is taken")
    _DECLARED[declaration.name] = declaration


def declare_channel(name: str, options: tuple[Option, ...]) -> None:
    """Register a channel's options; `app/channels/__init__.py` does so for each channel. Raises ValueError like
    `declare`."""
    if name in _CHANNELS or _taken(options):
        raise ValueError(f"channel {name}: its name, or one of its options', is taken")
    _CHANNELS[name] = options


def declared() -> tuple[Declaration, ...]:
    """All backends, in the order of registration."""
    return tuple(_DECLARED.values())


def declaration(name: str) -> Declaration:
    """The declaration of this backend. Raises UnknownBackend."""
    try:
        return _DECLARED[name]
    except KeyError:
        raise UnknownBackend(name) from None


def is_declared(name: str) -> bool:
    """Whether a backend of this name is declared."""
    return name in _DECLARED


def declared_options() -> dict[str, Option]:
    """The options of all backends and channels, by name."""
    return {option.name: option for _, options in _options() for option in options}


def owners(option: Option) -> list[str]:
    """The names of the backends and channels that have this option."""
    return [name for name, options in _options() if option in options]


def own_options() -> dict[str, Option]:
    """Declared options that have no attribute in a site, by name."""
    return {name: option for name, option in declared_options().items() if option.kept_as is None}


def _options() -> Iterator[tuple[str, tuple[Option, ...]]]:
    yield from ((name, known.options) for name, known in _DECLARED.items())
    yield from _CHANNELS.items()


def _taken(options: tuple[Option, ...]) -> bool:
    known = declared_options()
    return any(known.get(one.name, one) != one for one in options)


def N_(text: str) -> str:  # noqa: N802 - the name by which texts are collected for the catalogues
    """Return the text unchanged; it is translated where it is shown."""
    return text
