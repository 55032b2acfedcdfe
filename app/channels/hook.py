"""Posts one event to a webhook of the desk, in the form of Standard Webhooks."""

from app.channels.declaring import Channel, Sending
from app.channels.place import opened
from app.channels.webhook import webhooks
from app.core.notice import Delivery, TryResult
from app.core.webhook import BadSecret, signed_headers
from app.keys.seal import Unsealable


def deliver(sending: Sending) -> TryResult:
    """Post the event, signed with the place's secret; nothing is sent unsigned."""
    body = sending.body.encode()
    try:
        place = opened(sending.to, sending.unseal)
        headers = signed_headers(place["secret"], sending.id, sending.now, body)
    except (Unsealable, BadSecret, KeyError) as error:
        return TryResult(Delivery.FAILED, str(error))
    return webhooks().send(place["address"], headers, body, sending.targets)


CHANNEL = Channel(name="hook", options=(), deliver=deliver, of_sites=False)
