"""What backends and channels declare. Their own files declare it; sites, forms and commands ask here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Opener(StrEnum):
    """Who opens a site's sessions."""

    DESK = "desk"  # we, in the transaction that records the request
    SERVER = "server"  # we, by a call of the hand-off pool
    BROWSER = "browser"  # the customer's browser, by a call of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A site option for a backend or a channel: `name` in the site and at the command line (`pager_url`,
    `--pager-url`).

    `label` and `hint` are English texts that the catalogues translate. `read` turns what a person writes, without
    blanks around it and never empty, into what is kept (a JSON value), and raises Invalid. `kept_as` is the site's
    attribute for it, where it has one. Nothing is opened, or told, without an option that is `needed`.
    """

    name: str
    label: str
    hint: str = ""
    read: Callable[[str], Any] = str
    kept_as: str | None = None
    needed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One way to open sessions. `name` is what operators type and the database keeps; `label` an English text that the
    catalogues translate. With `browser_when_unreadable` the customer's browser opens the sessions once the vendor has
    given an answer that could not be read."""

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
    """Make a backend known; `app/backends/__init__.py` does so for each when it is imported.

    Raises ValueError when another has its name, or an option of the same name that is not the same.
    """
    if declaration.name in _DECLARED or _taken(declaration.options):
        raise ValueError(f"backend {declaration.name}: its name, or one of its options', is taken")
    _DECLARED[declaration.name] = declaration


def declare_channel(name: str, options: tuple[Option, ...]) -> None:
    """Make a channel's options known, as `app/channels/__init__.py` does for each. Raises ValueError like `declare`."""
    if name in _CHANNELS or _taken(options):
        raise ValueError(f"channel {name}: its name, or one of its options', is taken")
    _CHANNELS[name] = options


def declared() -> tuple[Declaration, ...]:
    """All backends, in the order of their declaration."""
    return tuple(_DECLARED.values())


def declaration(name: str) -> Declaration:
    """The backend of this name. Raises UnknownBackend."""
    try:
        return _DECLARED[name]
    except KeyError:
        raise UnknownBackend(name) from None


def is_declared(name: str) -> bool:
    """Whether there is such a backend."""
    return name in _DECLARED


def declared_options() -> dict[str, Option]:
    """The options of all backends and channels, by name."""
    return {option.name: option for _, options in _options() for option in options}


def owners(option: Option) -> list[str]:
    """The names of the backends and channels that have this option."""
    return [name for name, options in _options() if option in options]


def own_options() -> dict[str, Option]:
    """Those of them that have no attribute in a site, by name."""
    return {name: option for name, option in declared_options().items() if option.kept_as is None}


def _options() -> Iterator[tuple[str, tuple[Option, ...]]]:
    yield from ((name, known.options) for name, known in _DECLARED.items())
    yield from _CHANNELS.items()


def _taken(options: tuple[Option, ...]) -> bool:
    known = declared_options()
    return any(known.get(one.name, one) != one for one in options)


def N_(text: str) -> str:  # noqa: N802 - the name that collects texts for the catalogues
    """The text itself, which is translated where it is shown."""
    return text
