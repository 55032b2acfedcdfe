"""Sends one notice to a chat service, by Apprise's plugin for it: from a list of services, and by our own calls alone.

The plugins build what each service wants. They call servers by the library `requests`; here they get an object in its
place whose calls keep our rules (`calling.py`): permitted addresses, no redirects, time limits, a small answer. They
are imported when the first chat is told, as that takes a quarter of a second.
"""

import functools
import importlib
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from app.channels.calling import MOST_READ, Caller, CallFailed
from app.channels.declaring import Channel, Sending
from app.channels.place import opened
from app.channels.wording import Words
from app.core.address import LOOPBACK
from app.core.notice import Delivery, TryResult
from app.core.targets import Targets
from app.keys.seal import Unsealable


@dataclass(frozen=True, slots=True)
class Service:
    """A chat service: its name for people, Apprise's file and class, and the schemes of its addresses."""

    name: str
    file: str
    plugin: str
    schemes: tuple[str, ...]


SERVICES = (
    Service("Slack", "slack", "NotifySlack", ("slack",)),
    Service("Microsoft Teams", "workflows", "NotifyWorkflows", ("workflows", "workflow")),
    Service("Discord", "discord", "NotifyDiscord", ("discord",)),
    Service("Telegram", "telegram", "NotifyTelegram", ("tgram",)),
    Service("ntfy", "ntfy", "NotifyNtfy", ("ntfys", "ntfy")),
    Service("Mattermost", "mattermost", "NotifyMattermost", ("mmosts", "mmost")),
    Service("Rocket.Chat", "rocketchat", "NotifyRocketChat", ("rockets", "rocket")),
    Service("Google Chat", "google_chat", "NotifyGoogleChat", ("gchat",)),
)
_PLAIN_HTTP = ("ntfy", "mmost", "rocket")  # to this machine alone
_LONGEST = 1000  # characters of an address
_GONE = (400, 401, 403, 404, 410)
_OURS = threading.local()  # the call under way in this thread


class NoChat(Exception):
    """The text is no address of a chat service that is known here."""


def service_of(address: str) -> Service:
    """The service of an address: Apprise's (`slack://…`) or the service's own (`https://hooks.slack.com/…`).

    Raises NoChat.
    """
    service, parsed = _read(address)
    try:
        _plugin(service)(**parsed, asset=_asset())
    except Exception:  # noqa: BLE001 - whatever the library says of an address
        raise NoChat from None
    return service


def send(address: str, words: Words, targets: Targets, caller: Caller | None = None) -> TryResult:
    """Send once and return the result; never raises."""
    try:
        service, parsed = _read(address)
        plugin = _plugin(service)
        chat = plugin(**parsed, asset=_asset())
    except (NoChat, TypeError, ValueError):
        return TryResult(Delivery.GONE, "it is no address of a known chat service")
    except Exception as fault:  # noqa: BLE001 - whatever the library says of an address
        return TryResult(Delivery.GONE, f"its address is refused ({type(fault).__name__})")
    call = _OURS.call = _Call(caller or Caller(), targets)
    try:
        lines = "\n".join(f"{name}: {value}" for name, value in words.lines)
        body = f"{lines}\n{words.link}" if lines else words.link
        said = chat.notify(body=body, title=words.title, body_format="text")
    except Exception as fault:  # noqa: BLE001 - a library's fault must not end the thread
        return call.result(said=False) or TryResult(Delivery.FAILED, f"it broke off ({type(fault).__name__})")
    finally:
        _OURS.call = None
    return call.result(said=bool(said)) or TryResult(Delivery.FAILED, "nothing was sent")


def deliver(sending: Sending) -> TryResult:
    """Send the notice's words to the place's chat."""
    if sending.words is None:
        return TryResult(Delivery.FAILED, "it has no words")
    try:
        place = opened(sending.to, sending.unseal)
    except Unsealable as error:
        return TryResult(Delivery.FAILED, str(error))
    return send(place["address"], sending.words, sending.targets)


def _read(address: str) -> tuple[Service, dict[str, Any]]:
    """The service and its plugin's arguments. Raises NoChat.

    Options in an address are dropped: with some, plugins read files or fetch addresses.
    """
    if len(address) > _LONGEST or not address.isascii() or not address.isprintable():
        raise NoChat
    scheme = address.partition("://")[0].lower()
    if scheme == "https":
        return _native(address)
    service = next((one for one in SERVICES if scheme in one.schemes), None)
    if service is None:
        raise NoChat
    parsed = _sound(_plugin(service).parse_url(address.partition("?")[0].partition("#")[0]))
    if scheme in _PLAIN_HTTP and parsed.get("host") != LOOPBACK:
        raise NoChat
    return service, parsed


def _native(address: str) -> tuple[Service, dict[str, Any]]:
    for service in SERVICES:
        if found := _plugin(service).parse_native_url(address):
            return service, _sound(found)
    raise NoChat


def _sound(parsed: Mapping[str, Any] | None) -> dict[str, Any]:
    """The plugin's arguments without what would read files or weaken TLS. Raises NoChat."""
    if not parsed:
        raise NoChat
    left_out = {"template", "attach", "redirect", "avatar_url"}
    return {**{name: value for name, value in parsed.items() if name not in left_out}, "verify": True}


@functools.cache
def _asset() -> Any:
    from apprise import AppriseAsset

    return AppriseAsset(
        app_id="Handbell", app_desc="Handbell", app_url="", image_url_mask="", image_url_logo="", secure_logging=True
    )


@functools.cache
def _plugin(service: Service) -> Any:
    """Apprise's class for the service, calling by our own means."""
    _silence()
    module = importlib.import_module(f"apprise.plugins.{service.file}")
    module.requests = _guarded()  # type: ignore[attr-defined]
    return getattr(module, service.plugin)


def _silence() -> None:
    """Its log lines bear answers and addresses."""
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.disabled = True


@functools.cache
def _guarded() -> Any:
    """In place of the library `requests`: its names, and calls that are ours."""
    import requests

    def call(method: str, url: str, **given: Any) -> Any:
        wanted = ("data", "json", "params", "headers", "files", "auth")
        asked: Any = requests.Request(method, url, **{name: given[name] for name in wanted if name in given}).prepare()
        answer = _OURS.call.make(requests, asked)
        made = requests.Response()
        made.status_code, made._content, made.url = answer.status, answer.content, asked.url
        made.headers.update(answer.headers)
        return made

    names = ("codes", "RequestException", "ConnectionError", "Timeout", "exceptions", "auth")
    kept = {name: getattr(requests, name) for name in names if hasattr(requests, name)}
    calls = {method: functools.partial(call, method.upper()) for method in ("get", "post", "put", "delete", "patch")}
    return SimpleNamespace(request=call, **calls, **kept)


class _Call:
    """The calls of one notice: what became of the last one."""

    def __init__(self, caller: Caller, targets: Targets) -> None:
        self._caller = caller
        self._targets = targets
        self._status: int | None = None
        self._failed: CallFailed | None = None

    def make(self, requests: Any, asked: Any) -> Any:
        """Make one call. After a refusal there is no further one: a plugin might wait, and try again."""
        if self._failed or (self._status is not None and self._status >= 300):
            raise requests.ConnectionError("refused before")
        body = asked.body.encode() if isinstance(asked.body, str) else asked.body
        try:
            answer = self._caller.call(
                asked.method, asked.url, dict(asked.headers), body, self._targets, most=MOST_READ
            )
        except CallFailed as failed:
            self._failed = failed
            raise requests.ConnectionError("no answer") from None
        self._status = answer.status
        if answer.status >= 300:
            raise requests.ConnectionError("refused")
        return answer

    def result(self, *, said: bool) -> TryResult | None:
        """What became of it; `said` by the plugin. None when no call was made."""
        if self._failed:
            return self._failed.result()
        if self._status is None:
            return None
        if said and self._status < 300:
            return TryResult(Delivery.DELIVERED, f"status {self._status}")
        gone = self._status in _GONE
        why = f"status {self._status}" if self._status >= 300 else "the service refused it"
        return TryResult(Delivery.GONE if gone else Delivery.FAILED, why)


CHANNEL = Channel(name="chat", options=(), deliver=deliver, of_sites=False)
