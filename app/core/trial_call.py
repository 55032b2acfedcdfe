"""A call to try a site's New Session API: what is sent, and how it is shown without its key."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus, urlencode

from app.core.examples import FORM_PATH, REST_PATH

FORM_CALL, FORM_JSON, REST_CALL = "form", "form-json", "rest"
FLAVOURS = (FORM_CALL, FORM_JSON, REST_CALL)
HIDDEN_KEY = "********"
FIELDS = ("Department", "Tech", "Customer_name", "Customer_email", "Customer_number", "Problem_description")
FLAG = "Ask_customer_info"
_REST_NAMES = {"Department": "department_id", "Tech": "technician_username"}


@dataclass(frozen=True, slots=True)
class TrialCall:
    """One call. `values` are the typed parameters by the vendor's names; empty ones are not sent."""

    flavour: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The path to call."""
        return REST_PATH if self.flavour == REST_CALL else FORM_PATH

    def headers(self, uid: str) -> tuple[tuple[str, str], ...]:
        """The headers other than `Host`, with this key where the flavour has it in a header."""
        if self.flavour == REST_CALL:
            return ("INTEGRATION-KEY", uid), ("Content-Type", "application/json")
        accept = "application/json" if self.flavour == FORM_JSON else "*/*"
        return ("Content-Type", "application/x-www-form-urlencoded"), ("Accept", accept)

    def body(self, uid: str) -> bytes:
        """The body in UTF-8, with this key where the flavour has it there."""
        if self.flavour == REST_CALL:
            named = {_REST_NAMES.get(name, name.lower()): value for name, value in self._sent().items()}
            return json.dumps(named, ensure_ascii=False).encode()
        return f"UID={quote_plus(uid, safe='*')}&{urlencode(self._sent())}".rstrip("&").encode("ascii")

    def shown(self, host: str) -> str:
        """The whole call as text, with stars instead of the key."""
        headers = "".join(f"{name}: {value}\n" for name, value in self.headers(HIDDEN_KEY))
        return f"POST {self.path} HTTP/1.1\nHost: {host}\n{headers}\n{self.body(HIDDEN_KEY).decode()}"

    def _sent(self) -> dict[str, str]:
        return {name: value for name in (*FIELDS, FLAG) if (value := self.values.get(name))}
