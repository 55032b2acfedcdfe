"""Which acts of the audit log are security events, and what their lines say."""

import pytest

from app.core.security_acts import Told, told_by_audit
from app.core.security_event import SecurityEvent


@pytest.mark.parametrize(
    ("act", "about", "detail", "told"),
    [
        (
            "technician.added",
            "anna@example.com",
            {"role": "administrator"},
            [
                Told(
                    SecurityEvent.TECHNICIAN_ADDED,
                    "anna@example.com",
                    None,
                    {"act": "technician.added", "role": "administrator"},
                )
            ],
        ),
        (
            "technician.disabled",
            "anna@example.com",
            {},
            [Told(SecurityEvent.TECHNICIAN_DISABLED, "anna@example.com", None, {"act": "technician.disabled"})],
        ),
        (
            "account_key.shown",
            "site help",
            {"role": "administrator"},
            [Told(SecurityEvent.ACCOUNT_KEY_SHOWN, None, "help", {"act": "account_key.shown"})],
        ),
        ("key.rotated", "", {}, [Told(SecurityEvent.SIGNING_KEY_CHANGED, None, None, {"act": "key.rotated"})]),
        (
            "technician.changed",
            "anna@example.com",
            {"role": ["technician", "supervisor"], "name": ["Anna", "Ann"]},
            [Told(SecurityEvent.ROLE_CHANGED, "anna@example.com", None, {"was": "technician", "role": "supervisor"})],
        ),
        ("technician.changed", "anna@example.com", {"name": ["Anna", "Ann"]}, []),
        (
            "desk.changed",
            "desk",
            {"second_factor_roles": [[], ["administrator"]]},
            [Told(SecurityEvent.LOG_IN_RULES_CHANGED)],
        ),
        ("desk.changed", "desk", {"name": ["A", "B"]}, []),
        (
            "site.changed",
            "site help",
            {"webhook_secret": [], "key": [], "origins": [], "name": [], "webhook": []},
            [
                Told(SecurityEvent.SITE_SECRET_CHANGED, None, "help", {"what": ["key", "webhook_secret"]}),
                Told(SecurityEvent.SITE_ADDRESS_CHANGED, None, "help", {"what": ["origins", "webhook"]}),
            ],
        ),
        (
            "site.changed",
            "site help",
            {"identity_secret": []},
            [Told(SecurityEvent.SITE_SECRET_CHANGED, None, "help", {"what": ["identity_secret"]})],
        ),
        ("site.changed", "site help", {"name": ["A", "B"]}, []),
        ("site.added", "site help", {"origins": []}, []),
    ],
)
def test_an_act_is_told_as_what_it_is(act: str, about: str, detail: dict[str, object], told: list[Told]) -> None:
    assert told_by_audit(act, about, detail) == told
