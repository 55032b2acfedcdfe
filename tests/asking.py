"""New Session API requests from flat names, as forms and programs send them."""

from typing import Any

from app.core.customer import NAMES, Customer
from app.core.new_session import NewSessionRequest


def asking(**values: Any) -> NewSessionRequest:
    """A request; flat names such as `customer_name` go into its customer."""
    details = {name: values.pop(name) for name in NAMES if name in values}
    return NewSessionRequest(customer=Customer.of(details), **values)


def asked_for(request: NewSessionRequest, name: str) -> Any:
    """The value of this flat name in the request."""
    return request.customer.values()[name] if name in NAMES else getattr(request, name)
