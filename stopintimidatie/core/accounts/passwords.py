"""Passwords: hashed, checked against a hash, and judged when somebody chooses a new one.

Argon2id with the library's defaults (RFC 9106, low-memory profile). Hashing is slow on purpose:
never do it inside a transaction.
"""

from __future__ import annotations

import base64
import re
import secrets
from threading import Lock
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION
from zxcvbn import zxcvbn

# The password of all demo accounts; it is in the README, so nobody may choose it.
PUBLISHED: Final = "demo-wachtwoord"
MINIMUM_LENGTH: Final = 12
# Scores of zxcvbn go from 0 to 4; 3: at least 10^8 guesses.
LEAST_SCORE: Final = 3
# Its work grows faster than the length; what comes after can only make a password stronger.
JUDGED_LENGTH: Final = 72
# Words that people here think of first, and that a list of English words lacks.
USUAL_WORDS: Final = (
    "stopintimidatie intimidatie straatintimidatie melding meldpunt gemeente wachtwoord welkom"
    " geheim lente zomer herfst winter januari februari maart april juni juli augustus september"
    " oktober november december maandag dinsdag woensdag donderdag vrijdag zaterdag zondag"
)
_hasher: Final = PasswordHasher()
# The library keeps the words of the person in a dictionary that all threads share.
_judging: Final = Lock()


class AccountError(Exception):
    """Can't be done with this account; the message says what to do, in Dutch."""


def hash_password(password: str) -> str:
    """Hash a password for storage."""
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


def hash_chosen(password: str, *, username: str = "", name: str = "") -> str:
    """Hash a new password. Slow on purpose: call it outside a transaction.

    Args:
        password: The password as it was chosen.
        username: The address that its owner signs in with.
        name: The name of its owner.

    Raises:
        AccountError: The password is too short, easy to guess, or everybody can read it.
    """
    if len(password) < MINIMUM_LENGTH:
        raise AccountError(f"Kies een wachtwoord van minstens {MINIMUM_LENGTH} tekens.")
    if password.lower() == PUBLISHED:
        raise AccountError("Dit wachtwoord staat in de handleiding. Kies een eigen wachtwoord.")
    weakness = weakness_of(password, [username, name])
    if weakness is not None:
        raise AccountError(weakness)
    return hash_password(password)


def weakness_of(password: str, about: list[str]) -> str | None:
    """Return why a password is easy to guess, and a better way; None when it isn't.

    Args:
        password: The password as it was chosen.
        about: Texts about its owner, such as name and address: their words are no secret.
    """
    words = [*USUAL_WORDS.split()]
    for text in about:
        parts = re.split(r"[\W_]+", text)
        words += [part for part in (text, "".join(parts), *parts) if len(part) > 2]
    with _judging:
        result: dict[str, Any] = zxcvbn(password[:JUDGED_LENGTH], words)
    if result["score"] >= LEAST_SCORE:
        return None
    longest = max(result["sequence"], key=lambda match: len(match["token"]))
    return f"Dit wachtwoord is te raden: {_reason(longest)}. {_ADVICE}"


_ADVICE: Final = (
    "Neem een paar woorden achter elkaar die niets met u of uw werk te maken hebben. Hoofdletters"
    " en leestekens zijn niet nodig."
)
_REASONS: Final = {
    "spatial": "er staan toetsen in die op het toetsenbord naast elkaar liggen",
    "repeat": "er staat steeds hetzelfde in",
    "sequence": "er staat een reeks in, zoals abc of 123",
    "regex": "er staat een jaartal in",
    "date": "er staat een datum in",
    "bruteforce": "het is te kort of te eenvoudig",
}
_WORDS: Final = {
    "passwords": "veel mensen gebruiken dit wachtwoord, of een dat erop lijkt",
    "user_inputs": "er staat een woord in dat bij u of uw werk hoort",
}


def _reason(match: dict[str, Any]) -> str:
    """Return what is weak about a part of a password, by the kind of part that zxcvbn gives."""
    if match["pattern"] == "dictionary":
        return _WORDS.get(match["dictionary_name"], "er staat een bekend woord of een naam in")
    return _REASONS.get(match["pattern"], _REASONS["bruteforce"])
