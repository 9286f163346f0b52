"""Passwords: hashed, checked against a hash, and judged when somebody chooses a new one.

Argon2id at the first cost of OWASP's Password Storage Cheat Sheet: 46 MiB, one pass, one lane. With
more lanes one guess would take as many cores at once. Hashing is slow on purpose: never do it
inside a transaction.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
import unicodedata
from collections.abc import Collection, Iterable
from importlib.resources import files
from itertools import chain
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from stopintimidatie.settings import OperatorError

# The password of all demo accounts; it is in the README, so nobody may choose it.
PUBLISHED: Final = "demo-wachtwoord"
MINIMUM_LENGTH: Final = 12
# Scores of zxcvbn go from 0 to 4; 3: at least 10^8 guesses.
LEAST_SCORE: Final = 3
# Its work grows faster than the length; what comes after can only make a password stronger.
JUDGED_LENGTH: Final = 72
# Different letters that must be left without usual words and those of the person.
LEAST_LEFT: Final = 6
SHORTEST_WORD: Final = 3
_NO_LETTERS: Final = re.compile(r"[\W\d_]+")
_hasher: Final = PasswordHasher(memory_cost=47_104, time_cost=1, parallelism=1)
# Digits and marks that people write for letters; 1 and ! stand for one of two.
_LEET: Final = str.maketrans("03457@$1!", "oeastasll")
READINGS: Final[tuple[dict[int, int], ...]] = {}, _LEET, _LEET | str.maketrans("1!", "ii")


class AccountError(OperatorError):
    """Can't be done with this account; the message says what to do, in Dutch."""


def hash_password(password: str) -> str:
    """Hash a password for storage."""
    return _hasher.hash(password)


def verify_password(stored: str, password: str, stand_in: str = "") -> bool:
    """Tell whether the password belongs to the stored hash.

    Without a hash (no such user, or no password yet) it takes as long and the answer is no.

    Args:
        stored: The hash; empty when there is none.
        password: The password as it was typed.
        stand_in: The hash that is judged where there is none.
    """
    try:
        return _hasher.verify(stored or stand_in or DECOY, password) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def judge_password(stored: str, password: str, stand_in: str) -> str | None:
    """Return the hash to keep when a password is right, None when it is wrong (`verify_password`).

    One that was made at another cost than hashes of now is made anew.
    """
    if not verify_password(stored, password, stand_in):
        return None
    return hash_password(password) if _hasher.check_needs_rehash(stored) else stored


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
    if _is_made_of_words(password, USUAL_WORDS | _words_in(about)):
        return f"Dit wachtwoord is te raden: {_OF_WORDS}. {_ADVICE}"
    # Its lists of words take 11 MB, which a process that judges no password does without.
    from zxcvbn import zxcvbn

    result: dict[str, Any] = zxcvbn(password[:JUDGED_LENGTH])
    if result["score"] >= LEAST_SCORE:
        return None
    longest = max(result["sequence"], key=lambda match: len(match["token"]))
    return f"Dit wachtwoord is te raden: {_reason(longest)}. {_ADVICE}"


def _plain(text: str) -> str:
    """Return a text in small letters, without accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def _words_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the words of these texts: each one, and those of a text written together."""
    lines = [_NO_LETTERS.split(_plain(text)) for text in texts]
    words = [word for line in lines for word in ("".join(line), *line)]
    return frozenset(word for word in words if len(word) >= SHORTEST_WORD)


def _usual_words() -> frozenset[str]:
    """Return the words that people here think of first: `words.json`, in lines by kind."""
    text = (files(__package__) / "words.json").read_text(encoding="utf-8")
    return _words_in(" ".join(chain(*json.loads(text).values())).split())


USUAL_WORDS: Final = _usual_words()


def _is_made_of_words(password: str, words: Collection[str]) -> bool:
    """Tell whether little is left of a password without these words, also spelled backwards.

    Digits and marks count for nothing beside such a word, nor alone.
    """
    longest_first = sorted({*words, *(word[::-1] for word in words)}, key=len, reverse=True)
    for reading in READINGS:
        signs = [sign for sign in _plain(password) if sign.translate(reading).isalpha()]
        read = "".join(signs).translate(reading)
        for word in longest_first:
            # A mark of the same length, so that the letters on both sides make no new word.
            read = read.replace(word, "-" * len(word))
        pairs = zip(signs, read, strict=True)
        left = [sign for sign, letter in pairs if sign.isalpha() and letter.isalpha()]
        # A word of digits and marks may be there by chance: then most must be words.
        least = len(left) if reading else 1
        if len(set(left)) < LEAST_LEFT and read.count("-") >= least:
            return True
    return False


_ADVICE: Final = (
    "Neem vier woorden achter elkaar die niets met elkaar, met u of met uw werk te maken hebben."
    " Hoofdletters en leestekens zijn niet nodig."
)
_OF_WORDS: Final = (
    "zonder cijfers, leestekens en woorden die bij u of uw werk horen of die veel mensen kiezen,"
    " blijft er te weinig over"
)
_REASONS: Final = {
    "spatial": "er staan toetsen in die op het toetsenbord naast elkaar liggen",
    "repeat": "er staat steeds hetzelfde in",
    "sequence": "er staat een reeks in, zoals abc of 123",
    "regex": "er staat een jaartal in",
    "date": "er staat een datum in",
    "bruteforce": "het is te kort of te eenvoudig",
}
_USED: Final = "veel mensen gebruiken dit wachtwoord, of een dat erop lijkt"


def _reason(match: dict[str, Any]) -> str:
    """Return what is weak about a part of a password, by the kind of part that zxcvbn gives."""
    if match["pattern"] == "dictionary":
        usual = match["dictionary_name"] == "passwords"
        return _USED if usual else "er staat een bekend woord of een naam in"
    return _REASONS.get(match["pattern"], _REASONS["bruteforce"])
