"""Tokens and links for the load, taken from a running Handbell's pages as a customer's browser takes them."""

import http.client
import random
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

from bench.servers import BenchFailed, Server

FORM = "/s/default"
_AT_ONCE = 8


def form_token(server: Server) -> str:
    """The token of an empty form; valid for two hours and any number of different requests."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", FORM)
    return _found(r'name="form_token" value="([^"]+)"', connection.getresponse().read().decode())


def go_paths(server: Server, how_many: int, run: str) -> list[str]:
    """New links that start sessions, each for its own request."""
    token = form_token(server)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        parts = pool.map(
            lambda part: _submitted(server, token, f"{run}-{part}", -(-how_many // _AT_ONCE)), range(_AT_ONCE)
        )
        return [path for part in parts for path in part]


def _submitted(server: Server, token: str, run: str, how_many: int) -> list[str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    paths = []
    for number in range(how_many):
        client = {"X-Forwarded-For": f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(256)}"}
        body = urlencode({"form_token": token, "customer_name": "Maria", "customer_number": f"{run}-{number}"})
        connection.request("POST", FORM, body, {**client, "Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 303:
            raise BenchFailed(f"a form was answered with {answer.status}")
        connection.request("GET", answer.headers["Location"], headers=client)
        paths.append(_found(r'"(/go/[^"?]+)"', connection.getresponse().read().decode()))
    connection.close()
    return paths


def _found(pattern: str, page: str) -> str:
    if found := re.search(pattern, page):
        return found[1]
    raise BenchFailed(f"no {pattern} in the page: {page[:2000]}")
