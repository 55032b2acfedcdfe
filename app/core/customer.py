"""A customer's details: one value, and one list of its fields for forms, APIs, console, export and erasure.

Source of the vendor's names and limits: Take Control "New Session API".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerField:
    """One field of `Customer`. `attribute` is its name there; `name` is its name in forms, JSON and columns.

    `limit` is characters; `meaning` describes it in one line of the API's description. `element`: one of the four
    customer elements of the New Session API. `lines`: a text of several lines. `is_number`: JSON may have a number.
    `found_whole`: a search finds it by the whole value, other fields by a part. `input` are the attributes of its input
    for browsers and keyboards.
    """

    attribute: str
    name: str
    limit: int
    meaning: str
    element: bool = True
    lines: bool = False
    is_number: bool = False
    found_whole: bool = False
    input: tuple[tuple[str, str], ...] = ()


# Plain text with a mail keyboard, because type=email changes the typed text (blanks, names in other scripts).
_MAIL_INPUT = (
    ("autocomplete", "email"),
    ("inputmode", "email"),
    ("autocapitalize", "none"),
    ("spellcheck", "false"),
)
_NUMBER_INPUT = (("autocomplete", "off"), ("spellcheck", "false"))


def _detail(name: str, limit: int, meaning: str, **more: object) -> Any:
    return field(default=None, metadata={"name": name, "limit": limit, "meaning": meaning, **more})


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer's details and problem; a field is None when it was not given or was erased."""

    name: str | None = _detail("customer_name", 128, "The customer's name", input=(("autocomplete", "name"),))
    email: str | None = _detail("customer_email", 64, "The customer's e-mail", input=_MAIL_INPUT)
    number: str | None = _detail(
        "customer_number", 32, "The customer's number", is_number=True, found_whole=True, input=_NUMBER_INPUT
    )
    phone: str | None = _detail(
        "customer_phone",
        32,
        "The customer's telephone number",
        element=False,
        is_number=True,
        found_whole=True,
        input=(("autocomplete", "tel"), ("inputmode", "tel")),
    )
    problem: str | None = _detail("problem_description", 1024, "What is wrong", lines=True)

    @classmethod
    def of(cls, values: Mapping[str, str | None]) -> Self:
        """From values by field name (`customer_name`, …); other names are ignored."""
        return cls(*[values.get(name) for name in NAMES])

    def values(self) -> dict[str, str | None]:
        """All fields by name."""
        return dict(zip(NAMES, _ALL(self), strict=True))

    def given(self) -> dict[str, str]:
        """The fields that were given, by name."""
        return {name: value for name, value in zip(NAMES, _ALL(self), strict=True) if value is not None}

    @property
    def elements(self) -> dict[str, str]:
        """The customer elements that were given, by name (New Session API, Ask_customer_info)."""
        return {name: value for name, value in self.given().items() if name in ELEMENTS}


FIELDS = tuple(CustomerField(attribute=f.name, **f.metadata) for f in fields(Customer))
NAMES = tuple(each.name for each in FIELDS)
ELEMENTS = tuple(each.name for each in FIELDS if each.element)
LIMITS = {each.name: each.limit for each in FIELDS}
NOBODY = Customer()
_ALL = attrgetter(*(each.attribute for each in FIELDS))


def with_other_details(customer: Customer, limit: int) -> str | None:
    """The problem followed by details that a vendor's API has no parameter for (`Phone: …`), each on its own line.

    At most `limit` characters: the problem is cut, the lines stay. None when there are no such details.
    """
    given = customer.given()
    lines = [
        f"{each.attribute.capitalize()}: {' '.join(given[each.name].split())}"
        for each in FIELDS
        if not each.element and each.name in given
    ]
    if not lines:
        return None
    below = "\n".join(lines)
    above = (customer.problem or "")[: limit - len(below) - 2].rstrip()
    return f"{above}\n\n{below}" if above else below
