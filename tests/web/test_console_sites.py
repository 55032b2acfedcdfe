"""Sites in the console: each form changes only its own options, secrets are never shown, no concurrent change is
lost."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.actions.sealing import vendor_key_of
from app.backends.trial import Trial
from app.core.customer_info import AskPolicy
from app.core.fact import Fact
from app.core.site import DEFAULT_APPLET_HOSTS, Site
from app.core.site_secrets import secret_hash
from app.edge.access import Who, declared
from app.process.running import Running
from app.store.audit import Act, acts
from app.store.sites import add_site
from app.web.console.sites import check as site_check
from app.web.console.sites.texts import IN_THE_WIDGET, ON_PAGES
from tests.conftest import StandingClock
from tests.page_client import Answer, PageClient
from tests.pictures import picture
from tests.web.console_client import csrf_of, log_in
from tests.web.site_forms import BASE, fields_of, form_at, problems, save

DORA, SVEN, ANNA = "dora@example.com", "sven@example.com", "anna@example.com"
KEY = "Zm9v+YmFy/YmF6="
ChangeSite = Callable[..., Site]
PAGES = ("", "/look", "/fields", "/websites", "/backend", "/texts", "/texts?of=de")


@pytest.fixture
def dora(client: PageClient) -> PageClient:
    log_in(client, DORA)
    return client


def site_now(here: Running, key: str = "default") -> Site:
    return here.desk.sites[key]


def last_act(here: Running) -> Act:
    with here.database.read() as connection:
        return acts(connection)[0]


@pytest.mark.slow
def test_every_page_and_post_is_for_administrators(app: Flask, client: PageClient) -> None:
    routes = {route: who for route, who in declared(app).items() if "/console/sites" in route}
    ours = {route for route in routes if "start-api" not in route and "embed" not in route}
    assert len(ours) > 20
    assert {routes[route] for route in ours} == {Who.ADMINISTRATORS}
    for email in (None, ANNA, SVEN):
        visitor = PageClient(app)
        if email:
            log_in(visitor, email)
        for route in ours:
            method, path = route.split(" ")
            answer = visitor.open(method, path.replace("<key>", "default"))
            assert answer.status == (403 if email else 303), route
            assert b"Example Help" not in answer.body


@pytest.mark.slow
def test_a_post_without_its_token_is_refused(app: Flask, dora: PageClient, here: Running) -> None:
    before = site_now(here)
    for route in declared(app):
        method, path = route.split(" ")
        if method == "POST" and "/console/sites" in path:
            assert dora.post(path.replace("<key>", "default"), {"name": "Taken"}).status == 400, route
    assert site_now(here) == before


@pytest.mark.slow
def test_a_site_that_is_not_there_is_not_found(app: Flask, dora: PageClient) -> None:
    token = csrf_of(dora.get(BASE))
    for route in declared(app):
        method, path = route.split(" ")
        if "/console/sites/<key>" in path:
            for key in ("nobody", "Default", "default%00", "..", "9" * 300):
                answer = dora.open(method, path.replace("<key>", key), data={"csrf_token": token})
                assert answer.status in (404, 308), route


@pytest.mark.slow
def test_a_site_is_added_and_can_be_opened(dora: PageClient, here: Running) -> None:
    token = csrf_of(dora.get("/console/sites"))
    answer = dora.post("/console/sites", {"csrf_token": token, "key": "Shop ", "name": " The Shop "})
    assert (answer.status, answer.location) == (303, "/console/sites/shop")
    assert "The site is there" in dora.get(answer.location).select(".saying").get_text()
    assert site_now(here, "shop").name == "The Shop"
    assert (last_act(here).act, last_act(here).about) == ("site.added", "site shop")
    assert "The Shop" in dora.get("/console/sites").text
    assert dora.get("/s/shop").status == 200
    twice = dora.post("/console/sites", {"csrf_token": token, "key": "shop", "name": "Other"})
    assert twice.status == 422
    assert twice.select("#name")["value"] == "Other"
    assert site_now(here, "shop").name == "The Shop"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "name"), [("", "X"), ("-a", "X"), ("a b", "X"), ("a" * 41, "X"), ("ok", ""), ("ok", "x" * 81), ("ok", "\0")]
)
def test_a_bad_new_site_is_refused_with_what_was_typed(dora: PageClient, here: Running, key: str, name: str) -> None:
    token = csrf_of(dora.get("/console/sites"))
    answer = dora.post("/console/sites", {"csrf_token": token, "key": key, "name": name})
    assert answer.status == 422
    assert answer.page.select(".problem")
    assert answer.select("#key")["value"] == key
    assert list(here.desk.sites) == ["default"]


@pytest.mark.slow
def test_the_list_goes_on_over_pages(dora: PageClient, here: Running, clock: StandingClock) -> None:
    def fill(connection: Any) -> None:
        for n in range(120):
            add_site(connection, Site(slug=f"s{n:03}", name=f"Site {n}", uid=f"u{n}"), clock())

    here.database.write(fill)
    first = dora.get("/console/sites")
    more = dora.get(str(first.select(".more a")["href"]))
    rows = [{a["href"] for a in page.page.select("tbody th a")} for page in (first, more)]
    assert [len(page) for page in rows] == [100, 21]
    assert not rows[0] & rows[1]


@pytest.mark.slow
def test_name_links_and_contact(dora: PageClient, here: Running) -> None:
    assert save(dora, "", "", name="Better Help", one_time_links="1").location == BASE
    assert "Saved." in dora.get(BASE).select(".saying").get_text()
    assert (site_now(here).name, site_now(here).one_time_links) == ("Better Help", True)
    assert sorted(last_act(here).detail) == ["name", "one_time_links"]
    assert save(dora, "", "/contact", phone="", mail="help@example.com").status == 303
    assert (site_now(here).phone, site_now(here).mail) == (None, "help@example.com")
    assert save(dora, "", "", disabled="1", one_time_links=None).status == 303
    assert (site_now(here).disabled, site_now(here).one_time_links) == (True, False)
    assert dora.get("/s/default").status == 410


@pytest.mark.slow
def test_a_site_without_a_relay_is_told_what_relay_only_means(dora: PageClient, here: Running) -> None:
    warning = "There is no relay, so that nothing can be shown"
    assert warning not in dora.get(BASE).text
    assert save(dora, "", "", relay_only="1").status == 303
    assert site_now(here).relay_only
    assert last_act(here).detail == {"relay_only": [False, True]}
    assert warning in dora.get(BASE).text
    assert save(dora, "", "", name="Renamed").status == 303
    assert site_now(here).relay_only, "the box was still ticked"
    assert save(dora, "", "", relay_only=None).status == 303
    assert not site_now(here).relay_only


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "action", "changed", "named"),
    [
        ("", "", {"name": ""}, "fill this in"),
        ("", "", {"name": "x" * 81}, "81 characters"),
        ("", "", {"name": "a\0b"}, "cannot be sent"),
        ("", "/contact", {"phone": "call us"}, "no number"),
        ("", "/contact", {"mail": "nobody"}, "e-mail address"),
        ("", "/contact", {"phone": "1" * 41}, "41 characters"),
        ("/look", "/look", {"colour": "teal"}, "six digits"),
        ("/look", "/look", {"colour": "#ff8800"}, "2.2 to 1"),
        ("/look", "/languages", {"languages": ["de"], "first": "fr"}, "ticked"),
        ("/fields", "/fields", {"fields": None}, "one field at least"),
        ("/fields", "/fields", {"fields": ["customer_name"], "required": ["customer_email"]}, "what is shown"),
        ("/fields", "/fields", {"ask_customer_info": "sometimes"}, "choose one"),
        ("/fields", "/routing", {"department": "abc"}, "choose one"),
        ("/fields", "/routing", {"offer_departments": ["77"]}, "from these"),
        ("/fields", "/routing", {"offer_departments": ["٣"]}, "from these"),
        ("/websites", "/websites", {"origins": "https://a.example/path"}, "https://a.example/path"),
        ("/websites", "/websites", {"origins": "http://a.example"}, "http is for this machine"),
        ("/websites", "/websites", {"origins": "javascript:alert(1)"}, "scheme, host"),
        ("/websites", "/websites", {"origins": "\n".join(f"https://{n}.example" for n in range(101))}, "At most 100"),
        ("/websites", "/websites", {"server_networks": "203.0.113.7/24"}, "203.0.113.7/24: write an address"),
        ("/websites", "/websites", {"server_networks": "0.0.0.0/0"}, "0.0.0.0/0: this network is too wide"),
        ("/websites", "/websites", {"server_networks": "\n".join(f"10.0.0.{n}" for n in range(101))}, "At most 100"),
        ("/websites", "/websites", {"foreign_forms": "maybe"}, "choose one"),
        ("/backend", "/backend", {"backend": "telepathy"}, "choose one"),
        ("/backend", "/backend", {"backend": "take-control"}, "needs its API domain"),
        ("/backend", "/backend", {"backend": "take-control", "api_domain": "https://api.example.com"}, "needs its key"),
        ("/backend", "/backend", {"api_domain": "http://api.example.com"}, "https://api.us0"),
        ("/backend", "/backend", {"api_domain": "https://api.example.com@evil.example"}, "https://api.us0"),
        ("/backend", "/backend", {"rate": "0"}, "1 to 1000"),
        ("/backend", "/backend", {"rate": "²"}, "1 to 1000"),
        ("/backend", "/backend", {"key": "käse"}, "printable"),
        ("/backend", "/backend", {"key_made": "2024-01-01"}, "goes with a key"),
        ("/backend", "/backend", {"key": KEY, "key_made": "yesterday"}, "2026-01-31"),
        ("/backend", "/backend", {"key": KEY, "key_made": "2999-01-01"}, "yet to come"),
        ("/backend", "/backend", {"applet_hosts": "127.0.0.1"}, "127.0.0.1"),
        ("/backend", "/backend", {"applet_hosts": "https://evil.example/"}, "evil.example"),
        ("/backend", "/webhook", {"webhook": "http://example.com/hook"}, "https://"),
        ("/backend", "/webhook", {"webhook": "x" * 3000}, "3000 characters"),
        ("/texts", "/texts", {"page0": "x" * 601}, "At most 600"),
        ("/texts", "/texts", {"others": "no equals sign"}, "no equals sign"),
        ("/texts", "/texts", {"others": "At most %(n)s characters=%(evil)s"}, "placeholders"),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_is_kept(
    dora: PageClient, here: Running, page: str, action: str, changed: dict[str, Any], named: str
) -> None:
    before = site_now(here)
    answer = save(dora, page, action, **changed)
    assert answer.status == 422
    assert named in problems(answer)
    assert answer.page.select("[data-focus]")
    assert site_now(here) == before
    form = answer.select(f'form[action="{BASE}{action}"][novalidate]')
    for name, value in changed.items():
        if isinstance(value, str) and name != "key" and "\0" not in value and len(value) < 700:
            control = form.select_one(f'[name="{name}"]')
            if control.name != "select" and control.get("type") != "radio":
                assert fields_of(form)[name] == value
    for link in answer.page.select(".summary a"):
        assert answer.page.select(link["href"]), "it leads to the field"
    with here.database.read() as connection:
        assert acts(connection) == []


def test_a_text_that_is_no_utf_8_is_refused(dora: PageClient, here: Running) -> None:
    form = form_at(dora, "", "")
    parts = [f'name="{name}"\r\n\r\n{form[name]}'.encode() for name in ("csrf_token", "seen")]
    answer = multipart(dora, "", [*parts, b'name="name"\r\n\r\n\xff\xfe'])
    assert answer.status == 422
    assert "could not be read" in problems(answer)
    assert site_now(here).name == "Example Help"


@pytest.mark.slow
def test_fields_and_when_the_applet_asks(dora: PageClient, here: Running) -> None:
    shown = ["customer_name", "problem_description"]
    answer = save(dora, "/fields", "/fields", fields=shown, required=["customer_name"], ask_customer_info="always")
    assert answer.location == f"{BASE}/fields"
    now = site_now(here)
    assert (list(now.fields), now.required, now.ask_customer_info) == (shown, ("customer_name",), AskPolicy.ALWAYS)
    again = form_at(dora, "/fields", "/fields")
    assert (again["fields"], again["required"], again["ask_customer_info"]) == (shown, ["customer_name"], ["always"])


@pytest.mark.slow
def test_routing_is_chosen_from_the_desk_and_keeps_what_it_does_not_know(
    dora: PageClient, here: Running, change_site: ChangeSite
) -> None:
    answer = save(dora, "/fields", "/routing", department="20", technician=ANNA, offer_departments=["20", "10"])
    assert answer.status == 303
    now = site_now(here)
    assert (now.department, now.technician, set(now.offer_departments)) == ("20", ANNA, {10, 20})
    change_site(department="id_4711", technician="vendor@example.com", offer_departments=(4712, 10))
    assert save(dora, "/fields", "/routing").status == 303
    now = site_now(here)
    assert (now.department, now.technician, now.offer_departments) == ("id_4711", "vendor@example.com", (4712, 10))
    assert save(dora, "/fields", "/routing", department="", technician="", offer_departments=None).status == 303
    now = site_now(here)
    assert (now.department, now.technician, now.offer_departments) == (None, None, ())


@pytest.mark.slow
def test_problems_are_listed_as_their_fields_stand(dora: PageClient) -> None:
    def listed(answer: Answer) -> list[str]:
        return [str(link["href"]) for link in answer.page.select(".summary a")]

    token = csrf_of(dora.get("/console/sites"))
    assert listed(dora.post("/console/sites", {"csrf_token": token, "key": "", "name": ""})) == ["#name", "#key"]
    wrong = {"backend": "nobody", "api_domain": "x", "key_made": "x", "rate": "x"}
    refused = save(dora, "/backend", "/backend", **wrong)
    assert listed(refused) == ["#backend", "#api_domain", "#key_made", "#rate"]


@pytest.mark.slow
def test_origins_are_kept_as_browsers_spell_them(dora: PageClient, here: Running) -> None:
    typed = "https://WWW.example.com/\r\n\r\n  https://www.example.com:443 \r\nhttp://localhost:8080"
    assert save(dora, "/websites", "/websites", origins=typed, foreign_forms="deny", browser_routing="1").status == 303
    now = site_now(here)
    assert now.origins == ("https://www.example.com", "http://localhost:8080")
    assert (now.foreign_forms, now.browser_routing) == ("deny", True)


@pytest.mark.slow
def test_networks_of_the_site_s_servers_are_kept_in_one_spelling(dora: PageClient, here: Running) -> None:
    typed = "203.0.113.0/24\r\n\r\n 2001:DB8:7:0::/48 \r\n203.0.113.0/24"
    assert save(dora, "/websites", "/websites", server_networks=typed).status == 303
    assert site_now(here).server_networks == ("203.0.113.0/24", "2001:db8:7::/48")
    assert form_at(dora, "/websites", "/websites")["server_networks"] == "203.0.113.0/24\n2001:db8:7::/48"
    assert save(dora, "/websites", "/websites", server_networks="").status == 303
    assert site_now(here).server_networks == ()


def secret_in(answer: Answer) -> str:
    return str(answer.select("#secret").get_text())


@pytest.mark.slow
def test_secrets_are_shown_once_and_work(dora: PageClient, here: Running) -> None:
    made = save(dora, "/websites", "/server-key")
    assert made.status == 200
    assert site_now(here).secret_hash == secret_hash(secret_in(made))
    assert secret_in(made) not in dora.get(f"{BASE}/websites").text
    made = save(dora, "/websites", "/identity-secret")
    assert here.keys.unseal(site_now(here).sealed_identity_secret or "") == secret_in(made)
    assert sorted(last_act(here).detail) == ["identity_secret"]
    hooked = save(dora, "/backend", "/webhook", webhook="https://example.com/hook")
    assert here.keys.unseal(site_now(here).sealed_webhook_secret or "") == secret_in(hooked)
    assert save(dora, "/backend", "/webhook").location == f"{BASE}/backend"
    again = save(dora, "/backend", "/webhook-secret")
    assert here.keys.unseal(site_now(here).sealed_webhook_secret or "") == secret_in(again) != secret_in(hooked)
    assert save(dora, "/backend", "/webhook", webhook="").status == 303
    assert site_now(here).sealed_webhook_secret is None


@pytest.mark.slow
def test_a_second_press_does_not_undo_the_secret_that_was_just_shown(dora: PageClient, here: Running) -> None:
    form = form_at(dora, "/websites", "/server-key")
    made = secret_in(dora.post(f"{BASE}/server-key", form))
    twice = dora.post(f"{BASE}/server-key", form)
    assert twice.status == 409
    assert site_now(here).secret_hash == secret_hash(made)


@pytest.mark.slow
def test_a_key_goes_in_and_never_comes_out(dora: PageClient, here: Running) -> None:
    account = {"backend": "take-control", "api_domain": "api.example.com/rest", "key": KEY, "key_made": "2026-01-02"}
    refused = save(dora, "/backend", "/backend", **account, rate="x")
    assert refused.status == 422
    assert KEY not in refused.text
    assert "type it again" in refused.text
    answer = save(dora, "/backend", "/backend", **{**account, "key_made": ""})
    assert answer.location == f"{BASE}/backend"
    now = site_now(here)
    assert vendor_key_of(now, here.keys) == KEY
    assert (now.backend, now.api_domain, now.key_ending) == ("take-control", "https://api.example.com", KEY[-4:])
    pages = "".join(dora.get(f"{BASE}{page}").text for page in PAGES)
    assert KEY not in pages
    assert "ends in …" in pages
    assert now.sealed_key not in pages  # type: ignore[operator]
    assert sorted(last_act(here).detail) == ["api_domain", "backend", "key"]
    kept = save(dora, "/backend", "/backend", rate="7")
    assert kept.status == 303
    assert (vendor_key_of(site_now(here), here.keys), site_now(here).rate) == (KEY, 7)


@pytest.mark.slow
def test_a_key_does_not_go_along_to_another_domain(dora: PageClient, here: Running) -> None:
    account = {"backend": "take-control", "api_domain": "https://api.example.com", "key": KEY}
    save(dora, "/backend", "/backend", **account)
    moved = save(dora, "/backend", "/backend", api_domain="https://evil.example.com")
    assert moved.status == 422
    assert "for the other domain" in problems(moved)
    assert site_now(here).api_domain == "https://api.example.com"
    assert save(dora, "/backend", "/backend", api_domain="https://b.example.com", key=f"{KEY}2").status == 303
    assert vendor_key_of(site_now(here), here.keys) == f"{KEY}2"
    assert save(dora, "/backend", "/backend", backend="embedded", forget_key="1").status == 303
    assert (site_now(here).sealed_key, site_now(here).key_ending, site_now(here).backend) == (None, None, "embedded")


@pytest.mark.slow
def test_applet_hosts_and_an_answer_that_nobody_could_read(
    dora: PageClient, here: Running, change_site: ChangeSite
) -> None:
    assert save(dora, "/backend", "/backend", applet_hosts="A.example.com\n*.b.example").status == 303
    assert site_now(here).applet_hosts == ("a.example.com", "*.b.example")
    assert save(dora, "/backend", "/backend", applet_hosts="").status == 303
    assert site_now(here).applet_hosts == DEFAULT_APPLET_HOSTS
    change_site(unreadable=True)
    assert save(dora, "/backend", "/backend", rate="9").status == 303
    assert site_now(here).unreadable
    assert save(dora, "/backend", "/backend", read_again="1").status == 303
    assert not site_now(here).unreadable


@pytest.mark.slow
def test_colour(dora: PageClient, here: Running) -> None:
    pale = save(dora, "/look", "/look", colour="FF8800")
    nearest = pale.select('button[name="colour"]')["value"]
    assert f"The nearest that works is {nearest}." in problems(pale)
    taken = {**fields_of(pale.select("#take")), "colour": nearest}
    assert dora.post(f"{BASE}/look", taken).status == 303
    assert site_now(here).colour == nearest
    assert save(dora, "/look", "/look", colour="").status == 303
    assert site_now(here).colour is None


def upload(client: PageClient, raw: bytes, name: str = "logo.png", kind: str = "image/png") -> Answer:
    """Upload as a browser does; the test client would leave a file open."""
    parts = [f'name="{key}"\r\n\r\n{value}'.encode() for key, value in form_at(client, "/look", "/logo").items()]
    parts.append(f'name="logo"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'.encode() + raw)
    return multipart(client, "/logo", parts)


def multipart(client: PageClient, action: str, parts: list[bytes]) -> Answer:
    body = b"".join(b"--x-x-x\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts)
    return client.post(f"{BASE}{action}", body + b"--x-x-x--\r\n", content_type="multipart/form-data; boundary=x-x-x")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (b"", "choose a file"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"GIF89a", "PNG, JPEG or WebP"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 600_000, "512 KiB"),
        (picture()[:90], "damaged"),
    ],
    ids=["empty", "svg", "gif", "large", "damaged"],
)
def test_a_file_that_is_no_logo_is_refused(dora: PageClient, here: Running, raw: bytes, named: str) -> None:
    answer = upload(dora, raw)
    assert answer.status == 422
    assert named in problems(answer)
    assert site_now(here).logo is None


@pytest.mark.slow
def test_an_upload_of_any_size_is_answered(dora: PageClient, here: Running) -> None:
    assert upload(dora, b"x" * 3_000_000).status == 413
    form = form_at(dora, "/look", "/logo")
    assert dora.post(f"{BASE}/logo", form).status == 422, "no file at all"
    assert dora.post(f"{BASE}/logo", {**form, "logo": "text"}).status == 422
    assert site_now(here).logo is None


@pytest.mark.slow
def test_languages_in_their_order(dora: PageClient, here: Running) -> None:
    assert save(dora, "/look", "/languages", languages=["fr", "de", "xx"], first="fr").status == 303
    assert site_now(here).languages == ("fr", "de")
    assert form_at(dora, "/look", "/languages")["first"] == "fr"
    assert save(dora, "/look", "/languages", languages=None, first="").status == 303
    assert site_now(here).languages == ()


@pytest.mark.slow
def test_own_words_for_one_language_leave_the_others_alone(
    dora: PageClient, here: Running, change_site: ChangeSite
) -> None:
    change_site(texts={"fr:Get support": "Aide", "de:Try again": "Nochmal", "Get support": "Ask IT"})
    page = dora.get(f"{BASE}/texts?of=de")
    assert page.select('label[for="page0"]').get_text() == "Hilfe anfordern" or page.select("#page0")["value"] == ""
    form = fields_of(page.select(f'form[action="{BASE}/texts"]'))
    assert form["others"] == "Try again=Nochmal"
    form |= {"page0": "IT fragen", "widget_title": "IT fragen", "others": "Try again=Los\r\nSave details = Fertig"}
    assert dora.post(f"{BASE}/texts", form).location == f"{BASE}/texts?of=de"
    assert site_now(here).texts == {
        "fr:Get support": "Aide",
        "Get support": "Ask IT",
        "de:Get support": "IT fragen",
        "de:title": "IT fragen",
        "de:Try again": "Los",
        "de:Save details": "Fertig",
    }
    assert "IT fragen" in dora.get("/s/default?lang=de").text
    assert dora.get(f"{BASE}/texts?of=xx").status == 404
    assert dora.get(f"{BASE}/texts?of=de").page.select(".tabs a[aria-current]")[-1].get_text().startswith("German")


def test_the_texts_that_are_offered_are_those_of_our_pages() -> None:
    root = Path(__file__).parents[2]
    known = (root / "app/translations/de/LC_MESSAGES/messages.po").read_text("utf-8").replace('"\n"', "")
    assert [text for text in (*ON_PAGES, *IN_THE_WIDGET.values()) if f'msgid "{text}"' not in known] == []
    files = ("texts.ts", "later-texts.ts", "wait-texts.ts")
    texts = "".join((root / "widget/src/embed" / name).read_text("utf-8") for name in files)
    for name, text in IN_THE_WIDGET.items():
        assert f'{name}: _("{text}")' in texts


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "action", "mine", "theirs"),
    [
        ("", "", {"name": "Mine"}, {"name": "Theirs"}),
        ("", "/contact", {"phone": "111"}, {"phone": "222"}),
        ("/look", "/look", {"colour": "#111111"}, {"colour": "#222222"}),
        ("/look", "/languages", {"languages": ["de"]}, {"languages": ("fr",)}),
        ("/fields", "/fields", {"required": ["customer_name"]}, {"required": ("customer_email",)}),
        ("/fields", "/routing", {"department": "10"}, {"department": "20"}),
        ("/websites", "/websites", {"origins": "https://a.example"}, {"origins": ("https://b.example",)}),
        ("/backend", "/backend", {"rate": "5"}, {"rate": 6}),
        ("/backend", "/webhook", {"webhook": "https://a.example/"}, {"webhook": "https://b.example/"}),
        ("/texts", "/texts", {"page0": "Mine"}, {"texts": {"Get support": "Theirs"}}),
    ],
)
def test_two_at_once_the_second_is_asked(
    dora: PageClient,
    here: Running,
    change_site: ChangeSite,
    page: str,
    action: str,
    mine: dict[str, Any],
    theirs: dict[str, Any],
) -> None:
    form = {**form_at(dora, page, action), **mine}
    changed = change_site(**theirs)
    answer = dora.post(f"{BASE}{action}", form)
    assert answer.status == 409
    assert "Somebody else changed this in the meantime" in answer.select(".summary").get_text()
    assert site_now(here) == changed
    again = fields_of(answer.select(f'form[action="{BASE}{action}"][novalidate]'))
    for name, value in mine.items():
        assert again[name] == value, "what was typed is still there"
    assert dora.post(f"{BASE}{action}", again).status in (200, 303)
    assert site_now(here) != changed


def test_what_somebody_changed_in_another_form_stays(dora: PageClient, here: Running, change_site: ChangeSite) -> None:
    form = {**form_at(dora, "", ""), "name": "Mine"}
    change_site(phone="222", colour="#222222", texts={"Get support": "X"})
    assert dora.post(BASE, form).status == 303
    now = site_now(here)
    assert (now.name, now.phone, now.colour, now.texts) == ("Mine", "222", "#222222", {"Get support": "X"})


def test_a_form_that_is_sent_twice_is_one_change(dora: PageClient, here: Running) -> None:
    form = {**form_at(dora, "", ""), "name": "Mine"}
    assert dora.post(BASE, form).status == dora.post(BASE, form).status == 303
    with here.database.read() as connection:
        assert len(acts(connection)) == 1


HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "\u202egnp.exe", "x" * 80)


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_only_text(dora: PageClient, change_site: ChangeSite, text: str) -> None:
    plain = [[e.name for e in dora.get(f"{BASE}{page}").page.find_all(True)] for page in PAGES[:5]]
    change_site(name=text)
    for page, before in zip(PAGES[:5], plain, strict=True):
        answer = dora.get(f"{BASE}{page}")
        assert [element.name for element in answer.page.find_all(True)] == before
        assert text in answer.select("h1").get_text()
    assert text in dora.get("/console/sites").page.get_text()


def check(client: PageClient, **fields: str) -> Answer:
    token = csrf_of(client.get(f"{BASE}/backend"))
    return client.post(f"{BASE}/check", {"csrf_token": token, **fields})


@pytest.mark.slow
def test_the_settings_are_checked_without_a_call(dora: PageClient, change_site: ChangeSite, here: Running) -> None:
    good = check(dora)
    assert good.status == 200
    assert good.select(".tag[role=status]").get_text() == "Passed"
    change_site(offer_departments=(10, 77))
    bad = check(dora)
    assert bad.select("main dd").get_text().startswith("Departments to choose from: Department 77 is unknown")
    assert "Account key" not in bad.text
    assert bad.select(".tag[role=status]").get_text() == "Failed"
    change_site(offer_departments=(), rate=0)
    assert "Calls a second: A number from 1 to 1000" in check(dora).page.get_text()
    with here.database.read() as connection:
        assert acts(connection) == []


@pytest.mark.slow
def test_a_real_session_at_our_own_desk(dora: PageClient, here: Running) -> None:
    answer = check(dora, live="1")
    assert answer.status == 200
    assert "was opened, and cancelled again" in answer.text
    assert last_act(here).act == "site.tested"
    assert last_act(here).detail == {"good": True, "backend": "embedded"}


@pytest.mark.slow
def test_one_test_at_a_time(app: Flask, dora: PageClient, monkeypatch: pytest.MonkeyPatch) -> None:
    inner: list[Answer] = []
    other = PageClient(app)
    log_in(other, DORA)

    def trial(*_arguments: object, **_named: object) -> Trial:
        meanwhile = threading.Thread(target=lambda: inner.append(check(other, live="1")))
        meanwhile.start()
        meanwhile.join()
        return Trial(True, (Fact("status", "status", {"status": 200}),))

    monkeypatch.setattr(site_check, "try_site_by_hand", trial)
    assert check(dora, live="1").status == 200
    assert inner[0].status == 429
    assert inner[0].headers["Retry-After"] == "12"
    assert check(dora, live="1").status == 200, "and it is free again"
