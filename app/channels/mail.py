"""Sends one notice as a mail, by the server of HANDBELL_SMTP_URL: text and HTML, over verified TLS."""

import functools
import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr

from markupsafe import Markup, escape

from app.channels.declaring import Channel, Sending
from app.channels.wording import Words
from app.core.mail_server import Mailing, MailServer, MailTls, bare_address
from app.core.notice import Delivery, TryResult
from app.outgoing import system_authorities

STEP_TIMEOUT = 10.0  # seconds, for each step of the conversation
DEADLINE = 40.0  # for all of it
_LATE = "no answer in time"


class Mails:
    """Sends mails. Certificates are verified against `context`, by default the system's authorities."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context or system_authorities()

    def send(self, server: MailServer, message: EmailMessage, to: str) -> TryResult:
        """Send once and return the result; never raises. An address that is refused for good (5xx) is GONE."""
        talk = _Talk(server, self._context)
        cut_off = threading.Timer(DEADLINE, talk.cut)
        cut_off.daemon = True
        cut_off.start()
        try:
            return talk.send(message, to)
        except ssl.SSLError:
            return TryResult(Delivery.FAILED, "no sound TLS connection", away=True)
        except smtplib.SMTPNotSupportedError:
            return TryResult(Delivery.FAILED, "the mail server offers no TLS, or no log-in", away=True)
        except smtplib.SMTPAuthenticationError:
            return TryResult(Delivery.FAILED, "the mail server refuses user or password", away=True)
        except (OSError, smtplib.SMTPException, UnicodeError, ValueError) as error:
            return TryResult(Delivery.FAILED, _why(error, late=talk.late.is_set()), maybe=talk.sent, away=True)
        finally:
            cut_off.cancel()
            talk.close()


class _Talk:
    """One conversation with the server. `sent`: it had the whole mail, and has not answered yet."""

    def __init__(self, server: MailServer, context: ssl.SSLContext) -> None:
        self._server = server
        self._context = context
        self._smtp: smtplib.SMTP | None = None
        self.sent = False
        self.late = threading.Event()

    def send(self, message: EmailMessage, to: str) -> TryResult:
        smtp = self._connected()
        refused = self._refused(smtp, message, to)
        if refused is None:
            smtp.send(_dotted(message.as_bytes(policy=SMTP_POLICY)))
            self.sent = True
            code, _said = smtp.getreply()
            if self.late.is_set():  # what was read may be cut short
                raise TimeoutError
            self.sent = False
            refused = None if code == 250 else code
        if refused is None:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            return TryResult(Delivery.DELIVERED, "status 250")
        return TryResult(Delivery.GONE if 500 <= refused < 600 else Delivery.FAILED, f"status {refused}")

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        smtp: smtplib.SMTP
        if server.tls is MailTls.TLS:
            smtp = smtplib.SMTP_SSL(timeout=STEP_TIMEOUT, context=self._context, local_hostname=socket.gethostname())
        else:
            smtp = smtplib.SMTP(timeout=STEP_TIMEOUT, local_hostname=socket.gethostname())
        self._smtp = smtp
        # Without the name in between, the certificate of `starttls` would be checked against nothing.
        smtp._host = server.host  # type: ignore[attr-defined]
        code, _said = smtp.connect(server.host, server.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, b"")
        if server.tls is MailTls.STARTTLS:
            smtp.starttls(context=self._context)
        if server.user:
            smtp.login(server.user, server.password)
        smtp.ehlo_or_helo_if_needed()
        return smtp

    @staticmethod
    def _refused(smtp: smtplib.SMTP, message: EmailMessage, to: str) -> int | None:
        """The status with which the recipient or the mail is refused. Raises SMTPResponseException for the sender."""
        code, said = smtp.mail(bare_address(parseaddr(str(message["From"]))[1]))
        if code != 250:
            raise smtplib.SMTPResponseException(code, said)
        code, said = smtp.rcpt(to)
        if code not in (250, 251):
            return code
        code, said = smtp.docmd("DATA")
        return None if code == 354 else code

    def cut(self) -> None:
        """End a conversation that takes too long."""
        self.late.set()
        found = self._smtp.sock if self._smtp else None
        if found:
            with suppress(OSError):
                socket.socket.shutdown(found, socket.SHUT_RDWR)

    def close(self) -> None:
        if self._smtp:
            self._smtp.close()


def _why(error: Exception, *, late: bool) -> str:
    if late or isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return _LATE
    if isinstance(error, smtplib.SMTPResponseException):
        return f"status {error.smtp_code}"
    return "no connection, or no whole answer"


def _dotted(content: bytes) -> bytes:
    """The mail as it goes over the wire: a line that begins with a dot has one more, and a lone dot ends it."""
    lines = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    quoted = lines.replace(b"\r\n.", b"\r\n..")
    if quoted.startswith(b"."):
        quoted = b"." + quoted
    return quoted.removesuffix(b"\r\n") + b"\r\n.\r\n"


def mail_of(words: Words, *, sender: str, to: str, notice_id: str, now: datetime) -> EmailMessage:
    """The mail in text and HTML; equal at each try but for its date."""
    message = EmailMessage(policy=SMTP_POLICY)
    name, address = parseaddr(sender)
    message["From"] = Address(display_name=name, addr_spec=address)
    message["To"] = Address(addr_spec=to)
    message["Subject"] = words.title
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{notice_id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(_text(words))
    message.add_alternative(str(_html(words)), subtype="html")
    message["Content-Language"] = words.language.replace("_", "-")  # earlier it would go to the first part
    return message


def _text(words: Words) -> str:
    lines = [f"{name}: {value}" for name, value in words.lines]
    parts = [words.title, "\n".join(lines), f"{words.link_words}:\n{words.link}", words.footer]
    return "\n\n".join(part for part in parts if part) + "\n"


def _html(words: Words) -> Markup:
    rows = Markup().join(
        Markup('<tr><td style="padding:2px 16px 2px 0;color:#5b6670">{}</td><td><bdi>{}</bdi></td></tr>').format(
            name, value
        )
        for name, value in words.lines
    )
    return Markup(
        '<!doctype html><html lang="{lang}" dir="{dir}"><head><meta charset="utf-8"><title>{title}</title></head>'
        '<body style="margin:0;padding:24px;background:#f3f5f6;color:#1b2530;font:16px/1.5 system-ui,sans-serif">'
        '<div style="max-width:34em;margin:0 auto;padding:24px;background:#fff;border-radius:12px">'
        '<h1 style="font-size:20px;margin:0 0 12px">{title}</h1>{body}'
        '<p><a href="{link}" style="display:inline-block;padding:10px 18px;border-radius:8px;background:#0b6b75;'
        'color:#fff;text-decoration:none">{link_words}</a></p>'
        '<p style="color:#5b6670;font-size:13px;margin:16px 0 0">{footer}</p></div></body></html>'
    ).format(
        lang=words.language.replace("_", "-"),
        dir=words.dir,
        title=words.title,
        body=Markup("<table>{}</table>").format(rows) if words.lines else escape(""),
        link=words.link,
        link_words=words.link_words,
        footer=words.footer,
    )


@functools.cache
def _mails() -> Mails:
    """One for the process, as loading the authorities takes 25 ms."""
    return Mails()


def deliver(sending: Sending) -> TryResult:
    """Mail the notice's words to its one address."""
    if sending.mail is None or sending.words is None:
        return TryResult(Delivery.FAILED, "mail is not set up here")
    return send_mail(sending.mail, sending.words, sending.to, notice_id=sending.id, now=sending.now)


def send_mail(mail: Mailing, words: Words, to: str, *, notice_id: str, now: datetime) -> TryResult:
    """Mail these words once; never raises."""
    try:
        message = mail_of(words, sender=mail.sender, to=to, notice_id=notice_id, now=now)
    except (ValueError, UnicodeError, MessageError):
        return TryResult(Delivery.GONE, "no mail can be written to this address")
    return _mails().send(mail.server, message, to)


CHANNEL = Channel(name="mail", options=(), deliver=deliver, of_sites=False)
