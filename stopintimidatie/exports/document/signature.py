"""Protect a finished file: with a password, and with the signature of the municipality.

The password is AES-256 by ISO 32000-2 (R6), still open to reading aids. It travels another way
than the file. Nobody keeps it: it waits under the export's own key until it was shown once.

The signature is PAdES (ETSI EN 319 142), by pyHanko. It comes after everything else, encryption
too, as an increment: the bytes before it stay as they are. A signature holds the moment it was
set, so two signed files of one content differ; the hash of the content doesn't. A time-stamping
service sees the hash of a signature, and nothing of the file.
"""

from __future__ import annotations

import secrets
from http.client import HTTPException
from io import BytesIO
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import Request

import pikepdf
from asn1crypto.cms import ContentInfo
from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.tsp import TimeStampResp
from asn1crypto.x509 import Certificate
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from stopintimidatie.core.httpclient import open_setting
from stopintimidatie.exports.document.services import SigningKey, TimeStampError

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
FIELD: Final = "Gemeente"
REASON: Final = "Dit document komt van de gemeente en is sindsdien niet gewijzigd."
STAMP_SECONDS: Final = 10.0
LARGEST_STAMP: Final = 64 * 1024
# Hexadecimal digits for a signature with a time stamp: pyHanko would ask a second stamp to measure
# it, and services count what they give. PDF/A takes no string over 32,767 bytes (6.1.13).
RESERVED: Final = 2 * 30_000
GRANTED: Final = frozenset({"granted", "granted_with_mods"})


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
