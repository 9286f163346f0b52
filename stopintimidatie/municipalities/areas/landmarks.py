"""A point in words: the street, crossing, square, stop or park that people would name.

The names come from a file that the operator loads (`gebieden namen`). A house number is nowhere in
it: only a name and a distance are ever written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class LandmarkKind(StrEnum):
    """Kind of named place, in the order in which people say it."""

    CROSSING = "kruising"
    SQUARE = "plein"
    STOP = "halte"
    STREET = "straat"
    PARK = "park"


# A point that may be farther off than this is in a wijk, and at no street.
VAGUE_M: Final = 100
# A distance below this isn't said: people call that *bij*.
AT_M: Final = 15

_HET: Final = (
    "plein", "park", "plantsoen", "pad", "hof", "veld", "erf", "bos", "viaduct", "dok", "eiland",
    "je",
)  # fmt: skip
_DE: Final = (
    "straat", "laan", "weg", "kade", "singel", "gracht", "dijk", "steeg", "markt", "haven", "brug",
    "poort", "dreef", "allee", "wal", "vest", "baan", "ring", "tunnel",
)  # fmt: skip
_OWN_ARTICLE: Final = ("de ", "het ", "'t ", "den ", "ter ", "ten ")


@dataclass(frozen=True)
class Near:
    """Named place near a point; the name of a crossing has both streets, `A|B`."""

    kind: LandmarkKind
    name: str
    metres: int


def with_article(name: str) -> str:
    """Return a name as it stands in a sentence, with the article that its ending takes."""
    lower = name.lower()
    if lower.startswith(_OWN_ARTICLE):
        return name
    # *Je* is a diminutive; *het* goes before *de*, for no ending of one is an ending of the other.
    article = "het " if lower.endswith(_HET) else "de " if lower.endswith(_DE) else ""
    return article + name


def short(near: Near) -> str:
    """Return the name alone, as a list has room for."""
    if near.kind is LandmarkKind.STOP:
        return f"halte {near.name}"
    return near.name.replace("|", " en ")


def in_words(near: Near, accuracy_m: int | None) -> str:
    """Return where a point is; a distance is said only where it is more than the accuracy."""
    name = with_article(near.name)
    if near.kind is LandmarkKind.STOP:
        name = f"halte {near.name}"
    elif near.kind is LandmarkKind.CROSSING:
        name = "de kruising van " + " en ".join(map(with_article, near.name.split("|")))
    metres = round(near.metres, -1)
    if near.metres >= AT_M and near.metres >= (accuracy_m or 0):
        return f"bij {name}, {metres} m"
    if near.kind is LandmarkKind.CROSSING or (near.kind is LandmarkKind.SQUARE and not near.metres):
        return f"op {name}"
    return f"in {name}" if near.kind is LandmarkKind.PARK and not near.metres else f"bij {name}"
