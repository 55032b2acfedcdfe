"""The real coturn with the configuration of docs/live-session.md, on this machine.

Only what is anybody's own is replaced: addresses, ports, the certificate and the secret.
"""

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.relay import STUN_SCHEMES, Credentials, read_servers
from app.process.relay_trial import try_server
from tests.live_server import free_port
from tests.proxies import program
from tests.waiting import until

SECRET = "a-secret-of-the-relay-in-tests"
_DOCS = Path(__file__).parents[1] / "docs" / "live-session.md"
_START_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Coturn:
    """A running relay. `certificate` is the file that has to be trusted."""

    port: int
    tls_port: int
    certificate: Path
    log_file: Path
    process: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        """End it before its block does."""
        assert self.process
        self.process.terminate()
        self.process.wait(_START_WITHIN)

    @property
    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace")


def documented() -> str:
    """The configuration file as the docs show it."""
    (block,) = re.findall(r"```\n(listening-port=.*?)```", _DOCS.read_text("utf-8"), re.DOTALL)
    return str(block)


@contextmanager
def coturn(folder: Path, *more: str) -> Iterator[Coturn]:
    """A relay on 127.0.0.1 until the block ends; `more` are further lines of its configuration."""
    found = program("turnserver", "coturn")
    made = Coturn(free_port(), free_port(), folder / "relay.pem", folder / "coturn.log")
    _make_certificate(made.certificate)
    own = {
        "listening-port": str(made.port),
        "tls-listening-port": str(made.tls_port),
        "cert": str(made.certificate),
        "pkey": str(made.certificate),
        "static-auth-secret": SECRET,
    }
    lines = [f"{name}={own[name]}" if (name := line.partition("=")[0]) in own else line for line in _lines()]
    lines += ["listening-ip=127.0.0.1", "relay-ip=127.0.0.1", "no-stdout-log", f"log-file={made.log_file}"]
    lines += ["simple-log", f"pidfile={folder / 'coturn.pid'}", f"userdb={folder / 'coturn.db'}"]
    lines += more
    file = folder / "turnserver.conf"
    file.write_text("\n".join(lines) + "\n", "utf-8")
    command = [found, "-c", str(file), "--no-stdout-log"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            assert until(lambda: process.poll() is not None or _listens(made), _START_WITHIN)
            assert process.poll() is None, made.log
            yield replace(made, process=process)
        finally:
            process.terminate()
            process.wait(_START_WITHIN)


def _lines() -> list[str]:
    return documented().splitlines()


def _listens(made: Coturn) -> bool:
    with suppress(OSError):
        for port in (made.port, made.tls_port):
            socket.create_connection(("127.0.0.1", port), 1).close()
        (udp,) = read_servers(f"stun:127.0.0.1:{made.port}", STUN_SCHEMES)
        return try_server(udp, Credentials("", "")).trouble is None
    return False


def _make_certificate(path: Path) -> None:
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    files = ("-keyout", str(path), "-out", f"{path}.crt")
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files)
    subprocess.run(made, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
