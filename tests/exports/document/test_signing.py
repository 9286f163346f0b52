"""The signature under a file: PAdES, after everything else, and the file stays what it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from stopintimidatie.exports.document.assets import load_assets
from stopintimidatie.exports.document.rendering import render
from stopintimidatie.exports.document.signature import (
    CertificateRefusedError,
    SigningKey,
    check_certificate,
    new_password,
    open_certificate,
    signed,
    with_password,
)
from stopintimidatie.exports.profiles.defaults import POLICE
from stopintimidatie.exports.redaction.content import content_hash
from tests.support.exports_factory import a_dossier, redact
from tests.support.verapdf import validate_pdf

NOW = datetime.now(UTC).replace(microsecond=0)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(
    name: str, key: Key, by: str, by_key: Key, *, authority: bool = False, days: int = 30
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(by))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(by_key, hashes.SHA256())
    )


class House:
    """A certificate authority of our own, and a municipality with a certificate of it."""

    def __init__(self, days: int = 30) -> None:
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        self.root = certificate(
            "Proef CA", self.root_key, "Proef CA", self.root_key, authority=True
        )
        self.key = rsa.generate_private_key(65537, 2048)
        self.own = certificate("Gemeente Dordrecht", self.key, "Proef CA", self.root_key, days=days)

    def signing_key(self) -> SigningKey:
        chain = (self.own.public_bytes(Encoding.DER), self.root.public_bytes(Encoding.DER))
        private = self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return SigningKey("CN=Gemeente Dordrecht", chain, private)

    def p12(self, password: str) -> bytes:
        sealed = BestAvailableEncryption(password.encode())
        return pkcs12.serialize_key_and_certificates(
            b"zegel", self.key, self.own, [self.root], sealed
        )


@pytest.fixture(scope="module")
def house() -> House:
    return House()


def verdicts(pdf: bytes, house: House, password: str | None = None) -> Sequence[bool]:
    """Whether each signature is whole, covers the file and comes from our authority."""
    reader = PdfFileReader(BytesIO(pdf))
    if password is not None:
        reader.decrypt(password)
    trusted = ValidationContext(
        trust_roots=[Certificate.load(house.root.public_bytes(Encoding.DER))],
        allow_fetching=False,
    )
    return [validate_pdf_signature(one, trusted).bottom_line for one in reader.embedded_signatures]


def test_a_signed_dossier_is_still_pdf_a_and_pdf_ua_and_tells_when_it_was_changed(
    house: House, tmp_path: Path
) -> None:
    content = redact(a_dossier(1), POLICE)
    plain = render(content, load_assets())
    made = signed(plain, house.signing_key(), "Gemeente Dordrecht")
    assert made.startswith(plain), "an increment: nothing before it changes"
    assert b"/ETSI.CAdES.detached" in made
    assert verdicts(made, house) == [True]
    assert verdicts(made, House()) == [False], "another authority"
    place = plain.index(b"endstream") - 20
    changed = made[:place] + bytes([made[place] ^ 1]) + made[place + 1 :]
    assert verdicts(changed, house) == [False]
    (tmp_path / "signed.pdf").write_bytes(made)
    assert validate_pdf(tmp_path / "signed.pdf") == []
    # The signature is another each time; what was frozen isn't.
    assert content_hash(content) == content_hash(redact(a_dossier(1), POLICE))


def test_a_file_with_a_password_is_encrypted_first_and_then_signed(house: House) -> None:
    blank, out = pikepdf.new(), BytesIO()
    blank.add_blank_page()
    blank.save(out)
    password = new_password()
    sealed = with_password(out.getvalue(), password)
    made = signed(sealed, house.signing_key(), "Gemeente Dordrecht", password)
    assert made.startswith(sealed)
    assert verdicts(made, house, password) == [True]
    with pikepdf.open(BytesIO(made), password=password) as opened:
        assert opened.encryption.R == 6
        assert opened.allow.accessibility


def test_only_a_certificate_that_may_sign_today_is_taken(house: House) -> None:
    key, own, above = open_certificate(house.p12("geheim"), "geheim")
    check_certificate(key, own, NOW)
    assert above == [house.root]
    with pytest.raises(CertificateRefusedError, match="Klopt het wachtwoord"):
        open_certificate(house.p12("geheim"), "fout")
    with pytest.raises(CertificateRefusedError, match="gaat niet open"):
        open_certificate(b"geen bestand", "")
    with pytest.raises(CertificateRefusedError, match="niet geldig"):
        check_certificate(key, own, NOW + timedelta(days=31))
    with pytest.raises(CertificateRefusedError, match="niet om mee te ondertekenen"):
        check_certificate(house.root_key, house.root, NOW)
