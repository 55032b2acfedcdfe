"""A technician at the console: logged in, logged out, and with tickets to see."""

from app.actions.ticket import open_ticket
from app.process.running import Running
from tests.asking import asking
from tests.conftest import PASSWORD, StandingClock
from tests.page_client import HOST, Answer, PageClient

ANNA, BEN, DORA = "anna@example.com", "ben@example.com", "dora@example.com"
SAME_ORIGIN = {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}


def csrf_of(page: Answer) -> str:
    return str(page.page.select("input[name=csrf_token]")[0]["value"])


def log_in(client: PageClient, email: str = ANNA, password: str = PASSWORD) -> Answer:
    token = csrf_of(client.get("/console/login"))
    return client.post("/console/login", {"csrf_token": token, "email": email, "password": password})


def log_out(client: PageClient) -> Answer:
    return client.post("/console/logout", {"csrf_token": csrf_of(client.get("/console/"))})


def is_in(client: PageClient) -> bool:
    answer = client.get("/console/")
    assert answer.status in (200, 303)
    return answer.status == 200


def cookie(client: PageClient) -> str | None:
    found = client._client.get_cookie("handbell", domain="127.0.0.1")
    return found.value if found else None


def ticket(here: Running, clock: StandingClock, **asked: str) -> int:
    request = asking(**asked)  # type: ignore[arg-type]
    return open_ticket(here.database, here.desk.staff, "default", request, now=clock()).number
