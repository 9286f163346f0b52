"""Facts about areas that come with the package: codes, names, provinces, some middles. Pure.

These are the 342 municipalities of 2024; the wijken of the demo towns (Dordrecht, Eindhoven,
Tilburg) and the towns around them, each with a middle rounded to three decimals (some 100 m); and
a few names that people use for a municipality where CBS has another. Outlines aren't here or
anywhere in the project: those come from PDOK with `gebieden laden`.

A point must lie in one of the boxes to be accepted. They are generous on purpose: a harassed
swimmer or ferry passenger is inside. A point in a box but in no outline goes to the national desk;
a point outside is a mistake of the sender.

The practice municipality is a holder of its own, for learning. It is in no list of municipalities,
no point lies in it, and no report goes to it or comes from it.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final


@dataclass(frozen=True)
class MunicipalityFact:
    """One municipality as CBS lists it."""

    code: str
    name: str
    province: str


@dataclass(frozen=True)
class NeighbourhoodFact:
    """One wijk as CBS names it (`Wijk 01 Binnenstad`), and roughly where its middle lies."""

    code: str
    municipality_code: str
    official_name: str
    lat: float
    lon: float
    water: bool


@cache
def municipality_facts() -> tuple[MunicipalityFact, ...]:
    """Return all 342 municipalities, in order of code."""
    return tuple(MunicipalityFact(*row) for row in _read("municipalities"))


@dataclass(frozen=True)
class CommonName:
    """Another name that people use for a municipality."""

    municipality_code: str
    name: str
    # So usual that lists show it as well.
    everyday: bool


@cache
def common_names() -> tuple[CommonName, ...]:
    """Return other names of municipalities, such as Den Haag for 's-Gravenhage."""
    return tuple(CommonName(*row) for row in _read("common_names"))


@cache
def neighbourhood_facts() -> tuple[NeighbourhoodFact, ...]:
    """Return the wijken that are known without loading outlines, in order of code."""
    return tuple(NeighbourhoodFact(*row) for row in _read("neighbourhoods"))


def _read(name: str) -> Any:
    text = (files(__package__) / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)[name]


# The boxes that a point must lie in


@dataclass(frozen=True)
class Box:
    """A range of latitudes and longitudes (WGS84), its edges included."""

    south: float
    north: float
    west: float
    east: float

    def holds(self, lat: float, lon: float) -> bool:
        """Tell whether the point lies in the box. Not-a-number lies nowhere."""
        return self.south <= lat <= self.north and self.west <= lon <= self.east


# Land: 50.750–53.556 N, 3.357–7.228 E (Kadaster, Basisregistratie Kadaster, grenzen). The sea:
# the Dutch part of the North Sea reaches 55.765 N and 2.539 E (Rijkswet instelling exclusieve
# economische zone; Besluit grenzen Nederlandse EEZ). Rounded outward.
EUROPEAN = Box(south=50.70, north=55.80, west=2.50, east=7.30)

# Bonaire (12.02–12.32 N, 68.43–68.20 W), Sint Eustatius (17.46–17.53 N) and Saba (17.61–17.65 N,
# 63.26–62.94 W): openbare lichamen by the Wet openbare lichamen BES; half a degree of water
# around each group.
BONAIRE = Box(south=11.50, north=12.80, west=-68.95, east=-67.70)
SABA_AND_STATIA = Box(south=17.00, north=18.15, west=-63.75, east=-62.45)
CARIBBEAN = (BONAIRE, SABA_AND_STATIA)

BOXES = (EUROPEAN, *CARIBBEAN)


def inside_netherlands(lat: float, lon: float) -> bool:
    """Tell whether a point lies in or near the Netherlands: European with its sea, or Caribbean."""
    if not (math.isfinite(lat) and math.isfinite(lon)):
        return False
    return any(box.holds(lat, lon) for box in BOXES)


# The kinds of areas; the values are what stands in the database.


class NeighbourhoodKind(StrEnum):
    """Level below a municipality: a CBS wijk, all of it, or not known where."""

    WIJK = "wijk"
    WHOLE = "gemeentebreed"
    UNKNOWN = "onbekend"


class AreaKind(StrEnum):
    """The three kinds of outline."""

    MUNICIPALITY = "gemeente"
    NEIGHBOURHOOD = "wijk"
    SUBNEIGHBOURHOOD = "buurt"


# The practice municipality

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
    """Tell whether this is the code of the practice municipality, which is its holder's too."""
    return code == CODE
