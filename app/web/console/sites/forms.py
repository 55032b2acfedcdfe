"""Shared by the forms of a site's pages: their values as shown and as typed, saving, and refusals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import Response, abort, flash, request

from app.actions.sites import ChangedMeanwhile, NoSuchSite, NotGood, Seen, Wanted, change_site
from app.core.site import Site
from app.core.site_change import SiteChange, marked
from app.core.site_options import read_options
from app.core.text import normal_newlines, text_problem, without_control
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.files.resources import languages
from app.web.console.frame import console_page, me
from app.web.console.sites.words import by_input
from app.web.fault_text import sentence
from app.web.words import _

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SiteForm:
    """One form of a site's page. `options` are those that it shows and changes, `labels` its labels by field, `values`
    the field values for a site."""

    name: str
    options: tuple[str, ...]
    labels: Callable[[], dict[str, str]]
    values: Callable[[Site], Values]


@dataclass(frozen=True, slots=True)
class Typed:
    """A refused form as typed. `problems` are sentences by field; `theirs` are values that someone else has saved
    meanwhile, as label and text."""

    form: str
    values: Values
    problems: dict[str, str] = field(default_factory=dict)
    theirs: tuple[tuple[str, str], ...] = ()
    status: int = 422


@dataclass(frozen=True, slots=True)
class Shown:
    """One form for its template. The form carries `mark`, which reveals that someone else has saved first."""

    values: Values
    problems: dict[str, str]
    theirs: tuple[tuple[str, str], ...]
    labels: dict[str, str]
    mark: str


Page = Callable[[Site, Typed | None], Response]


class FormRefused(Exception):
    """The form was not saved; `typed` is what to show."""

    def __init__(self, typed: Typed) -> None:
        super().__init__(typed.form)
        self.typed = typed


def site_of(slug: str) -> Site:
    """The site in the address, disabled ones included; 404 when there is none."""
    return running().desk.sites.get(slug) or abort(404)


def show_site(
    template: str, site: Site, current: str, forms: tuple[SiteForm, ...], typed: Typed | None, **context: object
) -> Response:
    """A page of a site with its forms: a refused one as typed, the others as stored."""
    return console_page(
        template,
        status=typed.status if typed else 200,
        site=site,
        current=current,
        base=f"/console/sites/{site.slug}",
        forms={form.name: _shown(form, site, typed) for form in forms},
        **context,
    )


def _shown(form: SiteForm, site: Site, typed: Typed | None) -> Shown:
    labels, mark = form.labels(), marked(site, form.options)
    if typed and typed.form == form.name:
        return Shown(typed.values, typed.problems, typed.theirs, labels, mark)
    return Shown(form.values(site), {}, (), labels, mark)


def saved(
    form: SiteForm, slug: str, page: Page, back: str, options: Mapping[str, Any], values: Values, **more: Any
) -> Response:
    """Save the form and redirect to its page; if refused, show the page again with all typed values."""
    try:
        keep(form, slug, options, values, **more)
    except FormRefused as refused:
        return page(site_of(slug), refused.typed)
    return see_other(f"/console/sites/{slug}{back}")


def keep(form: SiteForm, slug: str, options: Mapping[str, Any], values: Values, **more: Any) -> SiteChange:
    """Save these options of the site; `more` goes into `Wanted`. Raises FormRefused."""
    here = running()
    seen = Seen(form.options, request.form.get("seen", ""))
    wanted = Wanted(options=options, seen=seen, **more)
    try:
        targets = here.settings.targets
        change, names = change_site(here.database, slug, wanted, by=me().id, now=here.clock(), targets=targets)
    except NoSuchSite:
        abort(404)
    except ChangedMeanwhile as meanwhile:
        theirs = _theirs(form, meanwhile.site, values)
        raise FormRefused(Typed(form.name, values, {}, theirs, 409)) from None
    except NotGood as bad:
        raise FormRefused(Typed(form.name, values, by_input(bad.problems))) from None
    flash(_("Saved.") if names else _("Nothing was different."))
    return change


def typed_text(name: str, most: int, problems: dict[str, str]) -> str:
    """A field's text without surrounding blanks; a fault is added to `problems`."""
    text = normal_newlines(request.form.get(name, "")).strip()
    if problem := text_problem(name, text, most):
        problems[name] = sentence(problem)
    elif "\N{REPLACEMENT CHARACTER}" in text:
        problems[name] = _("This could not be read. Please enter it again.")
    return without_control(text)


def ticked(name: str) -> bool:
    """Whether the box is ticked."""
    return request.form.get(name) == "1"


def typed_lines(name: str, most: int, problems: dict[str, str]) -> tuple[str, list[str]]:
    """A field with one item per line: the typed text, and the items."""
    text = typed_text(name, most, problems)
    return text, [line for line in map(str.strip, text.split("\n")) if line]


def read_typed(written: Mapping[str, Any], problems: dict[str, str]) -> dict[str, Any]:
    """The options parsed for saving; faults are added to `problems`."""
    options, wrong = read_options(written, today=today(), languages=languages())
    for name, text in by_input(wrong).items():
        problems.setdefault(name, text)
    return options


def today() -> date:
    """The later of this machine's local date and the UTC date."""
    now = running().clock()
    return max(now.date(), now.astimezone().date())


def _theirs(form: SiteForm, site: Site, values: Values) -> tuple[tuple[str, str], ...]:
    labels, now = form.labels(), form.values(site)
    return tuple((labels[name], _plain(now[name])) for name in labels if name in now and now[name] != values.get(name))


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | tuple | set):
        return ", ".join(str(item) for item in value) or "–"
    return str(value) if value not in (None, "") else "–"
