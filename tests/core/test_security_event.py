"""The security log's names for accounts and networks, and which acts of the audit log are events."""

import re
from pathlib import Path

import pytest

from app.core.role import Role
from app.core.security_acts import NO_SECURITY_EVENTS, Told, told_by_audit
from app.core.security_event import SecurityEvent, account_hash, logged_network

ACTIONS = Path(__file__).parents[2] / "app" / "actions"
KEY, OTHER = b"k" * 32, b"o" * 32
ANNA = "anna@example.com"


def acts() -> set[str]:
    """Every act that the audit log may hold, as the actions write them."""
    source = "\n".join(path.read_text("utf-8") for path in ACTIONS.glob("*.py"))
    written = set(re.findall(r'"((?:[a-z]+_?)+\.(?:[a-z]+_?)+)"', source))
    changes = {
        f"account_key.{word}" for word in re.findall(r'(?:_change|_record)\(\s*(?:connection, )?"(\w+)"', source)
    }
    return written | changes


@pytest.mark.slow
def test_every_act_is_an_event_or_is_said_to_be_none() -> None:
    found = acts()
    assert len(found) > 30
    detail = {"role": ["technician", "supervisor"], "second_factor_roles": [None, []], "key": "set"}
    assert {act for act in found if not told_by_audit(act, "x", detail)} == NO_SECURITY_EVENTS


def test_an_account_s_name_is_the_same_under_one_key_and_tells_nothing() -> None:
    name = account_hash(KEY, ANNA)
    assert re.fullmatch("[0-9a-f]{12}", name)
    assert account_hash(KEY, ANNA) == name
    assert len({name, account_hash(OTHER, ANNA), account_hash(KEY, "ben@example.com")}) == 3
    assert account_hash(KEY, "\udc80") != name, "whatever is typed has one"
    assert account_hash(b"k" * 32, ANNA) == "f19b9c3126a1", "an upgrade keeps it"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
        ('{"x"}', "unknown"),
        ("192.0.2.7%\n", "192.0.2.0/24"),
        ("", "unknown"),
    ],
)
def test_a_network_is_no_person_s_address(address: str, network: str) -> None:
    assert logged_network(address) == network


def test_what_anybody_can_cause_is_a_refusal_and_what_changes_something_is_none() -> None:
    refusals = {event for event in SecurityEvent if event.is_refusal}
    assert {SecurityEvent.LOG_IN_WRONG, SecurityEvent.TOO_MANY, SecurityEvent.LINK_FORGED} <= refusals
    assert not [event for event in refusals if event.endswith(("_changed", "_removed", "_added", "_used", "log_in"))]


def test_a_site_s_change_tells_names_of_options_and_no_value() -> None:
    detail = {
        "key": "replaced",
        "webhook": "set",
        "api_domain": ["a", "b"],
        "name": ["Old", "New"],
        "phone": [None, "1"],
    }
    assert told_by_audit("site.changed", "site default", detail) == [
        Told(SecurityEvent.SITE_SECRET_CHANGED, site="default", words={"what": ["key"]}),
        Told(SecurityEvent.SITE_ADDRESS_CHANGED, site="default", words={"what": ["api_domain", "webhook"]}),
    ]
    assert told_by_audit("site.changed", "site default", {"name": ["Old", "New"]}) == []


def test_of_a_technician_s_change_only_another_role_is_one() -> None:
    names = {"name": ["Old", "New"], "departments": [[10], []]}
    assert told_by_audit("technician.changed", ANNA, names) == []
    roles = {"role": [Role.TECHNICIAN, Role.ADMINISTRATOR]}
    words = {"was": "technician", "role": "administrator"}
    assert told_by_audit("technician.changed", ANNA, {**names, **roles}) == [
        Told(SecurityEvent.ROLE_CHANGED, account=ANNA, words=words)
    ]


def test_of_the_desk_only_the_log_in_rules_are() -> None:
    assert told_by_audit("desk.changed", "desk", {"long_wait": [10, 20]}) == []
    assert told_by_audit("desk.changed", "desk", {"second_factor_roles": [None, []]}) == [
        Told(SecurityEvent.LOG_IN_RULES_CHANGED)
    ]


def test_who_is_added_is_told_with_their_role_and_without_their_name() -> None:
    detail = {"name": "Anna", "role": Role.SUPERVISOR, "departments": [10]}
    assert told_by_audit("technician.added", ANNA, detail) == [
        Told(SecurityEvent.TECHNICIAN_ADDED, account=ANNA, words={"act": "technician.added", "role": "supervisor"})
    ]


def test_what_happens_to_a_site_s_key_is_told_with_the_site() -> None:
    assert told_by_audit("account_key.renewed", "site default", {}) == [
        Told(SecurityEvent.ACCOUNT_KEY_CHANGED, site="default", words={"act": "account_key.renewed"})
    ]


def test_what_happens_to_the_desk_s_keys_and_data_is_told() -> None:
    assert told_by_audit("key.rotated", "desk", {}) == [
        Told(SecurityEvent.SIGNING_KEY_CHANGED, words={"act": "key.rotated"})
    ]
    assert told_by_audit("password.changed", ANNA, {}) == [
        Told(SecurityEvent.PASSWORD_CHANGED, account=ANNA, words={"act": "password.changed"})
    ]
