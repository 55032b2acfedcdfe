"""HAProxy and nginx as deploy/ configures them, in front of hosts on this machine.

Only what is anybody's own is replaced: addresses, ports and the certificate.
"""

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.settings import ci
from tests.live_server import free_port
from tests.waiting import until

_ROOT = Path(__file__).parents[1]
_EXAMPLES = ("10.0.0.11:8000", "10.0.0.12:8000")
_CERTIFICATE = "/etc/ssl/support.example.com"
_START_WITHIN = 20.0


def program(name: str, package: str = "") -> str:
    """The path of a program of Debian's package, by default of the same name. With CI=true it is installed;
    without it the test is skipped."""
    return _there(lambda: _find(name), package or name)


def needs(package: str, file: Path) -> None:
    """Install Debian's package that brings this file, or skip the test, as `program` does."""
    _there(lambda: str(file) if file.exists() else None, package)


def _there(find: Callable[[], str | None], package: str) -> str:
    if not (found := find()) and ci():
        subprocess.run([_ROOT / "tools" / "apt-install", package], check=False)
        found = find()
    if found:
        return found
    if ci():
        pytest.fail(f"{package} is not on this machine, and could not be installed: install the package")
    pytest.skip(f"{package} is not on this machine: install the package")


def _find(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))


def haproxy_file(hosts: Sequence[int] = (), certificate: Path | None = None, port: int = 0) -> str:
    """deploy/haproxy.cfg with this certificate on port 443, or without TLS on this port of 127.0.0.1."""
    text = _with_hosts("haproxy.cfg", hosts)
    if certificate:
        return text.replace(f"{_CERTIFICATE}.both.pem", str(certificate))
    text = _replaced(text, f"bind :443 ssl crt {_CERTIFICATE}.both.pem", f"bind 127.0.0.1:{port}")
    return _replaced(text, "defaults\n", 'defaults\n    log stdout format raw local0\n    log-format "%sp"\n')


def nginx_file(folder: Path, hosts: Sequence[int] = (), certificate: Path | None = None, port: int = 0) -> str:
    """deploy/nginx.conf within a whole configuration; see `haproxy_file`. It writes to `folder` alone."""
    text = _with_hosts("nginx.conf", hosts)
    if certificate:
        text = text.replace(f"{_CERTIFICATE}.pem", str(certificate)).replace(f"{_CERTIFICATE}.key", str(certificate))
    else:
        text = _replaced(text, "listen 443 ssl;", f"listen 127.0.0.1:{port};")
        text = _replaced(text, "access_log off;", "access_log /dev/stdout served;")
        text = "".join(line for line in text.splitlines(keepends=True) if "ssl_certificate" not in line)
    places = "".join(f"{kind}_temp_path {folder};\n" for kind in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi"))
    return f"""
        user {getpass.getuser()};
        daemon off;
        worker_processes 2;
        pid {folder}/nginx.pid;
        error_log stderr;
        events {{}}
        http {{
            log_format served $upstream_addr;
            {places}
            {text}
        }}
    """


def _with_hosts(name: str, hosts: Sequence[int]) -> str:
    text = (_ROOT / "deploy" / name).read_text("utf-8")
    for example, port in zip(_EXAMPLES, hosts, strict=False):
        text = _replaced(text, example, f"127.0.0.1:{port}")
    return text


def _replaced(text: str, old: str, new: str) -> str:
    assert old in text, f"{old} is not in the file any more"
    return text.replace(old, new)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running proxy on 127.0.0.1, and the file to which it writes the address that served each request."""

    name: str
    port: int
    log_file: Path

    def served(self, host: int) -> int:
        """How many requests the host on this port has served for this proxy."""
        lines = self.log_file.read_text("utf-8", "replace").splitlines()
        return sum(line.rpartition(":")[2] == str(host) for line in lines)


@contextmanager
def haproxy(folder: Path, hosts: Sequence[int]) -> Iterator[Proxy]:
    """HAProxy in front of the hosts on these ports."""
    port = free_port()
    file = folder / "haproxy.cfg"
    file.write_text(haproxy_file(hosts, port=port), "utf-8")
    with _running(Proxy("HAProxy", port, folder / "haproxy.log"), [program("haproxy"), "-db", "-f", file]) as started:
        yield started


@contextmanager
def nginx(folder: Path, hosts: Sequence[int]) -> Iterator[Proxy]:
    """nginx in front of the hosts on these ports."""
    port = free_port()
    file = folder / "nginx.conf"
    file.write_text(nginx_file(folder, hosts, port=port), "utf-8")
    command = [program("nginx"), "-e", "stderr", "-p", folder, "-c", file]
    with _running(Proxy("nginx", port, folder / "nginx.log"), command) as started:
        yield started


@contextmanager
def _running(proxy: Proxy, command: Sequence[str | Path]) -> Iterator[Proxy]:
    with proxy.log_file.open("ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    try:
        assert until(lambda: process.poll() is not None or listens(proxy.port), _START_WITHIN)
        assert process.poll() is None, proxy.log_file.read_text("utf-8")
        yield proxy
    finally:
        process.terminate()
        process.wait(_START_WITHIN)


def listens(port: int) -> bool:
    """Whether a process listens on this port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
