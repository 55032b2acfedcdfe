"""The customer's operating system, by their browser."""

from enum import StrEnum


class Platform(StrEnum):
    """A platform that an applet can be made for, or `other`."""

    WINDOWS = "windows"
    MACOS = "macos"
    LINUX = "linux"
    OTHER = "other"


PLATFORMS = (Platform.WINDOWS, Platform.MACOS, Platform.LINUX)


def chosen_platform(written: str) -> Platform | None:
    """The platform that a customer chose by hand; None when no program can be made for it."""
    return next((platform for platform in PLATFORMS if platform == written), None)


def customer_platform(client_hint: str | None, user_agent: str | None) -> Platform:
    """The platform from `Sec-CH-UA-Platform` where sent (a quoted string), else from `User-Agent`."""
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
