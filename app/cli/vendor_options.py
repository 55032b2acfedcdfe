"""The options of `handbell site set` for an account at the vendor and for webhooks."""

from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

import click

import app.backends
import app.channels  # noqa: F401 - likewise
from app.cli.site_words import refuse
from app.core.declaration import Option, own_options, owners
from app.core.site import HIGHEST_RATE
from app.core.text import Invalid
from app.core.vendor_key import vendor_key

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--api-domain", metavar="URL", help="The account's API domain at the vendor; empty for none."),
    click.option(
        "--key",
        "vendor_key",
        metavar="KEY",
        help="The account's key at the vendor; empty for none. Everybody on this machine can read it while the "
        "command runs: prefer --key-file.",
    ),
    click.option("--key-file", type=click.File("rb"), help="Where that key stands; - for standard input."),
    click.option("--key-made", metavar="YYYY-MM-DD", help="The day the key was made; a key lasts a year."),
    click.option(
        "--applet-host",
        multiple=True,
        metavar="HOST",
        help="A host that applets may come from, example.com or *.example.com (repeat; default: the vendor's).",
    ),
    click.option(
        "--show-waiting-queue/--no-show-waiting-queue", default=None, help="Whether the vendor shows its queue."
    ),
    click.option("--rate", type=click.IntRange(1, HIGHEST_RATE), help="Calls a second to the vendor, at the most."),
    click.option("--webhook", metavar="URL", help="Where events are sent; its secret is shown once. Empty for none."),
    click.option("--new-webhook-secret", is_flag=True, help="Make another secret for the webhook."),
)


def vendor_options(command: Command) -> Command:
    """Add the options, and the backends' own ones, to a command."""
    for option in reversed((*_OPTIONS, *map(_own, own_options().values()))):
        command = option(command)
    return command


def _own(option: Option) -> Callable[[Command], Command]:
    whose = " or ".join(owners(option))
    return click.option(f"--{option.name.replace('_', '-')}", help=f"{option.label}, for {whose}; empty for none.")


def take_key(given: dict[str, Any]) -> str | None:
    """The key, from either option; empty to remove it, None when neither option is given. Raises ClickException."""
    key, file = given.pop("vendor_key"), given.pop("key_file")
    if file is None:
        return None if key is None else _key("--key", key)
    if key is not None:
        raise click.ClickException("--key and --key-file are both given; keep one of them")
    if not (found := _key("--key-file", _text(file))):
        raise click.ClickException("--key-file: there is no key in it; to remove the stored one: --key ''")
    return found


def _text(file: BinaryIO) -> str:
    try:
        return file.read(64 * 1024).decode("utf-8-sig")
    except UnicodeDecodeError:
        return "\N{REPLACEMENT CHARACTER}"  # which no key may contain


def _key(option: str, text: str) -> str:
    try:
        return vendor_key(text)
    except Invalid as invalid:
        raise refuse(invalid.problems, option) from None
