"""Signing a message with DKIM (RFC 6376): rsa-sha256, relaxed/relaxed. Pure.

The libraries for it come as source alone, and this house installs nothing but wheels with known
hashes. Signing, without verifying, is little.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SIGNED: Final = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version")
_FOLD: Final = re.compile(rb"\r\n(?=[ \t])")
_BLANKS: Final = re.compile(rb"[ \t]+")


class SigningError(Exception):
    """The key can't be used."""


def signature(content: bytes, *, selector: str, domain: str, key: bytes, at: int) -> bytes:
    """The header that goes before a message with CRLF line ends.

    :param key: an RSA key in PEM.
    :param at: the time of signing, in seconds since 1970.
    :raises SigningError: no such key.
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
