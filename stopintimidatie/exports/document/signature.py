"""The certificate with which a municipality signs its PDFs; signatures and passwords.

An operator brings it in (`stopintimidatie gemeente handtekening`); its key is encrypted with the
key ring and is never shown again.
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from io import BytesIO
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request
from uuid import uuid4

import pikepdf
from asn1crypto.cms import ContentInfo
from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.tsp import TimeStampResp
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.httpclient import open_setting
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.exports.models import SigningCertificate

PURPOSE: Final = "signing-key"
KIND: Final = "gemeente"
SEALED: Final = Sealed(SigningCertificate, PURPOSE, ("sealed",), "id")
SMALLEST_RSA: Final = 2048
PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey


class CertificateRefusedError(Exception):
    """A file that can't be signed with; the message says what to do, in Dutch."""


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


# The copy with a password: AES-256 by ISO 32000-2 (R6), still open to reading aids. Pure.
#
# The password travels another way than the file. Nobody keeps it: it waits under the export's own
# key until it was shown once.


# Without what looks alike when read aloud: 0 O 1 I L.
LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
GROUPS: Final = 6
# Looking, printing and reading aids; changing and taking parts out are for the owner's password,
# which is thrown away. PDF/UA-1 (7.16) asks for the reading aids.
ALLOWED: Final = pikepdf.Permissions(
    accessibility=True,
    extract=False,
    modify_annotation=False,
    modify_assembly=False,
    modify_form=False,
    modify_other=False,
    print_lowres=True,
    print_highres=True,
)


def new_password() -> str:
    """Make a password of some 118 bits, in groups that can be read out by telephone."""
    groups = ["".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(GROUPS)]
    return "-".join(groups)


def with_password(pdf: bytes, password: str) -> bytes:
    """Encrypt a document, metadata included, with a password."""
    made = BytesIO()
    with pikepdf.open(BytesIO(pdf)) as opened:
        opened.save(
            made,
            encryption=pikepdf.Encryption(
                user=password, owner=secrets.token_urlsafe(32), R=6, allow=ALLOWED
            ),
        )
    return made.getvalue()


# The municipality's signature under a finished file: PAdES (ETSI EN 319 142), by pyHanko.
#
# It comes after everything else, encryption too, as an increment: the bytes before it stay as
# they are. A signature holds the moment it was set, so two signed files of one content differ;
# the hash of the content doesn't. A time-stamping service sees the hash of a signature, and nothing
# of the file.


FIELD: Final = "Gemeente"
REASON: Final = "Dit document komt van de gemeente en is sindsdien niet gewijzigd."
STAMP_SECONDS: Final = 10.0
LARGEST_STAMP: Final = 64 * 1024
# Hexadecimal digits for a signature with a time stamp: pyHanko would ask a second stamp to measure
# it, and services count what they give. PDF/A takes no string over 32,767 bytes (6.1.13).
RESERVED: Final = 2 * 30_000
GRANTED: Final = frozenset({"granted", "granted_with_mods"})


class TimeStampError(Exception):
    """There is no time stamp: the service is away, refuses, or answers something else."""


class StampService(TimeStamper):
    """The time-stamping service of the settings, asked as RFC 3161 says.

    Args:
        address: where it listens.
    """

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> ContentInfo:
        """Return a token over a digest, once it proves to be over that digest and whole.

        Raises:
            TimeStampError: there is none.
        """
        nonce, asked = self.request_cms(message_digest, md_algorithm)
        try:
            response = TimeStampResp.load(self._post(asked.dump()), strict=True)
            status = response["status"]["status"].native
            if status not in GRANTED:
                raise TimeStampError(status)
            token = response["time_stamp_token"]
            given = token["content"]
            if given["encap_content_info"]["content"].parsed["nonce"].native != nonce:
                raise TimeStampError("nonce")
            # Only whether the token is whole; who trusts the service is for the reader to say.
            own = [certificate.chosen for certificate in given["certificates"]]
            known = ValidationContext(trust_roots=own, allow_fetching=False)
            proof = await validate_tst_signed_data(given, known, lambda _: message_digest)
        except HTTPError as error:
            error.close()
            raise TimeStampError(f"http {error.code}") from None
        except (OSError, HTTPException) as error:
            raise TimeStampError(type(error).__name__) from error
        except (ValueError, TypeError, KeyError, SignatureValidationError) as error:
            raise TimeStampError("answer") from error
        if not (proof["valid"] and proof["intact"]):
            raise TimeStampError("proof")
        return token

    def _post(self, asked: bytes) -> bytes:
        kinds = {
            "Content-Type": "application/timestamp-query",
            "Accept": "application/timestamp-reply",
        }
        request = Request(self._address, data=asked, headers=kinds)  # noqa: S310 (a setting)
        with open_setting(request, timeout=STAMP_SECONDS) as answer:
            given: bytes = answer.read(LARGEST_STAMP)
        return given


def signed(
    pdf: bytes,
    key: SigningKey,
    house: str,
    password: str | None = None,
    stamp_service: str = "",
) -> bytes:
    """Add an invisible signature to a file: PAdES B-B, or B-T with a time-stamping service.

    Args:
        pdf: the file.
        key: the key of the municipality.
        house: the name of the municipality.
        password: of a file that was encrypted before.
        stamp_service: the address of the service; empty for none.

    Raises:
        TimeStampError: the service gave no time stamp; then nothing is signed.
    """
    chain = [Certificate.load(certificate) for certificate in key.certificates]
    above = SimpleCertificateStore()
    above.register_multiple(chain[1:])
    signer = signers.SimpleSigner(
        signing_cert=chain[0],
        signing_key=PrivateKeyInfo.load(key.private),
        cert_registry=above,
    )
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    if password is not None:
        writer.encrypt(password)
    meta = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        reason=REASON,
        name=house,
    )
    stamped: dict[str, Any] = {}
    if stamp_service:
        stamped = {"timestamper": StampService(stamp_service), "bytes_reserved": RESERVED}
    made: Any = signers.sign_pdf(writer, meta, signer=signer, **stamped)
    data: bytes = made.getvalue()
    return data
