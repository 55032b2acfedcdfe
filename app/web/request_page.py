"""The hosted request page: a small form, and its post."""

import hashlib
import sqlite3
from concurrent.futures import TimeoutError as WriteTimeout
from dataclasses import dataclass, field
from functools import lru_cache

import structlog
from flask import Blueprint, Response, abort, render_template, request
from sqlalchemy.exc import SQLAlchemyError

from app.access import Who, open_to
from app.actions.submit import Submission, TooMany
from app.core.customer_info import AskPolicy
from app.core.links import Expired, Forged, Link, Purpose, new_link_id
from app.core.new_session import ELEMENTS, LIMITS, NewSessionRequest, form_parameters
from app.core.routing import Department
from app.core.site import Site
from app.core.text import Invalid, normal_newlines, without_control
from app.incoming import browser, client_address, form_body, see_other
from app.web.customer_form import asked_of
from app.web.fault_text import sentences
from app.web.language import page_language
from app.web.prerendered import MARK, Prerendered
from app.web.words import _, ngettext
from app.wiring import FORM_LIFE, Desk, Running, running

pages = Blueprint("request_page", __name__)
log = structlog.get_logger()
_VALUES = (*ELEMENTS, "department", "check_details")


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it came in: what was typed, as typed, and what is wrong with it."""

    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    status: int = 200
    retry_after: int | None = None


@pages.get("/")
@open_to(Who.EVERYONE)
def front_page() -> Response:
    """The page of the site named `default`."""
    return _empty_page("default")


@pages.get("/s/<site_key>")
@open_to(Who.EVERYONE)
def site_page(site_key: str) -> Response:
    """The page of one site."""
    return _empty_page(site_key)


@pages.post("/s/<site_key>")
@open_to(Who.EVERYONE)
def send(site_key: str) -> Response:
    """A filled form: recorded, then on to its status page; refused, with everything that was typed still in it."""
    here = running()
    desk = here.desk
    site = desk.site(site_key) or abort(404)
    try:
        parameters = form_parameters(form_body())
    except Invalid as invalid:
        return _again(desk, site, Filled(problems=sentences(invalid.problems), status=400))
    values = {name: normal_newlines(parameters.get(name, "")) for name in _VALUES}
    form = _form_link(here, site, parameters.get("form_token", ""))
    if isinstance(form, str):
        return _again(desk, site, Filled(values, {"form": form}, 400))
    asked = _asked(desk, site, values)
    if isinstance(asked, dict):
        return _again(desk, site, Filled(values, asked, 422))
    submission = Submission(
        site=site,
        asked=asked,
        ticked=values["check_details"] == "1",
        source="page",
        idempotency_key=_idempotency_key(form, values),
        client_address=client_address(),
        most=here.requests_allowed(client_address()),
        browser=browser(),
    )
    try:
        recorded = here.hand_offs.take_in(submission, desk.staff)
    except TooMany as too_many:
        return _again(desk, site, Filled(values, {"form": _wait(too_many)}, 429, too_many.retry_after))
    except (SQLAlchemyError, sqlite3.Error, WriteTimeout) as error:
        log.error("request_not_recorded", site=site.key, error=type(error).__name__)
        sorry = _(
            "We could not take your request just now. Everything you typed is still here:"
            " please press the button again in a moment."
        )
        return _again(desk, site, Filled(values, {"form": sorry}, 503, 5))
    log.info("request_recorded", reference=recorded.reference, site=site.key, ticket=recorded.ticket_number)
    return see_other(f"/r/{here.status_token(recorded.status_id, recorded.created_at)}")


def _empty_page(site_key: str) -> Response:
    here = running()
    desk = here.desk
    site = desk.site(site_key) or abort(404)
    page = _prerendered(desk, site.key, page_language())
    token = _new_form_token(here, site)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response = Response(page.gzipped(token), content_type="text/html; charset=utf-8")
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response(page.plain(token), content_type="text/html; charset=utf-8")
    response.headers["Vary"] = "Accept-Encoding, Accept-Language"
    return response


@lru_cache(maxsize=512)
def _prerendered(desk: Desk, site_key: str, language: str) -> Prerendered:
    """Rendered once per site and language; `desk` is a new object after every change of the configuration."""
    return Prerendered.from_html(_html(desk, desk.sites[site_key], MARK, Filled()))


def _again(desk: Desk, site: Site, filled: Filled) -> Response:
    html = _html(desk, site, _new_form_token(running(), site), filled)
    response = Response(html, filled.status, content_type="text/html; charset=utf-8")
    if filled.retry_after is not None:
        response.headers["Retry-After"] = str(filled.retry_after)
    return response


def _html(desk: Desk, site: Site, token: str, filled: Filled) -> str:
    return render_template(
        "request.html",
        site=site,
        departments=_offered(desk, site),
        values={name: without_control(value) for name, value in filled.values.items()},
        problems=filled.problems,
        limits={name: LIMITS[name] for name in ELEMENTS},
        required=set(site.required),
        show_check_details=site.ask_customer_info is AskPolicy.CUSTOMER,
        form_token=token,
        action=f"/s/{site.key}",
    )


def _offered(desk: Desk, site: Site) -> list[Department]:
    known = desk.staff.departments
    return [known[number] for number in site.offer_departments if number in known and not known[number].disabled]


def _new_form_token(here: Running, site: Site) -> str:
    return here.token(Purpose.FORM, new_link_id(), here.clock() + FORM_LIFE, site.key)


def _form_link(here: Running, site: Site, token: str) -> Link | str:
    """The form that was sent, or what to tell its sender: it is shown again, filled, with a fresh token."""
    try:
        link = here.read(Purpose.FORM, token)
    except Expired:
        return _("This page has been open for a long time. Nothing is lost: please press the button once more.")
    except Forged:
        link = None
    if link is None or link.site != site.key:
        return _("Please look over what will be sent, then press the button once more.")
    return link


def _asked(desk: Desk, site: Site, values: dict[str, str]) -> NewSessionRequest | dict[str, str]:
    """What the customer asks for, or what is wrong, by field; a department that is not offered (any more) is none."""
    chosen = values["department"]
    offered = any(str(department.id) == chosen for department in _offered(desk, site))
    language = page_language().replace("_", "-")
    return asked_of(values, required=site.required, department=chosen if offered else None, language=language)


def _idempotency_key(form: Link, values: dict[str, str]) -> str:
    """The same form sent again with the same content is the same request; changed, it is another one."""
    content = "\0".join((form.id, *(values[name] for name in _VALUES)))
    return f"page:{hashlib.sha256(content.encode()).hexdigest()[:32]}"


def _wait(too_many: TooMany) -> str:
    minutes = -(-too_many.retry_after // 60)
    return ngettext(
        "Many requests came from your network just now. Please press the button again in %(num)d minute.",
        "Many requests came from your network just now. Please press the button again in %(num)d minutes.",
        minutes,
    )
