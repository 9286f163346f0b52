"""The municipality's signature under a finished file: PAdES (ETSI EN 319 142), by pyHanko.

It comes after everything else, encryption too, as an increment: the bytes before it stay as they
are. A signature holds the moment it was set, so two signed files of one content differ; the hash of
the content doesn't. No time stamp is asked of anybody: nothing leaves the house.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

from asn1crypto.keys import PrivateKeyInfo
from asn1crypto.x509 import Certificate
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from stopintimidatie.exports.certificates import SigningKey

FIELD: Final = "Gemeente"
REASON: Final = "Dit document komt van de gemeente en is sindsdien niet gewijzigd."


def signed(pdf: bytes, key: SigningKey, house: str, password: str | None = None) -> bytes:
    """The same file with an invisible signature.

    :param password: of a file that was encrypted before.
    """
    chain = [Certificate.load(one) for one in key.certificates]
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
    made: Any = signers.sign_pdf(writer, meta, signer=signer)
    data: bytes = made.getvalue()
    return data
