"""The fields of a site's form, when the applet asks again, and the routing of its requests."""

from flask import Response, request

from app.core.customer import NAMES
from app.core.customer_info import AskPolicy
from app.core.routing import department_id
from app.core.site import Site
from app.edge.this_app import running
from app.web.console.frame import administrators_only, console_pages
from app.web.console.sites.forms import (
    SiteForm,
    Typed,
    Values,
    read_typed,
    saved,
    show_site,
    site_of,
    ticked,
    typed_text,
)
from app.web.console.who_is_there import marked_department, marked_name
from app.web.words import _

pages = console_pages("site_fields")


def _form_labels() -> dict[str, str]:
    return {
        "fields": _("Shown"),
        "required": _("Required"),
        "allow_empty": _("Empty forms"),
        "pictures": _("Pictures"),
        "ask_customer_info": _("Asking again in the applet"),
    }


def _routing_labels() -> dict[str, str]:
    return {
        "department": _("Department"),
        "technician": _("Technician"),
        "offer_departments": _("Departments to choose from"),
    }


FIELDS = SiteForm(
    "fields",
    ("fields", "required", "allow_empty", "pictures", "ask_customer_info"),
    _form_labels,
    lambda site: {
        "fields": list(site.fields),
        "required": [name for name in NAMES if name in site.required],
        "allow_empty": site.allow_empty,
        "pictures": site.pictures,
        "ask_customer_info": str(site.ask_customer_info),
    },
)
ROUTING = SiteForm(
    "routing",
    ("department", "technician", "offer_departments"),
    _routing_labels,
    lambda site: {
        "department": _number(site.department),
        "technician": site.technician or "",
        "offer_departments": [str(number) for number in sorted(site.offer_departments)],
    },
)


@pages.get("/sites/<slug>/fields")
@administrators_only
def fields(slug: str) -> Response:
    """The page for fields, Ask_customer_info and routing."""
    return _page(site_of(slug), None)


@pages.post("/sites/<slug>/fields")
@administrators_only
def save_fields(slug: str) -> Response:
    """Save which fields are shown and required, and when the applet asks again."""
    site = site_of(slug)
    shown, required = _elements("fields"), _elements("required")
    values: Values = {
        "fields": shown,
        "required": required,
        "allow_empty": ticked("allow_empty"),
        "pictures": ticked("pictures"),
        "ask_customer_info": request.form.get("ask_customer_info"),
    }
    problems: dict[str, str] = {}
    options = read_typed(values, problems)
    if problems:
        return _page(site, Typed("fields", values, problems))
    return saved(FIELDS, slug, _page, "/fields", options, values)


@pages.post("/sites/<slug>/routing")
@administrators_only
def save_routing(slug: str) -> Response:
    """Save the routing of requests that name no department or technician, and the departments that customers may
    choose."""
    site = site_of(slug)
    problems: dict[str, str] = {}
    values: Values = {
        "department": typed_text("department", 25, problems),
        "technician": typed_text("technician", 254, problems).lower(),
        "offer_departments": sorted(set(request.form.getlist("offer_departments"))),
    }
    options = read_typed({name: values[name] for name in ("department", "technician")}, problems)
    # The id of a vendor's department is not one of ours: a stored one is kept, a new one must be ours.
    known = {str(number) for number in (*running().desk.staff.departments, *site.offer_departments)}
    if not set(values["offer_departments"]) <= known:
        problems["offer_departments"] = _("Please choose from these.")
    if problems:
        return _page(site, Typed("routing", values, problems))
    offered = {int(number) for number in values["offer_departments"]}
    kept = [number for number in site.offer_departments if number in offered]  # in their stored order
    options["offer_departments"] = (*kept, *sorted(offered - set(kept)))
    if values["department"] == _number(site.department):
        options["department"] = site.department  # in its stored spelling
    return saved(ROUTING, slug, _page, "/fields", options, values)


def _page(site: Site, typed: Typed | None) -> Response:
    return show_site(
        "console/sites/fields.html",
        site,
        "fields",
        (FIELDS, ROUTING),
        typed,
        elements=NAMES,
        policies=_policies(),
        departments=_departments(site),
        technicians=_technicians(site),
        offers=_offers(site),
    )


def _policies() -> list[tuple[str, str, str]]:
    return [
        (
            AskPolicy.INCOMPLETE,
            _("When something is missing"),
            _("Who left one of the four fields empty sees their details in the applet, and may complete them."),
        ),
        (
            AskPolicy.CUSTOMER,
            _("When the customer asks for it"),
            _("The form has a box to tick: let me check these details again."),
        ),
        (AskPolicy.ALWAYS, _("Always"), _("Every customer sees their details in the applet, and may change them.")),
        (
            AskPolicy.NEVER,
            _("Never"),
            _("The applet shows no details. It asks for them only where nothing at all was sent."),
        ),
    ]


def _departments(site: Site) -> list[tuple[str, str]]:
    found = [("", _("None: the general queue"))]
    staff = running().desk.staff
    found += [
        (str(d.id), marked_department(d, staff, f"{d.name} ({d.id})"))
        for d in staff.departments.values()
        if not d.disabled
    ]
    return _with_current(found, _number(site.department))


def _technicians(site: Site) -> list[tuple[str, str]]:
    found = [("", _("None"))]
    found += [
        (t.email, marked_name(t, f"{t.name} ({t.email})"))
        for t in running().desk.staff.technicians.values()
        if not t.disabled
    ]
    return _with_current(found, site.technician or "")


def _with_current(found: list[tuple[str, str]], current: str) -> list[tuple[str, str]]:
    """The choices, including a current one that is not among ours: from a vendor's account, or disabled."""
    known = {value for value, _label in found}
    return found if current in known else [*found, (current, _("%(name)s (not one of this desk)", name=current))]


def _offers(site: Site) -> list[tuple[str, str]]:
    ours = running().desk.staff.departments
    known = [
        (str(d.id), f"{d.name} ({d.id})") for d in ours.values() if not d.disabled or d.id in site.offer_departments
    ]
    strange = [str(number) for number in site.offer_departments if number not in ours]
    return known + [(number, _("%(name)s (not one of this desk)", name=number)) for number in strange]


def _elements(name: str) -> list[str]:
    chosen = request.form.getlist(name)
    return [element for element in NAMES if element in chosen]


def _number(department: str | None) -> str:
    found = department_id(department) if department else None
    return "" if found is None else str(found)
