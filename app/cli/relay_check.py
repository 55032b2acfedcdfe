"""What `handbell check` says about STUN servers and relays, which it tries for real."""

from collections.abc import Iterator

import click

from app.cli.opening import now
from app.core.links import new_link_id
from app.core.relay import RelayServer, credentials
from app.core.site import Site
from app.process.relay_trial import Tried, Trouble, try_server
from app.settings import Settings

_TROUBLE = {
    Trouble.NO_NAME: "its name cannot be resolved",
    Trouble.NO_ANSWER: "no answer: is it running, and does a firewall let this through?",
    Trouble.TLS: "its TLS certificate is not one that browsers trust",
    Trouble.NOT_STUN: "what answers there speaks neither STUN nor TURN",
    Trouble.REFUSED: "it refuses our credentials: compare HANDBELL_TURN_SECRET and the clocks",
    Trouble.OPEN: "it relays for anybody: set use-auth-secret and static-auth-secret",
    Trouble.ERROR: "it answers with the error {code}",
}


def check_relays(settings: Settings, sites: list[Site]) -> bool:
    """Print what each server does; returns whether all can be used."""
    if not settings.stun:
        click.echo("stun       none: see docs/live-session.md")
    if not settings.turn:
        click.echo("turn       none; about one customer in six can talk, and show nothing: see docs/live-session.md")
    good = [_check("stun", server, settings) for server in settings.stun]
    good += [_check("turn", server, settings) for server in settings.turn]
    for problem in _relay_only_without(settings, sites):
        click.echo(f"warning    {problem}")
    return all(good)


def _check(kind: str, server: RelayServer, settings: Settings) -> bool:
    tried = try_server(server, credentials(settings.turn_secret, new_link_id(), now()))
    click.echo(f"{kind:<10} {server}: {_worded(kind, tried)}")
    return tried.trouble is None


def _worded(kind: str, tried: Tried) -> str:
    if tried.trouble:
        return _TROUBLE[tried.trouble].format(code=tried.code)
    return f"good, relays from {tried.address}" if kind == "turn" else f"good, sees us at {tried.address}"


def _relay_only_without(settings: Settings, sites: list[Site]) -> Iterator[str]:
    if not settings.turn:
        for site in sites:
            if site.relay_only:
                yield f"{site.slug}: relay only, but HANDBELL_TURN is not set: its sessions can show nothing"
