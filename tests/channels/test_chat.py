"""Chat services: each one's documented call arrives at a stand-in, by our own rules of calling."""

import json
import logging
import ssl
from collections.abc import Iterator
from ipaddress import ip_network
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme

from app.channels import calling, chat
from app.channels.calling import Caller
from app.channels.chat import NoChat, send, service_of
from app.channels.wording import Facts, Words, notice_words
from app.core.notice import Delivery, Event, TryResult
from app.core.targets import ANYWHERE, Targets
from tests.live_server import free_port
from tests.webhook_receiver import Receiver, receiving

LINK = "https://support.example.com/console/tickets/17"
WORDS: Words = notice_words(Event.WAITING, Facts(site="Help", reference="7K3M-Q2XH", ticket=17, link=LINK), "en")
TITLE = "Waits for too long: 7K3M-Q2XH"
TOKEN = "3ccdd113474722377935511fc85d3dd4"
ADDRESSES = {
    "Slack": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
    "Discord": f"discord://4174216298/{TOKEN}",
    "Telegram": "tgram://123456789:abcdefg_hijklmnop/12315544",
    "Google Chat": "gchat://AAAA/the-key/the-token",
}
# Where the services of fixed hosts are called, and the stand-in's path for it.
_FIXED = {
    "Slack": ("webhook_url", "/services"),
    "Discord": ("notify_url", "/api/webhooks"),
    "Telegram": ("notify_url", "/bot"),
    "Google Chat": ("notify_url", "/v1/spaces/{workspace}/messages"),
}


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A stand-in for every service with a host of its own."""
    with receiving(200) as one:
        one.says = b'{"success": true}'
        for service in chat.SERVICES:
            if service.name in _FIXED:
                name, path = _FIXED[service.name]
                monkeypatch.setattr(chat._plugin(service), name, one.address + path)
        yield one


def sent(receiver: Receiver, address: str) -> tuple[str, dict[str, str], str]:
    """The path, headers and body of the one call."""
    assert send(address, WORDS, ANYWHERE) == TryResult(Delivery.DELIVERED, "status 200")
    ((path, headers, body),) = receiver.got
    return path, headers, body.decode()


def has_all(text: str) -> bool:
    text = text.replace("\\", "")  # Markdown
    return all(part in text for part in (TITLE, "Site: Help", LINK))


def test_slack(receiver: Receiver) -> None:
    receiver.says = b"ok"
    path, headers, body = sent(receiver, ADDRESSES["Slack"])
    assert path == "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    assert headers["content-type"].startswith("application/json")
    (part,) = json.loads(body)["attachments"]
    assert has_all(f"{part['title']} {part['text']}")


def test_discord(receiver: Receiver) -> None:
    path, _headers, body = sent(receiver, ADDRESSES["Discord"])
    assert urlsplit(path).path == f"/api/webhooks/4174216298/{TOKEN}"
    assert has_all(json.loads(body)["content"])


def test_telegram(receiver: Receiver) -> None:
    path, _headers, body = sent(receiver, ADDRESSES["Telegram"])
    assert path == "/bot123456789:abcdefg_hijklmnop/sendMessage"
    asked = json.loads(body)
    assert str(asked["chat_id"]) == "12315544"
    assert has_all(asked["text"])


def test_google_chat(receiver: Receiver) -> None:
    path, _headers, body = sent(receiver, ADDRESSES["Google Chat"])
    assert urlsplit(path).path == "/v1/spaces/AAAA/messages"
    assert parse_qs(urlsplit(path).query)["key"] == ["the-key"]
    assert has_all(json.loads(body)["text"])


def test_ntfy(receiver: Receiver) -> None:
    path, headers, body = sent(receiver, f"ntfy://user:pass@{receiver.address.partition('//')[2]}/desk")
    assert path == "/"
    assert headers["authorization"].startswith("Basic ")
    asked = json.loads(body)
    assert (asked["topic"], asked["title"]) == ("desk", TITLE)
    assert LINK in asked["message"]


def test_mattermost(receiver: Receiver) -> None:
    path, _headers, body = sent(receiver, f"mmost://{receiver.address.partition('//')[2]}/{TOKEN}")
    assert path == f"/hooks/{TOKEN}"
    assert has_all(json.loads(body)["text"])


def test_rocket_chat(receiver: Receiver) -> None:
    path, _headers, body = sent(receiver, f"rocket://abc/def@{receiver.address.partition('//')[2]}")
    assert path == "/hooks/abc/def"
    assert has_all(json.loads(body)["text"])


def test_microsoft_teams() -> None:
    authority = trustme.CA()
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(theirs)
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    with receiving(202, tls=theirs) as one:
        host = one.address.partition("//")[2]
        address = f"workflows://{host}/643e69f83c8944/KODuebWbDGYFr0z0eu"
        assert send(address, WORDS, ANYWHERE, Caller(ours)).delivery is Delivery.DELIVERED
        ((path, _headers, body),) = one.got
        assert urlsplit(path).path == "/workflows/643e69f83c8944/triggers/manual/paths/invoke"
        assert has_all(" ".join(part["text"] for part in json.loads(body)["attachments"][0]["content"]["body"]))
        assert send(address, WORDS, ANYWHERE).why == "no sound TLS connection"
        assert len(one.got) == 1


@pytest.mark.parametrize(
    ("native", "name"),
    [
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "Slack"),
        (f"https://discord.com/api/webhooks/4174216298/{TOKEN}", "Discord"),
        ("https://chat.googleapis.com/v1/spaces/AAAA/messages?key=kkk&token=ttt", "Google Chat"),
        *((address, name) for name, address in ADDRESSES.items()),
    ],
)
def test_addresses_as_the_services_give_them(native: str, name: str) -> None:
    assert service_of(native).name == name


@pytest.mark.parametrize(
    "address",
    [
        "json://127.0.0.1/x",
        "xml://127.0.0.1",
        "mailto://u:p@example.com",
        "syslog://",
        "dbus://",
        "file:///etc/passwd",
        "ntfy://ntfy.example.com/desk",
        "mmost://mm.example.com/token",
        "slack://",
        "slack://T1JJ3T3L2",
        "https://example.com/hook",
        "nothing",
        "",
        "slack://" + "T" * 1000,
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    assert send(address, WORDS, ANYWHERE).delivery is Delivery.GONE
    with pytest.raises(NoChat):
        service_of(address)


def test_options_in_an_address_do_nothing(receiver: Receiver) -> None:
    """A template would be read from a file, or fetched from anywhere."""
    address = f"mmost://{receiver.address.partition('//')[2]}/{TOKEN}?template=/etc/passwd&verify=no&redirect=yes&to=x"
    path, _headers, body = sent(receiver, address)
    assert path == f"/hooks/{TOKEN}"
    assert "root:" not in body


def test_only_permitted_addresses_are_called(receiver: Receiver) -> None:
    address = f"mmost://{receiver.address.partition('//')[2]}/{TOKEN}"
    refused = send(address, WORDS, Targets(only_public=True))
    assert "not public" in refused.why
    assert receiver.got == []
    listed = Targets(only_public=True, networks=(ip_network("127.0.0.0/8"),))
    assert send(address, WORDS, listed).delivery is Delivery.DELIVERED


@pytest.mark.parametrize(("status", "delivery"), [(302, Delivery.FAILED), (429, Delivery.FAILED), (404, Delivery.GONE)])
def test_a_refusal_is_neither_followed_nor_tried_again_nor_waited_for(
    receiver: Receiver, status: int, delivery: Delivery
) -> None:
    receiver.does = status
    assert send(ADDRESSES["Discord"], WORDS, ANYWHERE) == TryResult(delivery, f"status {status}")
    assert len(receiver.got) == 1


@pytest.mark.slow
def test_no_answer_leaves_doubt(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "READ_TIMEOUT", 0.2)
    receiver.does = "hang"
    assert send(ADDRESSES["Slack"], WORDS, ANYWHERE) == TryResult(
        Delivery.FAILED, "no answer in time", maybe=True, away=True
    )
    nobody = f"mmost://127.0.0.1:{free_port()}/{TOKEN}"
    assert send(nobody, WORDS, ANYWHERE) == TryResult(Delivery.FAILED, "no connection, or no whole answer", away=True)


def test_the_library_s_log_is_silent(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    receiver.does = 500
    with caplog.at_level(logging.DEBUG):
        send(ADDRESSES["Slack"], WORDS, ANYWHERE)
    assert TOKEN not in caplog.text
    assert "T1JJ3T3L2" not in caplog.text
    assert not [line for line in caplog.records if line.name.startswith("apprise")]
