"""A customer on the pages: with a request whose applet is open, or with a PIN."""

from tests.page_client import Answer, PageClient


def applet_of(client: PageClient, **fields: str) -> str:
    """A fresh request's applet, started."""
    status = client.get(client.submit(**fields).location)
    return client.get(str(status.page.select("a[data-start]")[0]["href"])).location


def enter(client: PageClient, pin: str, headers: dict[str, str] | None = None) -> Answer:
    token = client.get("/pin").select("input[name=form_token]")["value"]
    return client.post("/pin", {"form_token": token, "pin": pin}, headers=headers)
