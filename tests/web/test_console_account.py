"""The account page, and the log-in around it, over HTTP."""

import re

import pytest
from flask import Flask

from app.actions.key_change import revoke, rotate
from app.keys.installation_secret import installation_secret
from app.process.running import Running
from app.store.audit import acts
from app.store.staff import load_staff
from tests.actions.authenticator import Authenticator
from tests.conftest import PASSWORD, StandingClock
from tests.keys_in_use import keys_of
from tests.page_client import Answer, PageClient
from tests.web.account_owner import SECOND_FACTOR, Owner
from tests.web.console_client import ANNA, BEN, cookie, csrf_of, is_in, log_in

ACCOUNT = "/console/account"
NEW = "tidy kettle forgets"
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}


def post(client: PageClient, path: str, page: str = ACCOUNT, **fields: str) -> Answer:
    return client.post(path, {"csrf_token": csrf_of(client.get(page)), **fields})


def change_password(client: PageClient, old: str = PASSWORD, new: str = NEW, again: str = NEW) -> Answer:
    return post(client, f"{ACCOUNT}/password", old_password=old, new_password=new, new_password_again=again)


def said(client: PageClient) -> str:
    return str(client.get(ACCOUNT).select(".saying").get_text())


@pytest.fixture
def owner(app: Flask, clock: StandingClock) -> Owner:
    return Owner(app, clock)


@pytest.mark.slow
def test_the_account_says_who_one_is(app: Flask, client: PageClient) -> None:
    log_in(client)
    facts = client.get(ACCOUNT).select("section[aria-labelledby=you]").get_text(" ")
    for fact in ("Anna A", ANNA, "Technician", "Computers"):
        assert fact in facts
    dora = PageClient(app)
    log_in(dora, "dora@example.com")
    assert "Administrator" in dora.get(ACCOUNT).select("section[aria-labelledby=you]").get_text()


@pytest.mark.parametrize(
    "path", [ACCOUNT, "/console/tickets/9", "/console/?queue=general&before=4", "/console/?q=Zo%C3%AB+Quill%20%26"]
)
def test_the_log_in_leads_back_to_the_page_asked_for(client: PageClient, path: str) -> None:
    away = client.get(path)
    assert away.status == 303
    assert away.location.startswith("/console/login?next=/console/")
    token = csrf_of(client.get(away.location))
    back = client.post(away.location, {"csrf_token": token, "email": ANNA, "password": PASSWORD})
    assert (back.status, back.location) == (303, path)


def test_a_wrong_log_in_does_not_lose_the_way_back(client: PageClient) -> None:
    address = client.get(ACCOUNT).location

    def enter(password: str) -> Answer:
        token = csrf_of(client.get(address))
        return client.post(address, {"csrf_token": token, "email": ANNA, "password": password})

    assert enter("wrong").status == 403
    assert enter(PASSWORD).location == ACCOUNT


@pytest.mark.slow
@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/console/", "/s/default", "/console/../x", "%0d%0aX:y", "%ff"]
)
def test_the_log_in_leads_nowhere_else(client: PageClient, elsewhere: str) -> None:
    path = f"/console/login?next={elsewhere}"
    shown = client.get(path)
    if shown.status == 400:  # not valid UTF-8
        return
    answer = client.post(path, {"csrf_token": csrf_of(shown), "email": ANNA, "password": PASSWORD})
    assert (answer.status, answer.location) == (303, "/console/")


@pytest.mark.slow
def test_who_idled_over_a_form_lands_on_its_page_again(client: PageClient, clock: StandingClock) -> None:
    log_in(client)
    token = csrf_of(client.get(ACCOUNT))
    clock.advance(minutes=31)
    headers = {"Referer": "http://127.0.0.1:8000/console/account?a=b"}
    late = client.post(f"{ACCOUNT}/sessions/end-others", {"csrf_token": token}, headers=headers)
    assert (late.status, late.location) == (303, "/console/login?next=/console/account%3Fa%3Db")
    for foreign in ("https://evil.example/console/account", "", "x", "http://127.0.0.1:8000/s/default"):
        late = client.post(f"{ACCOUNT}/sessions/end-others", headers={"Referer": foreign})
        assert (late.status, late.location) == (303, "/console/login")


def test_a_script_in_the_background_is_told_and_keeps_no_session_alive(
    client: PageClient, clock: StandingClock
) -> None:
    background = {"X-Background": "1"}
    assert client.get("/console/", headers=background).status == 401
    log_in(client)
    for _ in range(2):
        clock.advance(minutes=15)
        assert client.get("/console/", headers=background).status == (200 if clock().minute < 30 else 401)
    assert not is_in(client)


@pytest.mark.slow
def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(app: Flask, client: PageClient) -> None:
    other, copy = PageClient(app), PageClient(app)
    for one in (client, other):
        log_in(one)
    copy._client.set_cookie("handbell", cookie(client) or "", domain="127.0.0.1")
    assert is_in(copy)
    changed = change_password(client)
    assert (changed.status, changed.location) == (303, ACCOUNT)
    assert "logged out everywhere else" in said(client)
    assert is_in(client)
    assert not is_in(other)
    assert not is_in(copy), "the session that is kept has a new secret"
    assert log_in(other).status == 403
    assert log_in(other, ANNA, NEW).status == 303


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "again", "field"),
    [
        ("wrong-password", NEW, NEW, "old_password"),
        ("", NEW, NEW, "old_password"),
        (PASSWORD, NEW, NEW + "x", "new_password_again"),
        (PASSWORD, "short", "short", "new_password"),
        (PASSWORD, "x" * 1025, "x" * 1025, "new_password"),
        (PASSWORD, "Password2026", "Password2026", "new_password"),
        (PASSWORD, ANNA, ANNA, "new_password"),
        (PASSWORD, PASSWORD, PASSWORD, "new_password"),
        (PASSWORD, "", "", "new_password"),
    ],
)
def test_a_refused_password_is_named_and_nothing_changes(
    app: Flask, client: PageClient, old: str, new: str, again: str, field: str
) -> None:
    log_in(client)
    refused = change_password(client, old, new, again)
    assert refused.status == 422
    assert refused.select(".summary a")["href"] == f"#{field}"
    assert refused.select(f"#{field}")["aria-invalid"] == "true"
    assert not [field for field in refused.page.select("input[type=password]") if field.get("value")]
    assert log_in(PageClient(app)).status == 303


@pytest.mark.slow
def test_guessing_the_old_password_is_limited_like_the_log_in(app: Flask, client: PageClient) -> None:
    log_in(client)
    for _ in range(5):
        assert change_password(client, "wrong-password").status == 422
    late = change_password(client)
    assert late.status == 429
    assert 0 < int(late.headers["Retry-After"]) <= 301
    assert log_in(PageClient(app)).status == 429
    assert log_in(PageClient(app, address="192.0.2.99")).status == 303


@pytest.mark.slow
def test_a_new_password_is_in_the_audit_log_and_is_not_told(client: PageClient, here: Running) -> None:
    log_in(client)
    change_password(client)
    with here.database.read() as connection:
        (act,) = acts(connection)
        anna = load_staff(connection).technicians[ANNA].id
    assert (act.who, act.act, act.about, act.detail) == (anna, "password.changed", ANNA, {})


@pytest.mark.slow
def test_sessions_are_listed_with_browser_and_address(app: Flask, client: PageClient, clock: StandingClock) -> None:
    token = csrf_of(client.get("/console/login"))
    client.post("/console/login", {"csrf_token": token, "email": ANNA, "password": PASSWORD}, headers=FIREFOX)
    clock.advance(minutes=2)
    log_in(PageClient(app, address="2001:db8::7"))
    log_in(PageClient(app), BEN)
    rows = [row.get_text(" ", strip=True) for row in client.get(ACCOUNT).page.select(".sessions > li")]
    assert len(rows) == 2
    (mine,) = [row for row in rows if "this one" in row]
    assert "Firefox, Linux" in mine
    assert "192.0.2.7" in mine
    assert "2001:db8::7" in "".join(rows)


@pytest.mark.slow
def test_one_session_is_ended_and_only_one_s_own(app: Flask, client: PageClient) -> None:
    other, ben = PageClient(app), PageClient(app)
    log_in(client)
    log_in(other)
    log_in(ben, BEN)
    log_in(PageClient(app), BEN)
    (of_ben,) = [field["value"] for field in ben.get(ACCOUNT).page.select("input[name=session]")]
    (of_anna,) = [field["value"] for field in client.get(ACCOUNT).page.select("input[name=session]")]
    for foreign in (str(of_ben), "", "x" * 5000, "'; --"):
        assert post(client, f"{ACCOUNT}/sessions/end", session=foreign).status == 303
        assert "had ended before" in said(client)
    assert is_in(ben)
    assert is_in(other)
    assert post(client, f"{ACCOUNT}/sessions/end", session=str(of_anna)).status == 303
    assert "is ended" in said(client)
    assert is_in(client)
    assert not is_in(other)


@pytest.mark.slow
def test_all_other_sessions_are_ended(app: Flask, client: PageClient) -> None:
    others, ben = [PageClient(app) for _ in range(3)], PageClient(app)
    for one in (client, *others):
        log_in(one)
    log_in(ben, BEN)
    post(client, f"{ACCOUNT}/sessions/end-others")
    assert [is_in(one) for one in (client, ben, *others)] == [True, True, False, False, False]


def test_logging_in_again_ends_the_session_before(client: PageClient) -> None:
    log_in(client)
    before = cookie(client)
    log_in(client)
    client._client.set_cookie("handbell", before or "", domain="127.0.0.1")
    assert not is_in(client)


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        f"{ACCOUNT}/password",
        SECOND_FACTOR,
        f"{SECOND_FACTOR}/off",
        f"{SECOND_FACTOR}/codes",
        f"{ACCOUNT}/sessions/end",
        f"{ACCOUNT}/sessions/end-others",
    ],
)
def test_every_change_needs_its_token_and_our_own_page(app: Flask, client: PageClient, path: str) -> None:
    log_in(client)
    token = csrf_of(client.get(ACCOUNT))
    other = PageClient(app)
    log_in(other)
    foreign = csrf_of(other.get(ACCOUNT))
    for data in ({}, {"csrf_token": "x"}, {"csrf_token": foreign}):
        assert client.post(path, data).status == 400
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post(path, {"csrf_token": token}, headers=headers).status == 403
    assert is_in(other)


@pytest.mark.slow
def test_with_a_second_factor_log_in_has_two_steps(app: Flask, owner: Owner) -> None:
    owner.turn_on()
    client = PageClient(app)
    first = owner.begin(client, "/console/account")
    assert (first.status, first.location) == (303, "/console/login/code?next=/console/account")
    for path in ("/console/", ACCOUNT, SECOND_FACTOR):
        assert client.get(path).status == 303
    pending = cookie(client)
    second = owner.enter(client, owner.code, first.location)
    assert (second.status, second.location) == (303, ACCOUNT)
    assert is_in(client)
    assert cookie(client) != pending
    client._client.set_cookie("handbell", pending or "", domain="127.0.0.1")
    assert client.get("/console/login/code").status == 303
    assert not is_in(client)


@pytest.mark.slow
def test_a_pending_session_can_do_nothing(app: Flask, owner: Owner) -> None:
    owner.turn_on()
    client = PageClient(app)
    owner.begin(client)
    token = csrf_of(client.get("/console/login/code"))
    for path in (f"{ACCOUNT}/password", SECOND_FACTOR, f"{ACCOUNT}/sessions/end-others", "/console/logout"):
        answer = client.post(path, {"csrf_token": token})
        assert (answer.status, answer.location.split("?")[0]) == (303, "/console/login")
    assert is_in(owner.client)


@pytest.mark.slow
def test_a_wrong_code_is_told_and_the_right_one_is_taken_after_it(app: Flask, owner: Owner) -> None:
    codes = owner.turn_on()
    client = PageClient(app)
    owner.begin(client)
    wrong = owner.enter(client, owner.phone.wrong_code(owner.clock()))
    assert wrong.status == 403
    assert "wrong or was used before" in wrong.select(".summary").get_text()
    assert wrong.select("#code")["value"] == ""
    assert owner.enter(client, codes[0]).status == 303
    assert is_in(client)


@pytest.mark.slow
def test_the_code_page_is_only_for_who_has_given_the_password(app: Flask, owner: Owner, clock: StandingClock) -> None:
    owner.turn_on()
    client = PageClient(app)
    nobody = client.get("/console/login/code?next=/console/account")
    assert (nobody.status, nobody.location) == (303, "/console/login?next=/console/account")
    owner.begin(client)
    token = csrf_of(client.get("/console/login/code"))
    clock.advance(minutes=10, seconds=1)
    late = client.post("/console/login/code", {"csrf_token": token, "code": owner.code})
    assert (late.status, late.location) == (303, "/console/login")


@pytest.mark.slow
def test_a_code_needs_its_token_and_our_own_page(app: Flask, owner: Owner) -> None:
    owner.turn_on()
    client = PageClient(app)
    owner.begin(client)
    token = csrf_of(client.get("/console/login/code"))
    assert client.post("/console/login/code", {"code": owner.code}).status == 400
    filled = {"csrf_token": token, "code": owner.code}
    assert client.post("/console/login/code", filled, headers={"Origin": "https://evil.example"}).status == 403
    assert client.post("/console/login/code", filled).status == 303


@pytest.mark.slow
def test_five_wrong_codes_have_to_wait(app: Flask, owner: Owner) -> None:
    owner.turn_on()
    client = PageClient(app)
    owner.begin(client)
    for _ in range(5):
        assert owner.enter(client, owner.phone.wrong_code(owner.clock())).status == 403
    late = owner.enter(client, owner.code)
    assert late.status == 429
    assert late.headers["Retry-After"] in late.select(".summary").get_text()


@pytest.mark.slow
def test_whoever_gets_in_is_told_that_somebody_else_has_the_password(app: Flask, owner: Owner) -> None:
    owner.turn_on()
    thief = PageClient(app, address="203.0.113.5")
    owner.begin(thief)
    owner.enter(thief, owner.phone.wrong_code(owner.clock()))
    client = PageClient(app)
    owner.begin(client)
    owner.enter(client, owner.code)
    assert "Somebody else has typed your password" in client.get("/console/").select(".saying").get_text()


@pytest.mark.slow
def test_the_secret_and_the_recovery_codes_are_shown_once(owner: Owner, here: Running) -> None:
    codes = owner.turn_on()
    pages = [owner.client.get(path).text for path in (ACCOUNT, SECOND_FACTOR, "/console/")]
    assert len(codes) == 10
    for page in pages:
        assert owner.key not in page.replace(" ", "")
        assert not [code for code in codes if code in page]


@pytest.mark.slow
def test_the_picture_is_an_image_that_the_policy_allows(client: PageClient) -> None:
    log_in(client)
    page = client.get(SECOND_FACTOR)
    picture = page.select(".qr img")
    assert picture["src"].startswith("data:image/svg+xml")
    assert picture["alt"]
    key = page.select("#key").get_text().replace(" ", "")
    assert re.fullmatch(r"[A-Z2-7]{32}", key)
    assert page.headers["Cache-Control"] == "no-store"
    assert key != client.get(SECOND_FACTOR).select("#key").get_text().replace(" ", "")


@pytest.mark.slow
def test_a_refused_set_up_keeps_the_key_that_was_scanned(owner: Owner) -> None:
    log_in(owner.client)
    page = owner.client.get(SECOND_FACTOR)
    key = page.select("#key").get_text()
    owner.phone = Authenticator(key.replace(" ", ""))
    for changed, field in (
        ({"code": owner.phone.wrong_code(owner.clock())}, "code"),
        ({"code": ""}, "code"),
        ({"password": "wrong-password"}, "password"),
    ):
        refused = owner.confirm(page, **changed)
        assert refused.status == 422
        assert refused.select(".summary a")["href"] == f"#{field}"
        assert refused.select("#key").get_text() == key
    assert owner.confirm(page).status == 200


@pytest.mark.slow
def test_an_offer_of_somebody_else_s_or_of_old_is_replaced(app: Flask, owner: Owner, clock: StandingClock) -> None:
    ben = PageClient(app)
    log_in(ben, BEN)
    of_ben = str(ben.get(SECOND_FACTOR).select("input[name=offer]")["value"])
    log_in(owner.client)
    page = owner.client.get(SECOND_FACTOR)
    key = page.select("#key").get_text()
    owner.phone = Authenticator(key.replace(" ", ""))
    for offer in (of_ben, "", "x"):
        page.select("input[name=offer]")["value"] = offer
        refused = owner.confirm(page)
        assert refused.status == 422
        assert refused.select("#key").get_text() != key


@pytest.mark.slow
def test_sent_twice_the_same_recovery_codes_are_shown_and_later_none(owner: Owner) -> None:
    log_in(owner.client)
    page = owner.client.get(SECOND_FACTOR)
    owner.phone = Authenticator(page.select("#key").get_text().replace(" ", ""))
    first, second = owner.confirm(page), owner.confirm(page)
    assert first.select("#codes").get_text() == second.select("#codes").get_text()
    owner.clock.advance(seconds=60)
    assert owner.confirm(page).status == 303


@pytest.mark.slow
def test_turned_off_with_password_and_code_log_in_is_one_step(app: Flask, owner: Owner) -> None:
    codes = owner.turn_on()

    def off(**typed: str) -> Answer:
        return post(owner.client, f"{SECOND_FACTOR}/off", **{"password": PASSWORD, "code": codes[0], **typed})

    assert off(password="wrong").select(".summary a")["href"] == "#password"
    assert off(code="000").select(".summary a")["href"] == "#code"
    assert off().status == 303
    assert log_in(PageClient(app)).location == "/console/"
    assert off().status == 303, "sent twice"


@pytest.mark.slow
def test_new_recovery_codes_are_shown_once(owner: Owner) -> None:
    codes = owner.turn_on()
    renewed = post(owner.client, f"{SECOND_FACTOR}/codes", password=PASSWORD, code=owner.code)
    fresh = renewed.select("#codes").get_text().split()
    assert renewed.status == 200
    assert not set(fresh) & set(codes)
    assert "10" in owner.client.get(ACCOUNT).select("section[aria-labelledby=factor]").get_text()


@pytest.mark.slow
def test_after_a_rotation_and_a_revocation_the_code_still_counts(
    app: Flask, owner: Owner, here: Running, clock: StandingClock
) -> None:
    owner.turn_on()
    secret = installation_secret(here.settings)
    old = keys_of(here.database, here.settings.keys_path)[0]
    rotate(here.database, secret, by=None, now=clock())
    revoke(here.database, secret, old.kid, by=None, now=clock())
    here.keys._look()
    client = PageClient(app)
    owner.begin(client)
    assert owner.enter(client, owner.code).status == 303
    assert is_in(client)


@pytest.mark.slow
@pytest.mark.parametrize("typed", ["", "\0", "é" * 3000, "\u202e123456", "<script>", "1" * 60000])
def test_odd_codes_and_passwords_are_never_a_server_error(app_on_both: Flask, typed: str, clock: StandingClock) -> None:
    owner = Owner(app_on_both, clock)
    owner.turn_on()
    client = PageClient(app_on_both)
    owner.begin(client)
    assert owner.enter(client, typed).status == 403
    for field in ("email", "password"):
        token = csrf_of(client.get("/console/login"))
        filled = {"csrf_token": token, "email": ANNA, "password": PASSWORD, field: typed}
        assert client.post("/console/login", filled).status in (403, 413)
    for path in (f"{SECOND_FACTOR}/off", SECOND_FACTOR, f"{ACCOUNT}/password"):
        fields = ("password", "code", "offer", "old_password", "new_password", "new_password_again")
        assert post(owner.client, path, **dict.fromkeys(fields, typed[:9000])).status in (303, 413, 422, 429)


def test_too_many_at_once_are_asked_to_come_again(
    client: PageClient, here: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(here.log_in_turns, "take", lambda familiar: 2)
    busy = log_in(client)
    assert (busy.status, busy.headers["Retry-After"]) == (429, "2")
    assert "try again in 2 seconds" in busy.select(".summary").get_text()


def test_a_session_is_sent_back_only_to_its_own_browser(client: PageClient) -> None:
    log_in(client)
    token = csrf_of(client.get("/console/login"))
    answer = client.post("/console/login", {"csrf_token": token, "email": ANNA, "password": PASSWORD})
    (sent,) = answer.headers.getlist("Set-Cookie")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(sent.split("; "))
