"""Passwords: Argon2id, with the library's defaults (RFC 9106, low-memory profile)."""

from __future__ import annotations

from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MINIMUM_LENGTH: Final = 12
MAXIMUM_LENGTH: Final = 200
_hasher: Final = PasswordHasher()


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def verify_password(stored: str, password: str) -> bool:
    """Whether the password belongs to the stored hash."""
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def decoy_hash() -> str:
    """A hash nobody's password has: checking it costs as much as checking a real one."""
    return _hasher.hash("niemands wachtwoord")
