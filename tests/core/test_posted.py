"""Plain forms: known names in any case, and when two forms are the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from app.core.posted import content_digest, form_keys, posted_form

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
POSTED = posted_form([("Customer_Name", "Zoë"), ("Room", "4")])


def test_known_names_in_any_case_and_the_rest_as_it_was_written() -> None:
    posted = posted_form([(" CUSTOMER_name", "Zoë\r\nQ"), ("UID", "key"), ("_charset_", "utf-8"), ("My Room", "4")])
    assert posted.values == {"customer_name": "Zoë\nQ"}
    assert posted.more == (("My Room", "4"),)
    assert posted.value("tech") == ""


def test_of_a_known_field_the_last_value_counts_and_others_stay() -> None:
    posted = posted_form([("tech", "a"), ("Tech", "b"), ("tech", ""), ("Box", "1"), ("Box", "2")])
    assert posted.value("tech") == "b"
    assert posted.more == (("Box", "1"), ("Box", "2"))


def test_equal_content_is_told_from_other_content() -> None:
    same = posted_form(
        [("customer_name", "Zoë"), ("Room", "4"), ("confirm", "token"), ("check", "answer"), ("uid", "x")]
    )
    digests = {
        content_digest(POSTED, "default", "192.0.2.7"),
        content_digest(same, "default", "192.0.2.7"),
    }
    assert len(digests) == 1
    others = [
        content_digest(POSTED, "other", "192.0.2.7"),
        content_digest(POSTED, "default", "192.0.2.8"),
        content_digest(replace(POSTED, more=()), "default", "192.0.2.7"),
        content_digest(replace(POSTED, more=(("Room4", ""),)), "default", "192.0.2.7"),
        content_digest(replace(POSTED, values={"customer_email": "Zoë"}), "default", "192.0.2.7"),
    ]
    assert len(digests | set(others)) == 6


def test_the_digest_of_a_form_stays() -> None:
    """A change would open a second session for who sends a form again during an upgrade."""
    full = posted_form([("tech", "anna"), ("return_to", "https://a.example/"), ("website", "x"), ("Room", "4")])
    assert content_digest(full, "default") == "79091a7a05e1e33893acb3d07fdc405c"


def test_within_fifteen_seconds_a_key_of_now_meets_a_key_of_then() -> None:
    for seconds in range(60):
        then = NOW + timedelta(seconds=seconds)
        for later in (0, 1, 7, 14):
            assert form_keys("d", then)[0] in form_keys("d", then + timedelta(seconds=later))
    assert form_keys("d", NOW)[0] not in form_keys("d", NOW + timedelta(seconds=30))
