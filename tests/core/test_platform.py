"""The customer's platform, from the headers of real browsers."""

# ruff: noqa: E501, ISC004 - browsers' headers are long

import pytest

from app.core.platform import PLATFORMS, Platform, chosen_platform, customer_platform

_KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
AGENTS = [
    (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_KIT} Chrome/143.0.0.0 Safari/537.36", Platform.WINDOWS),
    (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_KIT} Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0",
        Platform.WINDOWS,
    ),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0", Platform.WINDOWS),
    ("Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", Platform.WINDOWS),
    (
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; .NET4.0E; "
        "Microsoft Outlook 16.0.17328; ms-office; MSOffice 16)",
        Platform.WINDOWS,
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
        Platform.MACOS,
    ),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:146.0) Gecko/20100101 Firefox/146.0", Platform.MACOS),
    (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_KIT} Chrome/143.0.0.0 Safari/537.36", Platform.MACOS),
    (f"Mozilla/5.0 (X11; Linux x86_64) {_KIT} Chrome/143.0.0.0 Safari/537.36", Platform.LINUX),
    ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0", Platform.LINUX),
    ("Mozilla/5.0 (X11; Linux aarch64; rv:140.0) Gecko/20100101 Firefox/140.0", Platform.LINUX),
    (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_KIT} Chrome/143.0.0.0 Safari/537.36", Platform.OTHER),
    (f"Mozilla/5.0 (Linux; Android 10; K) {_KIT} Chrome/143.0.0.0 Mobile Safari/537.36", Platform.OTHER),
    ("Mozilla/5.0 (Android 15; Mobile; rv:146.0) Gecko/146.0 Firefox/146.0", Platform.OTHER),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/26.1 Mobile/15E148 Safari/604.1",
        Platform.OTHER,
    ),
    (
        "Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/143.0 Mobile/15E148",
        Platform.OTHER,
    ),
    (
        f"Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) {_KIT} Chrome/52.0 Mobile",
        Platform.OTHER,
    ),
    ("Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone 8.0; Trident/6.0; IEMobile/10.0)", Platform.OTHER),
    ("Mozilla/5.0 (Macintosh; PPC)", Platform.MACOS),
    ("Mail/16.0 (Mac OS X 26.1)", Platform.MACOS),
    ("Mozilla/5.0 (Linux x86_64)", Platform.LINUX),
    ("Mozilla/5.0 (X11; FreeBSD amd64)", Platform.LINUX),
    ("curl/8.14.1", Platform.OTHER),
    ("", Platform.OTHER),
    (None, Platform.OTHER),
]


@pytest.mark.parametrize(("agent", "platform"), AGENTS)
def test_the_browser_tells_the_system(agent: str | None, platform: Platform) -> None:
    assert customer_platform(None, agent) is platform


@pytest.mark.parametrize(
    ("hint", "platform"),
    [
        ('"Windows"', Platform.WINDOWS),
        ('"macOS"', Platform.MACOS),
        ('"Linux"', Platform.LINUX),
        ('"Android"', Platform.OTHER),
        ('"Chrome OS"', Platform.OTHER),
        ('"Chromium OS"', Platform.OTHER),
        ('"Unknown"', Platform.OTHER),
        ("?0", Platform.OTHER),
    ],
)
def test_the_client_hint_goes_before_the_user_agent(hint: str, platform: Platform) -> None:
    for agent, _ in AGENTS:
        assert customer_platform(hint, agent) is platform


def test_a_customer_can_choose_a_system_that_programs_are_made_for() -> None:
    assert [chosen_platform(platform) for platform in PLATFORMS] == [Platform.WINDOWS, Platform.MACOS, Platform.LINUX]


@pytest.mark.parametrize("written", ["", "other", "Windows", "../linux", "linux "])
def test_nothing_else_can_be_chosen(written: str) -> None:
    assert chosen_platform(written) is None
