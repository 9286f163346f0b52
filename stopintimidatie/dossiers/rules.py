"""Rules about the title of a dossier, which must be neutral, and about its measures. Pure.

A title stands on paper, in lists and in the log of browsers. What looks like a name, a plate or a
number gives a warning, never a refusal: who typed it may know better (a square may be named after
somebody).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date
from typing import Final

from stopintimidatie.reports.rules import kinds_found

# The most and the least days before and after a measure began that are compared.
LONGEST: Final = 90
SHORTEST: Final = 7


def window(started_on: date, today: date) -> int:
    """Return the number of days before and after the start of a measure that are compared."""
    return max(0, min(LONGEST, (today - started_on).days))


# Fewer reports than this, before and after together, say nothing.
ENOUGH: Final = 20
# Numbers of reports before and after; None is a number that is too small to be named.
Around = tuple[int | None, int | None]


def effect_in_words(days: int, own: Around, rest: Around) -> str:
    """Say how reports changed after a measure began, never that it came by that.

    Args:
        days: The number of days before and after that were compared.
        own: The reports of the dossier.
        rest: The reports of the town that aren't in the dossier.
    """
    if days < SHORTEST:
        return "nog te kort geleden om iets te zeggen"
    counted = f"{_numbers(own)} ({days} dagen)"
    if sum(number or 0 for number in own) < ENOUGH:
        return f"{counted}: te weinig om iets te zeggen"
    return f"{counted}, {_change(own)}; rest van de gemeente: {_numbers(rest)}, {_change(rest)}"


def _numbers(around: Around) -> str:
    before, after = ("<5" if number is None else str(number) for number in around)
    return f"{before} voor, {after} na"


def _change(around: Around) -> str:
    before, after = (number or 0 for number in around)
    if before == after:
        return "evenveel als ervoor"
    return "minder dan ervoor" if after < before else "meer dan ervoor"


_NAME: Final = r"[A-ZÀ-Þ][a-zà-ÿ'’]{1,}(?:-[A-ZÀ-Þ][a-zà-ÿ]+)?"
_PARTICLE: Final = r"(?:(?:van|de|den|der|ten|ter|te|el|al|bin|ben|von|’t|'t)\s+){1,3}"
_ADDRESSED: Final = re.compile(
    rf"\b(?:dhr|mw|mevr|meneer|mevrouw|de heer|familie|fam)\b\.?\s+({_NAME})", re.IGNORECASE
)
_INITIALS: Final = re.compile(rf"\b(?:[A-Z]\.\s?){{1,4}}(?:{_PARTICLE})?({_NAME})")
_TWO: Final = re.compile(rf"\b({_NAME})\s+(?:{_PARTICLE})?({_NAME})\b")
# Words with a capital that are nobody's name: kinds of places, winds, days and months.
_CAPITALISED: Final = """
    station park plein winkelcentrum centrum binnenstad wijk buurt markt haven brug school kade
    sporthal zwembad bushalte halte straat laan weg dijk singel gracht tunnel parkeergarage
    noord zuid oost west noordoost noordwest zuidoost zuidwest oude nieuwe grote kleine groene
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag januari februari maart april mei
    juni juli augustus september oktober november december overlast intimidatie
    straatintimidatie naroepen sissen volgen filmen meldingen hardlopen omgeving rond bij langs
    tussen avond nacht gemeente politie campus theater bibliotheek ziekenhuis universiteit
    hogeschool college sint
"""
_NO_NAMES: Final = frozenset(_CAPITALISED.split())
_PLACE_ENDINGS: Final = (
    *("straat", "laan", "weg", "plein", "park", "kade", "dijk", "singel", "gracht", "markt"),
    *("haven", "brug", "hof", "pad", "poort", "dreef", "wijk", "school", "bad", "hal", "centrum"),
)


def concerns(title: str, places: Collection[str] = ()) -> list[str]:
    """Return the parts of a title that may tell who it is about, in words; none when it is neutral.

    `places`: names of areas, whose words are no names of people here.
    """
    known = _NO_NAMES | {word.lower() for name in places for word in re.findall(r"\w+", name)}
    name = next(_names(title, known), None)
    return [*kinds_found(title), *([f"een naam (‘{name}’)"] if name else [])]


def _names(title: str, known: Collection[str]) -> Iterator[str]:
    for pattern in (_ADDRESSED, _INITIALS):
        for match in pattern.finditer(title):
            if match.group(1)[0].isupper():
                yield match.group(0).strip()
    for match in _TWO.finditer(title):
        if not any(is_place(word.lower(), known) for word in match.groups()):
            yield match.group(0)


def is_place(word: str, known: Collection[str] = ()) -> bool:
    """Tell whether a word with a capital is nobody's name: a place, a day, or known here."""
    return word in known or word in _NO_NAMES or word.endswith(_PLACE_ENDINGS)
