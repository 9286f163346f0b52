"""Public places inside the real outlines: where the reports of a municipality happen.

Streets and squares have names that every Dutch town has; where they lie is drawn. Each place lies
in a known wijk (and buurt, where those are loaded), and so does every report near it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from stopintimidatie.demo.dice import Dice
from stopintimidatie.demo.places import UNPLACED, Spot
from stopintimidatie.demo.scale import names
from stopintimidatie.register.facts import neighbourhood_facts
from stopintimidatie.register.kinds import AreaKind
from stopintimidatie.register.locating import Method
from stopintimidatie.register.models import AreaOutline, Neighbourhood

ATTEMPTS: Final = 60
# No inhabitants are known to the register. CBS draws wijken and buurten of comparable size, so
# their number is the stand-in; a centre draws people from everywhere.
CENTRES: Final = ("centrum", "binnenstad", "kern")
CENTRE_WEIGHT: Final = 4.0
PLACES_A_WIJK: Final = 3


@dataclass(frozen=True, eq=False)
class Ground:
    """The smallest known area around a place. `outline` is None where only its middle is known."""

    wijk: str
    buurt: str | None
    name: str
    weight: float
    outline: BaseGeometry | None
    middle: tuple[float, float]

    @property
    def method(self) -> str:
        return (Method.OUTLINE if self.outline is not None else Method.CENTRE).value

    def holds(self, lat: float, lon: float) -> bool:
        return self.outline is None or bool(shapely.contains_xy(self.outline, lon, lat))


@dataclass(frozen=True, eq=False)
class Site:
    """A public place, and the ground it lies on (None: nowhere on the map)."""

    spot: Spot
    ground: Ground | None
    unplaced: Mapping[str, object] | None = None


def weights(session: Session) -> dict[str, float]:
    """How busy each municipality is that has places to draw: its wijken and buurten, counted."""
    rows = session.execute(
        select(AreaOutline.municipality_code, func.count())
        .where(AreaOutline.kind != AreaKind.MUNICIPALITY, AreaOutline.water.is_(False))
        .where(AreaOutline.kind.in_((AreaKind.NEIGHBOURHOOD, AreaKind.SUBNEIGHBOURHOOD)))
        .group_by(AreaOutline.municipality_code)
    )
    found = {code: float(number) for code, number in rows}
    return found or _known_middles()


def _known_middles() -> dict[str, float]:
    """Without outlines: the towns of the demo, by the middles of their wijken."""
    found: dict[str, float] = {}
    for fact in neighbourhood_facts():
        if not fact.water:
            found[fact.municipality_code] = found.get(fact.municipality_code, 0.0) + 1.0
    return found


def grounds_of(session: Session, municipality: str) -> list[Ground]:
    """The buurten of a municipality; its wijken where those aren't loaded."""
    names_of = select(Neighbourhood.code, Neighbourhood.name).where(
        Neighbourhood.municipality_code == municipality, Neighbourhood.water.is_(False)
    )
    wijken = dict(session.execute(names_of).all())
    rows = session.execute(
        select(AreaOutline.kind, AreaOutline.area_code, AreaOutline.parent_code, AreaOutline.wkb)
        .where(AreaOutline.municipality_code == municipality, AreaOutline.water.is_(False))
        .where(AreaOutline.kind != AreaKind.MUNICIPALITY)
        .order_by(AreaOutline.area_code)
    ).all()
    found = list(_outlined(rows, wijken))
    return found or [
        Ground(f.code, None, wijken[f.code], _weight(wijken[f.code]), None, (f.lat, f.lon))
        for f in neighbourhood_facts()
        if f.municipality_code == municipality and f.code in wijken
    ]


def _outlined(
    rows: Sequence[Row[AreaKind, str, str | None, bytes]], wijken: Mapping[str, str]
) -> Iterator[Ground]:
    divided = {row.parent_code for row in rows if row.kind == AreaKind.SUBNEIGHBOURHOOD}
    for row in rows:
        whole = row.kind == AreaKind.NEIGHBOURHOOD
        wijk = row.area_code if whole else str(row.parent_code)
        if wijk not in wijken or (whole and wijk in divided):
            continue
        outline = shapely.from_wkb(row.wkb)
        shapely.prepare(outline)
        inside = shapely.point_on_surface(outline)
        yield Ground(
            wijk=wijk,
            buurt=None if whole else row.area_code,
            name=wijken[wijk],
            weight=_weight(wijken[wijk]),
            outline=outline,
            middle=(inside.y, inside.x),
        )


def _weight(name: str) -> float:
    return CENTRE_WEIGHT if any(word in name.lower() for word in CENTRES) else 1.0


def sites_of(dice: Dice, municipality: str, grounds: Sequence[Ground]) -> list[Site]:
    """Some places on every ground; a few of them are far busier than the others."""
    return [
        Site(_spot(dice, municipality, ground), ground)
        for ground in grounds
        for _ in range(PLACES_A_WIJK)
    ]


def nowhere() -> list[Site]:
    """Told, but not on any map."""
    return [Site(Spot(None, phrase, 0, 0, "in_ov"), None, place) for phrase, place in UNPLACED]


def _spot(dice: Dice, municipality: str, ground: Ground) -> Spot:
    kind = dice.weighted(names.KINDS)
    phrase = names.phrase(dice, kind)
    if dice.happens(0.35):
        phrase = f"{phrase} in de wijk {ground.name}"
    lat, lon = point_inside(dice, ground)
    # Two draws multiplied: most places see little, some see very much.
    weight = ground.weight * dice.expovariate(1.0) * dice.expovariate(1.0) + 0.01
    return Spot(municipality, phrase, lat, lon, kind, weight)


def point_inside(dice: Dice, ground: Ground) -> tuple[float, float]:
    """A point (lat, lon) on the ground, to five decimals; its middle when that is hard to hit."""
    if ground.outline is not None:
        west, south, east, north = ground.outline.bounds
        for _ in range(ATTEMPTS):
            lat, lon = round(dice.uniform(south, north), 5), round(dice.uniform(west, east), 5)
            if ground.holds(lat, lon):
                return lat, lon
    return ground.middle
