"""`make audit` names packages of which weaknesses are known, on a stand-in for the database that it asks."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[1]


class _Database(BaseHTTPRequestHandler):
    known: dict[str, str]
    asked: list[dict[str, str]]

    def do_POST(self) -> None:
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        self.asked.extend({**query["package"], "version": query["version"]} for query in queries)
        found = [self.known.get(query["package"]["name"]) for query in queries]
        answer = json.dumps({"results": [{"vulns": [{"id": each}]} if each else {} for each in found]}).encode()
        self.send_response(200 if self.path == "/v1/querybatch" else 404)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def database(**known: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Its address, and what it was asked."""
    asked: list[dict[str, str]] = []
    handler = type("Database", (_Database,), {"known": known, "asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def audit(service: str) -> tuple[int, str]:
    command = [sys.executable, str(ROOT / "tools" / "audit"), service]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_every_locked_package_is_asked_about() -> None:
    with database() as (service, asked):
        status, said = audit(service)
    assert (status, said) == (0, f"{len(asked)} packages, 0 with known weaknesses\n")
    names = {each["name"] for each in asked if each["ecosystem"] == "PyPI"}
    assert {"flask", "cryptography", "pytest", "hatchling"} <= names
    assert {"esbuild", "vnu-jar"} <= {each["name"] for each in asked if each["ecosystem"] == "npm"}
    locked = (ROOT / "requirements.txt").read_text("utf-8")
    (flask,) = [each["version"] for each in asked if each["name"] == "flask"]
    assert f"flask=={flask} " in locked


def test_a_known_weakness_is_named_and_fails() -> None:
    with database(jinja2="GHSA-0000-0000-0000") as (service, _):
        status, said = audit(service)
    assert status == 1
    assert ": GHSA-0000-0000-0000\n" in said
    assert said.startswith("PyPI jinja2 ")


def test_a_database_that_cannot_be_asked_is_no_clean_bill() -> None:
    with database() as (service, _):
        pass
    status, said = audit(service)
    assert status == 2
    assert "could not be asked" in said
