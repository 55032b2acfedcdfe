"""A customer who has lost the page finds their request by its reference and a detail that they gave."""

import hmac
from datetime import datetime, timedelta

from sqlalchemy import Connection

from app.actions.codes import tried
from app.actions.submit import Once
from app.core.request import CustomerRequest, written_reference
from app.store.database import Database
from app.store.requests import request_by_reference

FOUND_FOR = timedelta(hours=23)  # a status link lasts for 24


def request_of_customer(
    database: Database, reference: str, contact: str, address: str, check: Once | None, *, now: datetime
) -> CustomerRequest | None:
    """The request with this reference whose mail address, customer number or phone is `contact`; None counts as a
    wrong PIN.

    Which of the two was wrong cannot be told by the answer or its time. Raises TooManyWrong and CheckWanted.
    """

    def find(connection: Connection) -> CustomerRequest | None:
        found = request_by_reference(connection, written_reference(reference))
        customer = found.customer if found else None
        given = (customer.email, customer.number, customer.phone) if customer else (None, None, None)
        right = [_is_same(contact, detail) for detail in given]
        return found if found and any(right) and now - found.created_at < FOUND_FOR else None

    return tried(database, address, check, find, now=now)


def _is_same(typed: str, given: str | None) -> bool:
    spelled = typed.strip().casefold()
    same = hmac.compare_digest(spelled.encode(), (given or "").strip().casefold().encode())
    return bool(given) and same
