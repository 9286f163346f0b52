"""A real mail server on this machine, with TLS, that can be told to misbehave."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any, cast

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from stopintimidatie.settings import Settings


@dataclass
class Received:
    """What came in: over what, from whom, to whom, and the bytes."""

    encrypted: bool
    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return BytesParser(policy=default).parsebytes(self.content)


@dataclass
class Mailbox:
    """aiosmtpd's handler: keeps what it accepts, and answers what the test wants."""

    received: list[Received] = field(default_factory=list)
    rcpt_answer: str | None = None
    data_answer: str | None = None
    drop_after_data: bool = False
    lines_seen: list[str] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.lines_seen.append(address)
        if self.rcpt_answer is not None:
            return self.rcpt_answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.data_answer is not None:
            return self.data_answer
        transport: Any = server.transport
        implicit = transport.get_extra_info("ssl_object") is not None
        self.received.append(
            Received(
                session.ssl is not None or implicit,
                str(envelope.mail_from),
                list(map(str, envelope.rcpt_tos)),
                bytes(cast(bytes, envelope.content)),
            )
        )
        if self.drop_after_data:
            transport.abort()
        return "250 OK"


@dataclass(frozen=True)
class MailServer:
    """Where it is, whose certificate it has, and what it got."""

    port: int
    ca_file: Path
    mailbox: Mailbox

    def settings(self, settings: Settings, **changes: Any) -> Settings:
        """The same installation, sending through this server."""
        values: dict[str, Any] = {
            "mail_host": "localhost",
            "mail_port": self.port,
            "mail_ca_file": self.ca_file,
            "mail_sender": "Meldpunt <post@meldpunt.example>",
            "mail_timeout_seconds": 5,
        }
        return replace(settings, **{**values, **changes})


@contextmanager
def mail_server(
    folder: Path, *, tls: bool = True, implicit: bool = False, name: str = "localhost"
) -> Iterator[MailServer]:
    """:param name: the name in its certificate, which is that of the machine if all is well."""
    authority = trustme.CA()
    ca_file = folder / f"ca-{name}-{tls}.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
    mailbox = Mailbox()
    values: dict[str, Any] = {"tls_context": context, "require_starttls": tls}
    if implicit:
        values = {"ssl_context": context}
    controller = Controller(
        mailbox, hostname="127.0.0.1", port=free_port(), server_hostname="post.example", **values
    )
    controller.start()
    try:
        yield MailServer(controller.port, ca_file, mailbox)
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def rude_server(*, says: bytes = b"", hangs_up: bool) -> Iterator[int]:
    """Something that takes connections, says this, and then hangs up or says nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        waiting: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                if says:
                    connection.sendall(says)
                if hangs_up:
                    connection.close()
                else:
                    waiting.append(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    for connection in waiting:
        connection.close()


BOUNCE = """\
From: MAILER-DAEMON@post.example
Content-Type: multipart/report; report-type=delivery-status; boundary=x
MIME-Version: 1.0

--x
Content-Type: text/plain

Het lukte niet.
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; post.example

Final-Recipient: rfc822; meldingen@dordrecht.example
Action: {action}
Status: 5.1.1
--x
Content-Type: text/rfc822-headers

Message-ID: <{number}@meldpunt.example>
Subject: Er wacht iets
--x--
"""
