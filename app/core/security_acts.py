"""The acts of the audit log that are security events, and the fields of their lines: our own words, no name or text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.security_event import SecurityEvent

_OF_A_TECHNICIAN = {
    "technician.added": SecurityEvent.TECHNICIAN_ADDED,
    "technician.invited": SecurityEvent.TECHNICIAN_INVITED,
    "technician.disabled": SecurityEvent.TECHNICIAN_DISABLED,
    "technician.enabled": SecurityEvent.TECHNICIAN_ENABLED,
    "technician.session_ended": SecurityEvent.SESSION_ENDED,
    "technician.password_set": SecurityEvent.PASSWORD_CHANGED,
    "technician.password_chosen": SecurityEvent.PASSWORD_CHANGED,
    "password.changed": SecurityEvent.PASSWORD_CHANGED,
    "second_factor.set_up": SecurityEvent.SECOND_FACTOR_SET_UP,
    "second_factor.turned_off": SecurityEvent.SECOND_FACTOR_REMOVED,
    "recovery_codes.renewed": SecurityEvent.RECOVERY_CODES_RENEWED,
}
_OF_A_SITE = {
    "account_key.shown": SecurityEvent.ACCOUNT_KEY_SHOWN,
    "account_key.renewed": SecurityEvent.ACCOUNT_KEY_CHANGED,
    "account_key.revoked": SecurityEvent.ACCOUNT_KEY_CHANGED,
    "account_key.old_ended": SecurityEvent.ACCOUNT_KEY_CHANGED,
}
_OF_THE_DESK = {
    "key.rotated": SecurityEvent.SIGNING_KEY_CHANGED,
    "key.revoked": SecurityEvent.SIGNING_KEY_CHANGED,
    "keys.reset": SecurityEvent.SIGNING_KEY_CHANGED,
    "data.exported": SecurityEvent.DATA_EXPORTED,
    "requests.exported": SecurityEvent.DATA_EXPORTED,
}
_SECRETS = ("key", "secret", "identity_secret", "webhook_secret")
_ADDRESSES = ("api_domain", "applet_hosts", "origins", "webhook")
NO_SECURITY_EVENTS = frozenset(
    {
        "answer.added",
        "answer.changed",
        "answer.removed",
        "data.erased",
        "data.pruned",
        "department.added",
        "department.disabled",
        "department.enabled",
        "department.renamed",
        "hours.changed",
        "hours.removed",
        "notices.changed",
        "notices.place_added",
        "notices.place_removed",
        "notices.sent_again",
        "request.dismissed",
        "request.parked",
        "request.released",
        "request.reopened",
        "request.retried",
        "site.added",
        "site.tested",
        "technician.called_back",
        "technician.sent_away",
        "trial.cancelled",
        "trial.made",
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """One line: `account` is the mail address of whose account it is (to be hashed), `site` a slug."""

    event: SecurityEvent
    account: str | None = None
    site: str | None = None
    words: Mapping[str, object] = field(default_factory=dict)


def told_by_audit(act: str, about: str, detail: Mapping[str, Any]) -> list[Told]:
    """The security events that an act of the audit log is; most acts are none."""
    if event := _OF_A_TECHNICIAN.get(act):
        role = {"role": str(detail["role"])} if "role" in detail else {}
        return [Told(event, account=about, words={"act": act, **role})]
    if event := _OF_A_SITE.get(act):
        return [Told(event, site=about.removeprefix("site "), words={"act": act})]
    if event := _OF_THE_DESK.get(act):
        return [Told(event, words={"act": act})]
    return _of_options(act, about, detail)


def _of_options(act: str, about: str, detail: Mapping[str, Any]) -> list[Told]:
    """Acts that are security events when they change certain options."""
    match act:
        case "technician.changed" if "role" in detail:
            was, now = detail["role"]
            return [Told(SecurityEvent.ROLE_CHANGED, account=about, words={"was": str(was), "role": str(now)})]
        case "desk.changed" if "second_factor_roles" in detail:
            return [Told(SecurityEvent.LOG_IN_RULES_CHANGED)]
        case "site.changed":
            site = about.removeprefix("site ")
            kinds = {SecurityEvent.SITE_SECRET_CHANGED: _SECRETS, SecurityEvent.SITE_ADDRESS_CHANGED: _ADDRESSES}
            changed = {event: [name for name in names if name in detail] for event, names in kinds.items()}
            return [Told(event, site=site, words={"what": what}) for event, what in changed.items() if what]
    return []
