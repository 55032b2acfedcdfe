"""Records of the stand-in: its calls, the sessions it opened, and those whose caller was not told."""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self


class Flavour(StrEnum):
    FORM = "form"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class Asked:
    """The fields of a call that passed every check, as sent: names in lower case, blank ones included."""

    flavour: Flavour
    fields: dict[str, Any]

    def field(self, form_name: str, rest_name: str | None = None) -> str | None:
        """A field as text, by its name in this flavour; None when it was not sent."""
        value = self.fields.get((rest_name or form_name) if self.flavour is Flavour.REST else form_name)
        return None if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Session:
    """A session that was opened. `at` is in seconds since 1970; `headers` have lower-case names; `body` is raw."""

    id: str
    number: int
    pin: str
    at: float
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    asked: Asked

    @property
    def flavour(self) -> Flavour:
        return self.asked.flavour

    @property
    def fields(self) -> dict[str, Any]:
        return self.asked.fields

    @property
    def department(self) -> str | None:
        return self.asked.field("department", "department_id")

    @property
    def tech(self) -> str | None:
        return self.asked.field("tech", "technician_username")

    @property
    def customer_name(self) -> str | None:
        return self.asked.field("customer_name")

    @property
    def customer_email(self) -> str | None:
        return self.asked.field("customer_email")

    @property
    def customer_number(self) -> str | None:
        return self.asked.field("customer_number")

    @property
    def problem_description(self) -> str | None:
        return self.asked.field("problem_description")

    @property
    def ask_customer_info(self) -> str | None:
        return self.asked.field("ask_customer_info")

    @property
    def user_agent(self) -> str | None:
        return self.headers.get("user-agent")

    @property
    def accept_language(self) -> str | None:
        return self.headers.get("accept-language")

    def plain(self) -> dict[str, Any]:
        """The session as JSON values, with the customer's fields first for human readers."""
        shown = {name: getattr(self, name) for name in ("customer_name", "customer_number", "problem_description")}
        return {**asdict(self), "body": self.body.decode("latin-1"), **shown}

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> Self:
        """The session from `plain()`."""
        kept = {name: values[name] for name in cls.__slots__}
        kept["body"] = values["body"].encode("latin-1")
        kept["asked"] = Asked(Flavour(values["asked"]["flavour"]), values["asked"]["fields"])
        return cls(**kept)


@dataclass(frozen=True, slots=True)
class Call:
    """One call, from its first byte on. `outcome` is its result: a status, or how it was broken off.

    `at` and `ended` are in seconds since 1970; `ended` is None while the call is under way, and is set just before the
    answer is written, so that no more concurrent calls are counted than the callers made. `session` is the id of the
    session that it opened, `answered` whether the answer was written to a caller who was still there.
    """

    number: int
    at: float
    ended: float | None = None
    outcome: str | None = None
    session: str | None = None
    answered: bool = False


class Records:
    """All records, under one lock; `changed` is notified of every change."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._in_flight = 0
        self.forget()

    def forget(self) -> None:
        """Clear the records; calls under way still end."""
        with self.changed:
            self._sessions: list[Session] = []
            self._lost: list[str] = []
            self._calls: dict[int, Call] = {}
            self._fetched: list[str] = []
            self._most_in_flight = self._in_flight
            self._next_number = getattr(self, "_next_number", 1)

    def begin(self) -> int:
        """Record the start of a call; returns its number."""
        with self.changed:
            number, self._next_number = self._next_number, self._next_number + 1
            self._calls[number] = Call(number, time.time())
            self._in_flight += 1
            self._most_in_flight = max(self._most_in_flight, self._in_flight)
            self.changed.notify_all()
            return number

    def end(self, number: int, outcome: str, session: Session | None, *, answered: bool, told: bool) -> None:
        """Record the end of a call, before its answer is sent. `told` is whether its caller will learn of the session,
        if any."""
        with self.changed:
            self._in_flight -= 1
            if call := self._calls.get(number):
                self._calls[number] = replace(
                    call,
                    ended=time.time(),
                    outcome=outcome,
                    session=session.id if session else None,
                    answered=answered,
                )
            if session and not told:
                self._lost.append(session.id)
            self.changed.notify_all()

    def was_not_answered(self, number: int) -> None:
        """Record that the caller left while the answer was written."""
        with self.changed:
            if call := self._calls.get(number):
                self._calls[number] = replace(call, answered=False)
                if call.session:
                    self._lost.append(call.session)
            self.changed.notify_all()

    def open(self, asked: Asked, method: str, target: str, headers: dict[str, str], body: bytes) -> Session:
        """Open a session."""
        with self.changed:
            number = 1000 + len(self._sessions)
            pin = f"{100_000_000 + number}"
            session = Session(uuid.uuid4().hex, number, pin, time.time(), method, target, headers, body, asked)
            self._sessions.append(session)
            self.changed.notify_all()
            return session

    def fetch(self, target: str) -> None:
        """Record a call other than to the API."""
        with self.changed:
            self._fetched.append(target)
            self.changed.notify_all()

    def counts(self) -> dict[str, int]:
        """Numbers only."""
        with self.changed:
            return {
                "calls": len(self._calls),
                "sessions": len(self._sessions),
                "ambiguous": len(self._lost),
                "in_flight": self._in_flight,
                "most_in_flight": self._most_in_flight,
            }

    @property
    def sessions(self) -> list[Session]:
        with self.changed:
            return list(self._sessions)

    @property
    def ambiguous(self) -> list[Session]:
        with self.changed:
            lost = set(self._lost)
            return [session for session in self._sessions if session.id in lost]

    @property
    def calls(self) -> list[Call]:
        with self.changed:
            return list(self._calls.values())

    @property
    def fetched(self) -> list[str]:
        with self.changed:
            return list(self._fetched)

    def wait_for(self, condition: Callable[[], object], within: float) -> bool:
        """Wait until the condition holds; checks it after every change."""
        with self.changed:
            return bool(self.changed.wait_for(condition, within))
