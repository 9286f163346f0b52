"""Public places inside the real outlines, and the reports that people send of them.

Streets and squares have names that every Dutch town has; where they lie is drawn. Each place lies
in a known wijk (and buurt, where those are loaded), and so does every report near it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from bench.stories import shapes, weights
from bench.stories.model import Dice, local
from bench.stories.reports import Incident, Told, at_hour, report_of
from bench.stories.weights import UNPLACED, Spot
from stopintimidatie.municipalities.areas.facts import AreaKind, neighbourhood_facts
from stopintimidatie.municipalities.areas.locator import Method, Place
from stopintimidatie.municipalities.areas.models import AreaOutline, Neighbourhood

# Names of public places, with their preposition, by kind of place

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


def place_phrase(dice: Dice, kind: str) -> str:
    """Write such a place as people do."""
    return dice.choice(_PHRASES[kind])


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


def municipality_weights(session: Session) -> dict[str, float]:
    """Count wijken and buurten: how busy each municipality with places to draw is."""
    rows = session.execute(
        select(AreaOutline.municipality_code, func.count())
        .where(AreaOutline.kind != AreaKind.MUNICIPALITY, AreaOutline.water.is_(False))
        .where(AreaOutline.kind.in_((AreaKind.NEIGHBOURHOOD, AreaKind.SUBNEIGHBOURHOOD)))
        .group_by(AreaOutline.municipality_code)
    )
    found = {code: float(number) for code, number in rows}
    return found or _known_middles()


def _known_middles() -> dict[str, float]:
    """Return the towns of the demo by the middles of their wijken, without outlines."""
    found: dict[str, float] = {}
    for fact in neighbourhood_facts():
        if not fact.water:
            found[fact.municipality_code] = found.get(fact.municipality_code, 0.0) + 1.0
    return found


def grounds_of(session: Session, municipality: str) -> list[Ground]:
    """Return the buurten of a municipality; its wijken where those aren't loaded."""
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
    """Draw some places on every ground; a few of them are far busier than the others."""
    return [
        Site(_spot(dice, municipality, ground), ground)
        for ground in grounds
        for _ in range(PLACES_A_WIJK)
    ]


def nowhere() -> list[Site]:
    """Return places that are told, but not on any map."""
    return [Site(Spot(None, phrase, 0, 0, "in_ov"), None, place) for phrase, place in UNPLACED]


def _spot(dice: Dice, municipality: str, ground: Ground) -> Spot:
    kind = dice.weighted(KINDS)
    phrase = place_phrase(dice, kind)
    if dice.happens(0.35):
        phrase = f"{phrase} in de wijk {ground.name}"
    lat, lon = point_inside(dice, ground)
    # Two draws multiplied: most places see little, some see very much.
    weight = ground.weight * dice.expovariate(1.0) * dice.expovariate(1.0) + 0.01
    return Spot(municipality, phrase, lat, lon, kind, weight)


def point_inside(dice: Dice, ground: Ground) -> tuple[float, float]:
    """Draw a point (lat, lon) on the ground, to five decimals; its middle when that is hard."""
    if ground.outline is not None:
        west, south, east, north = ground.outline.bounds
        for _ in range(ATTEMPTS):
            lat, lon = round(dice.uniform(south, north), 5), round(dice.uniform(west, east), 5)
            if ground.holds(lat, lon):
                return lat, lon
    return ground.middle


# One batch of reports: drawn over the years and places, told in Dutch

# How much busier the last fortnight is than its season: people report more than they used to.
FRESH: Final = 1.5
FRESH_DAYS: Final = 14
# What isn't an ordinary report. No figure is published: ours.
REPORT_KINDS: Final = {
    "gewoon": 93.0,
    "te_weinig": 2.0,
    "geen_intimidatie": 2.0,
    "spam": 1.5,
    "test": 1.0,
    "persoonsgegevens": 0.5,
}
_TEXTS: Final = {
    "te_weinig": shapes.TOO_LITTLE,
    "geen_intimidatie": shapes.NOT_HARASSMENT,
    "spam": shapes.SPAM,
    "test": shapes.SPAM,
    "persoonsgegevens": shapes.PERSONAL,
}
QUARANTINED: Final = frozenset({"spam", "test"})


@dataclass(frozen=True)
class Draft:
    """A report as it came in, and where it lies."""

    told: Told
    site: Site
    kind: str

    @property
    def quarantined(self) -> bool:
        return self.kind in QUARANTINED

    @property
    def place(self) -> Place:
        """Where it lies, as the locator would tell."""
        ground = self.site.ground
        if ground is None:
            return Place(self.site.spot.municipality, None, None, Method.NONE)
        return Place(self.site.spot.municipality, ground.wijk, ground.buurt, Method(ground.method))


class Calendar:
    """Chance of each day of the past: by month and weekday, growing towards today."""

    def __init__(self, moment: datetime, years: int) -> None:
        self.moment = moment
        today = local(moment).date()
        span = 365 * years
        self.days = range(1, span)
        chances = (self._weight(today - timedelta(days=ago), ago, span) for ago in self.days)
        self.cumulative = list(accumulate(chances))

    @staticmethod
    def _weight(day: Any, ago: int, span: int) -> float:
        growth = 1.35 - 0.7 * ago / span
        fresh = FRESH if ago <= FRESH_DAYS else 1.0
        return weights.MONTH[day.month] * weights.WEEKDAY[day.weekday()] * growth * fresh


def drafts(
    dice: Dice, sites: Sequence[Site], count: int, moment: datetime, calendar: Calendar
) -> Iterator[Draft]:
    """Yield so many reports of one municipality, each told in its own words."""
    busy = list(accumulate(site.spot.weight for site in sites))
    days = dice.choices(calendar.days, cum_weights=calendar.cumulative, k=count)
    for ago, site in zip(days, dice.choices(sites, cum_weights=busy, k=count), strict=True):
        at = at_hour(dice, moment, ago, dice.weighted(weights.HOURS[site.spot.kind]))
        forms = tuple(dice.several(weights.FORMS, dice.weighted(weights.FORM_COUNT)))
        incident = Incident(site.spot, at, forms, unplaced=site.unplaced)
        yield _draft(dice, report_of(dice, incident, moment), site)


def _draft(dice: Dice, told: Told, site: Site) -> Draft:
    kind = dice.weighted(REPORT_KINDS)
    body = dict(told.body)
    if kind != "gewoon":
        text = dice.choice(_TEXTS[kind]).replace("{Tijd}", "Vorige week")
        body["omschrijving"] = text.format(plek=site.spot.phrase, tijd="vorige week")
    _keep_inside(body["locatie"], site)
    return Draft(replace(told, body=body), site, kind)


def _keep_inside(location: dict[str, Any], site: Site) -> None:
    """Keep a phone's error from carrying a report over the border of its area."""
    ground = site.ground
    if ground is not None and not ground.holds(location["lat"], location["lon"]):
        location["lat"], location["lon"] = site.spot.lat, site.spot.lon
