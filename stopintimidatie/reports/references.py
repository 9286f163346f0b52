"""Reference numbers (kenmerk) and follow codes (volgcode): how they look, and how they are made.

A reference is public within the house: `M-4F7K-2QXJ`, seven random characters of Crockford's
base 32 (no I, L, O or U) and one check character, so that a typing error is noticed. A follow code
is the reporter's only key, sixteen digits; it is never stored. For the app it is derived, so that
a repeated request can be answered the same; only a keyed hash is kept to compare with.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid

from stopintimidatie.tree import codes

PREFIX = "M"
ALPHABET = codes.ALPHABET
RANDOM_CHARACTERS = codes.RANDOM_CHARACTERS
CODE_DIGITS = 16


def new_reference() -> str:
    """A fresh reference; the caller tries again should it exist already."""
    return codes.new_code(PREFIX)


def with_check_character(body: str) -> str:
    """The reference that belongs to seven characters of the alphabet."""
    return codes.with_check(PREFIX, body)


def normalise_reference(text: str) -> str | None:
    """The reference somebody meant (lower case, no hyphens, O for 0, I or L for 1), or None."""
    return codes.normalise_code(PREFIX, text)


def derive_follow_code(secret: bytes, app_key_id: uuid.UUID, idempotency_key: uuid.UUID) -> str:
    """The follow code of the report that this app sent with this key: always the same one."""
    message = b"volgcode\x00" + app_key_id.bytes + idempotency_key.bytes
    digest = hmac.new(secret, message, hashlib.sha256).digest()
    return _grouped(int.from_bytes(digest, "big") % 10**CODE_DIGITS)


def random_follow_code() -> str:
    """A follow code for a report that didn't come from an app."""
    return _grouped(secrets.randbelow(10**CODE_DIGITS))


def _grouped(number: int) -> str:
    digits = f"{number:0{CODE_DIGITS}d}"
    return " ".join(digits[i : i + 4] for i in range(0, CODE_DIGITS, 4))


def normalise_follow_code(text: str) -> str | None:
    """The code as we write it, from what somebody typed, or None if it can't be one."""
    if len(text) > codes.LONGEST_INPUT:
        return None
    digits = text.translate(codes.SEPARATORS).strip()
    if len(digits) != CODE_DIGITS or not digits.isascii() or not digits.isdigit():
        return None
    return _grouped(int(digits))


def hash_follow_code(secret: bytes, reference: str, code: str) -> str:
    """What is kept of a code: keyed, and bound to its report."""
    message = f"volgcode-hash\x00{reference}\x00{code}".encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def follow_code_matches(secret: bytes, reference: str, typed: str, stored: str | None) -> bool:
    """Whether this code opens this report; equally slow for a wrong code and a wrong report."""
    code = normalise_follow_code(typed)
    made = hash_follow_code(secret, reference, code or "")
    same = hmac.compare_digest(made, stored or "0" * 64)
    return same and code is not None and stored is not None
