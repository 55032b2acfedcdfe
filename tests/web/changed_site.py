"""The type of the fixture `change_site`."""

from collections.abc import Callable

from app.core.site import Site

ChangeSite = Callable[..., Site]
