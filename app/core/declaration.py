"""A backend's declaration. The backends' own files declare it; sites, forms and commands ask here."""

from collections.abc import Callable
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
    """A site option for a backend: `name` in the site and on the command line (`pager_url`, `--pager-url`).

    `label` and `hint` are English texts that the catalogues translate. `read` turns what a person writes, without
    blanks around it and never empty, into what is kept (a JSON value), and raises Invalid. `kept_as` is the site's
    attribute for it, where it has one. No session can be opened without an option that is `needed`.
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


def declare(declaration: Declaration) -> None:
    """Make a backend known; `app/backends/__init__.py` does so for each when it is imported.

    Raises ValueError when another has its name, or an option of the same name that is not the same.
    """
    known = backend_options()
    if declaration.name in _DECLARED or any(known.get(one.name, one) != one for one in declaration.options):
        raise ValueError(f"backend {declaration.name}: its name, or one of its options', is taken")
    _DECLARED[declaration.name] = declaration


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


def backend_options() -> dict[str, Option]:
    """The options of all backends, by name."""
    return {option.name: option for known in _DECLARED.values() for option in known.options}


def own_options() -> dict[str, Option]:
    """Those of them that have no attribute in a site, by name."""
    return {name: option for name, option in backend_options().items() if option.kept_as is None}


def N_(text: str) -> str:  # noqa: N802 - the name that collects texts for the catalogues
    """The text itself, which is translated where it is shown."""
    return text
