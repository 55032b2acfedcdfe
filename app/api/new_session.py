"""The embedded desk's New Session API: the vendor's paths, parameters and both flavours.

Source: Take Control "New Session API"; where the vendor documents nothing, docs/new-session-api.md decides.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps

import structlog
from flask import Blueprint, Response, g, request

from app.actions.ticket import open_ticket
from app.api.fault_words import told
from app.api.session_rates import wait_of_account, wait_of_client
from app.core.bodies import BadBody, BadForm, BadText, json_object
from app.core.fact import Fact
from app.core.new_session import UID_LIMIT, NewSessionRequest, error_envelope, form_parameters
from app.core.security_event import Limit, SecurityEvent
from app.core.site import Site
from app.core.text import Invalid, is_blank
from app.core.ticket import Ticket
from app.edge.access import Who, open_to
from app.edge.customer_words import RefusedCall, customer_words
from app.edge.headers import JSON, with_headers
from app.edge.incoming import api_parameters, body, is_fetched_ahead
from app.edge.security_log import limited, tell
from app.edge.this_app import running
from app.process.database_faults import note_database_fault
from app.store.database import DATABASE_FAULTS, is_unknown

api = Blueprint("new_session", __name__)
log = structlog.get_logger()
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"]


class CallRefused(Exception):
    """The call is refused with this status and sentence, and creates nothing; `problems` name its faulty parameters."""

    def __init__(self, status: int, why: str, *problems: Fact, **headers: str) -> None:
        super().__init__(why)
        self.status = status
        self.problems = problems
        self.headers = headers


class CallHeld(CallRefused):
    """Too many calls from this client or with this key. `wait` is whole seconds."""

    def __init__(self, why: str, wait: int) -> None:
        super().__init__(429, f"{why}; wait {wait} s", **{"Retry-After": str(wait)})
        self.wait = wait


class CallFailed(CallRefused):
    """The database failed. `unknown` when a session may have been opened all the same."""

    def __init__(self, *, unknown: bool) -> None:
        why = _UNKNOWN if unknown else "the database does not answer, and no session was opened; try again"
        super().__init__(503, why, **{"Retry-After": "5"})
        self.unknown = unknown


_UNKNOWN = "the database did not confirm in time: a session may have been opened; another call opens another one"
AnswerRefused = Callable[[CallRefused], Response]


def _answering(refusal: AnswerRefused) -> Callable[[Callable[[], Response]], Callable[[], Response]]:
    """Turn every refusal, bad body and invalid value into the flavour's own error answer."""

    def decorate(view: Callable[[], Response]) -> Callable[[], Response]:
        @wraps(view)
        def guarded() -> Response:
            try:
                return view()
            except CallRefused as refused:
                return refusal(refused)
            except BadText as bad:
                return refusal(CallRefused(bad.status, str(bad), Fact("form", "control")))
            except BadBody as bad:
                return refusal(CallRefused(bad.status, str(bad)))
            except Invalid as invalid:
                return refusal(CallRefused(400, told(*invalid.problems), *invalid.problems))
            except DATABASE_FAULTS as fault:
                note_database_fault(fault, "api")
                return refusal(CallFailed(unknown=is_unknown(fault)))

        return open_to(Who.ACCOUNT_KEYS)(guarded)

    return decorate


def _form_refusal(refused: CallRefused) -> Response:
    if _wants_json():
        response = _envelope_error(refused.status, str(refused))
    else:
        response = customer_words().refused(_for_people(refused), g.get("called_for"))
    response.headers.update(refused.headers)
    return response


def _for_people(refused: CallRefused) -> RefusedCall:
    return RefusedCall(
        refused.status,
        str(refused),
        g.get("called_with", {}),
        refused.problems,
        refused.wait if isinstance(refused, CallHeld) else None,
        unknown=isinstance(refused, CallFailed) and refused.unknown,
    )


def _rest_refusal(refused: CallRefused) -> Response:
    response = _envelope_error(refused.status, str(refused))
    response.headers.extend(refused.headers)
    return response


@api.route("/integration/integration_api.php", methods=_METHODS, provide_automatic_options=False)
@api.route("/integration/integration.php", methods=_METHODS, provide_automatic_options=False)
@api.route("/integration/integration2.php", methods=_METHODS, provide_automatic_options=False)
@_answering(_form_refusal)
def form_flavour() -> Response:
    """`GET` or `POST`, parameters in the address, the body or both; answers 302 to the signed applet link."""
    _only(("GET", "POST"))
    if is_fetched_ahead():
        raise CallRefused(403, "a page that is only fetched ahead opens no session")
    parameters = _parameters()
    here = running()
    uid = parameters.get("uid", "").strip()
    if not uid:
        raise CallRefused(400, "uid is missing: it is the account's key")
    site, department = _account(uid, by_form=True)
    asked = NewSessionRequest.from_form(parameters)
    ticket = _open(site, _with_department(asked, department))
    link = here.settings.base_url + here.links.applet_path(ticket.applet_id, ticket.created_at)
    if _wants_json():
        return _envelope(ticket, link)
    return with_headers(Response(status=302, headers={"Location": link}), JSON)


@api.route("/rest/session", methods=_METHODS, provide_automatic_options=False)
@_answering(_rest_refusal)
def rest_flavour() -> Response:
    """`POST` of JSON with the account's key in a header; answers the vendor's envelope."""
    _only(("POST",))
    raw = body()
    if request.mimetype != "application/json":
        raise CallRefused(415, "send the body as application/json")
    here = running()
    key = _header_key()
    if not key:
        raise CallRefused(403, "the key is missing: send it as the header INTEGRATION-KEY")
    site, department = _account(key, by_form=False)
    asked = NewSessionRequest.from_rest(json_object(raw))
    ticket = _open(site, _with_department(asked, department))
    return _envelope(ticket, here.settings.base_url + here.links.applet_path(ticket.applet_id, ticket.created_at))


def _parameters() -> dict[str, str]:
    """The call's parameters by name, noted for a page that may have to show them again."""
    try:
        pairs = api_parameters()
    except BadForm as bad:
        g.called_with = form_parameters(bad.pairs)
        g.called_for, _ = _site_of(g.called_with.get("uid", "").strip())
        raise
    g.called_with = parameters = form_parameters(pairs)
    if not _wants_json():  # a fault keeps what was typed
        g.form_again = lambda status: customer_words().refused(
            RefusedCall(status, "internal error", parameters, unknown=True), g.get("called_for")
        )
    if len(pairs) > 100:
        g.called_for, _ = _site_of(parameters.get("uid", "").strip())
        raise CallRefused(413, "more than 100 parameters")
    return parameters


def _only(methods: tuple[str, ...]) -> None:
    if request.method not in methods:
        raise CallRefused(405, f"use {' or '.join(methods)}", Allow=", ".join(methods))


def _header_key() -> str:
    key = request.headers.get("INTEGRATION-KEY", "").strip()
    scheme, _space, bearer = request.headers.get("Authorization", "").partition(" ")
    return key or (bearer.strip() if scheme.lower() == "bearer" else "")


def _account(uid: str, *, by_form: bool) -> tuple[Site, str | None]:
    """The site with this account key, and the department if the key ends with it (`UUID|<department id>`).

    Counts the call, and raises CallHeld beyond a rate, CallRefused for a key that does not work.
    """
    if len(uid) > UID_LIMIT:
        raise CallRefused(400, f"uid has {len(uid)} characters; at most {UID_LIMIT} are allowed")
    site, department = _site_of(uid)
    g.called_for = site
    if site is None:
        tell(SecurityEvent.KEY_WRONG, key="account")
    if wait := wait_of_client(site, by_form=by_form):
        limited(Limit.CLIENT)
        raise CallHeld("too many calls from this address", wait)
    if site is None:
        raise CallRefused(403, "this uid is not known here, or it is disabled")
    if wait := wait_of_account(site):
        limited(Limit.ACCOUNT)
        raise CallHeld("too many sessions for this account", wait)
    return site, department


def _site_of(uid: str) -> tuple[Site | None, str | None]:
    here = running()
    desk, now = here.desk, here.clock()
    if site := desk.account(uid, now):
        return site, None
    bare, bar, department = uid.rpartition("|")
    key = bare if bar else uid
    # Some programs write a UUID in capitals.
    return desk.account(key, now) or desk.account(key.lower(), now), department if bar else None


def _with_department(asked: NewSessionRequest, department: str | None) -> NewSessionRequest:
    return asked if is_blank(department) or asked.department else replace(asked, department=department)


def _open(site: Site, asked: NewSessionRequest) -> Ticket:
    here = running()
    ticket = open_ticket(here.database, here.desk.staff, site.slug, asked, now=here.clock())
    log.info("ticket_opened", ticket=ticket.number, site=site.slug, queue=ticket.queue_kind, reason=ticket.reason)
    return ticket


def _wants_json() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _envelope(ticket: Ticket, link: str) -> Response:
    details = {
        "session_id": ticket.session_id,
        "ticket_number": ticket.number,
        "pin_number": ticket.pin,
        "session_link": link,
    }
    answer = {"result": "SUCCESS", "details": details, "errorDetails": {"errorCode": None, "errorMsg": None}}
    return _json(answer, 200)


def _envelope_error(status: int, why: str) -> Response:
    return _json(error_envelope(status, why), status)


def _json(answer: Mapping[str, object], status: int) -> Response:
    return with_headers(Response(json.dumps(answer), status, content_type="application/json"), JSON)
