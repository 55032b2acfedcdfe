"""What clients send, malformed or not, is in nothing that the server prints."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import pytest
from gunicorn.config import Config
from gunicorn.http import errors

from app.log import OnceAMinute
from app.process.server_log import ServerLog, status_of
from tests.forked import HANDBELL
from tests.live_server import clean_environment, free_port
from tests.waiting import until

MARK = b"jane.doe@example.com"
MARKS = ("jane.doe", "JANE.DOE", "jane%2edoe", "jane%2Edoe")
ROOT = Path(__file__).parents[2]
_GUNICORN = [str(HANDBELL.parent / "gunicorn"), "-c", str(ROOT / "gunicorn.conf.py"), "wsgi:app"]

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /integration/integration_api.php HTTP/1.1\r\nHost: x\r\n"
MALFORMED = [
    MARK + b"\r\n\r\n",
    b"GET " + MARK + b"\r\n\r\n",
    b"GET /?name=" + MARK + b" and more HTTP/1.1\r\n\r\n",
    b"GET /?name=\xc3\xbc" + MARK + b" HTTP/1.1\r\n\r\n",
    b"GET /?name=" + MARK + b" HTTP/9.9\r\n\r\n",
    b"GET /?name=" + MARK + b" HTTP/" + MARK + b"\r\n\r\n",
    b"GET /?name=" + MARK + b"\nHost: x\r\n\r\n",
    b"get /" + MARK + b" HTTP/1.1\r\n\r\n",
    b"GET //[" + MARK + b" HTTP/1.1\r\n\r\n",
    b"GET /" + MARK * 5000 + b" HTTP/1.1\r\n\r\n",
    GET + MARK + b"\r\n\r\n",
    GET + MARK + b": a\r\n\r\n",
    GET + b"a_b: " + MARK + b"\r\n\r\n",
    GET + b"A: b\r\n " + MARK + b"\r\n\r\n",
    GET + b"A: " + MARK + b"\x01\r\n\r\n",
    GET + b"A: " + MARK * 1000 + b"\r\n\r\n",
    GET + (b"A: " + MARK + b"\r\n") * 100 + b"\r\n",
    GET + b"Expect: " + MARK + b"\r\n\r\n",
    GET + b"Transfer-Encoding: " + MARK + b"\r\n\r\n",
    GET + b"Content-Length: " + MARK + b"\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\n" + MARK + b"\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\n5;" + MARK + b"=\x00\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na" + MARK + b"\r\n",
    b"PROXY TCP4 " + MARK + b"\r\n" + GET + b"\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + MARK,
    b"\x16\x03\x01" + MARK + b"\r\n\r\n",
    b"GET /?name=" + MARK + b" HTTP/1.1\r\nHost: x",  # and no more
    POST + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 900\r\n\r\nname=" + MARK,
    b"GET /" + MARK + b" HTTP/1.1\r\nHost: " + MARK + b"\r\nCookie: " + MARK + b"\r\n\r\n",
]


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    printed: Path

    def say(self, said: bytes) -> bytes:
        """All that is answered, after which the client says nothing more."""
        with socket.create_connection(("127.0.0.1", self.port), 30) as client:
            try:
                client.sendall(said)
                client.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: client.recv(65536), b""))
            except (ConnectionResetError, BrokenPipeError):
                return b""


@pytest.fixture(
    scope="module", params=[[str(HANDBELL), "serve"], [*_GUNICORN, "--log-level", "debug"]], ids=["serve", "debug"]
)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """All that it prints goes to one file."""
    folder, port = tmp_path_factory.mktemp("printing"), free_port()
    environment = clean_environment(folder / "data", PORT=str(port), HANDBELL_PROCESSES="1", HANDBELL_LOG_LEVEL="debug")
    subprocess.run([HANDBELL, "keys", "rotate"], env=environment, cwd=folder, check=False, capture_output=True)
    with (folder / "printed").open("wb") as printed:
        process = subprocess.Popen(
            request.param, env=environment, cwd=folder, stdout=printed, stderr=printed, start_new_session=True
        )
    try:
        assert until(lambda: _answers(port) or process.poll() is not None, 60), (folder / "printed").read_text()
        yield Server(port, folder / "printed")
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.slow
def test_nothing_that_clients_send_is_printed(server: Server) -> None:
    answers = [server.say(said) for said in MALFORMED]
    assert b" 200 OK" in server.say(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    printed = server.printed.read_text("utf-8", "replace")
    assert [mark for mark in MARKS if mark in printed] == []
    assert '"event": "malformed_request"' in printed
    assert "Traceback" not in printed
    assert [answer for answer in answers if MARK in answer] == [], "nor is it repeated to a client"
    assert {answer[9:12] for answer in answers if answer} >= {b"400", b"414", b"417", b"431", b"501"}
    assert not [answer for answer in answers if answer[9:12] == b"500"]


class Spelt(errors.InvalidHeader):  # type: ignore[misc]
    """A kind of malformed request that a later gunicorn may tell apart."""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.InvalidRequestLine("x"), HTTPStatus.BAD_REQUEST),
        (Spelt("x"), HTTPStatus.BAD_REQUEST),
        (errors.LimitRequestLine(9, 8), HTTPStatus.REQUEST_URI_TOO_LONG),
        (errors.LimitRequestHeaders("x"), HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
        (errors.UnsupportedTransferCoding("x"), HTTPStatus.NOT_IMPLEMENTED),
        (errors.ExpectationFailed("x"), HTTPStatus.EXPECTATION_FAILED),
        (errors.InvalidResponseHeader("x"), HTTPStatus.INTERNAL_SERVER_ERROR),
        (errors.InvalidResponseHeaderName("x"), HTTPStatus.INTERNAL_SERVER_ERROR),
        (ValueError("x"), HTTPStatus.INTERNAL_SERVER_ERROR),
    ],
)
def test_every_kind_of_error_has_its_status(error: Exception, status: HTTPStatus) -> None:
    assert status_of(error) is status


def test_an_error_is_logged_with_its_kind_and_place_alone(capfd: pytest.CaptureFixture[str]) -> None:
    code = (
        "from app import log\n"
        "from gunicorn.config import Config\n"
        "from app.process.server_log import ServerLog\n"
        "log.set_up('debug')\n"
        "server_log = ServerLog(Config())\n"
        "try:\n    raise ValueError('jane.doe')\n"
        "except ValueError:\n"
        "    server_log.exception('Error handling request %s', '/jane.doe')\n"
        "    server_log.debug('jane.doe')\n"
        "server_log.warning('a word of the server itself')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert '"error": "ValueError"' in done.stderr
    assert "a word of the server itself" in done.stderr
    assert "jane.doe" not in done.stderr + done.stdout


def test_what_stops_a_process_at_its_start_is_told_in_full(capfd: pytest.CaptureFixture[str]) -> None:
    server_log = ServerLog(Config())
    try:
        raise ValueError("the keys file is too open")
    except ValueError:
        server_log.exception("Exception in worker process")
    assert "the keys file is too open" in capfd.readouterr().err


def test_what_comes_often_is_worth_a_line_once_a_minute() -> None:
    now = 100.0
    often = OnceAMinute(lambda: now)
    assert [often() for _ in range(5)] == [1, 0, 0, 0, 0]
    now += 59.9
    assert often() == 0
    now += 0.1
    assert [often(), often()] == [6, 0]
