"""A point in words: the street, crossing, square, stop or park that people would name.

The names come from a file that the operator loads (`gebieden namen`). A house number is nowhere in
it: only a name and a distance are ever written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

import shapely
from sqlalchemy import Row, Select, and_, case, func, select
from sqlalchemy.orm import Session

from stopintimidatie.municipalities.areas.locator import Spot
from stopintimidatie.municipalities.areas.models import Landmark, LandmarkLoad, LandmarkName
from stopintimidatie.municipalities.areas.names import slugify


class LandmarkKind(StrEnum):
    """Kind of named place, in the order in which people say it."""

    CROSSING = "kruising"
    SQUARE = "plein"
    STOP = "halte"
    STREET = "straat"
    PARK = "park"


# The metres within which a kind is said.
REACH: Final = dict(zip(LandmarkKind, (30, 60, 30, 100, 190), strict=True))
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
    "poort", "dreef", "allee", "wal", "vest", "baan", "ring", "tunnel", "boulevard", "passage",
)  # fmt: skip
_OWN_ARTICLE: Final = ("de ", "het ", "'t ", "den ", "ter ", "ten ")


@dataclass(frozen=True)
class Near:
    """Named place near a point; the name of a crossing has both streets, `A|B`."""

    kind: LandmarkKind
    name: str
    metres: int

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Near:
        """Return what stands with a report."""
        return cls(LandmarkKind(stored["kind"]), stored["name"], stored["metres"])


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
    if near.kind == LandmarkKind.STOP:
        return f"halte {near.name}"
    return near.name.replace("|", " en ")


def in_words(near: Near, accuracy_m: int | None) -> str:
    """Return where a point is; a distance is said only where it is more than the accuracy."""
    name = with_article(near.name)
    if near.kind == LandmarkKind.STOP:
        name = f"halte {near.name}"
    elif near.kind == LandmarkKind.CROSSING:
        name = "de kruising van " + " en ".join(map(with_article, near.name.split("|")))
    at, metres = near.metres < AT_M, round(near.metres, -1)
    if not at and near.metres >= (accuracy_m or 0):
        return f"bij {name}, {metres} m"
    if near.kind == LandmarkKind.PARK and not near.metres:
        return f"in {name}"
    on = at and near.kind in (LandmarkKind.CROSSING, LandmarkKind.SQUARE)
    return f"{'op' if on else 'bij'} {name}"


# A cell is at least 199 m each way in the Netherlands: whatever is in reach lies in nine of them.
CELL_LAT: Final = 0.002
CELL_LON: Final = 0.003
ROW: Final = 10_000


def cell_of(lat: float, lon: float) -> int:
    """Return the number of the cell in which a point lies."""
    return math.floor(lat / CELL_LAT) * ROW + math.floor(lon / CELL_LON)


def load_in_force() -> Select[int]:
    """Build the query for the number of the load in force: the last that was finished."""
    finished = select(LandmarkLoad.number).where(LandmarkLoad.loaded_at.is_not(None))
    return finished.order_by(LandmarkLoad.number.desc()).limit(1)


def find_near(
    session: Session, lat: float, lon: float, accuracy_m: int | None
) -> tuple[int | None, Near | None]:
    """Return the load in force, and the named place that a point is at. One statement."""
    cells = [cell_of(lat, lon) + row + column for row in (-ROW, 0, ROW) for column in (-1, 0, 1)]
    load = load_in_force().subquery()
    here = and_(Landmark.load == load.c.number, Landmark.cell.in_(cells))
    rows = session.execute(
        select(load.c.number, Landmark.kind, Landmark.name, Landmark.wkb)
        .select_from(load)
        .outerjoin(Landmark, here)
    ).all()
    named = [row for row in rows if row.wkb is not None and (accuracy_m or 0) <= VAGUE_M]
    return (rows[0].number if rows else None), nearest(Spot(lat, lon), named)


def nearest(spot: Spot, rows: Sequence[Row[Any]]) -> Near | None:
    """Return the place that people would name, of rows with kind, name and geometry (WKB).

    What the point lies in goes first, then the order of the kinds, then the distance.
    """
    if not rows:
        return None
    geometries = shapely.from_wkb([row.wkb for row in rows])
    metres = spot.distances_m(geometries)
    inside = (metres == 0) & (shapely.get_dimensions(geometries) == 2)
    order = list(LandmarkKind)
    places = (
        (not within, order.index(LandmarkKind(row.kind)), distance, row.name)
        for row, distance, within in zip(rows, metres.tolist(), inside.tolist(), strict=True)
        if distance <= REACH[LandmarkKind(row.kind)]
    )
    best = min(places, default=None)
    return None if best is None else Near(order[best[1]], best[3], round(best[2]))


class NamedPlace(NamedTuple):
    """Place with a name, a point on it, and the metres from there to where it ends."""

    kind: LandmarkKind
    name: str
    lat: float
    lon: float
    accuracy_m: int


# Words with which people join two streets; no name is known by them.
_JOINING: Final = frozenset({"en", "hoek", "kruising", "van", "de", "het", "bij", "halte"})


def find_named(
    session: Session, municipality_code: str, typed: str, limit: int = 8
) -> Sequence[NamedPlace]:
    """Return the places of a municipality whose name has every word that was typed.

    A name that begins with what was typed goes first; a crossing goes last. One statement.
    """
    all_words = slugify(typed).split("-")
    # House numbers are in no name.
    words = [word for word in all_words if word not in _JOINING and not word.isdecimal()]
    words = words or all_words
    if words == [""]:
        return []
    names = LandmarkName
    has = [names.name_key.contains(word, autoescape=True) for word in words]
    begins = names.name_key.startswith("-".join(words), autoescape=True)
    rows = session.execute(
        select(names.kind, names.name, names.lat, names.lon, names.accuracy_m)
        .where(names.load == load_in_force().scalar_subquery())
        .where(names.municipality_code == municipality_code, *has)
        .order_by(
            names.kind == LandmarkKind.CROSSING,
            case((begins, 0), else_=1),
            func.length(names.name_key),
            names.name_key,
            names.id,
        )
        .limit(limit)
    )
    near = ((Near(LandmarkKind(row.kind), row.name, 0), row) for row in rows)
    return [
        NamedPlace(name.kind, short(name), row.lat, row.lon, row.accuracy_m) for name, row in near
    ]
