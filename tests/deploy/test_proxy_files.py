"""deploy/haproxy.cfg and deploy/nginx.conf: the programs accept them, and repeat what is safe to repeat."""

import http.client
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from tests.live_server import free_port
from tests.proxies import Proxy, haproxy, haproxy_file, nginx, nginx_file, program
from tests.waiting import until

pytestmark = pytest.mark.slow

_FORM = ("POST", "/s/default")
_CALLS = [
    ("GET", "/integration/integration_api.php"),
    ("POST", "/integration/integration.php"),
    ("POST", "/rest/session"),
]
_ACT = ("POST", "/console/tickets/1")
_PAGE = ("GET", "/console/tickets/1")
_STREAM = "/console/changes"
_FIRST, _REST = b": here\n\n", b"data: changed\n\n"
_TIMES = 6
Start = Callable[[Path, Sequence[int]], AbstractContextManager[Proxy]]


class Host(ThreadingHTTPServer):
    """A host that notes what it gets. One that is not `sound` hangs up instead of answering, but is ready."""

    daemon_threads = True

    def __init__(self, *, sound: bool = True, ready: bool = True) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.sound = sound
        self.ready = ready
        self.got: Counter[str] = Counter()
        self.was_read = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: Host

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == _STREAM:
            self._begin_stream()
            return
        is_check = self.path == "/readyz"
        if not is_check:
            self.server.got[self.headers["X-Number"]] += 1
        if self.server.sound or is_check:
            self.send_response(503 if is_check and not self.server.ready else 200)
            self.send_header("Content-Length", "4")
            self.end_headers()
            self.wfile.write(b"mine")

    def _begin_stream(self) -> None:
        """The beginning of a stream as ours; the rest comes when it was read."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(_FIRST) + len(_REST)))
        self.send_header("X-Accel-Buffering", "no")
        self.end_headers()
        self.wfile.write(_FIRST)
        if self.server.was_read.wait(30):
            self.wfile.write(_REST)

    do_GET = do_POST = _answer  # noqa: N815 - the base class's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


@contextmanager
def listening(host: Host) -> Iterator[int]:
    """The port of this host, which listens until the block ends."""
    thread = threading.Thread(target=host.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield host.server_address[1]
    finally:
        host.shutdown()
        thread.join()
        host.server_close()


@pytest.fixture(params=[haproxy, nginx], ids=["HAProxy", "nginx"])
def start(request: pytest.FixtureRequest) -> Start:
    program(request.param.__name__)
    chosen: Start = request.param
    return chosen


def sent(proxy: Proxy, method: str, path: str) -> list[int]:
    """The statuses of some requests like this one, 0 without an answer; each has its number."""
    return [_status(proxy, method, path, number) for number in range(_TIMES)]


def _status(proxy: Proxy, method: str, path: str, number: int, body: bytes = b"a=1") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=30)
    try:
        connection.request(method, path, body if method == "POST" else None, {"X-Number": str(number)})
        return connection.getresponse().status
    except http.client.HTTPException:
        return 0
    finally:
        connection.close()


def test_haproxy_accepts_its_file(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path)
    (tmp_path / "haproxy.cfg").write_text(haproxy_file(certificate=certificate), "utf-8")
    assert _checked(program("haproxy"), "-c", "-f", tmp_path / "haproxy.cfg") == "Configuration file is valid"


def test_nginx_accepts_its_file(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path)
    (tmp_path / "nginx.conf").write_text(nginx_file(tmp_path, certificate=certificate), "utf-8")
    said = _checked(program("nginx"), "-t", "-e", "stderr", "-p", tmp_path, "-c", tmp_path / "nginx.conf")
    assert [line.rpartition(" ")[2] for line in said.splitlines()] == ["ok", "successful"]


def _certificate(folder: Path) -> Path:
    path = folder / "both.pem"
    trustme.CA().issue_cert("support.example.com").private_key_and_cert_chain_pem.write_to_path(path)
    return path


def _checked(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return (done.stdout + done.stderr).strip()


@pytest.mark.parametrize(("method", "path"), [_FORM, _PAGE])
def test_what_is_safe_to_repeat_goes_to_another_host(tmp_path: Path, start: Start, method: str, path: str) -> None:
    with ExitStack() as stack:
        broken, sound = Host(sound=False), Host()
        ports = [stack.enter_context(listening(one)) for one in (broken, sound)]
        proxy = stack.enter_context(start(tmp_path, ports))
        assert sent(proxy, method, path) == [200] * _TIMES
    assert (broken.got.total() > 0, len(sound.got)) == (True, _TIMES)


@pytest.mark.parametrize(("method", "path"), [*_CALLS, _ACT])
def test_what_was_sent_and_is_not_safe_to_repeat_is_not(tmp_path: Path, start: Start, method: str, path: str) -> None:
    with ExitStack() as stack:
        broken, sound = Host(sound=False), Host()
        ports = [stack.enter_context(listening(one)) for one in (broken, sound)]
        proxy = stack.enter_context(start(tmp_path, ports))
        statuses = sent(proxy, method, path)
    assert (broken.got + sound.got).most_common(1)[0][1] == 1
    assert [number for number, status in enumerate(statuses) if status != 200] == sorted(map(int, broken.got))


@pytest.mark.parametrize(
    "path",
    [
        "/applet/x.y/files",
        "/applet/x.y/files/1?at=0",
        "/console/tickets/1/files/1?at=0",
        "/s/default/with-pictures",
        "/s/default/pictures",
        "/api/v1/requests/x.y/pictures?lang=de",
    ],
)
def test_files_of_conversations_pass(tmp_path: Path, start: Start, path: str) -> None:
    with ExitStack() as stack:
        ports = [stack.enter_context(listening(Host())) for _ in range(2)]
        proxy = stack.enter_context(start(tmp_path, ports))
        assert _status(proxy, "POST", path, 1, bytes(1024 * 1024)) == 200


@pytest.mark.parametrize(("method", "path"), [_FORM, _PAGE, *_CALLS, _ACT])
def test_what_was_not_sent_goes_to_another_host(tmp_path: Path, start: Start, method: str, path: str) -> None:
    with listening(sound := Host()) as port, start(tmp_path, [free_port(), port]) as proxy:
        assert sent(proxy, method, path) == [200] * _TIMES
    assert sound.got == {str(number): 1 for number in range(_TIMES)}


def _both_are_down(proxy: Proxy) -> bool:
    """HAProxy has taken both hosts out, and says so."""
    return until(lambda: "backend 'handbell' has no server available" in proxy.log_file.read_text("utf-8"))


@pytest.mark.parametrize(("method", "path"), [_FORM, _PAGE, *_CALLS, _ACT])
def test_hosts_that_are_not_ready_answer_when_none_is(tmp_path: Path, start: Start, method: str, path: str) -> None:
    """Without their database they have more to say than a proxy's 503."""
    with ExitStack() as stack:
        unready = [Host(ready=False), Host(ready=False)]
        proxy = stack.enter_context(start(tmp_path, [stack.enter_context(listening(one)) for one in unready]))
        if start is haproxy:
            assert _both_are_down(proxy)
        assert sent(proxy, method, path) == [200] * _TIMES


@pytest.mark.parametrize(("method", "path"), [_FORM, _PAGE, *_CALLS, _ACT])
def test_hosts_that_failed_a_moment_ago_are_asked_when_there_is_no_other(
    tmp_path: Path, start: Start, method: str, path: str
) -> None:
    with ExitStack() as stack:
        hosts = [Host(sound=False), Host(sound=False)]
        proxy = stack.enter_context(start(tmp_path, [stack.enter_context(listening(one)) for one in hosts]))
        assert 200 not in sent(proxy, method, path)
        for host in hosts:
            host.sound = True
        assert sent(proxy, method, path) == [200] * _TIMES


def test_the_first_bytes_of_a_stream_come_at_once(tmp_path: Path, start: Start) -> None:
    host = Host()
    with listening(host) as port, start(tmp_path, [port, port]) as proxy:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)
        connection.request("GET", _STREAM)
        stream = connection.getresponse()
        assert stream.read(len(_FIRST)) == _FIRST
        host.was_read.set()
        assert stream.read() == _REST
        connection.close()
