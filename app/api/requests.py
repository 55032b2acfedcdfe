"""A request as JSON: from the widget on a page at one of the site's origins, or from the site's own server."""

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from typing import Any

import structlog
from flask import Blueprint, Response, request

from app.actions.follow import Followed, Progress, follow
from app.actions.sealing import site_identity_secret
from app.actions.submit import IdentitySpent, OtherContent, Submission, TooMany, check_rate
from app.api.fault_words import told
from app.api.from_pages import (
    PageRefused,
    answer,
    answering,
    is_preflight,
    own_origin,
    preflight_answer,
    register_cors,
    site_of,
)
from app.api.sites import contact
from app.core.bodies import json_object
from app.core.customer import FIELDS, NAMES, Customer
from app.core.fact import Fact
from app.core.links import Expired, Forged, Link, Purpose
from app.core.more import More, more_problem
from app.core.new_session import NewSessionRequest
from app.core.origins import origin_mark
from app.core.posted import HONEYPOT
from app.core.request import CustomerRequest
from app.core.routing import department_id
from app.core.security_event import Limit, SecurityEvent
from app.core.site import Site
from app.core.text import Invalid, is_blank, looks_like_email, text_problem
from app.edge.access import Who, open_to
from app.edge.customer_words import customer_words
from app.edge.incoming import body, client_address
from app.edge.intake import is_new, record, submission
from app.edge.security_log import limited, tell
from app.edge.this_app import running
from app.keys.identity import BadIdentity, Identity, read_identity
from app.keys.seal import Unsealable
from app.process.limits import SERVER_REQUESTS, WRONG_SECRETS

api = Blueprint("requests", __name__, url_prefix="/api/v1")
register_cors(api)
log = structlog.get_logger()
KEY_LENGTHS = (16, 255)
_TEXTS = (*NAMES, "department", "tech", "language", HONEYPOT, "form_token", "check", "identity")
_NUMBERS = frozenset(("department", *(each.name for each in FIELDS if each.is_number)))
_NOT_CONTENT = ("form_token", "check", "identity")  # these may differ for the same content


@dataclass(frozen=True, slots=True)
class _Sender:
    """The caller: the page that sent the form or, without one, the site's own server."""

    form: Link | None

    @property
    def is_server(self) -> bool:
        return self.form is None


@api.route("/sites/<slug>/requests", methods=["POST", "OPTIONS"], provide_automatic_options=False)
@open_to(Who.SITE_PAGES)
@answering
def create(slug: str) -> Response:
    """Create a request: 201 when its session is ready, 202 while it waits.

    Checked in this order: size, type, origin, token, rate, fields.
    """
    if is_preflight():
        own_origin(site_of(slug))
        return preflight_answer("POST")
    raw = body()
    if request.mimetype != "application/json":
        raise PageRefused(415, "send the body as application/json")
    here = running()
    site = site_of(slug)
    origin = None if _is_server(site) else own_origin(site)
    key = _idempotency_key()
    sent = json_object(raw)
    sender = _Sender(_form(site, origin, sent) if origin else None)
    if sender.is_server and (wait := here.rates.retry_after(SERVER_REQUESTS, "server", site.slug)):
        limited(Limit.SERVER)
        raise PageRefused(429, f"more requests than this site may make; wait {wait} s").after(wait)
    try:
        came_in = _submission(site, sender, key, sent)
    except PageRefused:
        _within_rate(site, sender, _language(sent))
        raise
    return _recorded(site, came_in, _language(sent))


def _recorded(site: Site, came_in: Submission, language: str) -> Response:
    try:
        recorded = record(came_in)
    except TooMany as too_many:
        raise _too_many(site, too_many.retry_after, language) from None
    except OtherContent:
        raise PageRefused(422, "this Idempotency-Key was used for another request", code="key_used") from None
    except IdentitySpent:
        spent = {"identity": "It has been used for another request; make a new one for each."}
        raise _wrong(site, spent, language) from None
    response = _told(recorded)
    if not is_new(recorded, came_in):
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _told(recorded: CustomerRequest) -> Response:
    here = running()
    followed = follow(here.database, here.desk.sites, recorded.status_id, now=here.clock())
    if followed is None:  # erased at this very moment
        raise PageRefused(410, "this request is not kept any more")
    token = here.links.status_token(recorded.status_id, recorded.created_at)
    base = here.settings.base_url
    told = {
        "reference": recorded.reference,
        "state": followed.progress,
        "status_url": f"{base}/r/{token}",
        "poll_url": f"{base}/api/v1/requests/{token}",
        "start_url": start_url(followed),
    }
    return answer(told, 202 if followed.progress in (Progress.WAITING, Progress.HELD, Progress.PARKED) else 201)


def start_url(followed: Followed) -> str | None:
    """The address that starts the session; None when it cannot be started now."""
    here = running()
    start = followed.start
    if start is None or followed.progress not in (Progress.READY, Progress.STARTED):
        return None
    return f"{here.settings.base_url}/go/{here.links.token(Purpose.GO, start.id, start.expires_at)}"


def _is_server(site: Site) -> bool:
    """Whether the call has the site's secret key. Raises PageRefused for a wrong key, and after too many wrong ones."""
    if "Authorization" not in request.headers:
        return False
    if "Origin" in request.headers:
        tell(SecurityEvent.ORIGIN_REFUSED, site=site.slug)
        raise PageRefused(403, "the secret key is for the site's servers; a page must never have it")
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    digest = hashlib.sha256(secret.strip().encode("utf-8", "replace")).hexdigest()
    right = scheme.lower() == "bearer" and hmac.compare_digest(digest, site.secret_hash or "-")
    if right:
        return True
    tell(SecurityEvent.KEY_WRONG, key="secret", site=site.slug)
    if wait := running().rates.client_retry_after(WRONG_SECRETS, client_address(), "secret"):
        limited(Limit.SECRETS)
        raise PageRefused(429, f"too many wrong keys; wait {wait} s").after(wait)
    refused = PageRefused(401, "this is not the site's secret key; see: handbell site set --new-secret")
    refused.headers["WWW-Authenticate"] = "Bearer"
    raise refused


def _idempotency_key() -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not KEY_LENGTHS[0] <= len(key) <= KEY_LENGTHS[1] or not key.isascii() or not key.isprintable():
        raise PageRefused(400, "send the header Idempotency-Key: 16 to 255 printable ASCII characters, new each time")
    return key


def _form(site: Site, origin: str, sent: dict[str, Any]) -> Link:
    token = sent.get("form_token")
    try:
        link = running().links.read(Purpose.FORM, token if isinstance(token, str) else "")
    except Expired:
        raise PageRefused(
            400, "the form token has expired; get a new one and send again", code="form_expired"
        ) from None
    except Forged:
        link = None
    if link is None or link.site != site.slug or link.origin != origin_mark(origin):
        raise PageRefused(400, "the form token is not one for this site and page", code="form_invalid")
    return link


def _within_rate(site: Site, sender: _Sender, language: str) -> None:
    """Check the rate limit, before the fields are checked. Raises PageRefused (429)."""
    here = running()
    if sender.is_server:
        return
    address = client_address()
    try:
        check_rate(here.database, address, here.client_limits.requests(address), now=here.clock())
    except TooMany as too_many:
        raise _too_many(site, too_many.retry_after, language) from None


def _too_many(site: Site, wait: int, language: str) -> PageRefused:
    limited(Limit.REQUESTS)
    return PageRefused(429, customer_words().wait(wait, site, language), beside={"contact": contact(site)}).after(wait)


def _language(sent: dict[str, Any]) -> str:
    language = sent.get("language")
    return language if isinstance(language, str) else ""


def _submission(site: Site, sender: _Sender, key: str, sent: dict[str, Any]) -> Submission:
    """The submission of a call. Raises PageRefused (422) with a sentence for each wrong field."""
    values, problems = _texts(sent)
    more = _more(sent, problems)
    ticked = sent.get("check_details", False)
    if not isinstance(ticked, bool | None):
        problems["check_details"] = "It must be true or false."
    identity = _identity(site, values["identity"], problems)
    if identity:
        values |= identity.elements
    asked = _asked(site, sender, values, problems, identity)
    if problems or asked is None:
        raise _wrong(site, problems, values["language"])
    made = submission(
        site,
        asked,
        source="server" if sender.is_server else "api",
        key=f"{'server' if sender.is_server else 'api'}:{site.slug}:{key}",
        ticked=bool(ticked),
        form=sender.form,
        trap=values[HONEYPOT],
        check=values["check"],
        identity=identity,
    )
    made = replace(made, more=more, body_hash=_content_hash(sent, identity))
    return replace(made, most=None, unchecked=None) if sender.is_server else made


def _texts(sent: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """All text members, absent ones empty, and problems with their types."""
    values = dict.fromkeys(_TEXTS, "")
    problems = {}
    for name in _TEXTS:
        value = sent.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and name in _NUMBERS:
            value = str(value)
        if value is not None and not isinstance(value, str):
            problems[name] = "It must be a text."
        else:
            values[name] = value or ""
    return values, problems


def _more(sent: dict[str, Any], problems: dict[str, str]) -> More:
    given = sent.get("more")
    if given is None:
        return ()
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        problems["more"] = "It must be an object whose members are texts."
        return ()
    wrong = more_problem(given.items())
    if not wrong and any(text_problem("more", text, None) for pair in given.items() for text in pair):
        wrong = "contains a control character; only line breaks and tabs are allowed"
    if wrong:
        problems["more"] = f"It {wrong}."
        return ()
    return tuple((name, value) for name, value in given.items() if not is_blank(value))


def _identity(site: Site, token: str, problems: dict[str, str]) -> Identity | None:
    here = running()
    if not token:
        return None
    try:
        return read_identity(token, site_identity_secret(site, here.keys), site.slug, here.clock())
    except BadIdentity as bad:
        tell(SecurityEvent.IDENTITY_WRONG, site=site.slug)
        reason = str(bad)
        problems["identity"] = f"{reason[:1].upper()}{reason[1:]}."
    except Unsealable as unsealable:
        log.error("identity_secret_missing", site=site.slug, error=str(unsealable))
        problems["identity"] = "The site has no identity secret that can be read; its operator can set one."
    return None


def _asked(
    site: Site,
    sender: _Sender,
    values: dict[str, str],
    problems: dict[str, str],
    identity: Identity | None,
) -> NewSessionRequest | None:
    """The session to ask for. Whether a page may choose department and technician is up to the site; its own server
    may."""
    department, tech = values["department"], values["tech"]
    if not (sender.is_server or site.browser_routing):
        department, tech = department if department_id(department) in site.offer_departments else "", ""
    found = [Fact(name, "missing") for name in site.required if is_blank(values[name])] or site.blank_form(values)
    if not is_blank(values["customer_email"]) and not looks_like_email(values["customer_email"]):
        found.append(Fact("customer_email", "email"))
    asked = None
    try:
        asked = NewSessionRequest(
            department=department,
            tech=tech,
            language=values["language"],
            customer=Customer.of(values),
        )
    except Invalid as invalid:
        found += invalid.problems
    vouched = identity.elements if identity else {}
    typed = [problem for problem in found if problem.field not in vouched]
    problems |= customer_words().problems(typed, site, values["language"])
    for problem in found:
        if problem.field in vouched:
            problems["identity"] = f"Its {told(problem).removeprefix('customer_')}."
    return asked


def _content_hash(sent: dict[str, Any], identity: Identity | None) -> str:
    """A hash of the content; form token, check and identity token do not change it."""
    content = {name: value for name, value in sent.items() if name not in _NOT_CONTENT}
    vouched = [identity.subject, sorted(identity.elements.items())] if identity else None
    return hashlib.sha256(json.dumps([content, vouched], sort_keys=True).encode()).hexdigest()


def _wrong(site: Site, problems: dict[str, str], language: str) -> PageRefused:
    return PageRefused(422, customer_words().look_again(site, language), fields=problems)
