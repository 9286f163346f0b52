"""Human references with a check character: `M-4F7K-2QXJ` for a report, `U-…` for an export.

Seven random characters of Crockford's base 32 (no I, L, O or U) and one check character, so that
a typing error is noticed. What was typed is read kindly: lower case, no hyphens, O for 0.
"""

from __future__ import annotations

import secrets
from typing import Final

from stdnum import luhn

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_CHARACTERS: Final = 7
SEPARATORS: Final = str.maketrans("", "", " -\u00a0\u2010\u2011\u2012\u2013\u2014")
LONGEST_INPUT: Final = 40
_LOOK_ALIKES: Final = str.maketrans("OIL", "011")


def new_code(prefix: str) -> str:
    """A fresh reference; the caller tries again should it exist already."""
    return with_check(prefix, "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS)))


def with_check(prefix: str, body: str) -> str:
    """The reference that belongs to seven characters of the alphabet."""
    if len(body) != RANDOM_CHARACTERS or not set(body) <= set(ALPHABET):
        raise ValueError("a reference is made of seven characters of the alphabet")
    check: str = luhn.calc_check_digit(body, ALPHABET)
    return f"{prefix}-{body[:4]}-{body[4:]}{check}"


def normalise_code(prefix: str, text: str) -> str | None:
    """The reference somebody meant, or None when it can't be one."""
    if len(text) > LONGEST_INPUT:
        return None
    characters = text.translate(SEPARATORS).upper().strip()
    if len(characters) == RANDOM_CHARACTERS + 2 and characters[0] == prefix:
        characters = characters[1:]
    characters = characters.translate(_LOOK_ALIKES)
    if len(characters) != RANDOM_CHARACTERS + 1 or not set(characters) <= set(ALPHABET):
        return None
    if not luhn.is_valid(characters, ALPHABET):
        return None
    return f"{prefix}-{characters[:4]}-{characters[4:]}"
