"""Check whether a site can open sessions: from its stored options, and by opening one."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from app.actions.sealing import Unsealer, lost_secrets, vendor_key_of
from app.actions.ticket import cancel, open_ticket
from app.backends import backend, open_backend
from app.backends.declaring import Account
from app.backends.trial import Trial, trial_request, try_session
from app.backends.vendor_call import VendorCalls
from app.core.fact import Fact
from app.core.kept_file import in_chunks
from app.core.site import Site
from app.core.staff import Staff
from app.core.targets import Targets, called_hosts, not_public
from app.core.vendor_account import account_problems
from app.keys.seal import Unsealable
from app.outgoing import may_reach
from app.store.audit import record
from app.store.database import Database
from app.store.staff import load_staff


def site_problems(site: Site, staff: Staff, sealer: Unsealer | None, today: date, *, targets: Targets) -> list[Fact]:
    """Problems of a site that need no call to a vendor. `sealer` is None without keys.

    Host names are looked up if `targets` exclude some addresses.
    """
    problems = site.problems() + account_problems(site, today) + lost_secrets(site, sealer)
    problems += not_public(called_hosts(site), lambda host: may_reach(host, targets))
    for number in site.offer_departments:
        if number not in staff.departments or staff.departments[number].disabled:
            problems.append(Fact("offer_departments", "gone", {"number": number}))
    if site.at_desk and site.technician and site.technician.lower() not in staff.technicians:
        problems.append(Fact("technician", "gone", {"technician": site.technician}))
    return problems


def try_site(
    database: Database,
    site: Site,
    unsealer: Callable[[], Unsealer],
    calls: VendorCalls,
    *,
    clock: Callable[[], datetime],
) -> Trial:
    """Open one session the way the site does.

    At a vendor it waits for the answer, within the limits of `calls`; at the embedded desk the ticket is cancelled
    again. The result holds no key.
    """
    return _at_desk(database, site, clock=clock) if site.at_desk else _at_vendor(site, unsealer, calls)


def try_site_by_hand(
    database: Database,
    site: Site,
    unsealer: Callable[[], Unsealer],
    calls: VendorCalls,
    *,
    by: int,
    clock: Callable[[], datetime],
) -> Trial:
    """Do what `try_site` does, and record the outcome in the audit log."""
    trial = try_site(database, site, unsealer, calls, clock=clock)
    detail = {"good": trial.good, "backend": site.backend}
    database.write(lambda c: record(c, "site.tested", f"site {site.slug}", detail, by=by, now=clock()))
    return trial


def _at_desk(database: Database, site: Site, *, clock: Callable[[], datetime]) -> Trial:
    with database.read() as connection:
        staff = load_staff(connection)
    ticket = open_ticket(database, staff, site.slug, trial_request(site), now=clock())
    cancel(database, ticket.number, now=clock())
    return Trial(True, (Fact("ticket", "cancelled", {"number": ticket.number}),))


def _at_vendor(site: Site, unsealer: Callable[[], Unsealer], calls: VendorCalls) -> Trial:
    if problems := site.missing() or site.problems():
        return Trial(False, problems=tuple(problems[:1]))
    try:
        key = vendor_key_of(site, unsealer()) if site.sealed_key else ""
    except Unsealable:
        return Trial(False, problems=(Fact("vendor_key", "lost"),))
    attempt = backend(site.backend).attempt
    account = Account(site, key, calls, _not_kept)
    return attempt(account) if attempt else try_session(site, open_backend(account))


def _not_kept(pieces: Iterable[bytes], most: int) -> tuple[str, int]:
    """Read an applet without keeping it."""
    return "", sum(len(chunk) for chunk in in_chunks(pieces, most))
