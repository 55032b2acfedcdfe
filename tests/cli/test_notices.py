"""`handbell notice`: what people were told, sent again, and tried."""

from app.actions.browsers import public_key, subscribe
from app.core.notice import NoticeState
from app.core.push import read_subscription
from app.core.targets import ANYWHERE
from app.store.audit import acts
from app.store.notices import add_notices, claim_notices, finish
from tests.actions.outbox import parked
from tests.cli.command import Handbell
from tests.keys_in_use import sealer_at
from tests.mail_server import mailing
from tests.push_service import PushedBrowser, pushed_browser
from tests.store.rows import NOW
from tests.webhook_receiver import receiving

ANNA = "anna@example.com"


def given_up(handbell: Handbell) -> str:
    """One notice that is given up; its id."""
    with handbell.database() as database:
        database.write(lambda connection: add_notices(connection, [parked("default", 7, NOW)]))
        (one,) = database.write(lambda c: claim_notices(c, ("webhook",), NOW, 1, NOW))
        database.write(lambda c: finish(c, one, NoticeState.GIVEN_UP, "status 500", NOW))
    return one.id


def told_from_now_on(filled: Handbell, *browsers: PushedBrowser) -> None:
    """Anna lets these browsers be told."""
    filled.says("keys", "list")
    sealer = sealer_at(f"sqlite:///{filled.data / 'handbell.sqlite3'}", filled.data / "keys")
    with filled.database() as database:
        public_key(database, lambda _: sealer, now=NOW)
        for browser in browsers:
            subscription = read_subscription(**browser.subscription, targets=ANYWHERE)
            subscribe(database, lambda _: sealer, subscription, by=1, now=NOW, user_agent=None, session="s")


def test_notices_are_listed_and_sent_again(filled: Handbell) -> None:
    assert filled.says("notice", "list") == "none\n"
    its_id = given_up(filled)
    (shown,) = filled.json("notice", "list")
    assert {name: shown[name] for name in ("id", "event", "channel", "state", "attempts")} == {
        "id": its_id,
        "event": "request.parked",
        "channel": "webhook",
        "state": "given_up",
        "attempts": 1,
    }
    assert shown["created_at"].startswith("2026-")
    assert shown["due_at"] is None
    assert filled.says("notice", "retry", its_id) == "sent again: 1\n"
    (shown,) = filled.json("notice", "list", "--state", "waiting")
    assert (shown["id"], shown["attempts"]) == (its_id, 0)
    assert filled.json("notice", "list", "--state", "given_up") == []
    with filled.database() as database, database.read() as connection:
        assert acts(connection)[0].act == "notices.sent_again"
    assert filled.fails("notice", "retry", "msg_x") == (
        "handbell: none of these notices is there, or they are under way"
    )


def test_a_channel_is_tried(filled: Handbell) -> None:
    assert filled.fails("notice", "test", "webhook") == "handbell: no site has the channel webhook"
    assert "there is no channel pigeon; there are: webhook, mail, push" in filled.fails("notice", "test", "pigeon")
    with receiving() as receiver:
        filled.says("site", "set", "default", "--webhook", receiver.address)
        assert filled.says("notice", "test", "webhook") == "default: delivered, status 204\n"
        assert b'"handbell.test"' in receiver.got[0][2]
        receiver.does = 500
        failed = filled.run("notice", "test", "webhook", "--site", "default")
        assert (failed.returncode, failed.stdout) == (1, "default: failed, status 500\n")
    assert filled.json("notice", "list") == []


def test_mail_is_tried(filled: Handbell) -> None:
    assert "HANDBELL_SMTP_URL" in filled.fails("notice", "test", "mail", "--to", "anna@example.com")
    with mailing() as box:
        given = {"HANDBELL_SMTP_URL": box.url, "HANDBELL_MAIL_FROM": "help@example.com"}
        sent = filled.run("notice", "test", "mail", "--to", "anna@example.com", **given)
        assert (sent.returncode, sent.stdout) == (0, "anna@example.com: delivered, status 250\n")
        assert box.to == ["anna@example.com"]
        assert filled.fails("notice", "test", "mail", **given) == "handbell: mail needs --to MAIL"


def test_push_is_tried(filled: Handbell) -> None:
    assert filled.fails("notice", "test", "push") == "handbell: push needs --to MAIL, a technician's address"
    assert filled.fails("notice", "test", "push", "--to", "x@example.com") == (
        "handbell: there is no technician x@example.com"
    )
    assert "no browser of anna@example.com is told" in filled.fails("notice", "test", "push", "--to", ANNA)
    with pushed_browser() as browser:
        other = PushedBrowser(browser.service, "/send/two")  # at the same push service
        told_from_now_on(filled, browser, other)
        said = filled.says("notice", "test", "push", "--to", "Anna@example.com").splitlines()
        assert sorted(line.partition(" at ")[0] for line in said) == ["browser 1", "browser 2"]
        assert all(line.endswith(": delivered, status 201") for line in said)
        assert len(other.told()) == 1
        (told,) = browser.told()
        assert told["url"] == "http://127.0.0.1:8000/console/"
        assert browser.claims()["sub"] == "http://127.0.0.1:8000"
        browser.service.does = 410
        gone = filled.run("notice", "test", "push", "--to", ANNA)
        assert (gone.returncode, "gone, status 410" in gone.stdout) == (1, True)
    assert filled.json("notice", "list") == []
