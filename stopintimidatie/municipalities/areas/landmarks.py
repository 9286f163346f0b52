"""A point in words: the street, crossing, square, stop or park that people would name.

The names come from a file that the operator loads (`gebieden namen`). A house number is nowhere in
it: only a name and a distance are ever written.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Engine, Row, Select, and_, case, delete, func, insert, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage import NATIONAL, transaction
from stopintimidatie.municipalities.areas.geocoder import read_stops
from stopintimidatie.municipalities.areas.geojson import AreaFileError, read_items, read_shape
from stopintimidatie.municipalities.areas.locator import Locator, Spot
from stopintimidatie.municipalities.areas.models import Landmark, LandmarkLoad
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
    at, metres = near.metres < AT_M, round(near.metres, -1)
    if not at and near.metres >= (accuracy_m or 0):
        return f"bij {name}, {metres} m"
    if near.kind is LandmarkKind.PARK and not near.metres:
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


def count_names() -> Select[*tuple[Any, ...]]:
    """Build the query for the names in force: their number by kind, their source, since when."""
    number, named = func.count().label("number"), Landmark.municipality_code.is_not(None)
    names = select(LandmarkLoad.loaded_at, LandmarkLoad.source, Landmark.kind, number)
    in_force = LandmarkLoad.number == load_in_force().scalar_subquery()
    there = names.join(Landmark, Landmark.load == LandmarkLoad.number).where(in_force, named)
    return there.group_by(LandmarkLoad.number, Landmark.kind).order_by(Landmark.kind)


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


# The least that a named point is off.
NARROW_M: Final = 10
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
    key = Landmark.name_key
    rows = session.execute(
        select(Landmark.kind, Landmark.name, Landmark.wkb)
        .where(Landmark.load == load_in_force().scalar_subquery())
        .where(Landmark.municipality_code == municipality_code)
        .where(*(key.contains(word, autoescape=True) for word in words))
        .order_by(
            Landmark.kind == LandmarkKind.CROSSING,
            case((key.startswith("-".join(words), autoescape=True), 0), else_=1),
            func.length(key),
            key,
        )
        .limit(limit)
    )
    return [_named(Near(LandmarkKind(row.kind), row.name, 0), row.wkb) for row in rows]


def _named(near: Near, wkb: bytes) -> NamedPlace:
    """Return a place at that of its points which lies nearest to the middle of its reach."""
    points: Any = shapely.from_wkb(wkb)
    lat, lon = min((points.envelope.centroid.distance(p), p.y, p.x) for p in points.geoms)[1:]
    reach = Spot(lat, lon).distances_m(np.array(points.geoms)).max()
    return NamedPlace(near.kind, short(near), lat, lon, max(NARROW_M, math.ceil(reach)))


# Loading

NAMES: Final = ("stt_naam", "naamnl", "naamofficieel", "naam")
LONGEST: Final = 79
AT_ONCE: Final = 5_000
# A metre, in degrees.
FINE: Final = 1e-5

Feature = tuple[LandmarkKind, str, BaseGeometry]


def load_landmarks(
    engine: Engine,
    locator: Locator,
    paths: Sequence[Path],
    *,
    actor: Actor,
    done: Callable[[Session], None],
) -> int:
    """Replace all names by those of these files, and return how many rows there are.

    Written in portions, beside which others write; the old names count until all new ones stand.

    Args:
        engine: The database.
        locator: Finds the municipality of a name.
        paths: GeoJSON in degrees with lines and surfaces, or stops (GTFS).
        actor: For the log.
        done: Called in the transaction in which the new names come into force.

    Raises:
        AreaFileError: A file can't be used; the message says in Dutch what to do.
    """
    with transaction(engine) as session:
        load = LandmarkLoad(source=", ".join(path.name for path in paths)[:500])
        session.add(load)
    rows, number = _rows(paths, locator), 0
    while some := [{**EMPTY, "load": load.number, **row} for row in islice(rows, AT_ONCE)]:
        with transaction(engine) as session:
            session.execute(insert(Landmark), some)
        number += len(some)
    if not number:
        raise AreaFileError(f"{paths[0]}: hierin staat geen enkele naam van een plek.")
    with transaction(engine, NATIONAL) as session:
        session.get_one(LandmarkLoad, load.number).loaded_at = utc_now()
        session.execute(delete(Landmark).where(Landmark.load < load.number))
        record(session, actor, "namen.geladen", NATIONAL, "gebieden", reason=f"{number} regels")
        done(session)
    return number


EMPTY: Final = dict.fromkeys(("cell", "municipality_code", "name_key"))


def _rows(paths: Sequence[Path], locator: Locator) -> Iterator[dict[str, Any]]:
    """Yield the rows of all features and crossings, and then those of each name in a town."""
    ends: dict[tuple[float, float], list[str]] = {}
    # The middle of each part, and its points farthest to each side.
    named: defaultdict[tuple[str, LandmarkKind, str], set[tuple[float, ...]]] = defaultdict(set)
    for kind, name, geometry in chain(chain.from_iterable(map(_features, paths)), _crossings(ends)):
        if shapely.get_dimensions(geometry) == 1:
            for part in shapely.get_parts(geometry):
                for x, y in (part.coords[0], part.coords[-1]):
                    ends.setdefault((round(x, 5), round(y, 5)), []).append(name)
        middle: Any = shapely.get_point(shapely.shortest_line(geometry, geometry.centroid), 0)
        if town := locator.locate(middle.y, middle.x).municipality_code:
            xy = shapely.get_coordinates([geometry, middle])
            named[town, kind, name].update(map(tuple, xy[[-1, *xy.argmin(0), *xy.argmax(0)]]))
        for cell, piece in _cut(shapely.simplify(geometry, FINE)):
            yield {"cell": cell, "kind": kind, "name": name, "wkb": piece.wkb}
    for (town, kind, name), points in named.items():
        words = {"kind": kind, "name": name, "name_key": slugify(name.replace("|", " "))}
        yield {"municipality_code": town, **words, "wkb": shapely.MultiPoint(sorted(points)).wkb}


def _features(path: Path) -> Iterator[Feature]:
    """Yield what has a name in a file."""
    if path.suffix in {".txt", ".zip"}:
        for stop in read_stops(path, decimals=5):
            name = stop["name"].rpartition(",")[2].strip()[:LONGEST]
            yield LandmarkKind.STOP, name, shapely.Point(stop["lon"], stop["lat"])
        return
    for number, feature in enumerate(read_items(path), start=1):
        facts = {key.lower(): value for key, value in (feature.get("properties") or {}).items()}
        name = next((str(facts[key]) for key in NAMES if facts.get(key)), "")[:LONGEST]
        if not name or not feature.get("geometry"):
            continue
        geometry = read_shape(f"{path}, naam {number} ({name})", feature["geometry"])
        kind = LandmarkKind.STREET if geometry.area == 0 else LandmarkKind.PARK
        if geometry.length:
            yield LandmarkKind.SQUARE if name.endswith("plein") else kind, name, geometry


def _crossings(ends: Mapping[tuple[float, float], Sequence[str]]) -> Iterator[Feature]:
    """Yield each point at which lines of two names end, by the two that have most ends there."""
    for point, names in ends.items():
        often = sorted(name for name, _ in Counter(sorted(names)).most_common(2))
        if len(often) == 2:
            yield LandmarkKind.CROSSING, "|".join(often), shapely.Point(point)


def _cut(geometry: BaseGeometry) -> Iterator[tuple[int, BaseGeometry]]:
    """Yield each cell that a geometry touches, with what of it lies there."""
    west, south, east, north = geometry.bounds
    for row in range(math.floor(south / CELL_LAT), math.floor(north / CELL_LAT) + 1):
        for column in range(math.floor(west / CELL_LON), math.floor(east / CELL_LON) + 1):
            x, y = column * CELL_LON, row * CELL_LAT
            cell = shapely.box(x, y, x + CELL_LON, y + CELL_LAT)
            piece = geometry if geometry.length == 0 else shapely.intersection(geometry, cell)
            if not piece.is_empty:
                yield row * ROW + column, piece
