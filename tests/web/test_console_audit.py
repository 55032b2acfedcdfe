"""The audit log in the console."""

import pytest
from flask import Flask

from app.process.running import Running
from app.store.audit import record
from tests.page_client import Answer, PageClient
from tests.web.console_client import DORA, csrf_of, log_in
from tests.web.markup_texts import TEXTS, tags

AUDIT = "/console/audit"


@pytest.fixture
def app(app_on_both: Flask) -> Flask:
    return app_on_both


@pytest.fixture
def dora(client: PageClient) -> PageClient:
    log_in(client, DORA)
    return client


def note(here: Running, act: str, about: str = "x", who: int | None = None, **detail: object) -> None:
    here.database.write(lambda connection: record(connection, act, about, detail, by=who, now=here.clock()))


def listed(page: Answer) -> list[str]:
    return [cell.get_text() for cell in page.page.select("td.about")]


@pytest.mark.slow
def test_the_newest_act_is_first_with_who_when_and_what(dora: PageClient, here: Running) -> None:
    assert dora.get(AUDIT).select(".empty").get_text() == "Nothing yet."
    note(here, "site.added", "site other", name="Other")
    options = {
        "phone": [None, "+1"],
        "required": [["customer_name"], []],
        "sealed_key": "replaced",
        "disabled": [False, True],
    }
    note(here, "site.changed", "site default", here.desk.staff.technicians[DORA].id, **options)
    page = dora.get(AUDIT)
    assert listed(page) == ["site default", "site other"]
    assert [cell.get_text() for cell in page.page.select("td.by")] == ["Dora D", "Command line"]
    assert page.page.select("td.when")[0].get_text() == "2026-03-01 12:00 UTC"
    lines = [" ".join(line.get_text(" ").split()) for line in page.page.select("td.details")[0].select("li")]
    assert lines == [
        "phone: was – now +1",
        "required: was customer_name now –",
        "sealed key: replaced",
        "disabled: was no now yes",
    ]


@pytest.mark.slow
def test_it_is_chosen_by_person_and_act_and_goes_on_over_pages(dora: PageClient, here: Running) -> None:
    who = here.desk.staff.technicians[DORA].id
    for n in range(60):
        note(here, "site.changed" if n % 2 else "desk.changed", f"{n}", who if n % 3 else None)
    first = dora.get(AUDIT)
    second = dora.get(first.select(".more a")["href"])
    assert listed(first) + listed(second) == [str(n) for n in reversed(range(60))]
    assert not second.page.select(".more")
    assert [option["value"] for option in first.page.select("#act option")] == ["", "desk.changed", "site.changed"]
    chosen = dora.get(f"{AUDIT}?who={who}&act=site.changed")
    assert listed(chosen) == [str(n) for n in reversed(range(60)) if n % 2 and n % 3]
    assert chosen.select("#act option[selected]")["value"] == "site.changed"
    assert listed(dora.get(f"{AUDIT}?who=command-line")) == [str(n) for n in reversed(range(60)) if not n % 3]


@pytest.mark.slow
def test_what_is_not_there_is_not_found(dora: PageClient, here: Running) -> None:
    note(here, "site.added")
    for query in (
        "who=999",
        "who=x",
        "who=-1",
        "act=nothing",
        "act=%00",
        "before=-1",
        "before=0",
        f"before={'9' * 30}",
    ):
        assert dora.get(f"{AUDIT}?{query}").status == 404, query
    assert dora.get(f"{AUDIT}?before=x").status == 200


@pytest.mark.slow
def test_hostile_texts_in_it_are_only_text(dora: PageClient, here: Running) -> None:
    note(here, "site.changed", "harmless", name=["x", "x"], text="x")
    expected = tags(dora.get(AUDIT))
    for text in TEXTS:
        note(here, "site.changed", text, name=[text, text], text=text)
        page = dora.get(f"{AUDIT}?act=site.changed")
        row = page.page.select("tbody tr")[0]
        assert row.select_one("bdi").get_text() == "Command line" or text in row.get_text()  # type: ignore[union-attr]
        assert [e.name for e in row.find_all(True)] == [e.name for e in page.page.select("tbody tr")[-1].find_all(True)]
    assert set(tags(dora.get(AUDIT))) == set(expected) | {"a", "p"}


@pytest.mark.slow
def test_only_administrators_read_it(app: Flask) -> None:
    for email in ("anna@example.com", "sven@example.com"):
        other = PageClient(app)
        log_in(other, email)
        assert other.get(AUDIT).status == 403
        assert other.post(AUDIT, {"csrf_token": csrf_of(other.get("/console/"))}).status == 405
