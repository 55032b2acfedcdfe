"""The example that the vendor documents, typed into curl, against the real server; and the longest possible calls."""

import json
import socket
import subprocess
from urllib.parse import quote

import pytest

from tests.live_server import LiveServer, live_server  # noqa: F401 - a fixture

DOCUMENTED = (
    "uid={uid}& customer_name=test2&customer_email=test@test.com&customer_number=1234567891"
    "&problem_description=Problem%20description2"
)
VALUES = {
    "customer_name": "test2",
    "customer_email": "test@test.com",
    "customer_number": "1234567891",
    "problem_description": "Problem description2",
}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def uid(live_server: LiveServer) -> str:  # noqa: F811 - the fixture
    return live_server.uid()


def curl(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "30", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def opened(server: LiveServer, *arguments: str) -> dict[str, object]:
    """The output of `handbell ticket show` for the ticket that a curl command opened, by the number in its answer."""
    done = curl("--fail-with-body", "-H", "Accept: application/json", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    number = json.loads(done.stdout)["details"]["ticket_number"]
    shown = server.run_json("ticket", "show", str(number))
    assert shown["ticket_number"] == number
    return dict(shown)


def elements(ticket: dict[str, object]) -> dict[str, object]:
    return {name: ticket[name] for name in VALUES}


def count(server: LiveServer) -> int:
    return len(server.run_json("ticket", "list", "--most", "10000"))


def test_get(live_server: LiveServer, uid: str) -> None:  # noqa: F811 - the fixture
    query = DOCUMENTED.format(uid=uid).replace(" ", "%20")
    done = curl("--include", f"{live_server.base_url}/integration/integration_api.php?{query}")
    head = done.stdout.replace("\r", "")
    assert head.startswith("HTTP/1.1 302 ")
    (location,) = (line.removeprefix("Location: ") for line in head.splitlines() if line.startswith("Location: "))
    assert location.startswith(f"{live_server.base_url}/applet/")
    newest = live_server.run_json("ticket", "list", "--most", "1")[0]
    ticket = live_server.run_json("ticket", "show", str(newest["ticket_number"]))
    assert elements(ticket) == VALUES
    assert (ticket["info_mode"], ticket["reason"]) == ("hidden", "nothing_asked")
    page = curl(location).stdout
    assert str(ticket["ticket_number"]) in page
    assert not [value for value in VALUES.values() if value in page]


def test_get_with_the_parameters_handed_to_curl_one_by_one(live_server: LiveServer, uid: str) -> None:  # noqa: F811 - the fixture
    arguments = ["--get", f"{live_server.base_url}/integration/integration_api.php", "--data-urlencode", f"uid={uid}"]
    for name, value in VALUES.items():
        arguments += ["--data-urlencode", f"{name}={value}"]
    assert elements(opened(live_server, *arguments)) == VALUES


@pytest.mark.parametrize("path", ["integration_api.php", "integration.php"])
def test_post_with_the_literal_blank(live_server: LiveServer, uid: str, path: str) -> None:  # noqa: F811 - the fixture
    body = DOCUMENTED.format(uid=uid)
    assert " customer_name" in body
    assert elements(opened(live_server, "-d", body, f"{live_server.base_url}/integration/{path}")) == VALUES


def test_post_as_multipart(live_server: LiveServer, uid: str) -> None:  # noqa: F811 - the fixture
    fields = [part for name, value in {"uid": uid, **VALUES}.items() for part in ("--form-string", f"{name}={value}")]
    assert elements(opened(live_server, *fields, f"{live_server.base_url}/integration/integration_api.php")) == VALUES


@pytest.mark.parametrize("header", ["INTEGRATION-KEY: {uid}", "Authorization: Bearer {uid}"])
def test_rest(live_server: LiveServer, uid: str, header: str) -> None:  # noqa: F811 - the fixture
    head = ["-H", "Content-Type: application/json", "-H", header.format(uid=uid)]
    body = json.dumps({**VALUES, "department_id": "id_10", "technician_username": "sam@example.com"})
    ticket = opened(live_server, *head, "-d", body, f"{live_server.base_url}/rest/session")
    assert elements(ticket) == VALUES
    assert ticket["queue"] == {"kind": "technician", "department": None, "technician": "sam@example.com"}
    assert (ticket["asked"], ticket["reason"]) == (
        {"department": "id_10", "tech": "sam@example.com"},
        "technician_over_department",
    )


def test_a_literal_blank_in_an_address_is_no_http(live_server: LiveServer, uid: str) -> None:  # noqa: F811 - the fixture
    """curl refuses to send it, and a client that sends it gets a 400; browsers write it as %20."""
    before = count(live_server)
    target = f"/integration/integration_api.php?{DOCUMENTED.format(uid=uid)}"
    assert curl(live_server.base_url + target).returncode == 3  # CURLE_URL_MALFORMAT
    with socket.create_connection(("127.0.0.1", live_server.port), timeout=30) as connection:
        request = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{live_server.port}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert count(live_server) == before


@pytest.mark.parametrize("character", ["界", "\N{PILE OF POO}"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_1024_characters_of_any_script(live_server: LiveServer, uid: str, character: str, method: str) -> None:  # noqa: F811 - the fixture
    text, address = character * 1024, f"{live_server.base_url}/integration/integration_api.php"
    query = f"uid={uid}&problem_description={quote(text)}"
    assert len(query) > 9000
    arguments = [f"{address}?{query}"] if method == "GET" else ["-d", query, address]
    assert elements(opened(live_server, *arguments))["problem_description"] == text
    one_more = [f"{argument}{quote(character)}" if query in argument else argument for argument in arguments]
    refused = curl("-H", "Accept: application/json", *one_more)
    assert "problem_description has 1025 characters; at most 1024" in refused.stdout
