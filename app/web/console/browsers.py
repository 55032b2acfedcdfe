"""The browsers that ring while the console is closed: of the reader's own account, by Web Push."""

from flask import Blueprint, Response, flash, jsonify, make_response, request

from app.actions import browsers as actions
from app.actions.log_in import session_hash
from app.actions.notices import send_test
from app.core.fact import Fact
from app.core.notice import BROWSER
from app.core.push import MOST_BROWSERS, PUSH, read_subscription
from app.core.text import Invalid
from app.core.user_agent import browser_words
from app.edge.access import Who, open_to
from app.edge.headers import JSON, with_headers
from app.edge.incoming import see_other
from app.edge.this_app import running
from app.files.assets import assets
from app.store.browsers import browsers_of
from app.store.console_sessions import public_id
from app.web.console.frame import console_pages, me, my_session, technicians_only
from app.web.words import _

worker = Blueprint("console_worker", __name__, url_prefix="/console")
calls = console_pages("push_calls", json=True)
pages = console_pages("push")
_ACCOUNT = "/console/account#rings"
_WORKER = [
    ("Content-Security-Policy", "default-src 'none'"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-cache"),
]


@worker.get("/worker.js")
@open_to(Who.EVERYONE)
def service_worker() -> Response:
    """The service worker, at an address that lets it serve the console and nothing else; it holds nothing secret."""
    file = assets()["worker.js"]
    return with_headers(Response(file.plain, content_type=file.content_type), _WORKER)


@calls.post("/account/browsers/key")
@technicians_only
def key() -> Response:
    """The public key that a browser subscribes with."""
    here = running()
    return with_headers(jsonify(key=actions.public_key(here.database, here.keys.sealer_in, now=here.clock())), JSON)


@calls.post("/account/browsers")
@technicians_only
def add() -> Response:
    """Let the browser that calls be told: `endpoint`, `p256dh` and `auth` of its subscription. 422 when refused."""
    here = running()
    endpoint, p256dh, auth = (request.form.get(name, "") for name in ("endpoint", "p256dh", "auth"))
    try:
        subscription = read_subscription(endpoint, p256dh, auth, here.settings.targets)
        actions.subscribe(
            here.database,
            here.keys.sealer_in,
            subscription,
            by=me().id,
            now=here.clock(),
            user_agent=request.headers.get("User-Agent", "")[:300] or None,
            session=public_id(session_hash(my_session())),
        )
    except Invalid as invalid:
        problem = _fault(invalid.problems[0])
        return with_headers(make_response(jsonify(error=problem), 422), JSON)
    return with_headers(make_response(jsonify(mark=subscription.mark), 201), JSON)


@pages.post("/account/browsers/remove")
@technicians_only
def remove() -> Response:
    """Tell one of the reader's browsers nothing more."""
    if which := _which():
        actions.unsubscribe(running().database, which, by=me().id)
    flash(_("This browser is told nothing more."))
    return see_other(_ACCOUNT)


@pages.post("/account/browsers/test")
@technicians_only
def test() -> Response:
    """Push a test to one of the reader's browsers."""
    here = running()
    which = _which()
    if here.desk.sites and which in {one["id"] for one in own_browsers()}:
        send_test(here.database, PUSH, f"{BROWSER}:{which}", next(iter(here.desk.sites)), now=here.clock())
        here.tell_now()
        flash(_("A test is on its way."))
    return see_other(_ACCOUNT)


def own_browsers() -> list[dict[str, object]]:
    """The reader's browsers as rows of the account page."""
    with running().database.read() as connection:
        found = browsers_of(connection, [me().id])
    return [
        {"id": one.id, "mark": one.mark, "words": browser_words(one.user_agent), "host": one.host, "at": one.created_at}
        for one in found
    ]


def _which() -> int | None:
    text = request.form.get("browser", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else None


def _fault(fact: Fact) -> str:
    if fact.code == "many":
        return _("At most %(n)s browsers are told. Remove one first.", n=MOST_BROWSERS)
    return _("The address of this browser’s push service is not one that Handbell may call.")
