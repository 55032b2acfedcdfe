"""The log-in leads back to the console's own pages only."""

import pytest

from app.core.way_back import way_back


@pytest.mark.parametrize(
    "page",
    [
        "/console/tickets/17",
        "/console/?queue=general&before=9",
        "/console/account",
        "/console/requests?q=%C3%A9",
        "/console/?q=//a/../b",
        f"/console/{'x' * 503}",
    ],
)
def test_a_page_of_the_console_is_gone_back_to(page: str) -> None:
    assert way_back(page) == page


@pytest.mark.parametrize(
    "elsewhere",
    [
        "",
        "/",
        "/s/default",
        "/console",
        "/consolex/",
        "//evil.example/console/",
        "https://evil.example/console/",
        "javascript:alert(1)",
        "/\\evil.example/console/",
        "/console/\\evil.example",
        "/console//evil.example",
        "/console/../s/default",
        "/console/..",
        "/console/./x",
        "/console/%2e%2e/s/default",
        "/console/%2E./s/default",
        "/console/x\r\nSet-Cookie: a=b",
        "/console/x\n",
        "/console/x y",
        "/console/é",
        "/console/\u2028",
        " /console/x",
        "/Console/x",
        "/console/login",
        "/console/login?next=/console/login",
        "/console/login/code",
        "/console/logout",
        "/console/invitation/abc",
        "/console/" + "x" * 504,
    ],
)
def test_anything_else_is_the_first_page(elsewhere: str) -> None:
    assert way_back(elsewhere) == "/console/"
