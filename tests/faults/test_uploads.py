"""A host is killed (`kill -9`) while files are on their way: each is there whole, or not at all, and goes on."""

import json
import os
import socket
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from app.core.kept_file import CHUNK
from bench.talk import make_pairs
from tests.faults.hosts import Hosts, running
from tests.waiting import until

SIZE = 3 * CHUNK + 17


class Page:
    """A page of a conversation, which sends files as its script does."""

    def __init__(self, port: int, base: str, headers: dict[str, str]) -> None:
        self.port = port
        self.base = base
        self.headers = headers

    def call(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, f"{self.base}/{path}", body, {**self.headers, "Content-Type": kind})
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        assert answer.status == 200, said
        return said

    def begin(self, key: str) -> dict[str, Any]:
        said = json.dumps({"key": key, "name": f"{key}.bin", "size": SIZE}).encode()
        found: dict[str, Any] = json.loads(self.call("POST", "files", said))
        return found

    def piece(self, file: str, at: int, content: bytes) -> dict[str, Any]:
        part = content[at : at + CHUNK]
        found: dict[str, Any] = json.loads(self.call("POST", f"files/{file}?at={at}", part, "application/octet-stream"))
        return found

    def half_a_piece(self, file: str, at: int, content: bytes) -> socket.socket:
        """Send the head and half of a piece, and no more."""
        part = content[at : at + CHUNK]
        lines = [f"POST {self.base}/files/{file}?at={at} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(part)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.sendall("\r\n".join([*lines, "Content-Type: application/octet-stream", "", ""]).encode())
        connection.sendall(part[: len(part) // 2])
        return connection

    def files(self) -> list[str]:
        lines = json.loads(self.call("GET", "live"))["lines"]
        return [line["body"] for line in lines if line["kind"] == "file"]


def test_a_file_is_whole_or_not_there_whenever_its_host_is_killed(tmp_path: Path) -> None:
    with running(tmp_path, worker=False, HANDBELL_PROCESSES="1") as hosts:
        keys = Path(hosts.environments[0]["HANDBELL_KEYS_FILE"])
        (pair,) = make_pairs(hosts.database_url, keys, hosts.ports[0], 1)
        for number, page in enumerate(
            Page(hosts.ports[0], address.path, address.headers) for address in (pair.customer, pair.technician)
        ):
            for killed_at in range(0, SIZE, CHUNK):
                key, content = f"f{number}-{killed_at // CHUNK}", os.urandom(SIZE)
                answer = page.begin(key)
                while answer["at"] < killed_at:
                    answer = page.piece(answer["file"], answer["at"], content)
                with page.half_a_piece(answer["file"], answer["at"], content):
                    kill(hosts)
                assert f"{key}.bin" not in page.files()
                again = page.begin(key)
                assert again == answer, "what was acknowledged is on disk, and nothing else"
                while again["id"] is None:
                    again = page.piece(again["file"], again["at"], content)
                assert page.call("GET", f"files/{again['file']}") == content
        assert page.files() == [f"f{number}-{n}.bin" for number in range(2) for n in range(4)]


def kill(hosts: Hosts) -> None:
    """`kill -9` the whole host, and wait until it has started again."""
    (web,) = hosts.web
    starts = web.starts
    web.kill_all()
    assert until(lambda: web.starts > starts, 60)
