"""The queues: waiting customers, their queue, and how long they have waited."""

from datetime import UTC, datetime

from flask import Response, abort, request
from sqlalchemy import Connection

from app.core.call_back import CallBack
from app.core.customer import FIELDS
from app.core.customer_info import InfoMode
from app.core.queue_view import STATES, NoSuchQueue, QueueName, QueueView, queue_view, queues_for
from app.core.role import Role
from app.core.ticket import Ticket, TicketState
from app.edge.this_app import running
from app.store import queues as store
from app.store.call_backs import call_backs_of, later_call_backs, without_promised
from app.store.tickets import tickets_by_number
from app.store.unread import unread_for
from app.web.console.call_back import call_back_row, tag_of
from app.web.console.frame import console_page, console_pages, me, technicians_only, waiting_since
from app.web.console.live import unless_changed_with
from app.web.words import _

_TEXTS = frozenset(each.name for each in FIELDS if each.lines)
pages = console_pages("queue")
_PAGE = 50
_MOST_SESSIONS = 50


def _unread() -> dict[int, int]:
    """Unread lines in the viewer's sessions, by ticket."""
    with running().database.read() as connection:
        return unread_for(connection, me().id)


@pages.get("/")
@technicians_only
@unless_changed_with(_unread)
def queue() -> Response:
    """The viewer's sessions and what they may take, a queue, or the results of a search."""
    view = _view()
    here = running()
    with here.database.read() as connection:
        queues = {name: without_promised(connection, lanes, here.clock()) for name, lanes in _queues().items()}
        counts = store.count_waiting(connection, queues)
        found = _search(connection, view) if view.search else _listed(connection, view, queues)
        later = _later(connection) if view.for_me and view.first else []
        sessions = _sessions(connection) if view.for_me and view.first else []
        promises = call_backs_of(connection, [each.number for each in (*found.tickets, *sessions)])
    unread = _unread()
    words = waited_words()
    return console_page(
        "console/queue.html",
        view=view,
        tabs=_tabs(view, counts),
        states=_states(view),
        departments=_departments(view),
        waiting=counts[view.queue],
        sessions=[
            {**_row(ticket, words, promises), "unread": unread.get(ticket.number)}
            for ticket in sessions[:_MOST_SESSIONS]
        ],
        unread=sum(unread.values()),
        more_sessions=len(sessions) > _MOST_SESSIONS,
        sessions_url=QueueView(QueueName.MINE, "active").url(),
        rows=[_row(ticket, words, promises) for ticket in found.tickets],
        later=later,
        words=words,
        next_url=_next_url(view, found),
        read_from=found.read_from,
        refresh_url=view.url(),
    )


def waited_words() -> dict[str, str]:
    """Texts for a waiting time by unit, with `{n}`, or `{h}` and `{m}`."""
    return {
        "minutes": _("%(n)s min", n="{n}"),
        "hours": _("%(h)s h %(m)s min", h="{h}", m="{m}"),
        "days": _("%(n)s days", n="{n}"),
    }


def queue_row(ticket: Ticket, words: dict[str, str] | None = None) -> dict[str, object]:
    """A ticket as a row of the queue. `words` are `waited_words()`, passed in to look them up once for many rows."""
    here = running()
    staff = here.desk.staff
    technician, owner = staff.technician(ticket.technician_id), staff.technician(ticket.owner_id)
    department = staff.departments.get(ticket.department_id or -1)
    called = next(((name, text) for name, text in ticket.customer.given().items() if name not in _TEXTS), None)
    until = here.clock() if ticket.state is TicketState.WAITING else ticket.claimed_at or ticket.ended_at
    seconds = max(0, int(((until or here.clock()) - ticket.created_at).total_seconds()))
    return {
        "number": ticket.number,
        "reference": ticket.reference,
        "url": f"/console/tickets/{ticket.number}",
        "claim_url": f"/console/tickets/{ticket.number}/claim",
        "waited": _waited(seconds, words or waited_words()),
        "waits": seconds if ticket.state is TicketState.WAITING else None,
        "late": ticket.state is TicketState.WAITING and seconds > here.desk.options.long_wait * 60,
        "created_at": ticket.created_at.isoformat(timespec="seconds"),
        "customer": called[1] if called else "",
        "verified": called is not None and called[0] in ticket.verified,
        "problem": " ".join((ticket.customer.problem or "").split())[:160],
        "department": department.name if department else None,
        "technician": technician.name if technician else None,
        "away": bool(technician and (technician.away or technician.disabled)),
        "owner": owner.name if owner else None,
        "asked_info": ticket.info_mode is not InfoMode.HIDDEN,
        "state": ticket.state,
    }


def _view() -> QueueView:
    try:
        view = queue_view(request.args, me().role)
    except NoSuchQueue:
        abort(404)
    if view.department is not None and view.department not in dict(_departments(view)):
        abort(404)
    return view


def _queues() -> dict[str, store.Queue]:
    staff = running().desk.staff
    queues = {
        QueueName.FOR_ME: store.for_viewer(me(), staff, waiting_since()),
        QueueName.MINE: store.mine(me()),
        QueueName.DEPARTMENTS: store.of_departments(me(), staff),
        QueueName.GENERAL: store.general(waiting_since()),
        QueueName.ALL: store.everything(),
    }
    return {name: queues[name] for name in queues_for(me().role)}


def _sessions(connection: Connection) -> list[Ticket]:
    """The viewer's open sessions, the oldest first, and one more than a page has if there are more."""
    return store.oldest_of(connection, store.sessions_of(me()), TicketState.ACTIVE, after=None, most=_MOST_SESSIONS + 1)


def _row(ticket: Ticket, words: dict[str, str], promises: dict[int, CallBack]) -> dict[str, object]:
    row = queue_row(ticket, words)
    promise = promises.get(ticket.number)
    if promise is None or not ticket.is_open:
        return row
    told = call_back_row(ticket, promise)
    return {
        **row,
        "late": told["is_late"] and row["waits"] is not None,
        "call_back": tag_of(told),
        "kept": told["kept"],
    }


def _later(connection: Connection) -> list[dict[str, object]]:
    """Call-backs whose time has not come, of tickets that the viewer may take."""
    visible = store.visible_to(me(), running().desk.staff, datetime.min.replace(tzinfo=UTC))
    promises = {each.ticket: each for each in later_call_backs(connection, visible, running().clock())}
    found = {ticket.number: ticket for ticket in tickets_by_number(connection, list(promises))}
    return [
        {**queue_row(found[number]), **call_back_row(found[number], promise)} for number, promise in promises.items()
    ]


def _listed(connection: Connection, view: QueueView, queues: dict[str, store.Queue]) -> store.Found:
    if view.for_me:
        lanes = queues[view.queue]
        rows = store.oldest_of(connection, lanes, TicketState.WAITING, after=view.after, most=_PAGE + 1)
        return _one_page(rows)
    lanes = queues[view.queue]
    if view.department is not None:
        lanes = without_promised(connection, (store.of_department(view.department),), running().clock())
    return _one_page(store.page_of(connection, lanes, STATES[view.state], before=view.before, most=_PAGE + 1))


def _one_page(rows: list[Ticket]) -> store.Found:
    last = rows[_PAGE - 1].number if len(rows) > _PAGE else None
    return store.Found(rows[:_PAGE], last, None)


def _next_url(view: QueueView, found: store.Found) -> str | None:
    if found.before is None:
        return None
    return view.url(after=found.before) if view.for_me else view.url(before=found.before)


def _search(connection: Connection, view: QueueView) -> store.Found:
    visible = store.visible_to(me(), running().desk.staff, waiting_since())
    return store.search(connection, view.search, visible, before=view.before, most=_PAGE)


def _tabs(view: QueueView, counts: dict[str, int]) -> list[dict[str, object]]:
    labels = {
        QueueName.FOR_ME: _("For me"),
        QueueName.MINE: _("Mine"),
        QueueName.DEPARTMENTS: _("My departments"),
        QueueName.GENERAL: _("General"),
        QueueName.ALL: _("All"),
    }
    return [
        {
            "key": name,
            "label": labels[name],
            "url": QueueView(name).url(),
            "count": counts[name],
            "current": name is view.queue and not view.search,
        }
        for name in queues_for(me().role)
    ]


def _states(view: QueueView) -> list[dict[str, object]]:
    labels = {"waiting": _("Waiting"), "active": _("In session"), "closed": _("Ended")}
    if view.for_me:
        return []
    return [
        {"label": label, "url": view.url(state=state, before=None), "current": state == view.state}
        for state, label in labels.items()
    ]


def _departments(view: QueueView) -> list[tuple[int, str]]:
    """The departments by which this queue can be filtered."""
    if view.search or view.queue not in (QueueName.DEPARTMENTS, QueueName.ALL):
        return []
    everyone = me().role.includes(Role.SUPERVISOR) and view.queue is QueueName.ALL
    known = running().desk.staff.departments.values()
    return [(d.id, d.name) for d in known if everyone or d.id in me().departments]


def _waited(seconds: int, words: dict[str, str]) -> str:
    """The waiting time in words. The page's script writes the same as time passes: `waited.ts`."""
    minutes = seconds // 60
    if minutes < 60:
        return words["minutes"].replace("{n}", str(minutes))
    if minutes < 48 * 60:
        return words["hours"].replace("{h}", str(minutes // 60)).replace("{m}", str(minutes % 60))
    return words["days"].replace("{n}", str(minutes // (24 * 60)))
