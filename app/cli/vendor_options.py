"""The options of `handbell site set` for an account at the vendor and for webhooks."""

from collections.abc import Callable
from datetime import date
from typing import Any, BinaryIO, TypeVar

import click

from app.core.site import DEFAULT_APPLET_HOSTS, HIGHEST_RATE
from app.core.vendor_address import LOOPBACK, api_address, applet_host
from app.core.vendor_key import as_date, vendor_key
from app.core.webhook_address import webhook_address

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
    """Adds them; `vendor_changes` and `sealed_changes` read them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def take_key(given: dict[str, Any]) -> str | None:
    """The key, from whichever option has it; empty to remove it, None when there is neither option."""
    key, file = given.pop("vendor_key"), given.pop("key_file")
    if file is None:
        return None if key is None else _good("--key", vendor_key, key)
    if key is not None:
        raise click.ClickException("--key and --key-file are both given; keep one of them")
    if not (found := _good("--key-file", vendor_key, _text(file))):
        raise click.ClickException("--key-file: there is no key in it; to remove the stored one: --key ''")
    return found


def vendor_changes(given: dict[str, Any], today: date) -> dict[str, Any]:
    """The site's options from what was given, without the secret ones. Raises ClickException."""
    changes = dict(given)
    for name in ("api_domain", "webhook", "key_made"):
        if changes.get(name, "").strip() == "" and name in changes:
            changes[name] = None
    if changes.get("api_domain"):
        changes["api_domain"] = _good("--api-domain", api_address, changes["api_domain"])
    if changes.get("webhook"):
        changes["webhook"] = _good("--webhook", webhook_address, changes["webhook"])
    if made := changes.get("key_made"):
        changes["key_made"] = _made(made, today)
    if "applet_host" in changes:
        changes["applet_hosts"] = _hosts(changes.pop("applet_host"))
    return changes


def _made(text: str, today: date) -> str:
    made = as_date(text.strip())
    if made is None:
        raise click.ClickException("--key-made must be a day such as 2026-01-31")
    if made > today:
        raise click.ClickException(f"--key-made {made} is in the future")
    return made.isoformat()


def _hosts(given: tuple[str, ...]) -> tuple[str, ...]:
    """The list as it is kept; the site itself knows whether 127.0.0.1 may be in it."""
    hosts: list[str] = []
    for host in given:
        if host == "default":
            hosts += DEFAULT_APPLET_HOSTS
        else:
            hosts.append(host if host == LOOPBACK else _good("--applet-host", applet_host, host))
    return tuple(dict.fromkeys(hosts))


def _text(file: BinaryIO) -> str:
    try:
        return file.read(64 * 1024).decode("utf-8-sig")
    except UnicodeDecodeError:
        return "\N{REPLACEMENT CHARACTER}"  # which no key may hold


def _good(option: str, check: Callable[[str], str], text: str) -> str:
    try:
        return check(text)
    except ValueError as error:
        raise click.ClickException(f"{option} {error}") from None
