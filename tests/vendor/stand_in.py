"""A stand-in for the vendor's New Session API: real HTTP on 127.0.0.1, answering in every way that a test needs.

    with stand_in(delay=0.3) as vendor:          # in this process
        vendor.answers = Answers.REDIRECT
        ...
        assert vendor.sessions[0].customer_name == "…"

    with vendor_process(delay=0.3) as vendor:    # the same in a separate process

    python -m tests.vendor.stand_in --port 8099 --delay 0.3 --answers redirect

`tests/vendor/controls.py` describes the settings and records.
"""

import argparse
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from random import Random
from typing import Any

from tests.vendor.answers import EXECUTABLE, Ticket, answer_to, applet_file, refusal
from tests.vendor.control_port import ControlPort
from tests.vendor.controls import Controls
from tests.vendor.knobs import KEY, OWN_APPLET, VENDOR_APPLET, Answers, Failure, Knobs, Outage
from tests.vendor.listener import Listener, has_left, readable, reset
from tests.vendor.reception import Rejected, flavour_of, received
from tests.vendor.records import Call, Flavour, Records, Session
from tests.vendor.remote import RemoteVendor, vendor_process
from tests.vendor.wire import Answer, Incoming, Reader, Unreadable

__all__ = [
    "KEY",
    "OWN_APPLET",
    "VENDOR_APPLET",
    "Answers",
    "Call",
    "Failure",
    "Flavour",
    "Outage",
    "RemoteVendor",
    "Session",
    "Vendor",
    "stand_in",
    "vendor_process",
]


class Vendor(Controls):
    """A stand-in in this process. `close()` ends its port, its calls and its threads."""

    def __init__(self, port: int = 0, **settings: Any) -> None:
        self._knobs = Knobs().changed(settings)
        self._chance = Random(self._knobs.seed)
        self._setting = threading.Lock()
        self._closing = threading.Event()
        self._released = threading.Event()
        self.records = Records()
        self._listener = Listener(self._serve, port)
        self.address = f"http://127.0.0.1:{self._listener.port}"
        self._follow_outage()

    @property
    def knobs(self) -> Knobs:
        return self._knobs

    def change(self, **settings: Any) -> None:
        with self._setting:
            self._knobs = self._knobs.changed(settings)
            if "seed" in settings:
                self._chance = Random(self._knobs.seed)
            self._follow_outage()

    def release(self) -> None:
        self.change(hang=0.0)
        released, self._released = self._released, threading.Event()
        released.set()

    def forget(self) -> None:
        self.records.forget()

    def counts(self) -> dict[str, int]:
        return self.records.counts()

    def cpu_seconds(self) -> float:
        return time.process_time()

    @property
    def sessions(self) -> list[Session]:
        return self.records.sessions

    @property
    def ambiguous(self) -> list[Session]:
        return self.records.ambiguous

    @property
    def calls(self) -> list[Call]:
        return self.records.calls

    @property
    def fetched(self) -> list[str]:
        return self.records.fetched

    def close(self) -> None:
        """Close everything; no thread remains."""
        self._closing.set()
        self._released.set()
        self._listener.close()

    def draw(self) -> Failure | None:
        """Draw whether the next call fails, and how."""
        knobs = self._knobs
        if not knobs.failing:
            return None
        with self._setting:
            return self._chance.choice(knobs.failures) if self._chance.random() < knobs.failing else None

    def now(self) -> tuple[threading.Event, Knobs]:
        """The event that ends a call's hang, and its settings; read in this order, so that no release is missed."""
        released = self._released
        return released, self._knobs

    def pause(self, knobs: Knobs, released: threading.Event) -> None:
        """Wait as long as a call takes, until the stand-in is closed or the call released."""
        if knobs.hang:
            released.wait(knobs.hang)
        if knobs.delay:
            self._closing.wait(knobs.delay)

    def _follow_outage(self) -> None:
        if self._knobs.outage is Outage.REFUSED:
            self._listener.refuse()
        else:
            self._listener.accept()

    def _serve(self, connection: socket.socket) -> None:
        _Line(self, connection).serve()

    def _holds(self, condition: Callable[[], object], within: float) -> bool:
        return self.records.wait_for(condition, within)


class _Line:
    """One connection to the stand-in."""

    def __init__(self, vendor: Vendor, connection: socket.socket) -> None:
        self._vendor = vendor
        self._records = vendor.records
        self._connection = connection
        self._reader = Reader(connection)

    def serve(self) -> None:
        """Serve calls until one side ends the connection."""
        failure = self._vendor.draw()
        if failure is Failure.REFUSED:
            self._break_off(failure)
            return
        goes_on = self._is_called() and self._next(failure)
        while goes_on:
            goes_on = self._is_called() and self._next(self._vendor.draw())

    def _is_called(self) -> bool:
        """Wait for the next call, or for the caller to leave."""
        return readable(self._connection) and not has_left(self._connection)

    def _next(self, failure: Failure | None) -> bool:
        """Serve the next call. False when the connection has ended."""
        if self._vendor.outage is Outage.REFUSED:
            failure = Failure.RESET_BEFORE
        if failure in (Failure.REFUSED, Failure.RESET_BEFORE):
            self._break_off(failure)
            return False
        try:
            incoming = self._reader.next()
        except Unreadable as unreadable:
            self._connection.sendall(refusal(400, Flavour.FORM, str(unreadable)).encoded(close=True))
            return False
        if incoming is None:
            return False
        flavour = flavour_of(incoming.path)
        if flavour is None:
            return self._give(incoming, self._something_else(incoming), self._vendor.knobs)
        return self._call(incoming, flavour, failure)

    def _break_off(self, failure: Failure) -> None:
        """Reset the connection instead of reading a call."""
        number = self._records.begin()
        self._records.end(number, failure.value, None, answered=False, told=False)
        reset(self._connection)

    def _call(self, incoming: Incoming, flavour: Flavour, failure: Failure | None) -> bool:
        """Read, open, wait, record, answer: the records always know of a session before the caller does."""
        released, knobs = self._vendor.now()
        with self._records.changed:  # so that both become visible together
            number = self._records.begin()
            session, answer = self._decided(incoming, flavour, knobs, failure)
        self._vendor.pause(knobs, released)
        breaks = failure is Failure.RESET_AFTER
        answered = not breaks and not has_left(self._connection)
        told = answered and failure is None
        outcome = failure.value if failure else str(answer.status)
        self._records.end(number, outcome, session, answered=answered, told=told)
        if breaks:
            reset(self._connection)
        if not answered:
            return False
        try:
            return self._give(incoming, answer, knobs)
        except OSError:
            self._records.was_not_answered(number)
            return False

    def _decided(
        self, incoming: Incoming, flavour: Flavour, knobs: Knobs, failure: Failure | None
    ) -> tuple[Session | None, Answer]:
        """The session, if one is opened, and the answer."""
        if knobs.outage is Outage.UNAVAILABLE:
            return None, answer_to(Answers.UNAVAILABLE, Ticket(flavour), knobs)
        try:
            asked = received(incoming, flavour, knobs.key)
        except Rejected as rejected:
            return None, refusal(rejected.status, flavour, str(rejected))
        opens = failure.opens if failure else knobs.answers.opens
        if not opens:
            return None, answer_to(_failed(failure) or knobs.answers, Ticket(flavour), knobs)
        session = self._records.open(asked, incoming.method, incoming.target, incoming.headers, incoming.body)
        link = knobs.link.replace("{id}", session.id).replace("{port}", str(self._vendor.port))
        ticket = Ticket(flavour, session.id, session.number, session.pin, link)
        return session, answer_to(_failed(failure) or knobs.answers, ticket, knobs)

    def _something_else(self, incoming: Incoming) -> Answer:
        """The applet at OWN_APPLET; other addresses do not exist."""
        self._records.fetch(incoming.target)
        if incoming.method != "GET" or not incoming.path.startswith("/applet/"):
            return refusal(404, Flavour.FORM)
        name = f"TakeControl-{incoming.path.rpartition('/')[2][:8]}.exe"
        disposition = ("Content-Disposition", f'attachment; filename="{name}"')
        return Answer(200, applet_file(4096), (("Content-Type", EXECUTABLE), disposition))

    def _give(self, incoming: Incoming, answer: Answer, knobs: Knobs) -> bool:
        """Write an answer. False when the connection ends with it."""
        close = incoming.wants_close or not knobs.keep_alive
        self._connection.sendall(answer.encoded(close=close, chunked=knobs.chunked))
        return not (close or knobs.closes_quietly)


def _failed(failure: Failure | None) -> Answers | None:
    """The answer to a failing call, if it gets one."""
    match failure:
        case Failure.SERVER_ERROR:
            return Answers.SERVER_ERROR
        case Failure.UNAVAILABLE:
            return Answers.UNAVAILABLE
        case Failure.TIMEOUT_AFTER:
            return Answers.GATEWAY_TIMEOUT
    return None


@contextmanager
def stand_in(port: int = 0, **settings: Any) -> Iterator[Vendor]:
    """A stand-in in this process, with these initial knobs."""
    vendor = Vendor(port, **settings)
    try:
        yield vendor
    finally:
        vendor.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run as a program: prints its address, then that of its controls, and ends on SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m tests.vendor.stand_in", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--control-port", type=int, default=0)
    parser.add_argument("--until-stdin-ends", action="store_true", help="end with the process that started it")
    for knob in fields(Knobs):
        parser.add_argument(f"--{knob.name.replace('_', '-')}", default=argparse.SUPPRESS)
    settings = vars(parser.parse_args(arguments))
    port, control_port = settings.pop("port"), settings.pop("control_port")
    until_stdin_ends = settings.pop("until_stdin_ends")
    over = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: over.set())
    with stand_in(port, **settings) as vendor, ControlPort(vendor, control_port) as control:
        sys.stdout.write(f"{vendor.address}\ncontrol {control.address}\n")
        sys.stdout.flush()
        if until_stdin_ends:
            sys.stdin.read()
        else:
            over.wait()


if __name__ == "__main__":
    main()
