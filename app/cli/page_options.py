"""The options of `handbell site set` for a site's own pages and servers: origins, forms, words, look and secrets."""

from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

import click

from app.actions.logo import MOST_BYTES, NotALogo, as_logo
from app.core.customer import NAMES
from app.core.site import FOREIGN_FORMS
from app.store.logos import Logo

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
        "--insecure-origin",
        "insecure_origins",
        multiple=True,
        metavar="URL",
        help="An intranet's origin over http, http://intranet, whose plain forms are taken (repeat; none for none).",
    ),
    click.option(
        "--server-network",
        "server_networks",
        multiple=True,
        metavar="NETWORK",
        help="A network of the site's own servers, 203.0.113.0/24, for New Session calls (repeat; none for none).",
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
    click.option(
        "--logo",
        type=click.File("rb"),
        help="A PNG, JPEG or WebP picture in place of our bell; an empty file (/dev/null) for none.",
    ),
    click.option(
        "--language",
        "languages",
        multiple=True,
        metavar="TAG",
        help="A language that customers get, the first where they want none of them (repeat; all for all).",
    ),
    click.option(
        "--field",
        "fields",
        multiple=True,
        help=f"A field that the form shows (repeat; all for all): {', '.join(NAMES)}.",
    ),
    click.option("--new-secret", is_flag=True, help="Make the key that the site's servers send requests with."),
    click.option("--new-identity-secret", is_flag=True, help="Make the secret that vouches for customers."),
)


def page_options(command: Command) -> Command:
    """Add the options to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def read_logo(file: BinaryIO) -> Logo | None:
    """The picture in the file, as it will be stored; None for an empty file, which removes the logo.

    Raises ClickException.
    """
    raw = file.read(MOST_BYTES + 1)
    try:
        return as_logo(raw) if raw else None
    except NotALogo as bad:
        raise click.ClickException(f"--logo {bad}") from None


def split_text(given: str) -> tuple[str, str]:
    """Split KEY=VALUE into a key and its text. Raises ClickException."""
    key, equals, text = given.partition("=")
    if not equals:
        raise click.ClickException(f"--text {given}: write it as KEY=VALUE")
    return key.strip(), text.strip()
