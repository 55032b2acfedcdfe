"""What has happened: the event that it is, and who did it."""

from datetime import UTC, datetime

import pytest

from app.core.happening import KEY_ENDS, WAITED, Happening
from app.core.notice import Event

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("what", "event"),
    [
        ("requested", Event.REQUESTED),
        (WAITED, Event.WAITING),
        ("taken_over", Event.CLAIMED),
        ("ended", Event.CLOSED),
        (KEY_ENDS, Event.KEY_ENDS),
        ("note", None),
    ],
)
def test_the_event_of_what_happened(what: str, event: Event | None) -> None:
    assert Happening(what=what, at=NOW).event is event


@pytest.mark.parametrize(
    ("what", "begins"), [("requested", True), ("transferred", True), ("released", True), ("claimed", False)]
)
def test_a_ticket_begins_to_wait_when_it_comes_into_a_queue(what: str, begins: bool) -> None:
    assert Happening(what=what, at=NOW, ticket=7).begins_to_wait is begins
    assert not Happening(what=what, at=NOW).begins_to_wait, "a vendor's request has no ticket"


@pytest.mark.parametrize(
    ("who", "doer"), [("17", 17), (None, None), ("", None), ("customer", None), ("desk", None), ("٣", None)]
)
def test_a_technician_is_known_by_their_id(who: str | None, doer: int | None) -> None:
    assert Happening(what="claimed", at=NOW, who=who).doer == doer
