"""The New Session API of a site: its address and key, parameters, examples, and a trial call."""

import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Response, abort, flash, request, session

from app.actions.account_key import AccountKey, KeyChanged, NoSuchSite
from app.actions.trial import cancel_trial, note_trial
from app.core.account_key import key_mark, old_key_ends
from app.core.examples import FORM_PATH, REST_PATH, Facts, examples, intranet_form
from app.core.links import Expired, Forged, Purpose
from app.core.new_session import LIMITS, UID_LIMIT
from app.core.routing import department_id
from app.core.site import Site
from app.core.staff import Department
from app.core.text import normal_newlines, without_control
from app.core.ticket import Ticket
from app.core.trial_call import FIELDS, FLAG, FLAVOURS, FORM_JSON, TrialCall
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.store.tickets import ticket_by_applet_id, ticket_by_number
from app.web.console.form_labels import form_labels
from app.web.console.frame import administrators_confirmed, administrators_only, console_page, console_pages, me
from app.web.console.own_call import Call, CallAnswer, answer_to, own_host
from app.web.request_form import offered_departments
from app.web.words import _

pages = console_pages("start_api")
_REMEMBERED = 20  # trials of one log-in
_MOST_NAMES = 200  # technicians in the page's list


@dataclass(frozen=True, slots=True)
class TriedCall:
    """A trial call: the request as sent, its answer, and the ticket that it opened."""

    sent: str
    status: str
    headers: str
    body: str
    ticket: Ticket | None


@pages.get("/sites/<slug>/start-api")
@administrators_only
def start_api(slug: str) -> Response:
    """The page without the key, which is shown by a button."""
    return _page(_site(slug))


@pages.route("/sites/<slug>/start-api/key", methods=["GET", "POST"])
@administrators_confirmed
def key(slug: str) -> Response:
    """Show the account key, make a new one, or end one; opening the address with GET redirects to the page."""
    site = _site(slug)
    if request.method != "POST":
        return see_other(_path(site))
    here = running()
    account = AccountKey(here.database, site.slug, request.form.get("mark", ""), by=me().id, now=here.clock())
    act = request.form.get("do")
    if act == "show":
        if site.uid_revoked:
            return see_other(_path(site))
        account.show()
        return _page(site, shows_key=True)
    if act == "revoke" and not request.form.get("sure"):
        return _page(site, problems={"sure": _("Please tick this first.")})
    with suppress(NoSuchSite):  # sites are never deleted
        _change_key(account, act)
    return see_other(_path(site))


@pages.route("/sites/<slug>/start-api/try", methods=["GET", "POST"])
@administrators_only
def try_it(slug: str) -> Response:
    """Make a call, and show it with its answer. The same form makes only one call."""
    site = _site(slug)
    if request.method != "POST":
        return see_other(_path(site))
    once, flavour = request.form.get("once", "")[:40], request.form.get("flavour", "")
    if flavour not in FLAVOURS:
        abort(400)
    if not once or once in session.get("tried_once", []):
        flash(_("This call was made already; nothing was sent again."))
        return see_other(_path(site))
    _remember("tried_once", once)
    here = running()
    values = {name: normal_newlines(request.form.get(name, "")) for name in (*FIELDS, FLAG)}
    note_trial(here.database, site.slug, by=me().id, now=here.clock())
    trial = _tried(site, TrialCall(flavour, values))
    if trial.ticket:
        _remember("tried", trial.ticket.number)
    typed = {name: without_control(value) for name, value in values.items()}
    return _page(site, values={**typed, "flavour": flavour}, trial=trial)


@pages.post("/sites/<slug>/start-api/cancel")
@administrators_only
def cancel_it(slug: str) -> Response:
    """Cancel a ticket that this log-in opened by a trial; 404 for any other ticket."""
    site = _site(slug)
    here = running()
    number = request.form.get("number", type=int)
    if number is None or number not in session.get("tried", []):
        abort(404)
    with here.database.read() as connection:
        found = ticket_by_number(connection, number)
    if found is None or found.site != site.slug:
        abort(404)
    ended = cancel_trial(here.database, number, by=me().id, now=here.clock())
    flash(
        _("Ticket %(number)s is cancelled.", number=number)
        if ended
        else _("Ticket %(number)s was over already.", number=number)
    )
    return see_other(_path(site))


def _site(slug: str) -> Site:
    return running().desk.sites.get(slug) or abort(404)


def _path(site: Site) -> str:
    return f"/console/sites/{site.slug}/start-api"


def _change_key(account: AccountKey, act: str | None) -> None:
    """Change the key and report it on the next page. A form made for an earlier key changes nothing."""
    try:
        if act == "renew":
            account.renew(keep_old=bool(request.form.get("keep_old")))
            flash(_("There is a new key. The button below shows it."))
        elif act == "end_old":
            account.end_old()
            flash(_("The older key has ended."))
        elif act == "revoke":
            account.revoke()
            flash(_("The key has ended: no program gets in until there is a new one."))
        else:
            abort(400)
    except KeyChanged:
        flash(_("The key was changed already; nothing more was done."))


def _remember(name: str, value: str | int) -> None:
    session[name] = [*session.get(name, []), value][-_REMEMBERED:]


def _tried(site: Site, call: TrialCall) -> TriedCall:
    answer = answer_to(Call(call.path, call.headers(site.uid), call.body(site.uid)))
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers)
    body = answer.body.decode("utf-8", "replace")
    return TriedCall(call.shown(own_host()), f"HTTP/1.1 {answer.status}", headers, body, _opened(answer))


def _opened(answer: CallAnswer) -> Ticket | None:
    """The ticket whose applet the answer links to."""
    here = running()
    link = answer.header("Location")
    if answer.code == 200:
        link = json.loads(answer.body)["details"]["session_link"]
    if not link:
        return None
    token = urlsplit(link).path.removeprefix("/applet/")
    with suppress(Forged, Expired), here.database.read() as connection:
        return ticket_by_applet_id(connection, here.links.read(Purpose.APPLET, token).id)
    return None


def _page(
    site: Site,
    *,
    shows_key: bool = False,
    problems: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    trial: TriedCall | None = None,
) -> Response:
    here = running()
    facts = _facts(site, shows_key=shows_key)
    staff = here.desk.staff
    departments = sorted((d for d in staff.departments.values() if not d.disabled), key=lambda d: d.id)
    technicians = sorted((t for t in staff.technicians.values() if not t.disabled), key=lambda t: t.email)
    offered = [(department.id, department.name) for department in offered_departments(here.desk, site)]
    return console_page(
        "console/start_api.html",
        status=422 if problems else 200,
        site=site,
        form_address=facts.base_url + FORM_PATH,
        rest_address=facts.base_url + REST_PATH,
        uid=facts.uid,
        seen_key=key_mark(site),
        old_ends=old_key_ends(site, here.clock()),
        parameters=_parameters(),
        departments=departments,
        technicians=technicians[:_MOST_NAMES],
        more_technicians=max(0, len(technicians) - _MOST_NAMES),
        examples=examples(facts),
        page_form=intranet_form(facts, form_labels(), offered, fields=site.fields),
        values=values or _first_values(facts),
        problems=problems or {},
        trial=trial,
        once=secrets.token_urlsafe(9),
        flag=FLAG,
    )


def _facts(site: Site, *, shows_key: bool) -> Facts:
    department = _department(site)
    return Facts(
        base_url=running().settings.base_url,
        slug=site.slug,
        site_name=site.name,
        uid=site.uid if shows_key else None,
        department=(department.id, department.name) if department else None,
        technician=site.technician,
    )


def _department(site: Site) -> Department | None:
    """The site's own department, else the first that it offers; for the examples."""
    here = running()
    known = here.desk.staff.departments
    number = department_id(site.department) if site.department else None
    if number is not None and number in known:
        return known[number]
    return next(iter(offered_departments(here.desk, site)), None)


def _first_values(facts: Facts) -> dict[str, str]:
    department = f"id_{facts.department[0]}" if facts.department else ""
    return {
        "flavour": FORM_JSON,
        "Department": department,
        "Tech": facts.technician or "",
        "Customer_name": "Ada Lovelace",
        "Problem_description": _("A test; nobody needs help."),
    }


def _parameters() -> list[dict[str, Any]]:
    """The vendor's parameters with their meanings and limits in characters."""
    said = (
        ("UID", UID_LIMIT, _("The site’s account key. The only one that must be sent.")),
        ("Department", None, _("The number of a department, as 1234 or id_1234.")),
        ("Tech", LIMITS["tech"], _("A technician’s e-mail. It goes before the department.")),
        ("Customer_name", LIMITS["customer_name"], _("The customer’s name.")),
        ("Customer_email", LIMITS["customer_email"], _("The customer’s e-mail.")),
        ("Customer_number", LIMITS["customer_number"], _("The customer’s number, as you count them.")),
        ("Problem_description", LIMITS["problem_description"], _("The problem.")),
        (FLAG, None, _("1: the customer sees these details and may change them. Anything else: no.")),
    )
    return [{"name": name, "limit": limit, "meaning": meaning} for name, limit, meaning in said]
