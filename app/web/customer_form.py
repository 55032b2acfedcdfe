"""A customer's details from a form, validated in the same way on the request page and in the applet."""

from collections.abc import Mapping

from app.core.customer import NAMES, Customer
from app.core.fact import Fact
from app.core.new_session import NewSessionRequest
from app.core.site import Site
from app.core.text import Invalid, is_blank, looks_like_email
from app.web.fault_text import sentences


def asked_of(
    values: Mapping[str, str],
    *,
    site: Site | None = None,
    department: str | None = None,
    tech: str | None = None,
    language: str | None = None,
) -> NewSessionRequest | dict[str, str]:
    """The customer's request, or its faults by field as sentences; with a `site` also by its rules for a new
    request."""
    problems = [Fact(name, "missing") for name in (site.required if site else ()) if is_blank(values[name])]
    if site and not problems:
        problems = site.blank_form(values)
    email = values["customer_email"]
    if not is_blank(email) and not looks_like_email(email):
        problems.append(Fact("customer_email", "email"))
    try:
        asked = NewSessionRequest(
            department=department,
            tech=tech,
            customer=Customer.of(values),
            language=language,
        )
    except Invalid as invalid:
        # In the form's order, in which the summary lists them.
        return sentences(tuple(sorted((*problems, *invalid.problems), key=lambda p: NAMES.index(p.field))))
    return sentences(tuple(problems)) if problems else asked
