"""Codes to type back: derived from a number that is kept, so that no code is ever stored. Pure."""

from __future__ import annotations

import re
import secrets
from hmac import compare_digest
from typing import Final

from stopintimidatie.storage.encryption import KeyRing

DIGITS: Final = 8
TRIES: Final = 5
_PURPOSE: Final = "one-time-code"


def new_nonce(keys: KeyRing) -> str:
    """What a fresh code is derived from."""
    return f"{keys.current}:{secrets.token_hex(12)}"


def code_of(keys: KeyRing, context: str, nonce: str) -> str:
    """The code that belongs to a nonce of this document: eight digits."""
    version = int(nonce.partition(":")[0])
    number = int(keys.keyed_hash(_PURPOSE, f"{context}|{nonce}".encode(), version), 16)
    return str(number % 10**DIGITS).zfill(DIGITS)


def readable(code: str) -> str:
    """In two groups, to read out."""
    return f"{code[:4]} {code[4:]}"


def is_code(typed: str, code: str) -> bool:
    """Whether this was typed, however it was spaced."""
    digits = re.sub(r"[\s.-]", "", typed)
    return compare_digest(digits.encode(), code.encode())
