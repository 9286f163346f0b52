"""A certificate authority of the tests' own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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

from stopintimidatie.exports.document.services import SigningKey

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
