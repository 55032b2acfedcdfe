"""HANDBELL_SMTP_URL and HANDBELL_MAIL_FROM."""

import re

import pytest

from app.core.mail_server import MailServer, MailTls, bare_address, read_mail_server, read_sender


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("smtps://mail.example.com", MailServer(MailTls.TLS, "mail.example.com", 465)),
        ("smtps://u%40x:p%3A%2F@mail.example.com:466/", MailServer(MailTls.TLS, "mail.example.com", 466, "u@x", "p:/")),
        ("smtp+starttls://mail.example.com", MailServer(MailTls.STARTTLS, "mail.example.com", 587)),
        ("smtp://127.0.0.1:2525", MailServer(MailTls.NONE, "127.0.0.1", 2525)),
        ("smtp://localhost", MailServer(MailTls.NONE, "localhost", 25)),
        ("SMTP://[::1]/", MailServer(MailTls.NONE, "::1", 25)),
        ("smtps://user@mail.example.com:1", MailServer(MailTls.TLS, "mail.example.com", 1, "user")),
        ("smtps://u:p:@@mail.example.com", MailServer(MailTls.TLS, "mail.example.com", 465, "u", "p:@")),
    ],
)
def test_servers(text: str, server: MailServer) -> None:
    assert read_mail_server(text) == server
    assert "p:/" not in repr(server)


LIKE = "must be an address such as smtps://user:password@mail.example.com:465"
STARTS = "must start with smtps://, smtp+starttls:// or, on this machine, smtp://"
HERE = "smtp:// is for this machine only; to another one use smtps:// or smtp+starttls://"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("smtp://mail.example.com", HERE),
        ("https://mail.example.com", STARTS),
        ("mail.example.com", STARTS),
        ("smtps://", LIKE),
        ("smtps://mail.example.com/X", LIKE),
        ("smtps://a://mail.example.com", LIKE),
        ("smtps://mail.example.com?tls=no", LIKE),
        ("smtps://mail.example.com#a", LIKE),
        ("smtps://mail.example.com:0", LIKE),
        ("smtps://mail.example.com:65536", LIKE),
        ("smtps://mail.example.com:", LIKE),
        ("smtps://s3cret:s3cret@mail.example.com:port", LIKE),
        ("smtps://u:s3cret/@mail.example.com", LIKE),
        ("smtps://mail.example.com/s3cret@evil.example", LIKE),
    ],
)
def test_what_is_no_server(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$") as refused:
        read_mail_server(text)
    assert "s3cret" not in str(refused.value)


def test_senders() -> None:
    assert read_sender("help@example.com") == "help@example.com"
    assert read_sender(" Help  <help@example.com>") == "Help <help@example.com>"
    assert bare_address("Help <help@example.com>") == "help@example.com"
    assert bare_address("help@example.com") == "help@example.com"
    for wrong in ("help", "Help <help@example.com", "a@b@c", "Help\n<help@example.com>", "<>", "A <b <c@example.com>"):
        with pytest.raises(ValueError, match=r'^must be a mail address, such as "Support <support@example.com>"$'):
            read_sender(wrong)
