"""What a browser gives for Web Push: an address of its push service, and two keys."""

import base64
from datetime import UTC, datetime

import pytest

from app.core.fact import Fact
from app.core.push import Browser, Subscription, read_subscription
from app.core.targets import ANYWHERE, Targets
from app.core.text import Invalid

PUBLIC_ONLY = Targets(only_public=True)
ENDPOINT = "https://push.example.com/send"
POINT = b"\x04" + bytes(range(190, 254))  # its base64url has `-` and `_`
SECRET = bytes(range(240, 256))


def written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(endpoint: str = ENDPOINT, p256dh: str = written(POINT), auth: str = written(SECRET)) -> Subscription:
    return read_subscription(endpoint, p256dh, auth, PUBLIC_ONLY)


def test_what_a_browser_gives_is_kept() -> None:
    assert "-" in written(POINT)
    assert "_" in written(SECRET)
    assert read() == Subscription(ENDPOINT, written(POINT), written(SECRET))
    assert read().host == "push.example.com"
    assert read("HTTPS://Push.Example.com/send").endpoint == ENDPOINT
    assert Subscription("nothing", "", "").host == ""


def test_padding_is_no_fault() -> None:
    assert read(auth=base64.urlsafe_b64encode(SECRET).decode()).auth.endswith("==")


def test_the_mark_tells_browsers_apart_without_the_address() -> None:
    assert read().mark == "c8d82219d12596ce86889a18357fbc75"
    assert read(p256dh=written(b"\x04" * 65)).mark == read().mark
    assert read(ENDPOINT + "/2").mark != read().mark


LONGEST = "https://push.example.com/" + "x" * (1_000 - len("https://push.example.com/"))


def test_the_longest_address_is_taken() -> None:
    assert read(LONGEST).endpoint == LONGEST


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "http://push.example.com/send"},
        {"endpoint": "https://10.0.0.8/send"},
        {"endpoint": "https://user@push.example.com/send"},
        {"endpoint": LONGEST + "x"},
        {"p256dh": "AAAA"},
        {"p256dh": written(POINT[:-1])},
        {"p256dh": written(POINT + b"x")},
        {"p256dh": written(b"\x02" + POINT[1:])},
        {"p256dh": "é" * 87},
        {"auth": "not base64url!"},
        {"auth": "a" * 21},
        {"auth": written(SECRET[:-1])},
        {"auth": written(SECRET + b"x")},
    ],
)
def test_what_a_browser_gives_is_checked(wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        read(**wrong)
    assert refused.value.problems == (Fact("browser", "refused"),)


def test_a_push_service_inside_is_called_where_any_address_is() -> None:
    inside = "https://10.0.0.8/send"
    assert read_subscription(inside, written(POINT), written(SECRET), ANYWHERE).endpoint == inside


def test_each_push_service_has_four_lanes() -> None:
    def lane(number: int) -> str:
        return Browser(
            id=number,
            technician_id=1,
            mark="",
            host="push.example.com",
            sealed="",
            user_agent=None,
            session=None,
            created_at=datetime(2026, 11, 30, tzinfo=UTC),
        ).lane

    assert [lane(number) for number in (3, 4, 9)] == [f"push:push.example.com:{lane}" for lane in (3, 0, 1)]
