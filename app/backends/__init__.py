"""Ways to open a session, one file each. To add one: a file here that has a `BACKEND`, and its name in `_FILES`."""

from importlib import import_module

from app.backends.declaring import Account, Backend
from app.core.backend import SessionBackend
from app.core.declaration import UnknownBackend, declare

_FILES = (
    "embedded",
    "take_control",
    "take_control_browser",
    "take_control_rest",
)
_BACKENDS: dict[str, Backend] = {}


def backend(name: str) -> Backend:
    """The backend of this name. Raises UnknownBackend."""
    if name not in _BACKENDS:
        raise UnknownBackend(name)
    return _BACKENDS[name]


def open_backend(account: Account) -> SessionBackend:
    """The server's way to the site's vendor account.

    Raises UnknownBackend, Invalid for a site whose options cannot be used (which `Site.problems()` tells of), and
    TypeError for a backend that the server does not call.
    """
    connect = backend(account.site.backend).connect
    if connect is None:
        raise TypeError(f"the server opens no sessions for {account.site.backend}")
    return connect(account)


def _load(file: str) -> None:
    found: Backend = import_module(f"app.backends.{file}").BACKEND
    declare(found)
    _BACKENDS[found.name] = found


for _file in _FILES:
    _load(_file)
