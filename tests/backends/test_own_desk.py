"""Both flavours against Handbell's own New Session API: calls for the vendor work after changing only the host."""

import pytest

from app.backends import open_backend
from app.backends.declaring import Account
from app.backends.vendor_call import VendorCalls
from app.core.backend import Browser, Refused, Start
from app.core.customer import Customer
from app.core.new_session import NewSessionRequest
from app.core.site import Site
from app.core.targets import ANYWHERE
from tests.backends.kept import Kept
from tests.live_server import LiveServer, live_server  # noqa: F401 - a fixture

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("flavour", ["take-control", "take-control-rest"])
def test_a_session_at_another_handbell(live_server: LiveServer, flavour: str, kept: Kept) -> None:  # noqa: F811 - the fixture
    site = Site(slug="a", name="A", uid="u", backend=flavour, api_domain=live_server.base_url)
    backend = open_backend(Account(site, live_server.uid(), VendorCalls(ANYWHERE), kept))
    request = NewSessionRequest(department="id_10", customer=Customer(name="Zoë 漢字", problem="a\nb & c"))
    opened = backend.open_session(request, Browser("Mozilla/5.0 (Windows NT 10.0)", "de"))
    assert opened.start is Start.LINK
    assert (opened.link or "").startswith(f"{live_server.base_url}/applet/")
    ticket = live_server.run_json("ticket", "list")[0]
    assert (ticket["customer_name"], ticket["problem_description"]) == ("Zoë 漢字", "a\nb & c")
    assert ticket["queue"]["kind"] == "department"
    if flavour == "take-control-rest":
        assert opened.ticket_number == str(ticket["ticket_number"])


@pytest.mark.parametrize("flavour", ["take-control", "take-control-rest"])
def test_a_wrong_key_at_another_handbell(live_server: LiveServer, flavour: str, kept: Kept) -> None:  # noqa: F811 - the fixture
    site = Site(slug="a", name="A", uid="u", backend=flavour, api_domain=live_server.base_url)
    with pytest.raises(Refused, match="bad_key"):
        open_backend(Account(site, "nobody-has-this-key", VendorCalls(ANYWHERE), kept)).open_session(
            NewSessionRequest(), Browser()
        )
