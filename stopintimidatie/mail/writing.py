"""A message as it goes over the line: made of given parts, the same bytes each time. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from stopintimidatie.mail.problems import MailError
from stopintimidatie.web.forms import checked_address

# A machine's own name will do here: the mail server decides.
_SENDER: Final = re.compile(r"[^@\s<>]+@[A-Za-z0-9.-]+")
POLICY: Final = SMTP.clone(max_line_length=998, cte_type="7bit")


@dataclass(frozen=True)
class Envelope:
    """From whom, to whom, and the bytes in between."""

    id: UUID
    sender: str
    recipient: str = field(repr=False)
    content: bytes = field(repr=False)


def plain_address(text: str) -> str:
    """The address as a mail server may get it, without a name.

    :raises MailError: it isn't one.
    """
    try:
        found = checked_address(text)
    except ValueError:
        raise MailError("adres_ongeldig") from None
    if found.ascii_email is None:  # pragma: no cover - SMTPUTF8 isn't allowed above
        raise MailError("adres_ongeldig")
    return found.ascii_email


def split_sender(text: str) -> tuple[str, str]:
    """Name and address of `Meldpunt <meldpunt@example.nl>`.

    :raises ValueError: no such thing.
    """
    name, address = parseaddr(text)
    if not _SENDER.fullmatch(address):
        raise ValueError("schrijf een adres, of Naam <adres@domein.nl>")
    return name, address


@lru_cache(maxsize=64)
def _template(asset: str) -> Template:
    package, _, path = asset.partition(":")
    folder, _, name = path.rpartition("/")
    loader = PackageLoader(package, folder)
    # Text and no HTML: nothing to escape.
    environment = Environment(loader=loader, undefined=StrictUndefined, autoescape=False)  # noqa: S701
    return environment.get_template(name)


def render(asset: str, values: Mapping[str, Any]) -> str:
    """The words of a message."""
    return _template(asset).render(values).strip() + "\n"


def message_id(number: UUID, sender: str) -> str:
    """The same for every attempt, so that a mailbox knows a repeat as one."""
    return f"<{number}@{sender.rpartition('@')[2]}>"


def write(
    number: UUID, made_at: datetime, sender: str, recipient: str, subject: str, text: str
) -> EmailMessage:
    """The whole message. No line break of a value can become a header: the policy refuses it.

    :raises MailError: the recipient has no usable address.
    """
    name, address = split_sender(sender)
    local, _, domain = address.rpartition("@")
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(name, local, domain)
    to_local, _, to_domain = plain_address(recipient).rpartition("@")
    # The address alone: a name would tell who is written to.
    message["To"] = Address("", to_local, to_domain)
    message["Subject"] = subject
    message["Date"] = format_datetime(made_at)
    message["Message-ID"] = message_id(number, address)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(text, cte="quoted-printable")
    message["Content-Language"] = "nl"
    return message


_HEADERS: Final = ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted")


def encrypted(message: EmailMessage, certificate: bytes) -> bytes:
    """The same message, its words readable by who has the key of this certificate alone.

    :raises MailError: the certificate can't be used.
    """
    inner = EmailMessage(policy=POLICY)
    inner.set_content(message.get_content(), cte="quoted-printable")
    try:
        builder = (
            pkcs7.PKCS7EnvelopeBuilder()
            .set_data(inner.as_bytes())
            .set_content_encryption_algorithm(algorithms.AES256)
            .add_recipient(x509.load_pem_x509_certificate(certificate))
        )
        sealed = builder.encrypt(Encoding.SMIME, [pkcs7.PKCS7Options.Binary])
    except (ValueError, TypeError):
        raise MailError("certificaat_ontvanger") from None
    outer = EmailMessage(policy=POLICY)
    for name in _HEADERS:
        outer[name] = message[name]
    headers = outer.as_bytes().rstrip(b"\r\n") + b"\r\n"
    return headers + b"\r\n".join(sealed.splitlines()) + b"\r\n"
