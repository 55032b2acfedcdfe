"""Which system the customer sits at, as their browser tells it."""

from enum import StrEnum


class Platform(StrEnum):
    """A system that an applet can be made for, or another."""

    WINDOWS = "windows"
    MACOS = "macos"
    LINUX = "linux"
    OTHER = "other"


PLATFORMS = (Platform.WINDOWS, Platform.MACOS, Platform.LINUX)


def chosen_platform(written: str) -> Platform | None:
    """The system that a customer chose by hand, or None when it is none that a program can be made for."""
    return next((platform for platform in PLATFORMS if platform == written), None)


def customer_platform(client_hint: str | None, user_agent: str | None) -> Platform:
    """From `Sec-CH-UA-Platform` where sent (a quoted string), else from `User-Agent`."""
    if client_hint:
        return chosen_platform(client_hint.strip().strip('"').lower()) or Platform.OTHER
    agent = (user_agent or "").lower()
    if any(word in agent for word in ("android", "iphone", "ipad", "; cros ", "windows phone")):
        return Platform.OTHER
    if "windows" in agent:
        return Platform.WINDOWS
    if "macintosh" in agent or "mac os x" in agent:
        return Platform.MACOS
    return Platform.LINUX if "linux" in agent or "x11" in agent else Platform.OTHER
