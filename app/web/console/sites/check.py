"""Test of a site by an administrator: of its stored options, or by opening a real session."""

import threading

from flask import Response, request

from app.actions.site_check import site_problems, try_site_by_hand
from app.backends.trial import Trial
from app.backends.vendor_call import Limits, VendorCalls
from app.core.fact import Fact
from app.core.security_event import Limit
from app.core.site import Site
from app.core.vendor_account import account_warnings
from app.edge.security_log import limited
from app.edge.this_app import running
from app.web.console.frame import administrators_only, console_page, console_pages, me
from app.web.console.sites.backend import BACKEND
from app.web.console.sites.fields import FIELDS, ROUTING
from app.web.console.sites.forms import site_of
from app.web.console.sites.general import GENERAL
from app.web.console.sites.look import LANGUAGES, LOOK
from app.web.console.sites.trial_words import step_words
from app.web.console.sites.websites import WEBSITES
from app.web.console.sites.words import worded
from app.web.words import _

pages = console_pages("site_check")
# Only here a request's own thread calls a vendor: for an administrator, one call at a time and with short limits.
_BUSY = threading.Lock()
_LIMITS = Limits(connect=2.0, read=8.0, whole=8.0, applet=8.0, pauses=())  # seconds


@pages.post("/sites/<slug>/check")
@administrators_only
def check(slug: str) -> Response:
    """Run the check of `handbell check` for this site; with `live`, that of `handbell check --live`.

    429 while another live test runs in this process.
    """
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
    problems = site_problems(site, here.desk.staff, here.keys, today, targets=here.settings.targets)
    lines = [(_("Wrong"), _of_option(problem)) for problem in problems]
    lines += [(_("Warning"), _of_option(warning)) for warning in account_warnings(site, today)]
    return _shown(site, lines or [(_("Stored settings"), _("Nothing is wrong with them."))], good=not problems)


def _of_option(fact: Fact) -> str:
    """The fact in words, after the label of its field on our pages."""
    forms = (BACKEND, WEBSITES, FIELDS, ROUTING, GENERAL, LOOK, LANGUAGES)
    labels = {name: label for form in forms for name, label in form.labels().items()}
    labels |= {
        "vendor_key": _("Account key"),
        "webhook": _("Webhook"),
        "webhook_secret": _("Webhook secret"),
        "identity_secret": _("Identity secret"),
        "slug": _("Key"),
    }
    label = labels.get(fact.field)
    return f"{label}: {worded(fact)}" if label else worded(fact)


def _live(site: Site) -> Response:
    here = running()
    calls = VendorCalls(here.settings.targets, limits=_LIMITS)
    trial = try_site_by_hand(here.database, site, lambda: here.keys, calls, by=me().id, clock=here.clock)
    return _shown(site, _steps(trial), good=trial.good)


def _steps(trial: Trial) -> list[tuple[str, str]]:
    """The missing options, or each step that may be shown."""
    missing = [(_("Missing"), _of_option(problem)) for problem in trial.problems]
    return missing + [said for step in trial.steps if (said := step_words(step))]


def _wait(site: Site) -> Response:
    response = _shown(site, [(_("Test"), _("Another test is under way. Please try again in some seconds."))], False)
    response.status_code = 429
    limited(Limit.SITE_TESTS)
    response.headers["Retry-After"] = "12"
    return response


def _shown(site: Site, lines: list[tuple[str, str]], good: bool) -> Response:
    return console_page(
        "console/sites/check.html",
        site=site,
        current="backend",
        lines=lines,
        good=good,
        at_vendor=site.at_vendor,
        back_to=f"/console/sites/{site.slug}/backend",
    )
