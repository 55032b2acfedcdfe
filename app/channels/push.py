"""Pushes one notice to a technician's browser: encrypted for it alone, signed with our key, by its push service."""

import base64
import functools
import hashlib
import json
import ssl

from cryptography.hazmat.primitives.asymmetric import ec

from app.channels.calling import Caller, CallFailed
from app.channels.declaring import Channel, Sending
from app.channels.wording import Words
from app.core.address import parse
from app.core.notice import SILENCE, Delivery, Event, TryResult
from app.core.push import PUSH
from app.keys.push_key import vapid_header
from app.keys.seal import Unsealable

_TTL = 86_400  # seconds for which the push service keeps it for a browser that is not there
_MOST_TEXT = 600  # characters: with four bytes each they fit into one message
_GONE = (404, 410)  # the browser has unsubscribed, or is no more


class Pushes:
    """Pushes to browsers. Certificates are verified against `context`, by default the system's authorities."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._caller = Caller(context)

    def send(self, sending: Sending) -> TryResult:
        """Push once and return the result; never raises."""
        if sending.push is None or sending.words is None:
            return TryResult(Delivery.FAILED, "there is no key to sign it with")
        try:
            browser: dict[str, str] = json.loads(sending.unseal(sending.to))
            private = sending.unseal(sending.push.sealed)
        except Unsealable as error:
            return TryResult(Delivery.FAILED, str(error))
        tag, address = tag_of(sending), browser["endpoint"]
        found = parse(address)
        body = _encrypted(browser, message(sending, sending.words, tag))
        if body is None or found is None:
            return TryResult(Delivery.GONE, "nothing can be encrypted for this browser")
        headers = {
            "Authorization": vapid_header(
                sending.push.public, private, origin=found.origin, contact=sending.contact, now=sending.now
            ),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(_TTL),
            "Urgency": "high",
            # Of what a browser has not fetched yet, the last one about the same thing is enough.
            "Topic": base64.urlsafe_b64encode(hashlib.sha256(tag.encode()).digest()[:18]).decode(),
            "User-Agent": "Handbell",
        }
        try:
            answer = self._caller.call("POST", address, headers, body, sending.targets)
        except CallFailed as failed:
            return failed.result()
        return _result(answer.status)


def tag_of(sending: Sending) -> str:
    """What the notice is about, as the console's own notifications name it (widget/src/console/bell.ts): a later one
    with the same tag replaces the one that is shown."""
    event = json.loads(sending.body)
    data = event["data"]
    if ticket := data.get("ticket"):
        return f"handbell-{'m' if event['type'] == Event.CUSTOMER_WROTE else 't'}{ticket}"
    return f"handbell-{data.get('reference') or sending.id}"


def message(sending: Sending, words: Words, tag: str) -> bytes:
    """What the service worker shows (widget/src/push/worker.ts), as JSON."""
    lines = "\n".join(f"{name}: {value}" for name, value in words.lines)
    said = {
        "title": words.title,
        "body": lines[:_MOST_TEXT],
        "tag": tag,
        "url": words.link,
        "silent": json.loads(sending.body)["type"] == SILENCE,
        "lang": words.language.replace("_", "-"),
        "dir": words.dir,
    }
    return json.dumps(said, ensure_ascii=False).encode()


def _encrypted(browser: dict[str, str], told: bytes) -> bytes | None:
    """The message for this browser (RFC 8291); None when its keys are none."""
    from http_ece import ECEException, encrypt

    ours = ec.generate_private_key(ec.SECP256R1())
    try:
        theirs, secret = (_raw(browser[name]) for name in ("p256dh", "auth"))
        return bytes(encrypt(told, private_key=ours, dh=theirs, auth_secret=secret))
    except (ECEException, ValueError):
        return None


def _raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _result(status: int) -> TryResult:
    if 200 <= status < 300:
        return TryResult(Delivery.DELIVERED, f"status {status}")
    if status in _GONE:
        return TryResult(Delivery.GONE, f"status {status}")
    # A service that has too much to do is left alone for a moment.
    return TryResult(Delivery.FAILED, f"status {status}", away=status == 429 or status >= 500)


@functools.cache
def _pushes() -> Pushes:
    """One for the process, as loading the authorities takes 25 ms."""
    return Pushes()


def deliver(sending: Sending) -> TryResult:
    """Push the notice's words to its one browser."""
    return _pushes().send(sending)


CHANNEL = Channel(name=PUSH, options=(), deliver=deliver, of_sites=False)
