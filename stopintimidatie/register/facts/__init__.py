"""What may be written down as facts: codes, names, provinces, rough middles of some wijken.

The 342 municipalities of 2024, and of the demo towns (Dordrecht, Eindhoven, Tilburg) and the
towns around them the wijken with a middle rounded to three decimals (some 100 m). No outline
stands here or anywhere in the project: those come from PDOK with `gebieden laden`. And a few
names that people use for a municipality where CBS has another.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


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
    """All 342 municipalities, in order of code."""
    return tuple(MunicipalityFact(*row) for row in _read("municipalities"))


@dataclass(frozen=True)
class CommonName:
    """What people call a municipality too; `everyday`: so usual that lists show it as well."""

    municipality_code: str
    name: str
    everyday: bool


@cache
def common_names() -> tuple[CommonName, ...]:
    """Den Haag for 's-Gravenhage, and the like: the few that nobody doubts."""
    return tuple(CommonName(*row) for row in _read("common_names"))


@cache
def neighbourhood_facts() -> tuple[NeighbourhoodFact, ...]:
    """The wijken that are known without loading outlines, in order of code."""
    return tuple(NeighbourhoodFact(*row) for row in _read("neighbourhoods"))


def _read(name: str) -> Any:
    text = (files(__package__) / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text)[name]
