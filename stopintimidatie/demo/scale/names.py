"""Names of public places that every Dutch town has, with their preposition, by kind of place."""

from __future__ import annotations

from typing import Final

from stopintimidatie.demo.dice import Dice

# How often each kind is drawn; no figure is published: ours.
KINDS: Final = {
    "straat_plein": 38.0,
    "station_halte": 14.0,
    "winkelgebied": 11.0,
    "park_groen": 10.0,
    "uitgaansgebied": 8.0,
    "school_omgeving": 6.0,
    "horeca": 4.0,
    "in_ov": 3.0,
    "parkeergelegenheid_tunnel": 2.0,
    "sportlocatie_zwembad": 2.0,
    "bibliotheek_openbaar_gebouw": 1.0,
    "evenement": 1.0,
}
_STREETS: Final = (
    "de Kerkstraat",
    "de Dorpsstraat",
    "de Molenstraat",
    "de Schoolstraat",
    "de Stationsstraat",
    "de Nieuwstraat",
    "de Hoofdstraat",
    "de Marktstraat",
    "de Raadhuisstraat",
    "de Havenstraat",
    "de Julianastraat",
    "de Wilhelminastraat",
    "de Beatrixlaan",
    "de Oranjelaan",
    "de Lindelaan",
    "de Beukenlaan",
    "de Kastanjelaan",
    "de Parallelweg",
    "de Ringweg",
    "de Singel",
    "de Kade",
    "het Kerkplein",
    "het Marktplein",
    "het Raadhuisplein",
    "het Stationsplein",
    "het Wilhelminaplein",
    "het Dorpsplein",
)
_PARKS: Final = ("Wilhelminapark", "Julianapark", "Oranjepark", "Stadspark", "Volkspark", "Bospark")
_PHRASES: Final = {
    "straat_plein": tuple(f"op {street}" for street in _STREETS),
    "park_groen": (
        *(f"in het {park}" for park in _PARKS),
        "bij de vijver in het park",
        "op het fietspad langs het bos",
    ),
    "station_halte": (
        "bij het station",
        "op het busstation",
        "bij de bushalte aan de Ringweg",
        "bij de tramhalte",
        "op het perron",
        "bij de bushalte voor het ziekenhuis",
    ),
    "winkelgebied": (
        "in het winkelcentrum",
        "voor de supermarkt",
        "in de winkelstraat",
        "op de markt",
        "bij de winkels aan de Dorpsstraat",
    ),
    "uitgaansgebied": ("op het uitgaansplein", "in de uitgaansstraat", "bij de kroegen"),
    "school_omgeving": ("bij de middelbare school", "bij het mbo", "op het schoolplein"),
    "horeca": ("voor het café", "bij de snackbar", "op het terras"),
    "in_ov": ("in de bus", "in de trein", "in de nachtbus"),
    "parkeergelegenheid_tunnel": (
        "in de fietstunnel",
        "in de parkeergarage",
        "onder het viaduct",
    ),
    "sportlocatie_zwembad": ("bij het zwembad", "bij de sporthal", "bij de sportvelden"),
    "bibliotheek_openbaar_gebouw": ("in de bibliotheek", "bij het buurthuis"),
    "evenement": ("op de kermis", "bij het festival"),
}


def phrase(dice: Dice, kind: str) -> str:
    """How people write such a place."""
    return dice.choice(_PHRASES[kind])
