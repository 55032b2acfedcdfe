"""The security log's fixed list of events, and how a line names an account and a network.

docs/operations.md says of each event what it means; a test holds that the two lists are equal.
"""

import hashlib
import hmac
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network

from app.core.links import derived_key

_HASH_LENGTH = 12  # hexadecimal digits: 48 bits


class SecurityEvent(StrEnum):
    """What is written to the security log and counted; the list is fixed."""

    LOG_IN = "log_in"
    LOG_IN_WRONG = "log_in_wrong"
    LOG_IN_REFUSED = "log_in_refused"
    LOG_OUT = "log_out"
    SECOND_FACTOR_ASKED = "second_factor_asked"
    SECOND_FACTOR_GOOD = "second_factor_good"
    SECOND_FACTOR_WRONG = "second_factor_wrong"
    RECOVERY_CODE_USED = "recovery_code_used"
    CONFIRMED = "confirmed"
    CONFIRMATION_WRONG = "confirmation_wrong"
    SESSION_ENDED = "session_ended"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a word
    SECOND_FACTOR_SET_UP = "second_factor_set_up"
    SECOND_FACTOR_REMOVED = "second_factor_removed"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    TECHNICIAN_ADDED = "technician_added"
    TECHNICIAN_INVITED = "technician_invited"
    TECHNICIAN_DISABLED = "technician_disabled"
    TECHNICIAN_ENABLED = "technician_enabled"
    ROLE_CHANGED = "role_changed"
    LOG_IN_RULES_CHANGED = "log_in_rules_changed"
    SIGNING_KEY_CHANGED = "signing_key_changed"
    ACCOUNT_KEY_CHANGED = "account_key_changed"
    ACCOUNT_KEY_SHOWN = "account_key_shown"
    SITE_SECRET_CHANGED = "site_secret_changed"  # noqa: S105 - a word
    SITE_ADDRESS_CHANGED = "site_address_changed"
    DATA_EXPORTED = "data_exported"
    DEMO_DESK_MADE = "demo_desk_made"
    FORBIDDEN = "forbidden"
    TOO_MANY = "too_many"
    LINK_FORGED = "link_forged"
    LINK_EXPIRED = "link_expired"
    CSRF_FAILED = "csrf_failed"
    ORIGIN_REFUSED = "origin_refused"
    KEY_WRONG = "key_wrong"
    IDENTITY_WRONG = "identity_wrong"
    PIN_WRONG = "pin_wrong"

    @property
    def is_refusal(self) -> bool:
        """Whether something was tried and refused. A stranger can cause any number of these: their lines are thinned,
        and they are warnings."""
        return self in _REFUSALS


_REFUSALS = frozenset(
    {
        SecurityEvent.LOG_IN_WRONG,
        SecurityEvent.LOG_IN_REFUSED,
        SecurityEvent.SECOND_FACTOR_WRONG,
        SecurityEvent.CONFIRMATION_WRONG,
        SecurityEvent.FORBIDDEN,
        SecurityEvent.TOO_MANY,
        SecurityEvent.LINK_FORGED,
        SecurityEvent.LINK_EXPIRED,
        SecurityEvent.CSRF_FAILED,
        SecurityEvent.ORIGIN_REFUSED,
        SecurityEvent.KEY_WRONG,
        SecurityEvent.IDENTITY_WRONG,
        SecurityEvent.PIN_WRONG,
    }
)


class Limit(StrEnum):
    """Which limit a 429 stands for."""

    REQUESTS = "requests"  # of one client, or of all together, in ten minutes
    PICTURES = "pictures"  # added to requests' forms, by one client
    POLLS = "polls"  # of a request's state
    CHECKS = "checks"  # answered for one request
    START_LINKS = "start_links"  # made anew for one request
    DETAILS = "details"  # saved in the applet
    LIVE = "live"  # lines, signals and questions of a conversation
    PINS = "pins"  # wrong ones
    LOG_INS = "log_ins"  # wrong ones
    PASSWORD_CHECKS = "password_checks"  # noqa: S105 - in a second, by everybody
    INVITATIONS = "invitations"  # links that were never sent
    ACCOUNT = "account"  # New Session API, by one account key
    CLIENT = "client"  # New Session API, by one client
    SERVER = "server"  # JSON, by one site's servers
    SECRETS = "secrets"  # wrong secret keys
    SITE_TESTS = "site_tests"  # one at a time
    OTHER = "other"


def account_hash(secret: bytes, email: str) -> str:
    """The account's name in the log: 12 hexadecimal digits made with this 32-byte key of the ring, which can neither be
    made nor traced back without it. `email` is as accounts are stored."""
    key = derived_key(secret, "security-log")
    return hmac.digest(key, email.encode("utf-8", "replace"), hashlib.sha256).hex()[:_HASH_LENGTH]


def logged_network(address: str) -> str:
    """The /24 of an IPv4 address, the /64 of an IPv6 one: enough to see where an attack comes from, and no person's
    address. `unknown` for anything else."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ip_network((parsed, 64), strict=False))
        parsed = parsed.ipv4_mapped
    return str(ip_network((parsed, 24), strict=False))
