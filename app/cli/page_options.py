"""The options of `handbell site set` for a site's own pages and servers: origins, forms, words, look and secrets."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Any, TypeVar

import click

from app.core.origins import listed_origin
from app.core.site import FOREIGN_FORMS

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--origin",
        "origins",
        multiple=True,
        metavar="URL",
        help="A web origin of the site's own, https://www.example.com (repeat; none for none).",
    ),
    click.option(
        "--browser-routing/--no-browser-routing",
        default=None,
        help="Whether a page may name the department and technician.",
    ),
    click.option(
        "--foreign-forms",
        type=click.Choice(FOREIGN_FORMS),
        help="Forms of pages that are not the site's: the customer confirms them, or they are refused.",
    ),
    click.option(
        "--text",
        "texts",
        multiple=True,
        metavar="KEY=VALUE",
        help="The site's own words for one text, with de: in front for one language (repeat; none for none).",
    ),
    click.option("--colour", metavar="#rrggbb", help="The site's colour; empty for none."),
    click.option("--new-secret", is_flag=True, help="Make the key that the site's servers send requests with."),
    click.option("--new-identity-secret", is_flag=True, help="Make the secret that vouches for customers."),
)


def page_options(command: Command) -> Command:
    """Adds them; `page_changes` reads them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def page_changes(given: dict[str, Any]) -> dict[str, Any]:
    """The site's options from what was given. Raises ClickException."""
    changes = dict(given)
    if "origins" in changes:
        changes["origins"] = tuple(dict.fromkeys(_origin(url) for url in changes["origins"] if url != "none"))
    if "texts" in changes:
        changes["texts"] = dict(_text(text) for text in changes["texts"] if text != "none")
    if "colour" in changes:
        changes["colour"] = changes["colour"].strip().lower() or None
    return changes


def new_secret() -> str:
    """A key of 32 random bytes for the site's servers."""
    return f"hbsk_{secrets.token_urlsafe(32)}"


def secret_hash(secret: str) -> str:
    """What is kept of it. It is random enough that a plain hash cannot be turned round."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_identity_secret() -> str:
    """A secret of 32 random bytes, as text that any JWT library takes for HS256."""
    return f"hbid_{secrets.token_urlsafe(32)}"


def _origin(url: str) -> str:
    try:
        return listed_origin(url)
    except ValueError as error:
        raise click.ClickException(f"--origin {url} {error}") from None


def _text(given: str) -> tuple[str, str]:
    key, equals, text = given.partition("=")
    if not equals:
        raise click.ClickException(f"--text {given}: write it as KEY=VALUE")
    return key.strip(), text.strip()
