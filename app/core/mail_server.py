"""The mail server that Handbell sends by, as HANDBELL_SMTP_URL names it."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import unquote

from app.core.address import parse


class MailTls(StrEnum):
    """How the connection is encrypted."""

    TLS = "smtps"
    STARTTLS = "smtp+starttls"
    NONE = "smtp"  # to this machine alone


_PORTS = {MailTls.TLS: 465, MailTls.STARTTLS: 587, MailTls.NONE: 25}
_LOGIN = re.compile(r"[^/?#\s]*")
_ADDRESS = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,190}")


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is sent, how, and as whom."""

    tls: MailTls
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Mailing:
    """The server and the sender of all mails."""

    server: MailServer
    sender: str


def read_mail_server(text: str) -> MailServer:
    """From `smtps://user:password@host:465`. Raises ValueError with a sentence that bears no secret."""
    scheme, _, rest = text.partition("://")
    if (scheme := scheme.lower()) not in list(MailTls):
        raise ValueError("must start with smtps://, smtp+starttls:// or, on this machine, smtp://")
    tls = MailTls(scheme)
    login, _, place = rest.rpartition("@")
    address = parse(f"{tls}://{place}") if _LOGIN.fullmatch(login) else None
    if address is None or not address.port_exists or address.path.strip("/") or address.query or address.fragment:
        raise ValueError("must be an address such as smtps://user:password@mail.example.com:465")
    if tls is MailTls.NONE and not address.is_loopback:
        raise ValueError("smtp:// is for this machine only; to another one use smtps:// or smtp+starttls://")
    user, _, password = login.partition(":")
    return MailServer(tls, address.host.strip("[]"), int(address.port or _PORTS[tls]), unquote(user), unquote(password))


def read_sender(text: str) -> str:
    """A sender: `support@example.com`, or with a name: `Help <support@example.com>`. Raises ValueError."""
    name, angle, rest = text.partition("<")
    address = rest.removesuffix(">") if angle else text.strip()
    if not _ADDRESS.fullmatch(address) or (angle and not rest.endswith(">")) or not text.isprintable():
        raise ValueError('must be a mail address, such as "Support <support@example.com>"')
    return f"{name.strip()} <{address}>" if name.strip() and angle else address


def bare_address(sender: str) -> str:
    """The address in a sender."""
    return sender.partition("<")[2].removesuffix(">") or sender
