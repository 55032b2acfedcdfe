"""Session codes: start one, give it to a customer, revoke it."""

from flask import Response, abort, flash, request

from app.actions.codes import MOST_UNUSED, TooManyCodes, revoke, start_code, way_back
from app.core.links import Purpose
from app.core.session_code import LIVES, USUAL_LIFE, SessionCode, shown_pin
from app.core.site import Site
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.store.codes import code_by_id, codes_of
from app.web.console.frame import console_page, console_pages, me, technicians_only
from app.web.console.live import unless_changed
from app.web.words import _, ngettext

pages = console_pages("codes")
_HERE = "/console/codes"


@pages.get("/codes")
@technicians_only
@unless_changed
def codes() -> Response:
    """The technician's own live codes, and a form for a new one."""
    return _page({"life": USUAL_LIFE})


@pages.post("/codes")
@technicians_only
def start() -> Response:
    """Make a new code."""
    here = running()
    sites = {site.slug: site for site in _sites()}
    values = {"life": request.form.get("life", ""), "site": request.form.get("site", "")}
    if len(sites) == 1:
        values["site"] = next(iter(sites))
    problems = {
        name: _("Please choose one of the list.")
        for name, known in (("life", LIVES), ("site", sites))
        if values[name] not in known
    }
    if problems:
        return _page(values, problems)
    try:
        start_code(here.database, values["site"], LIVES[values["life"]], by=me().id, now=here.clock())
    except TooManyCodes:
        many = _("%(n)s of your codes are still unused. Revoke some first.", n=MOST_UNUSED)
        return _page(values, {"life": many})
    flash(_("The new code is ready. Tell your customer the PIN, or send them the link."))
    return see_other(_HERE)


@pages.post("/codes/<key>/revoke")
@technicians_only
def take_back(key: str) -> Response:
    """Revoke the code with this id."""
    here = running()
    if revoke(here.database, key, by=me().id, now=here.clock()):
        flash(_("The code is revoked. It no longer works."))
        return see_other(_HERE)
    with here.database.read() as connection:
        code = code_by_id(connection, key)
    if code is None or code.technician_id != me().id:
        abort(404)
    flash(_("This code was already used, or has ended."))
    return see_other(_HERE)


@pages.post("/codes/<key>/again")
@technicians_only
def let_back_in(key: str) -> Response:
    """Make a new code for the same ticket, as its customer has lost the page. The used code stays used."""
    here = running()
    try:
        code = way_back(here.database, key, me().id, now=here.clock())
    except TooManyCodes:
        flash(_("%(n)s of your codes are still unused. Revoke some first.", n=MOST_UNUSED))
        return see_other(_HERE)
    if code is None:
        abort(404)
    flash(_("A new code for the same ticket is there. It works for an hour, once."))
    return see_other(_HERE)


def _page(values: dict[str, str], problems: dict[str, str] | None = None) -> Response:
    here = running()
    sites = _sites()
    with here.database.read() as connection:
        found = codes_of(connection, me().id, here.clock())
    return console_page(
        "console/codes.html",
        status=422 if problems else 200,
        lives=[(name, _life_in_words(name)) for name in LIVES],
        sites=[(site.slug, site.name) for site in sites],
        values=values,
        problems=problems or {},
        rows=[_row(code, number, many=len(sites) > 1) for code, number in found],
        pin_url=f"{here.settings.base_url}/pin",
    )


def _row(code: SessionCode, number: int | None, *, many: bool) -> dict[str, object]:
    here = running()
    site = here.desk.sites.get(code.site)
    link = here.links.token(Purpose.CODE, code.id, code.expires_at, code.site)
    return {
        "id": code.id,
        "pin": shown_pin(code.pin),
        "link": f"{here.settings.base_url}/pin/{link}",
        "expires_at": code.expires_at,
        "site": site.name if site and many else None,
        "used": code.reference is not None,
        "ticket": number,
        "leads_back": code.leads_to is not None,
        "again_url": f"{_HERE}/{code.id}/again",
        "revoke_url": f"{_HERE}/{code.id}/revoke",
    }


def _sites() -> list[Site]:
    """Enabled sites whose sessions open at the embedded desk."""
    return [site for site in running().desk.sites.values() if site.at_desk and not site.disabled]


def _life_in_words(name: str) -> str:
    hours = int(LIVES[name].total_seconds() // 3600)
    if hours <= 24:
        return ngettext("%(num)d hour", "%(num)d hours", hours)
    return ngettext("%(num)d day", "%(num)d days", hours // 24)
