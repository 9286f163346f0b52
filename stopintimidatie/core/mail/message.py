"""Messages: writing, signing (DKIM), their problems in words, and reading what came back. Pure.

DKIM: The libraries for it come as source alone, and this house installs nothing but wheels with
known hashes. Signing, without verifying, is little.
"""

from __future__ import annotations

import base64
import email
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7
from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from stopintimidatie.core.jobs import JobError
from stopintimidatie.core.text import checked_address
from stopintimidatie.core.web.translation import install

_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_MESSAGE_ID: Final = re.compile(rf"<({_UUID})@[^<>\s]+>")
_ENVELOPE_ID: Final = re.compile(_UUID)
LARGEST: Final = 2_000_000


def returned_message(content: bytes) -> UUID | None:
    """Return the number of our message that came back for good; None when there is none."""
    report = email.message_from_bytes(content[:LARGEST])
    if report.get_content_type() != "multipart/report" or not _failed(report):
        return None
    return next(_numbers(report), None)


def _failed(report: Message) -> bool:
    """Tell whether it came back for good: not when it is only late, or has arrived."""
    return any(
        str(part.get("Action", "")).strip().lower() == "failed" for part in _status_parts(report)
    )


def _status_parts(report: Message) -> Iterator[Message]:
    for part in report.walk():
        if part.get_content_type() == "message/delivery-status":
            payload = part.get_payload()
            yield from (
                (p for p in payload if isinstance(p, Message)) if isinstance(payload, list) else ()
            )


def _numbers(report: Message) -> Iterator[UUID]:
    for part in _status_parts(report):
        envelope_id = _ENVELOPE_ID.fullmatch(str(part.get("Original-Envelope-Id", "")).strip())
        if envelope_id:
            yield UUID(envelope_id[0])
    for part in report.walk():
        kind = part.get_content_type()
        if kind == "text/rfc822-headers":
            text = str(part.get_payload())
            yield from map(
                UUID, _MESSAGE_ID.findall(str(email.message_from_string(text)["Message-ID"]))
            )
        elif kind == "message/rfc822":
            payload = part.get_payload()
            inner = payload[0] if isinstance(payload, list) else None
            if isinstance(inner, Message):
                yield from map(UUID, _MESSAGE_ID.findall(str(inner["Message-ID"])))


# DKIM (RFC 6376): rsa-sha256, relaxed/relaxed.

SIGNED: Final = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version")
_FOLD: Final = re.compile(rb"\r\n(?=[ \t])")
_BLANKS: Final = re.compile(rb"[ \t]+")


class SigningError(Exception):
    """The key can't be used."""


def signature(content: bytes, *, selector: str, domain: str, key: bytes, at: int) -> bytes:
    """Return the header that goes before a message with CRLF line ends.

    `key`: an RSA key in PEM.
    `at`: the time of signing, in seconds since 1970.

    Raises:
        SigningError: no such key.
    """
    try:
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError) as error:
        raise SigningError("not a PEM key") from error
    if not isinstance(private, RSAPrivateKey):
        raise SigningError("not an RSA key")
    head, _, body = content.partition(b"\r\n\r\n")
    fields = [_relaxed(line) for line in _FOLD.sub(b"", head).split(b"\r\n")]
    signed = [f for name in SIGNED for f in fields if f.startswith(name + b":")]
    names = b":".join(f.partition(b":")[0] for f in signed)
    body_hash = base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest())
    value = (
        b"v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=%s; t=%d;\r\n h=%s;\r\n bh=%s;\r\n b="
        % (domain.encode("idna"), selector.encode("ascii"), at, names, body_hash)
    )
    own = _relaxed(_FOLD.sub(b"", b"DKIM-Signature: " + value))
    proof = private.sign(b"\r\n".join([*signed, own]), PKCS1v15(), SHA256())
    return b"DKIM-Signature: " + value + _folded(base64.b64encode(proof)) + b"\r\n"


def _relaxed(field: bytes) -> bytes:
    name, _, value = field.partition(b":")
    return name.strip().lower() + b":" + _BLANKS.sub(b" ", value).strip()


def _relaxed_body(body: bytes) -> bytes:
    lines = [_BLANKS.sub(b" ", line).rstrip() for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def _folded(text: bytes) -> bytes:
    return b"\r\n ".join(text[start : start + 70] for start in range(0, len(text), 70))


# Problems: a code for the queue, and a sentence for who must mend it.

# Code -> what is wrong and what to do. These wait and are tried again.
WAITS: Final[dict[str, str]] = {
    "niet_ingesteld": "Er is geen mailserver ingesteld. Vul mail.host en mail.sender in.",
    "onbereikbaar": "De mailserver is niet bereikbaar. Kijk of hij draait en of het netwerk werkt.",
    "te_traag": "De mailserver antwoordt niet op tijd.",
    "geen_tls": "De mailserver biedt geen TLS aan. Zonder TLS gaat er niets uit.",
    "certificaat": "Het certificaat van de mailserver klopt niet. Zo gaat er niets uit.",
    "tls_mislukt": "De beveiligde verbinding met de mailserver kwam niet tot stand.",
    "aanmelden": "De mailserver neemt de aanmelding niet aan. Kijk mail.user en het wachtwoord na.",
    "verbroken": "De mailserver verbrak de verbinding.",
    "tijdelijk": "De mailserver neemt het bericht nu nog niet aan: later nog eens.",
    "afzender": "De mailserver weigert de afzender. Kijk mail.sender na.",
    "server_weigert": "De mailserver weigert de verbinding.",
    "adres_onbevestigd": "De ontvanger heeft de code nog niet teruggegeven die wij stuurden.",
    "sms_uit": "Sms staat uit. Vul sms.url in.",
    "sms_onbereikbaar": "De sms-dienst is niet bereikbaar.",
    "sms_later": "De sms-dienst neemt het bericht nu niet aan. Kijk ook sms.token_file na.",
    "dkim": "Ondertekenen met DKIM lukt niet. Kijk mail.dkim_key na.",
}
# These are given up at once: trying again gives the same.
FINAL: Final[dict[str, str]] = {
    "geweigerd": "De mailserver weigert het bericht voor deze ontvanger. Kijk het adres na.",
    "adres_komt_terug": "Berichten aan deze ontvanger kwamen terug. Vraag een ander adres.",
    "sms_geweigerd": "De sms-dienst weigert het bericht. Kijk het nummer na.",
    "adres_ongeldig": "Het adres van de ontvanger is geen goed e-mailadres.",
    "certificaat_ontvanger": "Het certificaat van de ontvanger is niet te gebruiken.",
}
WORDS: Final = WAITS | FINAL


class MailError(JobError):
    """The message didn't go out; its code tells why, and whether trying again makes sense."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"mail: {problem}", final=problem in FINAL)
        self.problem = problem


def words_of(problem: str | None) -> str:
    """Return the sentence for a code, such as of a message or of a job."""
    return WORDS.get((problem or "").removeprefix("mail: "), "Er ging iets mis.")


# Writing: the same bytes each time, made of given parts.

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
    """Return the address as a mail server may get it, without a name.

    Raises:
        MailError: The text isn't an address.
    """
    try:
        address = checked_address(text)
    except ValueError:
        raise MailError("adres_ongeldig") from None
    if address.ascii_email is None:  # pragma: no cover - SMTPUTF8 isn't allowed above
        raise MailError("adres_ongeldig")
    return address.ascii_email


def split_sender(text: str) -> tuple[str, str]:
    """Name and address of `Meldpunt <meldpunt@example.nl>`.

    Raises:
        ValueError: no such thing.
    """
    name, address = parseaddr(text)
    if not _SENDER.fullmatch(address):
        raise ValueError("schrijf een adres, of Naam <adres@domein.nl>")
    return name, address


@lru_cache(maxsize=128)
def _template(asset: str) -> Template:
    package, _, path = asset.partition(":")
    folder, _, name = path.rpartition("/")
    loader = PackageLoader(package, folder)
    # Words of a mail or letter are text: nothing to escape, as in a page beside a file.
    escapes = select_autoescape(("html.jinja2", "xml.jinja2"))
    environment = Environment(loader=loader, undefined=StrictUndefined, autoescape=escapes)  # noqa: S701
    install(environment)
    return environment.get_template(name)


def render(asset: str, values: Mapping[str, Any]) -> str:
    """Return the words of a message."""
    return _template(asset).render(values).strip() + "\n"


def write(
    number: UUID, made_at: datetime, sender: str, recipient: str, subject: str, text: str
) -> EmailMessage:
    """Write the message. No line break of a value can become a header: the policy refuses it.

    Raises:
        MailError: the recipient has no usable address.
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
    # The same for every attempt, so that a mailbox knows a repeat as one.
    message["Message-ID"] = f"<{number}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(text, cte="quoted-printable")
    message["Content-Language"] = "nl"
    return message


_HEADERS: Final = ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted")


def encrypted(message: EmailMessage, certificate: bytes) -> bytes:
    """Encrypt the message, so that only who has the key of this certificate can read it.

    Raises:
        MailError: the certificate can't be used.
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
