"""A real mail server on loopback that keeps what it gets, and fails as a test tells it."""

import email
import email.policy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from ssl import SSLContext
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from tests.live_server import free_port


@dataclass
class Mailbox:
    """`rcpt` and `data` are the answers to a recipient and to a mail; with `hangs`, none comes to a whole mail."""

    url: str = ""
    rcpt: str = "250 OK"
    data: str = "250 OK"
    hangs: bool = False
    got: list[EmailMessage] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    async def handle_RCPT(  # noqa: N802 - the server's name for it
        self, _server: Any, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        found = email.message_from_bytes(envelope.content or b"", policy=email.policy.default)
        if self.data.startswith("250"):
            self.got.append(found)  # type: ignore[arg-type]
            self.to += envelope.rcpt_tos
        if self.hangs:
            await server.loop.run_in_executor(None, self.over.wait, 30)
        return self.data

    def texts(self) -> list[str]:
        """The plain texts of the mails."""
        bodies = [mail.get_body(("plain",)) for mail in self.got]
        return [body.get_content().replace("\r\n", "\n") for body in bodies]  # type: ignore[union-attr]


@contextmanager
def mailing(
    *, tls: SSLContext | None = None, starttls: SSLContext | None = None, login: tuple[str, str] | None = None
) -> Iterator[Mailbox]:
    """A mail server until the block ends: plain, with TLS from the start, or with STARTTLS."""
    box = Mailbox()

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: LoginPassword) -> AuthResult:
        box.users.append(given.login.decode())
        return AuthResult(success=(given.login.decode(), given.password.decode()) == login, handled=False)

    more: dict[str, Any] = {"authenticator": check} if login else {}
    if starttls:
        more |= {"tls_context": starttls, "require_starttls": True}
    elif login:
        more |= {"auth_require_tls": False}
    port = free_port()
    server = Controller(box, hostname="127.0.0.1", port=port, ssl_context=tls, server_hostname="127.0.0.1", **more)
    scheme = "smtps" if tls else "smtp+starttls" if starttls else "smtp"
    box.url = (
        f"{scheme}://{':'.join(login) + '@' if login else ''}{'localhost' if tls or starttls else '127.0.0.1'}:{port}"
    )
    server.start()
    try:
        yield box
    finally:
        box.over.set()
        server.stop()
