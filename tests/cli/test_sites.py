"""`handbell site …`."""

import uuid

import pytest

from tests.cli.command import Handbell


@pytest.mark.slow
def test_a_site_is_added_changed_and_shown_with_its_account_key(handbell: Handbell) -> None:
    added = handbell.says("site", "add", "help", "--name", "Help")
    handbell.says(
        *("site", "set", "help", "--name", "Zoë's", "--department", "id_10", "--technician", "anna@example.com"),
        *("--offer-department", "10", "--offer-department", "20", "--require", "customer_name", "--phone", "+1 555"),
        *("--mail", "help@example.com", "--ask-customer-info", "always", "--one-time-links", "--disabled"),
    )
    shown = handbell.json("site", "show", "help")
    assert uuid.UUID(shown.pop("uid")).version == 4
    assert 'data-site="help"' in shown.pop("snippet")
    assert 'integrity="sha384-' in shown.pop("pinned_script")
    assert shown == {
        "key": "help",
        "name": "Zoë's",
        "disabled": True,
        "backend": "embedded",
        "ask_customer_info": "always",
        "department": "id_10",
        "technician": "anna@example.com",
        "offer_departments": [10, 20],
        "required": ["customer_name"],
        "one_time_links": True,
        "phone": "+1 555",
        "mail": "help@example.com",
        "api_domain": None,
        "has_key": False,
        "key_ending": None,
        "key_made": None,
        "key_ends": None,
        "applet_hosts": ["*.swi-rc.com", "*.swi-tc.com", "startcontrol.com", "*.startcontrol.com"],
        "show_waiting_queue": False,
        "unreadable": False,
        "rate": 100,
        "webhook": None,
        "origins": [],
        "insecure_origins": [],
        "server_networks": [],
        "browser_routing": False,
        "allow_empty": False,
        "pictures": False,
        "relay_only": False,
        "mail_customers": False,
        "call_backs": True,
        "foreign_forms": "confirm",
        "texts": {},
        "colour": None,
        "logo": None,
        "languages": [],
        "fields": ["customer_name", "customer_email", "customer_number", "problem_description"],
        "has_secret": False,
        "has_identity_secret": False,
        "old_uid_until": None,
        "uid_revoked": False,
    }
    (listed,) = handbell.json("site", "list")
    assert listed["uid"] in added
    handbell.says(
        "site", "set", "help", "--department", "", "--offer-department", "0", "--require", "none", "--enabled"
    )
    changed = handbell.json("site", "show", "help")
    assert (changed["department"], changed["offer_departments"], changed["required"]) == (None, [], [])
    assert (changed["disabled"], changed["technician"]) == (False, "anna@example.com")


def test_a_mistake_is_one_line(filled: Handbell) -> None:
    assert filled.fails("site", "add", "default", "--name", "X") == "handbell: there is a site default already"
    assert filled.fails("site", "show", "none") == "handbell: there is no site none; see: handbell site list"
    assert "--department must be a number" in filled.fails("site", "set", "default", "--department", "ten")
    assert filled.fails("site", "set", "default").startswith("handbell: nothing to change")


@pytest.mark.slow
@pytest.mark.parametrize("option", ["mail_customers", "call_backs", "pictures", "relay_only", "one_time_links"])
def test_what_a_site_may_do_is_turned_on_and_off(filled: Handbell, option: str) -> None:
    flag = option.replace("_", "-")
    for given, kept in ((f"--{flag}", True), (f"--no-{flag}", False), (f"--{flag}", True)):
        filled.says("site", "set", "default", given)
        assert filled.json("site", "show", "default")[option] is kept


def test_the_desk_may_be_without_call_backs(filled: Handbell) -> None:
    for given, kept in (("--no-call-backs", False), ("--call-backs", True)):
        filled.says("desk", "set", given)
        assert filled.json("desk", "show")["call_backs"] is kept
