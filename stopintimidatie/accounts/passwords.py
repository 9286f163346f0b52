"""Passwords: Argon2id, with the library's defaults (RFC 9106, low-memory profile)."""

from __future__ import annotations

import base64
import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

# The password of all demo accounts; it is in the README, so nobody may choose it.
PUBLISHED: Final = "demo-wachtwoord"
MINIMUM_LENGTH: Final = 12
_hasher: Final = PasswordHasher()


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def verify_password(stored: str, password: str) -> bool:
    """Tell whether the password belongs to the stored hash.

    Without a hash (no such user, or no password yet) it takes as long and the answer is no.
    """
    try:
        return _hasher.verify(stored or DECOY, password)
    except (VerificationError, InvalidHashError):
        return False


def _decoy() -> str:
    """Make a hash with the present parameters that no password has: its digest is random."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(length)).decode().rstrip("=")
        for length in (_hasher.salt_len, _hasher.hash_len)
    )
    cost = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v={ARGON2_VERSION}${cost}${salt}${digest}"


DECOY: Final = _decoy()
