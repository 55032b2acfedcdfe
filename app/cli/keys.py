"""`handbell keys …`: the keys that sign links and cookies."""

import click

from app.cli.opening import now
from app.cli.output import json_option, show, when
from app.key_file import live_keys, read_keys, revoke_key, rotate_keys
from app.settings import load_settings


@click.group()
def keys() -> None:
    """The keys that sign links and cookies; secrets are never shown."""


@keys.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """List the keys, the signing one first."""
    found = read_keys(load_settings().keys_path)
    live = live_keys(found, now())
    rows = [
        {"kid": key.kid, "made_at": when(key.made_at), "signs": key == found[0], "valid": key in live} for key in found
    ]
    show(rows, ("kid", "made_at", "signs", "valid"), as_json=as_json)


@keys.command("rotate")
def rotate() -> None:
    """Sign with a new key from now on; the old one stays valid for 24 hours."""
    click.echo(f"now signing with {rotate_keys(load_settings().keys_path, now()).kid}")


@keys.command("revoke")
@click.argument("kid")
def revoke(kid: str) -> None:
    """Take a key out within 60 seconds, everywhere; all links that it signed end."""
    revoke_key(load_settings().keys_path, kid, now())
    click.echo(f"revoked {kid}")
