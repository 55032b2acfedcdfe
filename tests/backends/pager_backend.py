"""A pager: each session is one message, and the answer contains the address at which the customer goes on.

This file is an example of a new backend as described in CONTRIBUTING. `test_new_backend.py` puts it into
`app/backends/`.
"""

import json
from dataclasses import dataclass

from app.backends.answer import failure
from app.backends.declaring import Account, Backend
from app.core.backend import Browser, Opened, Start
from app.core.declaration import Opener, Option
from app.core.fact import Fact
from app.core.new_session import NewSessionRequest
from app.core.text import Invalid


@dataclass(frozen=True, slots=True)
class Pager:
    """Opens sessions at one pager."""

    account: Account

    def open_session(self, request: NewSessionRequest, browser: Browser) -> Opened:
        """Send one message. Raises Refused or Unavailable."""
        address = self.account.site.option("pager_url")
        body = json.dumps({"from": request.customer.name, "text": request.customer.problem}).encode()
        answer = self.account.calls.post(address, body, {"Content-Type": "application/json"}, self.account.keep)
        if not answer.head.good:
            raise failure(answer.head.status)
        return Opened(Start.LINK, link=json.loads(answer.body or b"")["link"])


def pager_url(written: str) -> str:
    """The address to store. Raises Invalid."""
    if not written.startswith(("https://", "http://127.0.0.1:")):
        raise Invalid(Fact("pager_url", "not_https"))
    return written


BACKEND = Backend(
    name="pager",
    label="A pager",
    opener=Opener.SERVER,
    options=(Option(name="pager_url", label="Pager address", read=pager_url, needed=True),),
    connect=Pager,
)
