"""HANDBELL_SMTP_URL and HANDBELL_MAIL_FROM."""

import pytest

from app.core.mail_server import MailServer, MailTls, bare_address, read_mail_server, read_sender


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtps://mail.example.com", MailServer(MailTls.TLS, "mail.example.com", 465)),
        ("smtps://u%40x:p%3A%2F@mail.example.com:466/", MailServer(MailTls.TLS, "mail.example.com", 466, "u@x", "p:/")),
        ("smtp+starttls://mail.example.com", MailServer(MailTls.STARTTLS, "mail.example.com", 587)),
        ("smtp://127.0.0.1:2525", MailServer(MailTls.NONE, "127.0.0.1", 2525)),
    ],
)
def test_servers(text: str, server: MailServer) -> None:
    assert read_mail_server(text) == server
    assert "p:/" not in repr(server)


@pytest.mark.parametrize(
    "text",
    [
        "smtp://mail.example.com",
        "https://mail.example.com",
        "mail.example.com",
        "smtps://",
        "smtps://mail.example.com/path",
        "smtps://mail.example.com?tls=no",
        "smtps://s3cret:s3cret@mail.example.com:port",
    ],
)
def test_what_is_no_server(text: str) -> None:
    with pytest.raises(ValueError, match=r"must|smtp") as refused:
        read_mail_server(text)
    assert "s3cret" not in str(refused.value)


def test_senders() -> None:
    assert read_sender("help@example.com") == "help@example.com"
    assert read_sender(" Help  <help@example.com>") == "Help <help@example.com>"
    assert bare_address("Help <help@example.com>") == "help@example.com"
    assert bare_address("help@example.com") == "help@example.com"
    for wrong in ("help", "Help <help@example.com", "a@b@c", "Help\n<help@example.com>", "<>"):
        with pytest.raises(ValueError, match="mail address"):
            read_sender(wrong)
