"""The practice municipality: a holder of its own, for learning, that mixes with nothing. Pure.

It is in no list of municipalities, no place lies in it, and nothing goes to it or comes from it.
"""

from __future__ import annotations

from typing import Final

CODE: Final = "GM9900"
# Its address: /gemeenten/oefen.
NAME: Final = "Oefen"
PROVINCE: Final = "Verzonnen"
# CBS gives no wijk these codes; the names are plain.
WIJKEN: Final = {"WK990001": "Stationsbuurt", "WK990002": "Oude Haven"}
BANNER: Final = (
    "OEFENEN. Deze gemeente en haar meldingen zijn verzonnen. Wat u hier doet telt nergens mee."
    " Vul hier geen gegevens van echte mensen in."
)


def is_practice(code: str | None) -> bool:
    """Whether this is the holder or municipality of the practice."""
    return code == CODE
