"""The options of `handbell site set` for a site's own pages and servers: origins, forms, words, look and secrets."""

from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

import click

from app.actions.logo import MOST_BYTES, NotALogo, as_logo
from app.core.colour import ENOUGH, least_contrast, nearest_readable, readable
from app.core.new_session import ELEMENTS
from app.core.origins import listed_origin
from app.core.site import COLOUR, FOREIGN_FORMS
from app.files.resources import languages
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
        help=f"A field that the form shows (repeat; all for all): {', '.join(ELEMENTS)}.",
    ),
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
        changes["colour"] = _colour(changes["colour"])
    if "languages" in changes:
        changes["languages"] = tuple(dict.fromkeys(_language(tag) for tag in changes["languages"] if tag != "all"))
    if "fields" in changes:
        given_fields = dict.fromkeys(changes["fields"])
        changes["fields"] = ELEMENTS if "all" in given_fields else tuple(n for n in ELEMENTS if n in given_fields)
        if unknown := [name for name in given_fields if name not in (*ELEMENTS, "all")]:
            raise click.ClickException(f"--field takes {', '.join(ELEMENTS)} or all, not {', '.join(unknown)}")
    return changes


def _colour(text: str) -> str | None:
    colour = text.strip().lower()
    if COLOUR.fullmatch(colour) and not readable(colour):
        raise click.ClickException(
            f"--colour {colour} has a contrast of {least_contrast(colour):.1f} to 1 on our pages, and {ENOUGH} is "
            f"needed to be read; the nearest that can be is {nearest_readable(colour)}"
        )
    return colour or None


def _language(tag: str) -> str:
    known = {language.lower(): language for language in languages()}
    found = known.get(tag.strip().lower().replace("-", "_"))
    if found is None:
        raise click.ClickException(f"--language {tag}: there are {', '.join(languages())}; all for all of them")
    return found


def read_logo(file: BinaryIO) -> Logo | None:
    """The picture in the file, as it is kept; None of an empty one, which takes the logo away.

    Raises ClickException.
    """
    raw = file.read(MOST_BYTES + 1)
    try:
        return as_logo(raw) if raw else None
    except NotALogo as bad:
        raise click.ClickException(f"--logo {bad}") from None


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
