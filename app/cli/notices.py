"""`handbell notice …`: what people were told, and how that went."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from app.actions import notices as actions
from app.actions.tell import Teller
from app.channels import channels
from app.cli.opening import now, open_database, open_keys
from app.cli.output import json_option, show
from app.core.moment import iso
from app.core.notice import Delivery, NoticeState, TryResult
from app.core.push import PUSH
from app.settings import Settings, load_settings
from app.store.browsers import browsers_of
from app.store.database import Database
from app.store.notice_book import load_notice_book
from app.store.notices import Listed, list_notices
from app.store.sites import load_sites
from app.store.staff import load_staff

_STATES = [state.value for state in NoticeState]
_COLUMNS = ("id", "event", "channel", "receiver", "state", "attempts", "created_at", "why")


@click.group()
def notice() -> None:
    """Notices: what people were told, by which channel, and how that went."""


@notice.command("list")
@click.option("--state", type=click.Choice(_STATES), help="Only notices in this state.")
@click.option("--most", type=click.IntRange(1, 10_000), default=100, show_default=True, help="How many at the most.")
@json_option
def list_all(state: str | None, most: int, as_json: bool) -> None:
    """List notices, the newest first; settled ones are kept for a week."""
    wanted = NoticeState(state) if state else None
    with open_database() as database, database.read() as connection:
        rows = [_plain(found) for found in list_notices(connection, state=wanted, most=most)]
    show(rows, _COLUMNS, as_json=as_json)


@notice.command("retry")
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
def retry(ids: tuple[str, ...]) -> None:
    """Send notices again; a running server delivers them."""
    with open_database() as database:
        try:
            found = actions.retry(database, ids, by=None, now=now())
        except actions.NoSuchNotice:
            raise click.ClickException("none of these notices is there, or they are under way") from None
    click.echo(f"sent again: {len(found)}")


@notice.command("test")
@click.argument("channel")
@click.option("--site", "slug", metavar="SITE", help="Only the channel of this site.")
@click.option("--to", metavar="MAIL", help="With `mail`: the address to send to; with `push`: the technician.")
def test(channel: str, slug: str | None, to: str | None) -> None:
    """Deliver a test by CHANNEL now: `webhook` to each site that has one, `mail` to the address of --to, `push` to the
    browsers of the technician of --to, or the name of a webhook or chat of the console's page "Notices"."""
    settings = load_settings()
    if channel == "mail":
        _report({to or "": _mailed(settings, to)})
        return
    if channel == PUSH:
        _report(_pushed(settings, to))
        return
    if channel != "webhook" and (channel not in channels() or not channels()[channel].of_sites):
        _report({channel: _told(settings, channel)})
        return
    with open_database(settings) as database:
        teller = _teller(database, settings)
        sites = [site for site in teller.sites.values() if slug in (None, site.slug)]
        results = actions.try_site_channel(teller, channel, sites)
    if not results:
        raise click.ClickException(f"no site has the channel {channel}")
    _report(results)


def _mailed(settings: Settings, to: str | None) -> TryResult:
    if settings.mailing is None:
        raise click.ClickException("no mail is sent: set HANDBELL_SMTP_URL and HANDBELL_MAIL_FROM")
    if not to:
        raise click.ClickException("mail needs --to MAIL")
    return actions.try_mail(settings.mailing, to, settings.base_url, now=now())


def _pushed(settings: Settings, to: str | None) -> dict[str, TryResult]:
    if not to:
        raise click.ClickException("push needs --to MAIL, a technician's address")
    with open_database(settings) as database:
        teller = _teller(database, settings)
        person = next((one for one in teller.staff.technicians.values() if one.email == to.lower()), None)
        if person is None:
            raise click.ClickException(f"there is no technician {to}")
        with database.read() as connection:
            browsers = browsers_of(connection, [person.id])
        if not teller.sites:
            raise click.ClickException("there is no site; see: handbell site add")
        if not browsers:
            raise click.ClickException(f"no browser of {to} is told; they press Tell this browser on the account page")
        return actions.try_browsers(teller, person, browsers, now=now())


def _told(settings: Settings, name: str) -> TryResult:
    with open_database(settings) as database:
        teller = _teller(database, settings)
        places, sites = teller.book.places.values(), list(teller.sites.values())
        place = next((one for one in places if one.name == name), None)
        if place is None or not sites:
            known = ", ".join(["webhook", "mail", PUSH, *(one.name for one in places)])
            raise click.ClickException(f"there is no channel {name}; there are: {known}")
        return actions.try_place(place, sites[0], teller.unseal, settings.targets, settings.base_url, now=now())


def _teller(database: Database, settings: Settings) -> Teller:
    keys = open_keys(database, settings)
    with database.read() as connection:
        return Teller(
            database=database,
            clock=now,
            sites={site.slug: site for site in load_sites(connection)},
            unseal=keys.unseal,
            channels=channels(),
            targets=settings.targets,
            staff=load_staff(connection),
            book=load_notice_book(connection),
            mail=settings.mailing,
            base_url=settings.base_url,
        )


def _report(results: dict[str, TryResult]) -> None:
    for name, result in results.items():
        click.echo(f"{name}: {result.delivery.value}, {result.why}")
    if any(result.delivery is not Delivery.DELIVERED for result in results.values()):
        raise click.exceptions.Exit(1)


def _plain(found: Listed) -> dict[str, Any]:
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in asdict(found).items()}
