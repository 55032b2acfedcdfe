"""A site's request form, empty or with what was typed, for all pages that show it."""

from dataclasses import dataclass, field, replace
from functools import lru_cache

from flask import Response, g, render_template, request

from app.core.bodies import BadForm, BadText
from app.core.customer import NAMES
from app.core.customer_info import AskPolicy
from app.core.fact import Fact
from app.core.more import More
from app.core.new_session import LIMITS
from app.core.outlook import Outlook
from app.core.picture import MOST_PICTURES, RequestPicture
from app.core.posted import posted_form
from app.core.site import Site
from app.core.staff import Department
from app.core.text import text_problem, without_control
from app.edge.headers import CAPTURING, with_headers
from app.edge.this_app import running
from app.process.configuration import Desk
from app.web.fault_text import sentence, sentences
from app.web.language import limit_to, page_language
from app.web.outlook_words import outlook_words
from app.web.picture_words import picture_words
from app.web.prerendered import MARK, Prerendered
from app.web.promise import only_talks, promise
from app.web.words import _, ngettext, speak_for


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The reason why a form was not taken: a sentence for its sender, the answer's status, and whole seconds to
    wait."""

    sentence: str
    status: int
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as submitted: the typed values, additional fields, and problems by field.

    `token` is the form's own while it is valid, so that sending the form again is the same request. `reason` is a
    line in English for those who made the page that the form came from. `pictures` were added before.
    """

    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    status: int = 200
    retry_after: int | None = None
    more: More = ()
    return_to: str | None = None
    token: str | None = None
    reason: str | None = None
    pictures: tuple[RequestPicture, ...] = ()

    def refused(self, why: NotTaken) -> "Filled":
        """The same form with the refusal as its problem."""
        return replace(self, problems={"form": why.sentence}, status=why.status, retry_after=why.retry_after)


def empty_form(desk: Desk, site: Site) -> Response:
    """The request page with a new token."""
    here = running()
    limit_to(site.languages)
    page = _prerendered(desk, site.slug, page_language(), here.outlooks.of_site(desk, site), only_talks(site))
    token = here.links.form_token(site.slug)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response = Response(page.gzipped(token), content_type="text/html; charset=utf-8")
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response(page.plain(token), content_type="text/html; charset=utf-8")
    response.headers["Vary"] = "Accept-Encoding, Accept-Language"
    return _let_capture(response, site)


def _let_capture(response: Response, site: Site) -> Response:
    """Let the page capture a window, where pictures may be added."""
    return with_headers(response, CAPTURING) if site.takes_pictures else response


def form_again(desk: Desk, site: Site, filled: Filled) -> Response:
    """The request page with all typed values."""
    here = running()
    token = filled.token or here.links.form_token(site.slug)
    html = _html(desk, site, token, filled, here.outlooks.of_site(desk, site), only_talks(site))
    response = Response(html, filled.status, content_type="text/html; charset=utf-8")
    _let_capture(response, site)
    if filled.retry_after is not None:
        response.headers["Retry-After"] = str(filled.retry_after)
    return response


def form_mended(desk: Desk, site: Site, bad: BadForm) -> Response:
    """The request page with what could be read of a form that cannot be taken as it is."""
    posted = posted_form(bad.pairs)
    values = {name: posted.value(name) for name in (*NAMES, "department", "check_details")}
    found = [text_problem(name, values[name], LIMITS[name]) for name in NAMES]
    problems = sentences(tuple(problem for problem in found if problem and problem.code == "too_long"))
    if not problems:
        problems = {"form": sentence(Fact("form", "control" if isinstance(bad, BadText) else "type"))}
    return form_again(desk, site, Filled(values, problems, bad.status, more=posted.more, reason=f"{bad.status}: {bad}"))


def keep_for_faults(desk: Desk, site: Site, filled: Filled) -> None:
    """Let a fault amid this form show it again: an error's page would lose what was typed."""
    g.form_again = lambda status: form_again(
        desk, site, filled.refused(NotTaken(not_recorded_sentence(), status, 5 if status == 503 else None))
    )


def offered_departments(desk: Desk, site: Site) -> list[Department]:
    """The departments that customers of this site may choose."""
    known = desk.staff.departments
    return [known[number] for number in site.offer_departments if number in known and not known[number].disabled]


def wait_sentence(retry_after: int) -> str:
    """The sentence for a client whose network has reached its limit of requests."""
    minutes = -(-retry_after // 60)
    return ngettext(
        "Many requests came from your network just now. Please press the button again in %(num)d minute.",
        "Many requests came from your network just now. Please press the button again in %(num)d minutes.",
        minutes,
    )


def not_recorded_sentence() -> str:
    """The sentence for a client whose request could not be written to disk."""
    return _(
        "We could not take your request just now. Everything you typed is still here:"
        " please press the button again in a moment."
    )


def not_confirmed_sentence() -> str:
    """The sentence for a client whose request may be written to disk or not."""
    return _(
        "We could not make sure that your request has arrived. Everything you typed is still here:"
        " please press the button again in a moment. It counts only once."
    )


@lru_cache(maxsize=512)
def _prerendered(desk: Desk, slug: str, language: str, outlook: Outlook, talks: bool) -> Prerendered:
    """The page, rendered once per site, language, outlook and promise; `desk` is a new object after every change of the
    configuration."""
    return Prerendered.from_html(_html(desk, desk.sites[slug], MARK, Filled(), outlook, talks))


def _shown(site: Site, filled: Filled) -> list[str]:
    """The fields of the site's form, and others that have a value, so that nothing typed is lost."""
    return [n for n in NAMES if n in site.fields or filled.values.get(n) or n in filled.problems]


def _html(desk: Desk, site: Site, token: str, filled: Filled, outlook: Outlook, talks: bool) -> str:
    speak_for(site)
    return render_template(
        "request.html",
        site=site,
        outlook=outlook_words(outlook),
        departments=offered_departments(desk, site),
        values={name: without_control(value) for name, value in filled.values.items()},
        problems=filled.problems,
        limits={name: LIMITS[name] for name in NAMES},
        fields_shown=_shown(site, filled),
        required=set(site.required),
        show_check_details=site.ask_customer_info is AskPolicy.CUSTOMER,
        form_token=token,
        promise=promise(talks=talks),
        more=filled.more,
        return_to=filled.return_to,
        reason=filled.reason,
        action=f"/s/{site.slug}/with-pictures" if site.takes_pictures else f"/s/{site.slug}",
        pictures=filled.pictures,
        most_pictures=MOST_PICTURES,
        pictures_url=f"/s/{site.slug}/pictures",
        picture_words=picture_words() if site.takes_pictures else {},
        check_url=f"/s/{site.slug}/check",
        pin_url=_pin_url(site),
        reference_url="/reference" if site.slug == "default" else f"/reference?site={site.slug}",
    )


def _pin_url(site: Site) -> str | None:
    """The page for a technician's PIN; None when the site has no embedded desk, which alone issues PINs."""
    if not site.at_desk:
        return None
    return "/pin" if site.slug == "default" else f"/pin?site={site.slug}"
