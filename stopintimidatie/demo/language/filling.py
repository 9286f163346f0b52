"""Filling the slots of a shape so that number, person and capitals agree. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_SLOT = re.compile(r"\{([^{}]+)\}")
_AFTER_PREPOSITION = re.compile(r"\b(door|van|volgens) \{wie\}")


@dataclass(frozen=True)
class Victim:
    """How the text speaks of whom it happened to."""

    ik: str
    me: str
    mijn: str


SELF = Victim("ik", "me", "mijn")
SHE = Victim("zij", "haar", "haar")


def slots(
    wie: str, plural: bool, victim: Victim, plek: str, tijd: str, jaren: int
) -> dict[str, str]:
    """The words for every named slot."""
    return {
        "wie": wie,
        "ze": "ze" if plural else "hij",
        "plek": plek,
        "tijd": tijd,
        "jaren": str(jaren),
        "ik": victim.ik,
        "me": victim.me,
        "mij": "mij" if victim is SELF else victim.me,
        "mijn": victim.mijn,
    }


def fill(shape: str, words: Mapping[str, str], plural: bool, **more: str) -> str:
    """Put the words in: `{riep|riepen}` by number, `{Wie}` with a capital."""
    known = {**words, **more}

    def word(match: re.Match[str]) -> str:
        slot = match[1]
        if "|" in slot:
            one, many = slot.split("|")
            return many if plural else one
        if slot[0].isupper():
            return capital(known[slot.lower()])
        return known[slot]

    return " ".join(_SLOT.sub(word, shape).split()).replace(" ,", ",").replace(" .", ".")


def second_mention(shape: str) -> str:
    """The same event told of people who were already named: he, they."""
    told = _AFTER_PREPOSITION.sub(r"\1 {hem|hen}", shape)
    return told.replace("{Wie}", "{Ze}").replace("{wie}", "{hij|ze}")


def capital(text: str) -> str:
    """With a capital first letter; the rest as it was."""
    return text[:1].upper() + text[1:]
