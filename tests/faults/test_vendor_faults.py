"""All faults of a vendor: the request's state and the customer's page, neither of which contains the vendor's text."""

import re

import pytest
from bs4 import BeautifulSoup

from app.core.backend import Start
from tests.faults.hosts import Hosts
from tests.faults.vendor_cases import CASES, OPENED, Case, Seen

VENDORS_WORDS = re.compile(
    r"Something went wrong|Invalid department|A technician will be|wrong key|Bad Gateway|Gateway Time|Too Many"
    r"|Service Unavailable|Internal Server|<h1>Forbidden|ESMTP|root:x:|lollol|evil\.example",
)
HEADINGS = {
    "ready": "Your session is ready",
    "waiting": "We have your request",
    "parked": "Sorry, this takes longer than it should",
}


@pytest.mark.slow
def test_every_request_ends_as_it_must(every_vendor: tuple[Hosts, Seen]) -> None:
    assert every_vendor[1].missed == []
    assert len(every_vendor[1].rows) == len(CASES)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_customers_page_says_how_it_stands_in_our_words(case: Case, every_vendor: tuple[Hosts, Seen]) -> None:
    hosts, looked = every_vendor
    page = looked.pages[case.name]
    soup = BeautifulSoup(page, "html.parser")
    (main,) = soup.select("main")
    assert (main["data-state"], soup.h1 and soup.h1.get_text()) == (case.progress, HEADINGS[case.progress])
    assert not VENDORS_WORDS.search(page)
    assert "the vendor" not in page
    if case.state is OPENED:
        check_start(case, hosts, str(soup.select("a[data-start]")[0]["href"]))


def check_start(case: Case, hosts: Hosts, go: str) -> None:
    """Check where the start link leads."""
    answer = hosts.get(go)
    location = answer.headers.get("location", "")
    if case.start is Start.LINK:
        assert answer.status == 302
        assert location.startswith(("https://", "http://127.0.0.1:"))
    else:
        assert (answer.status, location) == (200, "")
    if case.start is Start.BROWSER:
        action = str(BeautifulSoup(answer.text, "html.parser").select("form[data-auto-post]")[0]["action"])
        assert action.endswith("/integration/integration_api.php")
        assert action.startswith("http://127.0.0.1:")
    assert not VENDORS_WORDS.search(answer.text)


@pytest.mark.slow
def test_neither_log_nor_operator_gets_the_vendors_text(every_vendor: tuple[Hosts, Seen]) -> None:
    hosts, looked = every_vendor
    assert not VENDORS_WORDS.search(hosts.logs)
    assert not VENDORS_WORDS.search(" ".join(f"{row.why_values} {row.last_error}" for row in looked.rows))
    assert "Traceback" not in hosts.logs
