"""Delivers one notice to a site's webhook by one POST; of the answer only the status is read."""

import functools
import ssl

from app.channels.calling import Caller, CallFailed
from app.channels.declaring import Channel, Sending
from app.core.declaration import N_, Option
from app.core.notice import Delivery, TryResult
from app.core.targets import Targets
from app.core.webhook import BadSecret, signed_headers
from app.core.webhook_address import webhook_address
from app.keys.seal import Unsealable

_HEADERS = {"Content-Type": "application/json", "User-Agent": "Handbell"}
_GONE = 410


class Webhooks:
    """Posts to webhooks. Certificates are verified against `context`, by default the system's authorities."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._caller = Caller(context)

    def send(self, address: str, headers: dict[str, str], body: bytes, targets: Targets) -> TryResult:
        """Post once and return the result; never raises. Follows no redirect, makes no second try, uses no proxy."""
        try:
            answer = self._caller.call("POST", address, {**_HEADERS, **headers}, body, targets)
        except CallFailed as failed:
            return failed.result()
        return TryResult(_delivery(answer.status), f"status {answer.status}")


def _delivery(status: int) -> Delivery:
    if 200 <= status < 300:
        return Delivery.DELIVERED
    return Delivery.GONE if status == _GONE else Delivery.FAILED


@functools.cache
def webhooks() -> Webhooks:
    """One for the process, as loading the authorities takes 25 ms."""
    return Webhooks()


def deliver(sending: Sending) -> TryResult:
    """Post the event to the site's webhook, signed with its secret; nothing is sent unsigned."""
    site = sending.site
    if site.sealed_webhook_secret is None:
        return TryResult(Delivery.FAILED, "the site has no webhook secret")
    body = sending.body.encode()
    try:
        headers = signed_headers(sending.unseal(site.sealed_webhook_secret), sending.id, sending.now, body)
    except (Unsealable, BadSecret) as error:
        return TryResult(Delivery.FAILED, str(error))
    return webhooks().send(site.webhook or "", headers, body, sending.targets)


CHANNEL = Channel(
    name="webhook",
    options=(Option(name="webhook", label=N_("Webhook"), read=webhook_address, kept_as="webhook", needed=True),),
    deliver=deliver,
)
