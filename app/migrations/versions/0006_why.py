"""Why a request waits, is parked or is suspect as a code with values; notices name their channel.

`last_error` stays, for sentences without a code: the previous version may run beside this one, and writes nothing else.
"""

import re
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

# Every sentence that an earlier version may have written, with its code. Fixed: later wordings do not belong here.
_ANSWERED = "the vendor answered (?P<status>[0-9]+)"
_SENTENCES = {
    "suspect: the field that nobody sees was filled in": "trap",
    "suspect: sent within two seconds": "too_fast",
    "suspect: many requests from one address, and no solved check": "no_check",
    "suspect: its solved check was used before": "check_used",
    f"{_ANSWERED}: the account key is wrong, disabled or expired": "bad_key",
    f"{_ANSWERED}: it does not take a value of this request; check the department and the technician": "bad_value",
    f"{_ANSWERED}: there is no New Session API at this address; check the API domain": "bad_address",
    f"{_ANSWERED}: the request is too long for it": "too_long",
    f"{_ANSWERED}: it gets too many requests": "too_many",
    f"{_ANSWERED}: it did not get the whole request in time": "request_late",
    f"{_ANSWERED}: it wants the request later": "too_early",
    f"{_ANSWERED}: it failed": "vendor_failed",
    f"{_ANSWERED}: a server before it failed": "gateway_failed",
    f"{_ANSWERED}: it is not available": "not_available",
    f"{_ANSWERED}: a server before it waited too long": "gateway_late",
    _ANSWERED: "status",
    "the vendor answered with another address of its API; check the API domain": "other_address",
    "the vendor answered ERROR: it does not take this request": "not_taken",
    r"the name (?P<host>\S*) cannot be looked up": "no_such_name",
    r"the certificate of (?P<host>\S*) has expired": "certificate_expired",
    r"the certificate of (?P<host>\S*) is not from an authority that this machine trusts": "certificate_untrusted",
    r"the certificate of (?P<host>\S*) is for another name": "certificate_name",
    r"the certificate of (?P<host>\S*) cannot be trusted": "certificate",
    r"(?P<host>\S*) cannot be reached in time": "unreachable",
    r"no secure connection with (?P<host>\S*) can be made": "no_tls",
    r"(?P<host>\S*) does not accept connections": "no_connection",
    r"(?P<host>\S*) did not answer in time": "no_answer",
    r"(?P<host>\S*) broke off the connection before its answer was complete": "broken_off",
    "the site has no account key; set one: handbell site set --key-file": "no_key",
    "the account key cannot be opened with the keys file; see: handbell check": "key_sealed",
    "the account key is not one: it has characters that no key has, or too many; set it again": "malformed_key",
    "the applet cannot be written to disk": "not_written",
    "the vendor could not be reached for 30 minutes": "stale",
    "its worker died": "worker_died",
    "its worker died three times": "workers_died",
    "parked by (?P<name>.*)": "parked_by",
}
_PATTERNS = {re.compile(sentence, re.DOTALL): code for sentence, code in _SENTENCES.items()}
_REQUESTS = sa.table(
    "requests", sa.column("why", sa.Text()), sa.column("why_values", sa.JSON()), sa.column("last_error", sa.Text())
)


def upgrade() -> None:
    op.add_column("requests", sa.Column("why", sa.Text(), nullable=True))
    op.add_column("requests", sa.Column("why_values", sa.JSON(), nullable=True))
    op.add_column("notices", sa.Column("channel", sa.Text(), nullable=False, server_default="webhook"))
    _carry_over(op.get_bind())


def _carry_over(connection: sa.Connection) -> None:
    """Replace each sentence by its code. An unknown sentence is kept."""
    sentence = _REQUESTS.c.last_error
    for text in connection.execute(sa.select(sentence).where(sentence.is_not(None)).distinct()).scalars().all():
        if found := coded(text):
            code, values = found
            change = sa.update(_REQUESTS).where(sentence == text)
            connection.execute(change.values(why=code, why_values=values or sa.null(), last_error=None))


def coded(sentence: str) -> tuple[str, dict[str, Any]] | None:
    """The code and the values of a sentence; None when no version wrote it."""
    for pattern, code in _PATTERNS.items():
        if match := pattern.fullmatch(sentence):
            values = match.groupdict()
            return code, {name: int(value) if name == "status" else value for name, value in values.items()}
    return None


def downgrade() -> None:
    raise NotImplementedError("restore a backup: an older Handbell does not know these columns")
