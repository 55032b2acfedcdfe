"""The New Session API's parameters: one value, its limits, and both wire formats in both directions.

Source: Take Control "New Session API" (names, limits in characters, `id_1234`, Ask_customer_info). The limits marked
[ours] are our decision where the vendor documents none.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

from app.core.customer import ELEMENTS, FIELDS, NOBODY, Customer
from app.core.customer import LIMITS as CUSTOMER_LIMITS
from app.core.fact import Fact
from app.core.text import Invalid, is_blank, normal_newlines, text_problem

LIMITS: dict[str, int] = {
    **CUSTOMER_LIMITS,
    "tech": 254,  # [ours]
    "language": 35,  # [ours] the longest registered language tag
}
UID_LIMIT = 512  # [ours]

_REST_NAMES = {"department_id": "department", "technician_username": "tech"}
_REST_SPELLING = {ours: theirs for theirs, ours in _REST_NAMES.items()}
T = TypeVar("T")
_PLAIN_INTEGER = re.compile(r"0|[1-9][0-9]{0,14}")


@dataclass(frozen=True, slots=True)
class NewSessionRequest:
    """The parameters of a New Session API call, without the account's key.

    Texts are code points within LIMITS with LF line breaks; a blank one is None (not sent). `department` is kept as
    written, valid or not: routing decides. Raises Invalid for a value beyond its limit or with a control character.
    """

    department: str | None = None
    tech: str | None = None
    customer: Customer = NOBODY
    ask_customer_info: bool = False
    language: str | None = None
    show_waiting_queue: bool = False

    def __post_init__(self) -> None:
        problems: list[Fact] = []
        for name in ("department", "tech"):
            object.__setattr__(self, name, _cleaned(name, getattr(self, name), problems))
        given = self.customer.given()
        if given:
            cleaned = {name: _cleaned(name, value, problems) for name, value in given.items()}
            object.__setattr__(self, "customer", Customer.of(cleaned))
        object.__setattr__(self, "language", _cleaned("language", self.language, problems))
        if problems:
            raise Invalid(*problems)

    @property
    def elements(self) -> dict[str, str]:
        """The customer elements that are sent, by name."""
        return self.customer.elements

    @classmethod
    def from_form(cls, parameters: Mapping[str, str]) -> Self:
        """From the form flavour's parameters, as `form_parameters` returns them; unknown names are ignored."""
        return cls(
            department=parameters.get("department"),
            tech=parameters.get("tech"),
            customer=Customer.of({name: parameters.get(name) for name in ELEMENTS}),
            ask_customer_info=parameters.get("ask_customer_info") == "1",
        )

    def form_pairs(self, uid: str) -> list[tuple[str, str]]:
        """The form flavour's names and values. Blank values are not sent, and the flag only when set."""
        routing = [("department", self.department), ("tech", self.tech)]
        pairs = [("uid", uid), *((name, value) for name, value in routing if value is not None)]
        pairs += self.elements.items()
        if self.ask_customer_info:
            pairs.append(("ask_customer_info", "1"))
        return pairs

    def to_form(self, uid: str) -> str:
        """`form_pairs` as `application/x-www-form-urlencoded` UTF-8."""
        return urlencode(self.form_pairs(uid))

    @classmethod
    def from_rest(cls, body: Mapping[str, Any]) -> Self:
        """From the REST flavour's JSON object. Raises Invalid naming a member of the wrong type."""
        values: dict[str, Any] = {}
        details: dict[str, str | None] = {}
        for name, value in _folded(body.items(), _REST_MEMBERS).items():
            if name in ELEMENTS:
                details[name] = _text(name, value, integers=name in _NUMBERS)
            elif name in _FLAGS:
                values[name] = _flag(name, value)
            elif name in _REST_TEXTS:
                values[_REST_NAMES.get(name, name)] = _text(name, value, integers=name == "department_id")
        try:
            return cls(customer=Customer.of(details), **values)
        except Invalid as invalid:
            raise Invalid(*(replace(p, field=_REST_SPELLING.get(p.field, p.field)) for p in invalid.problems)) from None

    def to_rest(self) -> dict[str, str | int]:
        """The request as the REST flavour's JSON object. Blank values are not sent, and flags only when set."""
        named = {"department_id": self.department, "technician_username": self.tech, **self.elements}
        named["language"] = self.language
        body: dict[str, str | int] = {name: value for name, value in named.items() if value is not None}
        if self.department is not None and _PLAIN_INTEGER.fullmatch(self.department):
            body["department_id"] = int(self.department)
        for name in _FLAGS:
            if getattr(self, name):
                body[name] = "1"
        return body


_FLAGS = ("ask_customer_info", "show_waiting_queue")
_REST_TEXTS = (*_REST_NAMES, "language")
_REST_MEMBERS = frozenset((*ELEMENTS, *_FLAGS, *_REST_TEXTS))
_NUMBERS = frozenset(each.name for each in FIELDS if each.is_number)


def form_parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Parameters by lower-case name, without blanks around names (the vendor's own example has one).

    Of a parameter that occurs several times the last value that is not empty counts, as in the vendor's own PHP: pages
    put a hidden field before a check box.
    """
    found: dict[str, str] = {}
    for raw_name, value in pairs:
        name = raw_name.strip().lower()
        if value or name not in found:
            found[name] = value
    return found


def _folded(pairs: Iterable[tuple[str, T]], known: frozenset[str]) -> dict[str, T]:
    found: dict[str, T] = {}
    for raw_name, value in pairs:
        name = raw_name.strip().lower()
        if name not in known:
            continue
        if name in found and found[name] != value:
            raise Invalid(Fact(name, "twice"))
        found[name] = value
    return found


def _cleaned(name: str, value: str | None, problems: list[Fact]) -> str | None:
    """The value with LF line breaks, None when blank; a fault is added to `problems`."""
    if value is None:
        return None
    value = normal_newlines(value)
    if problem := text_problem(name, value, LIMITS.get(name)):
        problems.append(problem)
    return None if is_blank(value) else value


def _text(name: str, value: object, *, integers: bool) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if integers and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Invalid(Fact(name, "type"))


def _flag(name: str, value: object) -> bool:
    if value is None or isinstance(value, str | int):
        return value in ("1", 1)
    raise Invalid(Fact(name, "type"))


def error_envelope(status: int, why: str) -> dict[str, object]:
    """A refusal as the vendor's JSON."""
    return {"result": "ERROR", "details": None, "errorDetails": {"errorCode": status, "errorMsg": why}}
