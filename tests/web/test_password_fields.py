"""Fields for passwords: hidden as they are typed, filled in by password managers, and nothing else to know."""

import pytest
from flask import Flask

from app.actions.invitations import invite
from app.core.password import LONGEST
from app.files.assets import assets
from app.process.running import Running
from tests.conftest import PASSWORD, StandingClock
from tests.page_client import PageClient
from tests.web.console_client import ANNA, csrf_of, is_in, log_in


def pages(app: Flask, here: Running, clock: StandingClock) -> dict[str, PageClient]:
    """Every page that asks for a password, each with a client that gets it."""
    anna = PageClient(app)
    log_in(anna)
    link = invite(here.database, here.desk.staff.technicians[ANNA].id, by=None, now=clock())
    stranger = PageClient(app)
    return {
        "/console/login": stranger,
        f"/console/invitation/{link}": stranger,
        "/console/account": anna,
        "/console/account/second-factor": anna,
    }


@pytest.mark.slow
def test_passwords_are_hidden_and_may_be_pasted_and_filled_in(app: Flask, here: Running, clock: StandingClock) -> None:
    for path, client in pages(app, here, clock).items():
        page = client.get(path).page
        fields = [
            field
            for field in page.select("main input[name]:not([type=hidden])")
            if "password" in str(field.get("autocomplete"))
        ]
        assert fields, path
        for field in fields:
            assert field["type"] == "password"
            assert field["autocomplete"] in ("current-password", "new-password")
            assert not {"pattern", "onpaste", "readonly"} & field.attrs.keys()
            assert int(str(field.get("maxlength", LONGEST))) >= LONGEST


@pytest.mark.slow
def test_no_script_looks_at_what_is_pasted(app: Flask, here: Running, clock: StandingClock) -> None:
    """But those that take pictures, of a conversation and of a request; they are on no page with a password."""
    scripts = {name: asset.plain for name, asset in assets().items() if name.endswith(".js")}
    looking = [name for name, script in scripts.items() if b'"paste"' in script or b"onpaste" in script]
    assert sorted(looking) == ["files.js", "picture-form.js"]
    for path, client in pages(app, here, clock).items():
        assert not [name for name in looking if name in client.get(path).text]


@pytest.mark.slow
def test_a_password_is_all_there_is_to_know(app: Flask, here: Running, clock: StandingClock) -> None:
    """No hint, and no question that stands in for a password."""
    asked = {
        str(field["name"])
        for path, client in pages(app, here, clock).items()
        for field in client.get(path).page.select("main input[name]:not([type=hidden])")
        if not field.find_parent(hidden=True)
    }
    assert asked == {
        *("email", "password", "again"),
        *("old_password", "new_password", "new_password_again"),
        "code",
    }


@pytest.mark.slow
@pytest.mark.parametrize("extra", [{"role": "administrator"}, {"technician_id": "5"}, {"email": "eve@example.com"}])
def test_what_a_form_does_not_ask_for_changes_nothing(app: Flask, here: Running, extra: dict[str, str]) -> None:
    client = PageClient(app)
    log_in(client)
    before = here.desk.staff.technicians
    chosen = "four words nobody knows yet"
    fields = {"old_password": PASSWORD, "new_password": chosen, "new_password_again": chosen, **extra}
    token = csrf_of(client.get("/console/account"))
    assert client.post("/console/account/password", {"csrf_token": token, **fields}).status == 303
    assert here.desk.staff.technicians == before
    assert is_in(client)
    assert log_in(PageClient(app), ANNA, chosen).status == 303
