"""A customer's details, by the names of forms and columns."""

import pytest

from app.core.customer import NOBODY, Customer, with_other_details

ZOE = Customer(name="Zoë", phone="+1 555 0100", problem="It\nhums")


def test_details_are_read_by_name_and_other_names_ignored() -> None:
    values = {"customer_name": "Zoë", "customer_phone": "+1 555 0100", "problem_description": "It\nhums", "tech": "x"}
    assert Customer.of(values) == ZOE
    assert Customer.of({}) == NOBODY


def test_all_fields_the_given_ones_and_the_vendor_s_elements() -> None:
    given = {"customer_name": "Zoë", "customer_phone": "+1 555 0100", "problem_description": "It\nhums"}
    assert ZOE.values() == {"customer_email": None, "customer_number": None, **given}
    assert ZOE.given() == given
    assert ZOE.elements == {"customer_name": "Zoë", "problem_description": "It\nhums"}
    assert Customer(name="").given() == {"customer_name": ""}


@pytest.mark.parametrize(
    ("customer", "limit", "text"),
    [
        (ZOE, 1024, "It\nhums\n\nPhone: +1 555 0100"),
        (ZOE, 27, "It\nhums\n\nPhone: +1 555 0100"),
        (ZOE, 26, "It\nhum\n\nPhone: +1 555 0100"),
        (ZOE, 23, "It\n\nPhone: +1 555 0100"),
        (ZOE, 20, "Phone: +1 555 0100"),
        (Customer(phone=" 1\n2 "), 1024, "Phone: 1 2"),
        (Customer(problem="It hums"), 1024, None),
        (NOBODY, 1024, None),
    ],
)
def test_details_without_a_parameter_of_their_own_follow_the_problem(
    customer: Customer, limit: int, text: str | None
) -> None:
    assert with_other_details(customer, limit) == text
