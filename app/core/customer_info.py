"""Ask_customer_info: when a site sends it, and what an applet may then show and ask.

Source: Take Control "New Session API", Ask_customer_info. The four customer elements decide together.
"""

from enum import StrEnum

from app.core.customer import ELEMENTS
from app.core.new_session import NewSessionRequest


class InfoMode(StrEnum):
    """What the applet does with the four customer elements."""

    ASK = "ask"  # none was sent: the applet asks for all four
    HIDDEN = "hidden"  # sent without the flag: none of them reaches the customer's side
    EDITABLE = "editable"  # sent with the flag: shown, and the customer may change them


class AskPolicy(StrEnum):
    """When a site sends Ask_customer_info."""

    NEVER = "never"
    ALWAYS = "always"
    INCOMPLETE = "incomplete"  # when the customer left any of the four elements empty
    CUSTOMER = "customer"  # when the customer ticked "let me check these details again"


def info_mode(request: NewSessionRequest) -> InfoMode:
    """What the applet shows and asks for this request, by the vendor's table."""
    if not request.elements:
        return InfoMode.ASK
    return InfoMode.EDITABLE if request.ask_customer_info else InfoMode.HIDDEN


def should_ask(policy: AskPolicy, request: NewSessionRequest, *, ticked: bool) -> bool:
    """Whether the site sends Ask_customer_info with this request; `ticked` is the customer's check box."""
    match policy:
        case AskPolicy.NEVER:
            return False
        case AskPolicy.ALWAYS:
            return True
        case AskPolicy.INCOMPLETE:
            return len(request.elements) < len(ELEMENTS)
        case AskPolicy.CUSTOMER:
            return ticked
