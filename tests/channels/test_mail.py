"""One mail: how it goes over the wire, and what each kind of answer means. The server is a real one."""

import socket
import ssl
import threading
from collections.abc import Iterator

import pytest
import trustme

from app.channels import mail
from app.channels.mail import Mails, mail_of
from app.channels.wording import Facts, notice_words
from app.core.mail_server import read_mail_server
from app.core.notice import Delivery, Event, TryResult
from tests.live_server import free_port
from tests.mail_server import Mailbox, mailing
from tests.store.rows import NOW

FACTS = Facts(
    site="Help & <b>Co</b>",
    reference="7K3M-Q2XH",
    ticket=17,
    link="https://support.example.com/console/tickets/17",
    problem=".dot\n..\n<script>",
)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_context(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def trusting(authority: trustme.CA) -> Mails:
    ours = ssl.create_default_context()
    authority.configure_trust(ours)
    return Mails(ours)


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailing() as one:
        yield one


def send(box: Mailbox, mails: Mails | None = None, language: str = "en") -> TryResult:
    words = notice_words(Event.WAITING, FACTS, language)
    message = mail_of(words, sender="Help <help@example.com>", to="anna@example.com", notice_id="msg_1", now=NOW)
    return (mails or Mails()).send(read_mail_server(box.url), message, "anna@example.com")


def test_a_mail_arrives_as_text_and_html(box: Mailbox) -> None:
    assert send(box) == TryResult(Delivery.DELIVERED, "status 250")
    (got,) = box.got
    assert (got["From"], got["To"]) == ("Help <help@example.com>", "anna@example.com")
    assert got["Subject"] == "Waits for too long: 7K3M-Q2XH"
    assert got["Message-ID"] == "<msg_1@example.com>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert box.to == ["anna@example.com"]
    (text,) = box.texts()
    assert "Site: Help & <b>Co</b>" in text
    assert "\nProblem: .dot\n..\n<script>" in text
    assert FACTS.link in text
    html = got.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "Help &amp; &lt;b&gt;Co&lt;/b&gt;" in html
    assert "<script>" not in html
    assert f'href="{FACTS.link}"' in html


def test_a_mail_is_in_its_reader_s_language(box: Mailbox) -> None:
    send(box, language="ar")
    send(box, language="de")
    send(box, language="tlh")
    arabic, german, other = box.got
    assert 'dir="rtl"' in arabic.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert german["Subject"] == "Wartet zu lange: 7K3M-Q2XH"
    assert german["Content-Language"] == "de"
    assert other["Subject"] == "Waits for too long: 7K3M-Q2XH"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["tls", "starttls"])
def test_tls_is_verified_and_a_password_goes_over_it(kind: str, authority: trustme.CA, trusting: Mails) -> None:
    login = ("help", "s3cret")
    with mailing(**{kind: server_context(authority)}, login=login) as box:
        assert send(box, trusting).delivery is Delivery.DELIVERED
        assert box.users == ["help"]
        assert send(box) == TryResult(Delivery.FAILED, "no sound TLS connection", away=True), "an unknown authority"
    with mailing(**{kind: server_context(authority, "other.example.com")}, login=login) as box:
        assert send(box, trusting) == TryResult(Delivery.FAILED, "no sound TLS connection", away=True)
        assert box.got == []


def test_without_starttls_nothing_is_sent(box: Mailbox, trusting: Mails) -> None:
    box.url = box.url.replace("smtp://127.0.0.1", "smtp+starttls://127.0.0.1")
    assert send(box, trusting) == TryResult(Delivery.FAILED, "the mail server offers no TLS, or no log-in", away=True)
    assert box.got == []


@pytest.mark.slow
def test_a_wrong_password_is_said_without_it(authority: trustme.CA, trusting: Mails) -> None:
    with mailing(tls=server_context(authority), login=("help", "s3cret")) as box:
        box.url = box.url.replace("s3cret", "wrong")
        found = send(box, trusting)
        assert found == TryResult(Delivery.FAILED, "the mail server refuses user or password", away=True)


@pytest.mark.parametrize("step", ["rcpt", "data"])
def test_5xx_is_for_good_and_4xx_for_now(box: Mailbox, step: str) -> None:
    setattr(box, step, "550 no such mailbox anna@example.com")
    assert send(box) == TryResult(Delivery.GONE, "status 550")
    setattr(box, step, "451 later")
    assert send(box) == TryResult(Delivery.FAILED, "status 451")


@pytest.mark.slow
def test_no_answer_to_a_whole_mail_leaves_doubt(box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "STEP_TIMEOUT", 0.3)
    box.hangs = True
    assert send(box) == TryResult(Delivery.FAILED, "no answer in time", maybe=True, away=True)


def test_nobody_there_leaves_none() -> None:
    away = Mailbox(url=f"smtp://127.0.0.1:{free_port()}")
    assert send(away) == TryResult(Delivery.FAILED, "no connection, or no whole answer", away=True)


@pytest.mark.slow
def test_a_server_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "DEADLINE", 0.3)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _address = listening.accept()
            with connection:
                while not over.wait(0.05):
                    try:
                        connection.sendall(b"2")
                    except OSError:
                        return

        dripping = threading.Thread(target=drip)
        dripping.start()
        found = send(Mailbox(url=f"smtp://127.0.0.1:{listening.getsockname()[1]}"))
        over.set()
        dripping.join()
    assert found == TryResult(Delivery.FAILED, "no answer in time", away=True)


def test_an_address_that_cannot_be_written_is_given_up() -> None:
    words = notice_words(Event.WAITING, FACTS, "en")
    with pytest.raises(ValueError):  # noqa: PT011 - any of the library's
        mail_of(words, sender="help@example.com", to="a\r\nBcc: x@example.com", notice_id="msg_1", now=NOW)
