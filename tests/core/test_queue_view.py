"""The part of the tickets that an address asks for."""

import pytest

from app.core.queue_view import NoSuchQueue, QueueName, QueueView, queue_view, queues_for, searchable
from app.core.role import Role


def test_all_tickets_are_for_supervisors_and_up() -> None:
    assert QueueName.ALL not in queues_for(Role.TECHNICIAN)
    assert queues_for(Role.SUPERVISOR) == queues_for(Role.ADMINISTRATOR) == tuple(QueueName)


@pytest.mark.parametrize(
    "view",
    [
        QueueView(),
        QueueView(after=100_050),
        QueueView(QueueName.ALL, "closed", 20, before=100_050),
        QueueView(QueueName.GENERAL, "active"),
        QueueView(search="50% of ü & <b>"),
        QueueView(search="x", before=5),
    ],
)
def test_a_view_s_address_asks_for_that_view(view: QueueView) -> None:
    from urllib.parse import parse_qsl, urlsplit

    parts = urlsplit(view.url())
    assert parts.path == "/console/"
    assert queue_view(dict(parse_qsl(parts.query)), Role.SUPERVISOR) == view


@pytest.mark.parametrize(
    "asked",
    [
        {"queue": "nothing"},
        {"queue": "all"},
        {"queue": ""},
        {"state": "expired"},
        {"state": "active"},
        {"queue": "for-me", "state": "closed"},
        {"after": "0"},
        {"department": "x"},
        {"department": "-1"},
        {"department": "٣"},
        {"before": "0"},
        {"before": "9" * 30},
        {"before": str(2**63)},
        {"before": "1e3"},
    ],
)
def test_what_there_is_not_is_refused(asked: dict[str, str]) -> None:
    with pytest.raises(NoSuchQueue):
        queue_view(asked, Role.TECHNICIAN)


def test_an_address_names_its_queue_and_what_differs_from_the_first_page() -> None:
    assert QueueView().url() == "/console/?queue=for-me"
    assert QueueView(QueueName.ALL, "closed").url(before=7) == "/console/?queue=all&state=closed&before=7"
    assert QueueView(QueueName.ALL, "closed", 20).url(search="a b") == "/console/?q=a+b"


def test_the_first_ticket_s_number_is_a_place_too() -> None:
    assert queue_view({"before": "1"}, Role.TECHNICIAN) == QueueView(before=1)


def test_an_empty_field_of_the_form_is_not_asked_for() -> None:
    assert queue_view({"department": "", "before": "", "q": "  "}, Role.TECHNICIAN) == QueueView()


def test_only_a_first_page_of_who_waits_is_where_requests_appear() -> None:
    assert QueueView().first
    views = (QueueView(state="active"), QueueView(before=5), QueueView(after=5), QueueView(search="x"))
    assert not any(view.first for view in views)


@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        ("  a \t b\r\nc ", "a b c"),
        ("\x00\x1b[31m\u202e", "[31m"),
        ("x" * 500, "x" * 200),
        ("x" * 199 + " y", "x" * 199),
        ("\u2028", ""),
        ("Zoë \N{PILE OF POO}", "Zoë \N{PILE OF POO}"),
    ],
)
def test_what_nobody_can_type_is_not_searched_for(typed: str, sought: str) -> None:
    assert searchable(typed) == sought
