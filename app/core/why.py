"""Why a request waits, is parked or is suspect: a code and its values, which commands and pages word."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.core.fact import Value


class WhyCode(StrEnum):
    """The reasons. The codes are in the database and in JSON, so none is ever renamed."""

    # Suspect.
    TRAP = "trap"  # the hidden field was filled in
    TOO_FAST = "too_fast"  # sent within two seconds
    NO_CHECK = "no_check"  # many requests from one address, and no solved check
    CHECK_USED = "check_used"  # its solved check was used before

    # The vendor answered, with `status`.
    BAD_KEY = "bad_key"
    BAD_VALUE = "bad_value"
    BAD_ADDRESS = "bad_address"  # there is no API at this address
    TOO_LONG = "too_long"
    TOO_MANY = "too_many"
    REQUEST_LATE = "request_late"  # the vendor did not get the whole request in time
    TOO_EARLY = "too_early"
    VENDOR_FAILED = "vendor_failed"
    GATEWAY_FAILED = "gateway_failed"
    NOT_AVAILABLE = "not_available"
    GATEWAY_LATE = "gateway_late"
    STATUS = "status"  # any other status

    # The vendor answered and refused.
    OTHER_ADDRESS = "other_address"  # a redirect to another address of its API
    NOT_TAKEN = "not_taken"  # ERROR without a code

    # No complete answer from `host`.
    NO_SUCH_NAME = "no_such_name"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_UNTRUSTED = "certificate_untrusted"  # its authority is unknown here
    CERTIFICATE_NAME = "certificate_name"  # it is for another name
    CERTIFICATE = "certificate"  # any other fault of it
    UNREACHABLE = "unreachable"  # no connection in time
    NO_TLS = "no_tls"
    NO_CONNECTION = "no_connection"
    NO_ANSWER = "no_answer"  # none in time
    BROKEN_OFF = "broken_off"

    # On our side.
    NOT_PUBLIC = "not_public"  # `host` has no public address, and none that the operator listed
    NO_KEY = "no_key"  # the site has no account key
    KEY_SEALED = "key_sealed"  # no key opens it
    MALFORMED_KEY = "malformed_key"
    NOT_WRITTEN = "not_written"  # the applet cannot be written to disk
    NO_ROOM = "no_room"  # the applet was not kept: HANDBELL_FILES_MAX is reached
    STALE = "stale"  # the vendor could not be reached for 30 minutes
    WORKER_DIED = "worker_died"
    WORKERS_DIED = "workers_died"  # three times
    RESTORED = "restored"  # the database was restored, or failed over, while this was being opened
    PARKED_BY = "parked_by"  # by a person: `name`

    UNKNOWN = "unknown"  # what another version wrote: `text`


FOR_NUMBER = frozenset({WhyCode.NO_CHECK, WhyCode.CHECK_USED})
SUSPICIONS = FOR_NUMBER | {WhyCode.TRAP, WhyCode.TOO_FAST}


@dataclass(frozen=True, slots=True)
class Why:
    """A code and the values for its words. The values never contain text of the vendor, a key, or customer data."""

    code: WhyCode
    values: Mapping[str, Value] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        return " ".join([self.code.value, *(f"{name}={value}" for name, value in self.values.items())])

    @property
    def for_number_alone(self) -> bool:
        """Whether only the number of requests from its network made a request suspect."""
        return self.code in FOR_NUMBER

    @property
    def suspected(self) -> bool:
        """Whether this reason makes a request suspect."""
        return self.code in SUSPICIONS
