"""A bell at the desk: each event is one POST, and an answer of 200 means that it rang.

This file is an example of a new channel as described in CONTRIBUTING. `test_new_channel.py` puts it into
`app/channels/`.
"""

import http.client
from urllib.parse import urlsplit

from app.channels.declaring import Channel, Sending
from app.core.declaration import Option
from app.core.notice import Delivery, TryResult
from app.outgoing import NotPermitted, connect


def ring(sending: Sending) -> TryResult:
    """Make one try."""
    place = urlsplit(sending.site.option("bell_url"))
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=5)
    try:
        connection.sock = connect(connection.host, connection.port, sending.targets, lambda rest: 5)
        connection.request("POST", "/ring", sending.body, {"Bell-Id": sending.id})
        status = connection.getresponse().status
    except (NotPermitted, OSError, http.client.HTTPException):
        return TryResult(Delivery.FAILED, "no answer")
    finally:
        connection.close()
    return TryResult(Delivery.DELIVERED if status == 200 else Delivery.FAILED, f"status {status}")


CHANNEL = Channel(
    name="bell",
    options=(Option(name="bell_url", label="Bell address", needed=True),),
    deliver=ring,
)
