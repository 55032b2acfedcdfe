"""The controls of a stand-in over HTTP, on a separate port, so that they work while the vendor's port is closed.

`GET /_control/state` (everything), `GET /_control/counts`, `POST /_control/set` (JSON: the knobs to change), `POST
/_control/release`, `POST /_control/forget`.
"""

import json
import socket
from dataclasses import asdict
from typing import Any, Self

from tests.vendor.controls import Controls
from tests.vendor.listener import Listener
from tests.vendor.wire import Answer, Incoming, Reader


class ControlPort:
    """Answers for one vendor until it is closed."""

    def __init__(self, vendor: Controls, port: int = 0) -> None:
        self._vendor = vendor
        self._listener = Listener(self._serve, port)
        self.address = f"http://127.0.0.1:{self._listener.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self, connection: socket.socket) -> None:
        reader = Reader(connection)
        while call := reader.next():
            connection.sendall(self._answer(call).encoded())

    def _answer(self, call: Incoming) -> Answer:
        match call.method, call.path:
            case "GET", "/_control/state":
                return _json(200, state(self._vendor))
            case "GET", "/_control/counts":
                return _json(200, _counts(self._vendor))
            case "POST", "/_control/set":
                return self._set(call.body)
            case "POST", "/_control/release":
                self._vendor.release()
            case "POST", "/_control/forget":
                self._vendor.forget()
            case _:
                return _json(404, {"error": "no such address"})
        return _json(200, {})

    def _set(self, body: bytes) -> Answer:
        try:
            self._vendor.change(**json.loads(body))
        except (ValueError, TypeError, KeyError) as wrong:
            return _json(400, {"error": str(wrong)})
        return _json(200, self._vendor.knobs.plain())


def state(vendor: Controls) -> dict[str, Any]:
    """The complete state, as JSON values."""
    return {
        **_counts(vendor),
        "address": vendor.address,
        "knobs": vendor.knobs.plain(),
        "sessions": [session.plain() for session in vendor.sessions],
        "ambiguous": [session.id for session in vendor.ambiguous],
        "calls": [asdict(call) for call in vendor.calls],
        "fetched": vendor.fetched,
    }


def _counts(vendor: Controls) -> dict[str, Any]:
    return {"counts": vendor.counts(), "cpu_seconds": vendor.cpu_seconds()}


def _json(status: int, value: object) -> Answer:
    return Answer(status, json.dumps(value).encode(), (("Content-Type", "application/json"),))
