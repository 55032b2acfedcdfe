"""The outbox: what people were told, and how that went; sent again by one press."""

from datetime import datetime

from flask import Response, abort, flash, request

from app.actions import notices as actions
from app.core.notice import BROWSER, NoticeState
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.store.browsers import owners_of
from app.store.notices import Listed, count_given_up, list_notices
from app.web.console.frame import administrators_only, console_page, console_pages, me
from app.web.console.notices import event_words, way_words
from app.web.words import _

pages = console_pages("outbox")
ADDRESS = "/console/desk/notices"
_ON_PAGE = 50
_MOST_AGAIN = 1000


@pages.get("/desk/notices")
@administrators_only
def outbox() -> Response:
    """The newest notices, or with `state` those in one state; `before` and `id` go on after one."""
    state = request.args.get("state", "")
    if state not in ("", *NoticeState):
        abort(404)
    wanted = NoticeState(state) if state else None
    with running().database.read() as connection:
        found = list_notices(connection, state=wanted, before=_before(), most=_ON_PAGE + 1)
        given_up = count_given_up(connection)
    owners = _owners(found)
    last = found[_ON_PAGE - 1] if len(found) > _ON_PAGE else None
    return console_page(
        "console/outbox.html",
        notices=[_shown(one, owners) for one in found[:_ON_PAGE]],
        state=state,
        states=[("", _("All")), *((one.value, words) for one, words in _state_words().items())],
        given_up=given_up,
        older=f"{ADDRESS}?state={state}&before={last.created_at.isoformat()}&id={last.id}" if last else None,
    )


@pages.post("/desk/notices/again")
@administrators_only
def again() -> Response:
    """Send one notice again, or all that were given up."""
    here = running()
    its_id = request.form.get("notice", "")
    with here.database.read() as connection:
        given_up = list_notices(connection, state=NoticeState.GIVEN_UP, most=_MOST_AGAIN) if not its_id else []
    try:
        ids = [its_id] if its_id else [one.id for one in given_up]
        actions.retry(here.database, ids, by=me().id, now=here.clock())
    except actions.NoSuchNotice:
        abort(404)
    here.tell_now()
    flash(_("It is on its way again."))
    return see_other(ADDRESS)


def _before() -> tuple[datetime, str] | None:
    written = request.args.get("before", "")
    if not written:
        return None
    try:
        at = datetime.fromisoformat(written.replace(" ", "+"))
    except ValueError:
        abort(404)
    if at.tzinfo is None:
        abort(404)
    return at, request.args.get("id", "")


def _owners(found: list[Listed]) -> dict[int, int]:
    """The technicians of the browsers that are told, by the browsers' ids."""
    browsers = [int(one.receiver.partition(":")[2]) for one in found if one.receiver.startswith(f"{BROWSER}:")]
    with running().database.read() as connection:
        return owners_of(connection, browsers)


def _shown(one: Listed, owners: dict[int, int]) -> dict[str, object]:
    staff = running().desk.staff
    kind, _colon, which = one.receiver.partition(":")
    number = int(which) if which.isdecimal() else -1
    person = staff.technician({"technician": number, BROWSER: owners.get(number)}.get(kind))
    place = running().desk.notices.places.get(int(which)) if kind == "place" and which.isdecimal() else None
    return {
        "id": one.id,
        "event": event_words(one.event),
        "by": way_words(one.channel),
        "to": person.name if person else place.name if place else which,
        "ticket": one.ticket,
        "reference": one.reference,
        "state": one.state,
        "state_words": _state_words()[one.state],
        "attempts": one.attempts,
        "perhaps_twice": one.perhaps_twice,
        "why": one.why if one.state is not NoticeState.DELIVERED else None,
        "at": one.created_at,
    }


def _state_words() -> dict[NoticeState, str]:
    return {
        NoticeState.WAITING: _("On its way"),
        NoticeState.DELIVERED: _("Delivered"),
        NoticeState.GIVEN_UP: _("Given up"),
        NoticeState.DROPPED: _("No longer needed"),
    }
