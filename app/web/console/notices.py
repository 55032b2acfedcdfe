"""The page with the rules about notices: of the desk, and of one's own."""

from collections.abc import Callable, Mapping

from flask import Response, abort, flash, request

from app.actions import notices as actions
from app.channels.chat import SERVICES
from app.channels.wording import EVENT_NAMES
from app.core.fact import Fact
from app.core.notice import BROWSER, EVERYTHING, TEST, Event
from app.core.notice_rule import LONGEST_WAIT, USUAL_WAIT, Rule, When, Whom
from app.core.push import PUSH, Browser
from app.core.role import Role
from app.core.text import Invalid, without_control
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.store.browsers import browsers_of
from app.web.console.frame import (
    administrators_confirmed,
    administrators_only,
    console_page,
    console_pages,
    me,
    technicians_only,
)
from app.web.words import _

pages = console_pages("notices")
ADDRESS = "/console/notices"
_TO_PEOPLE = ("mail", PUSH)  # the channels that reach people


@pages.get("/notices")
@technicians_only
def notices() -> Response:
    """All rules about notices in one table, those of the desk and one's own."""
    return _page({}, {})


@pages.post("/notices/rules")
@administrators_only
def add_rule() -> Response:
    """Add a rule of the desk."""
    return _added(None)


@pages.post("/notices/rules/remove")
@administrators_only
def remove_rule() -> Response:
    """Remove a rule of the desk."""
    return _removed(None)


@pages.post("/notices/usual")
@administrators_only
def usual() -> Response:
    """Let the usual rules hold again."""
    return _saved({}, lambda: actions.use_usual_rules(running().database, by=me().id, now=running().clock()))


@pages.post("/notices/details")
@administrators_only
def details() -> Response:
    """Set whether notices bear the customer's name and problem."""
    wanted = request.form.get("details") == "1"
    return _saved({}, lambda: actions.set_details(running().database, wanted, by=me().id, now=running().clock()))


@pages.post("/notices/places")
@administrators_confirmed
def add_place() -> Response:
    """Add a webhook or a chat, with a rule; the answer shows a webhook's secret, this once."""
    here = running()
    typed = {name: request.form.get(name, "").strip() for name in ("name", "address", "place_event", "site")}
    if typed["site"] not in ("", *here.desk.sites) or typed["place_event"] not in (EVERYTHING, *Event):
        abort(404)
    try:
        secret = actions.add_place(
            here.database,
            here.keys.sealer_in,
            typed["name"],
            typed["address"],
            typed["place_event"],
            typed["site"] or None,
            by=me().id,
            now=here.clock(),
            targets=here.settings.targets,
        )
    except Invalid as invalid:
        return _page(typed, {fact.field: _fault(fact) for fact in invalid.problems})
    if secret:
        return console_page("console/notices_secret.html", name=typed["name"], secret=secret)
    flash(_("Saved."))
    return see_other(ADDRESS)


@pages.post("/notices/places/remove")
@administrators_confirmed
def remove_place() -> Response:
    """Remove a webhook or a chat, and the rules about it."""
    which = request.form.get("place", "")
    if not which.isascii() or not which.isdecimal() or len(which) > 18:
        abort(404)
    here = running()

    def save() -> None:
        try:
            actions.remove_place(here.database, int(which), by=me().id, now=here.clock())
        except actions.NoSuchRule:
            abort(404)

    return _saved({}, save)


@pages.post("/notices/mine")
@technicians_only
def add_mine() -> Response:
    """Add a rule for oneself."""
    return _added(me().id)


@pages.post("/notices/mine/remove")
@technicians_only
def remove_mine() -> Response:
    """Remove a rule of one's own."""
    return _removed(me().id)


@pages.post("/notices/quiet")
@technicians_only
def quiet() -> Response:
    """Set one's quiet hours."""
    typed = request.form.get("quiet", "")
    here = running()
    return _saved({"quiet": typed}, lambda: actions.set_quiet(here.database, me().id, typed, now=here.clock()))


@pages.post("/notices/test")
@technicians_only
def test() -> Response:
    """Send a test the way of a rule: by mail to oneself, or to the rule's place."""
    here = running()
    rule = _rule_by_mark(request.form.get("rule", ""))
    if rule is None or rule.by not in here.channels or not here.desk.sites:
        abort(404)
    if rule.place is not None and not me().role.includes(Role.ADMINISTRATOR):
        abort(403)
    receivers = _test_receivers(rule)
    if not receivers:
        flash(_("None of your browsers is told. Your account page lets this one be told."))
        return see_other(ADDRESS)
    for receiver in receivers:
        actions.send_test(here.database, rule.by, receiver, next(iter(here.desk.sites)), now=here.clock())
    here.tell_now()
    flash(_("A test is on its way."))
    return see_other(ADDRESS)


def _test_receivers(rule: Rule) -> list[str]:
    """The place of a rule, or the reader by its channel."""
    if rule.place is not None:
        return [rule.to]
    return [f"{BROWSER}:{one.id}" for one in _my_browsers()] if rule.by == PUSH else [f"technician:{me().id}"]


def _my_browsers() -> list[Browser]:
    with running().database.read() as connection:
        return browsers_of(connection, [me().id])


def _rule_by_mark(mark: str) -> Rule | None:
    book = running().desk.notices
    own = book.people.get(me().id)
    rules = (*book.desk_rules, *((own.rules or ()) if own else ()))
    return next((rule for rule in rules if rule.mark == mark), None)


def _added(whose: int | None) -> Response:
    names = ("event", "to", "by", "when", "minutes")
    prefix = "" if whose is None else "my_"
    typed = {name: request.form.get(prefix + name, "").strip() for name in names}
    if whose is not None:
        typed["to"] = Whom.ME

    def save() -> None:
        actions.add_rule(running().database, whose, _read(typed, whose), by=me().id, now=running().clock())

    return _saved({prefix + name: text for name, text in typed.items()}, save, prefix)


def _removed(whose: int | None) -> Response:
    mark = request.form.get("rule", "")
    here = running()

    def save() -> None:
        try:
            actions.remove_rule(here.database, whose, mark, by=me().id, now=here.clock())
        except actions.NoSuchRule:
            abort(404)

    return _saved({}, save)


def _read(typed: Mapping[str, str], whose: int | None) -> Rule:
    """The rule that was chosen. Raises Invalid."""
    event, to, when = typed["event"], typed["to"], typed["when"] or When.ALWAYS
    if event not in (EVERYTHING, *Event):
        raise Invalid(Fact("event", "missing"))
    if when not in list(When):
        raise Invalid(Fact("when", "missing"))
    if whose is None and to not in dict(_receivers()):
        raise Invalid(Fact("to", "missing"))
    minutes = typed["minutes"] or str(USUAL_WAIT)
    if not (minutes.isascii() and minutes.isdecimal() and len(minutes) < 6):
        raise Invalid(Fact("minutes", "range"))
    return Rule(event=event, to=to, by=_by(to, typed["by"]), minutes=int(minutes), when=When(when))


def _by(to: str, wanted: str) -> str:
    """The channel by which this receiver is told: people by the one that was chosen. Raises Invalid."""
    place = running().desk.notices.places.get(int(to.removeprefix("place:"))) if to.startswith("place:") else None
    if place is None and wanted not in ("", *_TO_PEOPLE):
        raise Invalid(Fact("by", "missing"))
    return place.kind if place else wanted or _TO_PEOPLE[0]


def _saved(typed: Mapping[str, str], save: Callable[[], None], prefix: str = "") -> Response:
    try:
        save()
    except Invalid as invalid:
        return _page(typed, {prefix + fact.field: _fault(fact) for fact in invalid.problems})
    flash(_("Saved."))
    return see_other(ADDRESS)


def _fault(fact: Fact) -> str:
    words = {
        "quiet": _("Please write it like this: 22:00-07:00"),
        "minutes": _("A number from 1 to %(n)s, please.", n=LONGEST_WAIT),
        "name": _("Please give it a name, of at most %(n)s characters.", n=actions.LONGEST_NAME),
        "address": _("This is neither an https address nor that of a chat service we know."),
    }
    if fact.code == "not_public":
        return _("This is no public address. The operator can allow it (HANDBELL_PRIVATE_TARGETS).")
    if fact.code == "many":
        return _("There are too many rules. Remove one first.")
    return words.get(fact.field, _("Please choose one."))


def _page(typed: Mapping[str, str], problems: Mapping[str, str]) -> Response:
    here = running()
    desk = here.desk
    own = desk.notices.people.get(me().id)
    values = {
        "minutes": str(USUAL_WAIT),
        "my_minutes": str(USUAL_WAIT),
        "place_event": EVERYTHING,
        "quiet": (own and own.quiet) or "",
    }
    return console_page(
        "console/notices.html",
        status=422 if problems else 200,
        rules=[_shown(rule) for rule in desk.notices.desk_rules],
        mine=[_shown(rule) for rule in (own.rules or ())] if own else [],
        is_usual=desk.notices.desk.rules is None,
        details=desk.notices.desk.details,
        is_administrator=me().role.includes(Role.ADMINISTRATOR),
        has_mail=here.settings.mailing is not None,
        events=[(str(event), _(EVENT_NAMES[event])) for event in (*Event, EVERYTHING)],
        addresses=[
            {"id": place.id, "name": place.name, "shown": place.shown, "site": place.site, "gone": place.gone}
            for place in desk.notices.places.values()
        ],
        sites=[("", _("All sites")), *((site.slug, site.name) for site in desk.sites.values())],
        services=", ".join(service.name for service in SERVICES),
        longest_name=actions.LONGEST_NAME,
        receivers=_receivers(),
        whens=list(_when_words().items()),
        values={**values, **{name: without_control(text) for name, text in typed.items()}},
        problems=problems,
        labels=_labels(),
        mail=me().email,
        ways=[(way, way_words(way)) for way in _TO_PEOPLE],
        browsers=len(_my_browsers()),
    )


def _shown(rule: Rule) -> dict[str, object]:
    place = running().desk.notices.places.get(rule.place) if rule.place is not None else None
    whom = place.name if place else _whom_words().get(rule.to, "–")
    return {
        "mark": rule.mark,
        "event": _(EVENT_NAMES[rule.event]),
        "minutes": rule.minutes,
        "to": whom,
        "by": way_words(rule.by),
        "when": "" if rule.when is When.ALWAYS else _when_words()[rule.when],
        "works": rule.by in running().channels and (rule.place is None or (place is not None and not place.gone)),
        "testable": rule.place is None or me().role.includes(Role.ADMINISTRATOR),
    }


def way_words(channel: str) -> str:
    """A channel in words."""
    words = {
        "mail": _("Mail"),
        "webhook": _("Webhook"),
        "hook": _("Webhook"),
        "chat": _("Chat"),
        PUSH: _("Push to browsers"),
    }
    return words.get(channel, channel)


def event_words(event: str) -> str:
    """An event in words."""
    return _(EVENT_NAMES[event]) if event in EVENT_NAMES or event == TEST else event


def _receivers() -> list[tuple[str, str]]:
    words = _whom_words()
    people = [(whom, words[whom]) for whom in (Whom.MAY_TAKE, Whom.ITS, Whom.SUPERVISORS, Whom.ADMINISTRATORS)]
    places = running().desk.notices.places.values()
    return [(str(whom), said) for whom, said in people] + [(f"place:{one.id}", one.name) for one in places]


def _whom_words() -> dict[str, str]:
    return {
        Whom.MAY_TAKE: _("Technicians who may take it"),
        Whom.ITS: _("The technician who has it"),
        Whom.SUPERVISORS: _("Supervisors"),
        Whom.ADMINISTRATORS: _("Administrators"),
        Whom.ME: _("Me"),
    }


def _when_words() -> dict[str, str]:
    return {
        When.ALWAYS: _("Always"),
        When.OPEN: _("Only during opening hours"),
        When.CLOSED: _("Only outside opening hours"),
    }


def _labels() -> dict[str, str]:
    names = {
        "event": _("What happens"),
        "to": _("Who is told"),
        "by": _("How"),
        "when": _("When"),
        "minutes": _("Waits, in minutes"),
    }
    places = {"name": _("Name"), "address": _("Address"), "place_event": names["event"], "site": _("Site")}
    mine = {f"my_{name}": label for name, label in names.items()}
    return {**names, **mine, **places, "quiet": _("Quiet hours")}
