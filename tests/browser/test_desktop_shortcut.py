"""integrations/desktop: the shortcuts open the request page, and fill in the machine's name where they are to."""

import os
import platform
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.live_server import LiveServer
from tests.proxies import program

pytestmark = pytest.mark.browser
MAKE = Path(__file__).parents[2] / "integrations" / "desktop" / "make-shortcut"


def make(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([MAKE, *map(str, arguments)], capture_output=True, text=True, check=False)


def started(folder: Path) -> str:
    """The address that the desktop's own launcher opens for the .desktop file."""
    gio, opener = program("gio", "libglib2.0-bin"), folder / "bin" / "xdg-open"
    opener.parent.mkdir()
    opened = folder / "opened"
    os.mkfifo(opened)
    opener.write_text(f'#!/bin/sh\nprintf %s "$*" >"{opened}"\n', "utf-8")
    opener.chmod(0o755)
    environment = {**os.environ, "PATH": f"{opener.parent}:{os.environ['PATH']}"}
    with subprocess.Popen([gio, "launch", folder / "get-support.desktop"], env=environment):
        return opened.read_text("utf-8")


@pytest.mark.parametrize("field", ["customer_number", "problem_description"])
def test_the_machine_s_name_is_filled_in(live: LiveServer, page: Page, tmp_path: Path, field: str) -> None:
    address = f"{live.base_url}/s/default"
    made = make(address, tmp_path, "--machine-name", field)
    assert made.returncode == 0, made.stderr
    wanted = f"{address}#{field}={platform.node()}"
    assert (tmp_path / "Get support.url").read_bytes() == f"[InternetShortcut]\r\nURL={wanted}\r\n".encode()
    assert started(tmp_path) == wanted
    page.goto(wanted)
    expect(page.locator(f"[name={field}]")).to_have_value(platform.node())


def test_without_it_nothing_is(live: LiveServer, page: Page, tmp_path: Path) -> None:
    address = f"{live.base_url}/s/default"
    assert make(address, tmp_path, "--name", "Hilfe holen").returncode == 0
    assert f"URL={address}\r\n" in (tmp_path / "Hilfe holen.url").read_bytes().decode()
    assert started(tmp_path) == address
    page.goto(address)
    expect(page.get_by_label("Customer number")).to_have_value("")


def test_the_address_fills_in_fields_alone(live: LiveServer, page: Page) -> None:
    hostile = "%3C/textarea%3E%3Cscript%3Ewindow.ran%3D1%3C/script%3E"
    page.goto(
        f"{live.base_url}/s/default#customer_name=Ada%20Lane&form_token=x&website=x&department=20&problem_description={hostile}"
    )
    expect(page.get_by_label("Your name")).to_have_value("Ada Lane")
    expect(page.get_by_label("Problem")).to_have_value("</textarea><script>window.ran=1</script>")
    assert page.locator("[name=form_token]").input_value() != "x"
    assert page.locator("[name=website]").input_value() == ""
    assert page.evaluate("window.ran") is None


def test_the_page_can_be_installed_as_an_app(live: LiveServer, page: Page) -> None:
    page.goto(f"{live.base_url}/s/default")
    session = page.context.new_cdp_session(page)
    told = session.send("Page.getAppManifest")
    assert (told["url"], told["errors"]) == (f"{live.base_url}/s/default/app.webmanifest", [])
    reasons = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [reason["errorId"] for reason in reasons if reason["errorId"] != "in-incognito"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("https://support.example.com",),
        ("support.example.com", "."),
        ("http://support.example.com", "."),
        ('https://support.example.com/"$(id)', "."),
        ("https://support.example.com/s/x?y=1", "."),
        ("https://support.example.com", "/nowhere"),
        ("https://support.example.com", ".", "--machine-name", "uid"),
        ("https://support.example.com", ".", "--name", "a/b"),
        ("https://support.example.com", ".", "--name", "a\nExec=id"),
        ("https://support.example.com", ".", "--colour", "red"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    refused = subprocess.run([MAKE, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert refused.returncode in (1, 2)
    assert len(refused.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
