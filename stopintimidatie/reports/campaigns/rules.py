"""Rules about the code of a campaign, and how many reports with it may be told. Pure.

A report with a code tells where somebody read it. So no code names a building: a poster in one
school or church would say where the reporter goes.
"""

from __future__ import annotations

import re
from typing import Final

_SHAPE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,18}[a-z0-9]")
# Kinds of buildings and institutions, refused wherever they stand in a code.
_ANYWHERE: Final = """
apotheek bibliotheek bioscoop bordeel bushalte buurthuis cafe camping campus casino church clubhuis
college creche discotheek fabriek garage gemeentehuis gevangenis gymnasium hospice hostel hotel
huisarts inloophuis internaat kantine kantoor kapel kasteel kazerne kerk kinderopvang kliniek
klooster kroeg loket lyceum manege metrohalte moskee mosque museum opvang parochie politiebureau
restaurant sauna school speelzaal sporthal stadhuis stadion station supermarkt synagoge tehuis
tempel theater toren tramhalte universiteit verpleeghuis wijkcentrum winkel ziekenhuis zwembad
zwemhal
"""
BUILDINGS: Final = tuple(_ANYWHERE.split())
# Those that are a piece of other words as well: refused between hyphens and digits alone.
_ALONE: Final = """
azc bar bieb club disco flat ggd ggz gym hal halte havo hbo huis loods mbo pand pub roc villa vmbo
"""
SHORT: Final = frozenset(_ALONE.split())
# A number behind a street, or that ends the code behind a word, and isn't a year: zomer26.
_HOUSE: Final = re.compile(
    r"(?:straat|laan|weg|plein|kade|singel|gracht|dijk|dreef|hof|pad|park|steeg|markt|haven|ring)-?"
    r"(?!20\d\d(?!\d))\d|[a-z]-?(?!20\d\d(?:-?[a-z])?$|[23]\d$)\d+(?:-?(?:[a-z]|bis|hs))?$"
)
_NO_CODE: Final = "De code heeft 2 tot 20 kleine letters, cijfers of streepjes, zoals zomer-2026."
_NO_BUILDING: Final = (
    "De code noemt een gebouw of instelling. Dan verraadt een melding waar de melder komt. Kies een"
    " onderwerp of seizoen, zoals zomer-2026."
)
_NO_HOUSE: Final = (
    "De code heeft een getal dat op een huisnummer lijkt. Laat het weg. Bedoelt u een jaar? Schrijf"
    " het voluit, zoals zomer-2026."
)


def problem_with(code: str) -> str | None:
    """Return why this can't be the code of a campaign, and what to do; None where it can."""
    if not _SHAPE.fullmatch(code):
        return _NO_CODE
    plain = code.replace("-", "")
    pieces = "".join(sign if sign.isalpha() else " " for sign in code).split()
    if any(word in plain for word in BUILDINGS) or SHORT.intersection(pieces):
        return _NO_BUILDING
    return _NO_HOUSE if _HOUSE.search(code) else None


def in_fives(number: int) -> str:
    """Write a number as it may be told outside the inbox: in fives, and nothing below five."""
    return "minder dan 5" if number < 5 else str(5 * round(number / 5))
