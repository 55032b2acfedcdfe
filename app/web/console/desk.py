"""The desk's options."""

from collections.abc import Collection

from flask import Response, flash, request

from app.actions.desk_options import change_desk_options
from app.core.desk_options import LONGEST_KEPT_DAYS, LONGEST_WAIT_MINUTES
from app.core.role import Role
from app.core.text import without_control
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.web.console.frame import administrators_confirmed, administrators_only, console_page, console_pages, me
from app.web.console.team import role_words
from app.web.words import _

pages = console_pages("desk")
_LIMITS = {"long_wait": LONGEST_WAIT_MINUTES, "retention_days": LONGEST_KEPT_DAYS}


@pages.get("/desk")
@administrators_only
def desk() -> Response:
    """The current options."""
    options = running().desk.options
    values = {"long_wait": str(options.long_wait), "retention_days": _written(options.retention_days)}
    https = running().settings.https
    return _page(values, {}, {role for role in Role if options.demands_second_factor(role, https=https)})


@pages.post("/desk")
@administrators_confirmed
def change() -> Response:
    """Change the options."""
    here = running()
    values = {name: request.form.get(name, "").strip() for name in _LIMITS}
    roles = [role for role in Role if role in request.form.getlist("second_factor")]
    numbers = {name: _number(text, _LIMITS[name]) for name, text in values.items()}
    wrong = {name for name, number in numbers.items() if number is None}
    if values["retention_days"] == "":
        wrong.discard("retention_days")
    if wrong:
        shown = {name: without_control(text) for name, text in values.items()}
        return _page(shown, {name: _between(_LIMITS[name]) for name in _LIMITS if name in wrong}, roles)
    changes = {**numbers, **_rule(roles), **_call_backs()}
    change_desk_options(here.database, changes, by=me().id, now=here.clock())
    flash(_("Saved."))
    return see_other("/console/desk")


def _call_backs() -> dict[str, bool]:
    """Whether there are call-backs; empty from a page without the box, which an earlier version made."""
    return {"call_backs": request.form.get("call_backs") == "1"} if "call_backs_shown" in request.form else {}


def _rule(roles: Collection[Role]) -> dict[str, tuple[Role, ...]]:
    """The roles that need a second factor, if that differs from the current rule; else empty."""
    here = running()
    before = [role for role in Role if here.desk.options.demands_second_factor(role, https=here.settings.https)]
    return {} if before == list(roles) else {"second_factor_roles": tuple(roles)}


def _page(values: dict[str, str], problems: dict[str, str], second_factor: Collection[Role]) -> Response:
    return console_page(
        "console/desk.html",
        status=422 if problems else 200,
        values=values,
        problems=problems,
        longest_wait=LONGEST_WAIT_MINUTES,
        longest_kept=LONGEST_KEPT_DAYS,
        usual_days=running().settings.retention_days,
        call_backs=_call_backs().get("call_backs", running().desk.options.call_backs),
        roles=[(role, name, role in second_factor) for role, name in role_words().items()],
    )


def _number(text: str, most: int) -> int | None:
    """A whole number from 1 to `most`, in ASCII digits; else None."""
    plain = len(text) <= 6 and text.isascii() and text.isdecimal()
    return int(text) if plain and 1 <= int(text) <= most else None


def _written(number: int | None) -> str:
    return "" if number is None else str(number)


def _between(most: int) -> str:
    return _("A number from 1 to %(n)s, please.", n=most)
