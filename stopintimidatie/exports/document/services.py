"""The certificate a municipality signs its PDFs with, the password of a copy, and drawing at once.

An operator brings the certificate in (`stopintimidatie gemeente handtekening`); its key is
encrypted with the key ring and is never shown again. The libraries that change a file take 20 MB:
they are imported by `signature` alone, which a process loads when it makes a file.
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.sandbox.process import MEGABYTE, Limits
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.core.telemetry import making_pdf
from stopintimidatie.core.web.limits import NoPlaceError, heavy_work
from stopintimidatie.exports.document.content import SheetContent, StatementContent
from stopintimidatie.exports.document.process import RenderingError, render_in_process
from stopintimidatie.exports.models import SigningCertificate
from stopintimidatie.settings import Settings

PURPOSE: Final = "signing-key"
KIND: Final = "gemeente"
SEALED: Final = Sealed(SigningCertificate, PURPOSE, ("sealed",), "id")
SMALLEST_RSA: Final = 2048
PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey


class CertificateRefusedError(Exception):
    """A file that can't be signed with; the message says what to do, in Dutch."""


class TimeStampError(Exception):
    """There is no time stamp: the service is away, refuses, or answers something else."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A name, certificates in DER with the own one first, and the private key (PKCS 8)."""

    subject: str
    certificates: tuple[bytes, ...]
    private: bytes


def keep_certificate(
    session: Session,
    keys: KeyRing,
    holder: str,
    p12: bytes,
    password: str,
    actor: Actor,
    now: datetime,
) -> SigningCertificate:
    """Keep what is in this PKCS 12 file, in place of what was there.

    Raises:
        CertificateRefusedError: it can't be opened, or isn't one to sign with today.
    """
    key, own, above = open_certificate(p12, password)
    check_certificate(key, own, now)
    chain = (own, *above)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    session.execute(delete(SigningCertificate).where(SigningCertificate.holder == holder))
    made = uuid4()
    row = SigningCertificate(
        id=made,
        holder=holder,
        certificates=[b64encode(cert.public_bytes(Encoding.DER)).decode() for cert in chain],
        sealed=keys.encrypt(PURPOSE, b64encode(private).decode(), str(made)),
        subject=own.subject.rfc4514_string()[:200],
        valid_from=own.not_valid_before_utc,
        valid_until=own.not_valid_after_utc,
    )
    session.add(row)
    record(session, actor, "handtekening.ingesteld", holder, KIND, [made])
    return row


def open_certificate(
    p12: bytes, password: str
) -> tuple[PrivateKey, x509.Certificate, list[x509.Certificate]]:
    """Read key, own certificate and those above it from a PKCS 12 file.

    Raises:
        CertificateRefusedError: it doesn't open, or holds no key.
    """
    try:
        key, own, above = pkcs12.load_key_and_certificates(p12, password.encode() or None)
    except ValueError as error:
        raise CertificateRefusedError(
            "Het bestand gaat niet open. Klopt het wachtwoord, en is het PKCS#12 (.p12 of .pfx)?"
        ) from error
    if own is None or not isinstance(key, PrivateKey):
        raise CertificateRefusedError(
            "In het bestand zit geen certificaat met een sleutel (RSA of elliptisch). Exporteer"
            " het certificaat samen met zijn sleutel."
        )
    return key, own, list(above)


def check_certificate(key: PrivateKey, own: x509.Certificate, now: datetime) -> None:
    """Check that a certificate may sign today.

    Raises:
        CertificateRefusedError: its key is short, it isn't valid today, or it is for other uses.
    """
    if isinstance(key, RSAPrivateKey) and key.key_size < SMALLEST_RSA:
        raise CertificateRefusedError(
            "De sleutel is te kort. Vraag een certificaat van 2048 bits of meer aan."
        )
    if not own.not_valid_before_utc <= now <= own.not_valid_after_utc:
        raise CertificateRefusedError(
            "Het certificaat is vandaag niet geldig. Vraag een nieuw aan."
        )
    try:
        usage = own.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise CertificateRefusedError(
            "Dit certificaat is niet om mee te ondertekenen. Vraag een zegelcertificaat aan."
        )


def certificate_of(session: Session, holder: str) -> SigningCertificate | None:
    """Find the certificate of a municipality."""
    return session.scalars(
        select(SigningCertificate).where(SigningCertificate.holder == holder)
    ).one_or_none()


def remove_certificate(session: Session, holder: str, actor: Actor) -> bool:
    """Remove the certificate, so that PDFs go unsigned; tell whether there was one."""
    row = certificate_of(session, holder)
    if row is None:
        return False
    record(session, actor, "handtekening.verwijderd", holder, KIND, [row.id])
    session.delete(row)
    return True


def signing_key(session: Session, keys: KeyRing, holder: str) -> SigningKey | None:
    """Return the key to sign with today; None without a certificate that is valid."""
    row = certificate_of(session, holder)
    if row is None or not row.valid_from <= utc_now() <= row.valid_until:
        return None
    private = keys.decrypt(PURPOSE, row.sealed, str(row.id))
    certificates = tuple(map(b64decode, row.certificates))
    return SigningKey(row.subject, certificates, b64decode(private))


# Without what looks alike when read aloud: 0 O 1 I L.
LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
GROUPS: Final = 6


def new_password() -> str:
    """Make a password of some 118 bits, in groups that can be read out by telephone."""
    groups = ["".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(GROUPS)]
    return "-".join(groups)


class NotDrawnError(Exception):
    """A document couldn't be drawn while somebody waits; trying again a little later may help."""


def limits_of(settings: Settings) -> Limits:
    """Return the limits of one rendering, from the settings of the installation."""
    return Limits(
        wall_seconds=settings.pdf_timeout_seconds,
        cpu_seconds=settings.pdf_timeout_seconds,
        memory_bytes=settings.pdf_memory_megabytes * MEGABYTE,
    )


def draw_now(request: Any, content: StatementContent | SheetContent) -> bytes:
    """Return the PDF of this content while somebody waits for it, drawn in the bounded child.

    Raises:
        NotDrawnError: all places are taken, or it couldn't be made.
    """
    try:
        with heavy_work(request, request.registry.drawing_places), making_pdf():
            return render_in_process(content, limits=limits_of(request.app_settings))
    except (NoPlaceError, RenderingError):
        raise NotDrawnError from None
