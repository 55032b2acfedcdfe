"""The address that `serve` runs on, kept in the data directory for commands that print links."""

import os

from app.cli.output import say_warning
from app.core.address import parse
from app.settings import Settings

_FILE = "address"


def keep_address(settings: Settings) -> None:
    """Note where `serve` runs. Raises OSError."""
    path = settings.data_dir / _FILE
    fresh = path.with_name(f".{_FILE}-{os.getpid()}")
    fresh.write_text(f"{settings.base_url}\n", "utf-8")
    fresh.replace(path)


def link_base(settings: Settings) -> str:
    """The beginning of links that a command prints: what is set for this command, else where `serve` last ran.

    Warns where neither is known.
    """
    if settings.public_url or "port" in settings.model_fields_set:
        return settings.base_url
    try:
        kept = (settings.data_dir / _FILE).read_text("utf-8", errors="replace").strip()
    except FileNotFoundError:
        kept = ""
    if parse(kept):
        return kept
    say_warning(
        f"`handbell serve` has not run on {settings.data_dir} yet: links begin with {settings.base_url}. "
        "Set HANDBELL_PUBLIC_URL or PORT as for `serve`."
    )
    return settings.base_url
