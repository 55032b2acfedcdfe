"""Change the rules about notices, send notices again, and try a receiver."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from app.actions.tell import Teller, contact
from app.channels import channels
from app.channels.chat import NoChat, service_of
from app.channels.declaring import Sending
from app.channels.mail import send_mail
from app.channels.place import closed
from app.channels.wording import Facts, notice_words
from app.core.address import parse
from app.core.fact import Fact
from app.core.mail_server import Mailing
from app.core.notice import TEST, NewNotice, TryResult, json_body, notice_id
from app.core.notice_rule import USUAL, USUAL_WAIT, Own, Place, Rule, read_quiet, with_rule
from app.core.push import PUSH, Browser
from app.core.site import Site
from app.core.site_secrets import new_webhook_secret
from app.core.staff import Technician
from app.core.targets import Targets
from app.core.text import Invalid, text_problem
from app.core.webhook_address import webhook_address
from app.keys.seal import Sealer
from app.store import notice_book as store
from app.store.audit import record
from app.store.database import Database
from app.store.notice_book import lock_own, save_own
from app.store.notices import add_notices, send_again

LONGEST_NAME = 80  # characters of a place's name


class NoSuchNotice(Exception):
    """None of these notices is there, or all are under way."""


class NoSuchRule(Exception):
    """There is no such rule any more."""


def add_rule(database: Database, whose: int | None, rule: Rule, *, by: int, now: datetime) -> None:
    """Add a rule of the desk (None), or of a technician for themselves. Raises Invalid."""
    _change(database, whose, lambda own: replace(own, rules=with_rule(_rules(whose, own), rule)), by=by, now=now)


def remove_rule(database: Database, whose: int | None, mark: str, *, by: int, now: datetime) -> None:
    """Remove a rule by its mark. Raises NoSuchRule."""

    def without(own: Own) -> Own:
        before = _rules(whose, own)
        after = tuple(rule for rule in before if rule.mark != mark)
        if after == before:
            raise NoSuchRule
        return replace(own, rules=after)

    _change(database, whose, without, by=by, now=now)


def use_usual_rules(database: Database, *, by: int, now: datetime) -> None:
    """Forget the desk's rules: the usual ones hold again."""
    _change(database, None, lambda own: replace(own, rules=None), by=by, now=now)


def set_details(database: Database, details: bool, *, by: int, now: datetime) -> None:
    """Set whether notices bear the customer's name and problem."""
    _change(database, None, lambda own: replace(own, details=details), by=by, now=now)


def set_quiet(database: Database, technician_id: int, quiet: str, *, now: datetime) -> None:
    """Set a technician's quiet hours, as they typed them. Raises Invalid."""
    kept = read_quiet(quiet)
    _change(database, technician_id, lambda own: replace(own, quiet=kept), by=technician_id, now=now)


def note_language(database: Database, technician_id: int, language: str, *, now: datetime) -> None:
    """Note the language in which a technician reads the console, for their mails."""
    _change(database, technician_id, lambda own: replace(own, language=language), by=technician_id, now=now)


def _change(database: Database, whose: int | None, change: Callable[[Own], Own], *, by: int, now: datetime) -> None:
    """Only what is set for the desk is an administrative act."""

    def keep(connection: Connection) -> None:
        before = lock_own(connection, whose)
        after = change(before)
        if after == before:
            return
        save_own(connection, whose, after)
        if whose is None:
            told = {"rules": [len(_rules(None, before)), len(_rules(None, after))]}
            detail = told if before.rules != after.rules else {"details": [before.details, after.details]}
            record(connection, "notices.changed", "desk", detail, by=by, now=now)

    database.write(keep)


def _rules(whose: int | None, own: Own) -> tuple[Rule, ...]:
    return own.rules if own.rules is not None else USUAL if whose is None else ()


def add_place(
    database: Database,
    sealer_in: Callable[[Connection], Sealer],
    name: str,
    address: str,
    event: str,
    site: str | None,
    *,
    by: int,
    now: datetime,
    targets: Targets,
) -> str | None:
    """Add a webhook or a chat, and the rule that it is told of this event. Returns a new webhook's secret, which is not
    shown again; None for a chat. Raises Invalid."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or text_problem("name", name, LONGEST_NAME):
        raise Invalid(Fact("name", "missing"))
    kind, address, shown = _read_place(address.strip(), targets)
    secret = new_webhook_secret() if kind == "hook" else None

    def keep(connection: Connection) -> None:
        sealed = closed(sealer_in(connection).seal, address, **({"secret": secret} if secret else {}))
        own = lock_own(connection, None)
        new = Place(id=0, name=name, kind=kind, shown=shown, sealed=sealed, site=site)
        its_id = store.add_place(connection, new, now)
        rule = Rule(event=event, to=f"place:{its_id}", by=kind, minutes=USUAL_WAIT)
        store.save_own(connection, None, replace(own, rules=with_rule(_rules(None, own), rule)))
        record(connection, "notices.place_added", name, {"kind": kind, "address": shown}, by=by, now=now)

    database.write(keep)
    return secret


def remove_place(database: Database, place_id: int, *, by: int, now: datetime) -> None:
    """Remove a webhook or a chat, and the rules about it. Raises NoSuchRule."""

    def remove(connection: Connection) -> None:
        own = lock_own(connection, None)
        if not store.remove_place(connection, place_id):
            raise NoSuchRule
        rules = tuple(rule for rule in _rules(None, own) if rule.place != place_id)
        if rules != _rules(None, own):
            store.save_own(connection, None, replace(own, rules=rules))
        record(connection, "notices.place_removed", f"place {place_id}", by=by, now=now)

    database.write(remove)


def _read_place(address: str, targets: Targets) -> tuple[str, str, str]:
    """Its channel, its address, and what may be shown of that. Raises Invalid, about `address`."""
    try:
        return "chat", address, service_of(address).name
    except NoChat:
        pass
    try:
        address = webhook_address(address)
    except Invalid:
        raise Invalid(Fact("address", "unknown")) from None
    host = parse(address)
    if host is None or not targets.permit_host(host.host):
        raise Invalid(Fact("address", "not_public"))
    return "hook", address, host.origin


def send_test(database: Database, channel: str, receiver: str, site: str, *, now: datetime) -> str:
    """Add a test for one receiver (`technician:17`, `place:5`, `browser:3`) to the outbox; returns its id."""
    lane = channel if receiver.startswith("technician:") else receiver
    test = NewNotice(
        id=notice_id(TEST, channel, receiver, now),
        channel=channel,
        receiver=receiver,
        lane=lane,
        site=site,
        event=TEST,
        body=json_body(TEST, {}, now),
        created_at=now,
        due_at=now,
    )
    database.write(lambda connection: add_notices(connection, [test]))
    return test.id


def try_mail(mail: Mailing, to: str, base_url: str, *, now: datetime) -> TryResult:
    """Mail a test to this address, now; nothing is kept."""
    facts = Facts(site="Handbell", reference=None, ticket=None, link=f"{base_url}/console/")
    words = notice_words(TEST, facts, None)
    return send_mail(mail, words, to, notice_id=notice_id(TEST, to, now), now=now)


def try_place(
    place: Place, site: Site, unseal: Callable[[str], str], targets: Targets, base_url: str, *, now: datetime
) -> TryResult:
    """Deliver a test to a webhook or chat, now; nothing is kept."""
    facts = Facts(site=site.name, reference=None, ticket=None, link=f"{base_url}/console/")
    words = notice_words(TEST, facts, None)
    its_id = notice_id(TEST, place.id, now)
    sending = Sending(site, its_id, json_body(TEST, {}, now), unseal, targets, now, to=place.sealed, words=words)
    return channels()[place.kind].deliver(sending)


def try_browsers(
    teller: Teller, person: Technician, browsers: Sequence[Browser], *, now: datetime
) -> dict[str, TryResult]:
    """Push a test to these browsers of one technician, now; nothing is kept. By browser: `browser ID at HOST`."""
    own = teller.book.people.get(person.id)
    facts = Facts(site="Handbell", reference=None, ticket=None, link=f"{teller.base_url}/console/")
    plain = Sending(
        next(iter(teller.sites.values())),
        notice_id(TEST, person.id, now),
        json_body(TEST, {}, now),
        teller.unseal,
        teller.targets,
        now,
        words=notice_words(TEST, facts, own.language if own else None),
        push=teller.book.push_key,
        contact=contact(teller.mail, teller.base_url),
    )
    push = teller.channels[PUSH]
    return {f"browser {one.id} at {one.host}": push.deliver(replace(plain, to=one.sealed)) for one in browsers}


def retry(database: Database, ids: Collection[str], *, by: int | None, now: datetime) -> list[str]:
    """Make notices due now, with all tries before them; returns the ids found. Raises NoSuchNotice."""

    def again(connection: Connection) -> list[str]:
        found = send_again(connection, ids, now)
        if found:
            record(connection, "notices.sent_again", f"{len(found)} notices", {"ids": found[:100]}, by=by, now=now)
        return found

    found = database.write(again)
    if not found:
        raise NoSuchNotice
    return found


def try_site_channel(teller: Teller, channel: str, sites: Sequence[Site]) -> dict[str, TryResult]:
    """Deliver a test to each of these sites that has the channel, now; nothing is kept. By site."""
    found = teller.channels[channel]
    now = teller.clock()
    body = json_body(TEST, {}, now)

    def send(site: Site) -> TryResult:
        its_id = notice_id(TEST, site.slug, now)
        return found.deliver(Sending(site, its_id, body, teller.unseal, teller.targets, now))

    return {site.slug: send(site) for site in sites if found.serves(site)}
