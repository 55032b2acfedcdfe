"""The audit log page."""

from typing import Any, Literal
from urllib.parse import urlencode

from flask import Response, abort, request

from app.edge.this_app import running
from app.store.audit import COMMAND_LINE, Act, acts, kinds_of_acts
from app.web.console.frame import administrators_only, console_page, console_pages
from app.web.words import _

pages = console_pages("audit")
_PAGE = 50


@pages.get("/audit")
@administrators_only
def audit() -> Response:
    """The newest entries first; `?who=` and `?act=` filter, `?before=` goes to the next page."""
    here = running()
    who, act = request.args.get("who", ""), request.args.get("act", "")
    before = request.args.get("before", type=int)
    if before is not None and not 0 < before < 2**63:
        abort(404)
    with here.database.read() as connection:
        kinds = kinds_of_acts(connection)
        found = acts(connection, who=_who(who), act=_known(act, kinds), before=before, most=_PAGE + 1)
    shown = found[:_PAGE]
    older = urlencode({"who": who, "act": act, "before": shown[-1].id}) if len(found) > _PAGE else None
    return console_page(
        "console/audit.html",
        rows=[_row(one) for one in shown],
        people=[("", _("Everybody")), (COMMAND_LINE, _("Command line")), *_people()],
        acts=[("", _("Everything")), *((kind, kind) for kind in kinds)],
        values={"who": who, "act": act},
        next_url=f"/console/audit?{older}" if older else None,
        is_chosen=bool(who or act or before),
    )


def _people() -> list[tuple[str, str]]:
    staff = running().desk.staff.technicians.values()
    return [(str(one.id), f"{one.name} ({one.email})") for one in sorted(staff, key=lambda one: one.name.lower())]


def _who(text: str) -> int | Literal["command-line"] | None:
    """The technician to filter by; 404 when unknown."""
    if text == "":
        return None
    if text == COMMAND_LINE:
        return COMMAND_LINE
    if text not in {number for number, _name in _people()}:
        abort(404)
    return int(text)


def _known(act: str, kinds: list[str]) -> str | None:
    if act and act not in kinds:
        abort(404)
    return act or None


def _row(act: Act) -> dict[str, Any]:
    technician = running().desk.staff.technician(act.who)
    return {
        "at": act.at,
        "who": technician.name if technician else None,
        "email": technician.email if technician else None,
        "act": act.act,
        "about": act.about,
        "detail": [(name.replace("_", " "), *_change(act.act, value)) for name, value in act.detail.items()],
    }


def _change(act: str, value: Any) -> tuple[str | None, str]:
    """The old value, if the act is a change, and the new value."""
    if act.endswith((".changed", ".renamed")) and isinstance(value, list) and len(value) == 2:
        return _plain(value[0]), _plain(value[1])
    return None, _plain(value)


def _plain(value: Any) -> str:
    if value is None or value in ("", []):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_plain(part) for part in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(part)}" for name, part in value.items())
    return str(value)
