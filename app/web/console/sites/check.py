"""An administrator tests a site: what is stored, or by opening a real session."""

import threading

from flask import Response, request

from app.actions.site_check import site_problems, try_site
from app.backends.vendor_call import Limits, VendorCalls
from app.core.site import AT_VENDOR, Site
from app.core.vendor_account import account_warnings
from app.edge.this_app import running
from app.store.audit import record
from app.web.console.frame import administrators_only, console_page, console_pages, me
from app.web.console.sites.backend import BACKEND
from app.web.console.sites.fields import FIELDS, ROUTING
from app.web.console.sites.forms import by_field, site_of
from app.web.console.sites.listing import backend_names
from app.web.console.sites.websites import WEBSITES
from app.web.words import _

pages = console_pages("site_check")
# A vendor is called from this one place by a request's own thread: for an administrator, one at a time, and not long.
_BUSY = threading.Lock()
_LIMITS = Limits(connect=2.0, read=8.0, whole=8.0, applet=8.0, pauses=())  # seconds


@pages.post("/sites/<slug>/check")
@administrators_only
def check(slug: str) -> Response:
    """What `handbell check` says of this site; with `live`, what `handbell check --live` does. 429 while another such
    test is under way in this process."""
    site = site_of(slug)
    if request.form.get("live") != "1":
        return _at_rest(site)
    if not _BUSY.acquire(blocking=False):
        return _wait(site)
    try:
        return _live(site)
    finally:
        _BUSY.release()


def _at_rest(site: Site) -> Response:
    here = running()
    today = here.clock().date()
    problems = site_problems(site, here.desk.staff, here, today)
    lines = [(_("Wrong"), _plain(problem)) for problem in problems]
    lines += [(_("Mind"), warning) for warning in account_warnings(site, today)]
    return _shown(site, lines or [(_("Stored settings"), _("Nothing is wrong with them."))], good=not problems)


def _plain(problem: str) -> str:
    """What the command says of an option, with the name of its field on our pages."""
    if not problem.startswith("--"):
        return problem
    ((field, text),) = by_field([problem]).items()
    label = {**BACKEND.labels(), **WEBSITES.labels(), **FIELDS.labels(), **ROUTING.labels()}.get(field)
    return f"{label}: {text}" if label else text


def _live(site: Site) -> Response:
    here = running()
    calls = VendorCalls(limits=_LIMITS)
    trial = try_site(here.database, site, lambda: here, calls, here.settings.data_dir, here.clock)
    who, detail = me().id, {"good": trial.good, "backend": site.backend}
    here.database.write(lambda c: record(c, here.clock(), who, "site.tested", f"site {site.slug}", detail))
    return _shown(site, [_said(line) for line in trial.lines], good=trial.good)


def _wait(site: Site) -> Response:
    response = _shown(site, [(_("Test"), _("Another test is under way. Please try again in some seconds."))], False)
    response.status_code = 429
    response.headers["Retry-After"] = "12"
    return response


def _said(line: str) -> tuple[str, str]:
    """A line as `handbell check --live` prints it, in words for a page."""
    name, text = line[:13].strip(), line[13:].strip()
    if name == "choose":
        return _("Choose"), backend_names().get(text.removeprefix("--backend").strip(), text)
    if name == "change":
        return _("Change"), _("the key or the API domain, after what the vendor’s admin area shows")
    names = {
        "called": _("Called"),
        "status": _("Status"),
        "body": _("Body"),
        "understood": _("Understood"),
        "numbers": _("Numbers"),
        "close": _("Then close"),
        "refused": _("Refused"),
        "failed": _("Failed"),
        "try": _("Try"),
        "key": _("Key"),
        "missing": _("Missing"),
        "ticket": _("Ticket"),
    }
    return names.get(name, name), text


def _shown(site: Site, lines: list[tuple[str, str]], good: bool) -> Response:
    return console_page(
        "console/sites/check.html",
        site=site,
        current="backend",
        lines=lines,
        good=good,
        at_vendor=site.backend in AT_VENDOR,
        back_to=f"/console/sites/{site.slug}/backend",
    )
