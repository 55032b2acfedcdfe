"""A stand-in in a process of its own, so that a load test and the vendor do not share an interpreter."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.vendor.controls import Controls
from tests.vendor.knobs import Knobs
from tests.vendor.records import Call, Session

_ROOT = Path(__file__).resolve().parents[2]
_LOOK_AGAIN = 0.02  # seconds
_END_WITHIN = 30.0


class RemoteVendor(Controls):
    """A stand-in in another process, controlled over its control address. Every access to the records fetches them."""

    def __init__(self, address: str, control: str) -> None:
        self.address = address
        self.control = control

    @property
    def knobs(self) -> Knobs:
        return Knobs().changed(self._state()["knobs"])

    def change(self, **settings: Any) -> None:
        self._ask("POST", "set", settings)

    def release(self) -> None:
        self._ask("POST", "release")

    def forget(self) -> None:
        self._ask("POST", "forget")

    def counts(self) -> dict[str, int]:
        counts: dict[str, int] = self._ask("GET", "counts")["counts"]
        return counts

    def cpu_seconds(self) -> float:
        return float(self._ask("GET", "counts")["cpu_seconds"])

    @property
    def sessions(self) -> list[Session]:
        return [Session.from_plain(values) for values in self._state()["sessions"]]

    @property
    def ambiguous(self) -> list[Session]:
        state = self._state()
        lost = set(state["ambiguous"])
        return [Session.from_plain(values) for values in state["sessions"] if values["id"] in lost]

    @property
    def calls(self) -> list[Call]:
        return [Call(**values) for values in self._state()["calls"]]

    @property
    def fetched(self) -> list[str]:
        return [str(target) for target in self._state()["fetched"]]

    def _state(self) -> dict[str, Any]:
        state: dict[str, Any] = self._ask("GET", "state")
        return state

    def _ask(self, method: str, what: str, body: object = None) -> Any:
        connection = http.client.HTTPConnection(self.control.removeprefix("http://"), timeout=_END_WITHIN)
        try:
            connection.request(method, f"/_control/{what}", None if body is None else json.dumps(body))
            answer = connection.getresponse()
            told = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(told["error"])
        return told

    def _holds(self, condition: Callable[[], object], within: float) -> bool:
        until = time.monotonic() + within
        again = threading.Event()
        while not (holds := condition()) and time.monotonic() < until:
            again.wait(_LOOK_AGAIN)
        return bool(holds)


@contextmanager
def vendor_process(port: int = 0, **settings: Any) -> Iterator[RemoteVendor]:
    """A stand-in in its own process, with these initial knobs; it always ends with this process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.vendor.stand_in", "--port", str(port), "--until-stdin-ends"],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,  # protects it from a Ctrl-C for the test run
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        control = process.stdout.readline().strip().removeprefix("control ")
        vendor = RemoteVendor(address, control)
        vendor.change(**settings)
        yield vendor
    finally:
        process.stdin.close()
        status = process.wait(_END_WITHIN)
        process.stdout.close()
    assert status == 0
