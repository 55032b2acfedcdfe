"""The real Firefox (Debian's `firefox-esr`), driven by WebDriver BiDi over a WebSocket of its own.

Playwright drives only a Firefox that it has patched itself, and geckodriver is in no package that brings it along.
"""

import itertools
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.proxies import program
from tests.waiting import until

_START_WITHIN = 60.0
_ANSWER_WITHIN = 30.0
_LISTENS = re.compile(r"WebDriver BiDi listening on (ws://127\.0\.0\.1:\d+)")


class ScriptFailed(Exception):
    """A script threw in the page."""


@dataclass(slots=True)
class FirefoxPage:
    """One tab. `complaints` are errors of the page's scripts and refusals of its policy."""

    socket: ClientConnection
    context: str = ""
    complaints: list[str] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=itertools.count)

    def goto(self, address: str) -> None:
        """Open the address and wait until it is loaded."""
        self.call("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def run(self, script: str) -> Any:
        """The value of an expression in the page: text, number, truth, or None."""
        target = {"context": self.context}
        result = self.call("script.evaluate", expression=script, target=target, awaitPromise=True, userActivation=True)
        if result["type"] != "success":
            raise ScriptFailed(result["exceptionDetails"]["text"])
        return result["result"].get("value")

    def text(self, selector: str) -> str:
        """What the first such element shows; empty without one."""
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''"))

    def shows(self, selector: str, words: str) -> bool:
        """Whether such an element shows these words before long."""
        return until(lambda: words in self.text(selector), _ANSWER_WITHIN)

    def press(self, selector: str) -> None:
        """Press a button or link by a real click."""
        self._point(selector)

    def type(self, selector: str, text: str) -> None:
        """Type into a field by real keys."""
        self._point(selector)
        actions = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keyboard", "actions": actions})

    def _point(self, selector: str) -> None:
        quoted = json.dumps(selector)
        assert until(lambda: self.run(f"Boolean(document.querySelector({quoted})?.checkVisibility())")), selector
        where = f"(one => (one.scrollIntoView({{block: 'center'}}), one.getBoundingClientRect()))({quoted})".replace(
            quoted, f"document.querySelector({quoted})"
        )
        x, y = (self.run(f"Math.round({where}.{start} + {where}.{size} / 2)") for start, size in _MIDDLE)
        press = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        moves = [{"type": "pointerMove", "x": x, "y": y}, *press]
        self._act({"type": "pointer", "id": "mouse", "actions": moves})

    def _act(self, source: dict[str, object]) -> None:
        self.call("input.performActions", context=self.context, actions=[source])

    def call(self, method: str, **parameters: object) -> Any:
        """A command of WebDriver BiDi, and its result."""
        number = next(self._ids)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            said = json.loads(self.socket.recv(timeout=_ANSWER_WITHIN))
            if said.get("id") == number:
                if said["type"] == "error":
                    raise ScriptFailed(f"{method}: {said['message']}")
                return said["result"]
            self._note(said)

    def _note(self, event: dict[str, Any]) -> None:
        entry = event.get("params", {})
        if event.get("method") == "log.entryAdded" and entry.get("level") == "error":
            self.complaints.append(str(entry.get("text")))


_MIDDLE = (("left", "width"), ("top", "height"))


@contextmanager
def firefox(folder: Path) -> Iterator[FirefoxPage]:
    """A Firefox without a window and with a profile of its own, until the block ends."""
    profile = folder / "profile"
    profile.mkdir()
    (profile / "user.js").write_text(_PREFERENCES, "utf-8")
    log = folder / "firefox.log"
    command = [program("firefox-esr"), "--headless", "--no-remote", "--profile", str(profile)]
    with (
        log.open("wb") as written,
        subprocess.Popen([*command, "--remote-debugging-port", "0"], stdout=written, stderr=written) as process,
    ):
        try:
            assert until(lambda: _LISTENS.search(log.read_text("utf-8", "replace")), _START_WITHIN), log.read_text()
            address = _LISTENS.findall(log.read_text("utf-8", "replace"))[0]
            with connect(f"{address}/session", max_size=None) as socket:
                page = FirefoxPage(socket)
                page.call("session.new", capabilities={})
                page.context = page.call("browsingContext.create", type="tab")["context"]
                page.call("session.subscribe", events=["log.entryAdded"])
                yield page
                page.call("session.end")
        finally:
            process.terminate()
            process.wait(_START_WITHIN)


# Nothing of its own goes to the network.
_PREFERENCES = "".join(
    f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
    for name, value in {
        "app.update.disabledForTesting": True,
        "app.normandy.enabled": False,
        "browser.safebrowsing.malware.enabled": False,
        "browser.safebrowsing.phishing.enabled": False,
        "browser.shell.checkDefaultBrowser": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "extensions.update.enabled": False,
        "intl.accept_languages": "en-US",
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "services.settings.server": "data:,",
        "toolkit.telemetry.enabled": False,
    }.items()
)
