"""Which words of an account may be compared: what was done, where, and by what vehicle. Pure.

A closed list, on purpose (P2). How somebody looks (skin, hair, clothes, build, age, origin) can
never make two reports alike, because no such word stands here and a word that doesn't stand here
isn't looked at. A list of forbidden words would miss the next one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from stopintimidatie.search.analysis import stem, stems

CONDUCT: Final = """
    fluiten sissen klakken roepen schreeuwen schelden beledigen uitschelden dreigen bedreigen
    staren kijken gluren volgen lopen meelopen achtervolgen insluiten versperren afsnijden
    filmen fotograferen foto telefoon gebaar kusgeluid toeteren spugen slaan schoppen duwen
    trekken grijpen vastpakken knijpen betasten aanraken zoenen gooien aanspreken fluisteren
    masturberen bevredigen bloot naakt exhibitionist seks geld instappen lastigvallen najagen
    steen blikje vuurwerk laser mes alcohol dronken drugs muziek
"""
PLACES: Final = """
    halte bushalte tramhalte metrohalte station perron spoor trein bus tram metro lijn roltrap
    trap lift hal stationshal tunnel fietstunnel onderdoorgang viaduct brug kade haven park
    plantsoen bosje struik bankje speeltuin speelplaats vijver sloot dijk fietspad voetpad steeg
    brandgang hofje plein rotonde kruispunt zebrapad stoplicht parkeerplaats parkeergarage garage
    fietsenstalling stalling fietsenrek winkel winkelcentrum supermarkt markt kiosk snackbar cafe
    terras kroeg club disco bioscoop hotel benzinepomp tankstation school schoolplein bibliotheek
    zwembad kleedkamer sporthal sportveld sportpark voetbalveld sportschool ziekenhuis kerk
    bouwplaats flat portiek galerij ingang uitgang poort hek coffeeshop casino camping strand
    festival kermis carnaval
"""
VEHICLES: Final = """
    fiets fatbike scooter brommer step bestelbus busje taxi auto vrachtwagen motor quad skateboard
"""


@cache
def known_stems() -> dict[str, str]:
    """Stem of each word that may be compared -> the word itself, to say it in."""
    found: dict[str, str] = {}
    for word in f"{CONDUCT} {PLACES} {VEHICLES}".split():
        found.setdefault(stem(word), word)
    return found


def circumstances(*texts: str | None) -> frozenset[str]:
    """The stems of these texts that may be compared; everything else is left where it is."""
    found = set[str]().union(*(stems(text) for text in texts if text))
    return frozenset(found & known_stems().keys())


def words_for(found: Iterable[str]) -> list[str]:
    """Stems as words, in alphabetical order."""
    known = known_stems()
    return sorted(known[one] for one in found if one in known)
