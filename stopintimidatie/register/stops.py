"""Stops of public transport: for a report that names its stop and has no point.

The table is the national timetable's own list (GTFS, `stops.txt`). A stop is known by its whole
name ("Dordrecht, Centraal Station") or by the part behind the comma where only one municipality
has that. What isn't certain isn't guessed: such a report goes to the national desk.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Select, delete, insert, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.audit.services import Actor, record
from stopintimidatie.register.boxes import EUROPEAN
from stopintimidatie.register.geojson import AreaFileError
from stopintimidatie.register.locating import NOWHERE, Locator, Method, Place
from stopintimidatie.register.models import TransitStop
from stopintimidatie.register.names import slugify
from stopintimidatie.storage.tenancy import NATIONAL, enter

AT_ONCE: Final = 1_000
LONGEST_NAME: Final = 120
# So many places with one name say nothing any more.
MOST: Final = 60
COLUMNS: Final = frozenset({"stop_name", "stop_lat", "stop_lon"})
Point = tuple[float, float]


def load_stops(
    session: Session, path: Path, *, actor: Actor, progress: Callable[[int], None] | None = None
) -> int:
    """Put the stops of a timetable in the place of those that were there; how many.

    :raises AreaFileError: in Dutch; nothing is changed then, when the caller rolls back.
    """
    session.execute(delete(TransitStop))
    known: set[tuple[str, float, float]] = set()
    waiting: list[dict[str, Any]] = []
    for row in _rows(path):
        stop = _stop(row)
        # Both sides of a street are one place.
        if stop is None or (key := (stop["name_key"], stop["lat"], stop["lon"])) in known:
            continue
        known.add(key)
        waiting.append(stop)
        if len(waiting) == AT_ONCE:
            session.execute(insert(TransitStop), waiting)
            waiting = []
            if progress:
                progress(len(known))
    if waiting:
        session.execute(insert(TransitStop), waiting)
    if not known:
        raise AreaFileError(f"{path}: hierin staat geen enkele halte in Nederland.")
    enter(session, NATIONAL)
    record(session, actor, "haltes.geladen", NATIONAL, "gebieden", reason=f"{len(known)} haltes")
    return len(known)


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    try:
        with _opened(path) as lines:
            reader = csv.DictReader(lines)
            if not set(reader.fieldnames or ()) >= COLUMNS:
                raise AreaFileError(
                    f"{path}: dit is geen stops.txt van GTFS (stop_name, stop_lat of stop_lon"
                    " ontbreekt)."
                )
            yield from reader
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise AreaFileError(f"{path}: dit bestand is niet te lezen ({error}).") from None
    except (UnicodeDecodeError, csv.Error):
        raise AreaFileError(f"{path}: dit is geen tekstbestand met haltes.") from None


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[str]]:
    """`stops.txt` itself, or out of the archive of a whole timetable."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive, archive.open("stops.txt") as raw:
            yield io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
    else:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield lines


def _stop(row: Mapping[str, str]) -> dict[str, Any] | None:
    name = " ".join((row["stop_name"] or "").split())[:LONGEST_NAME]
    try:
        lat, lon = round(float(row["stop_lat"]), 3), round(float(row["stop_lon"]), 3)
    except (TypeError, ValueError):
        return None
    key = slugify(name)
    if not key or not EUROPEAN.holds(lat, lon):
        return None
    return {"name": name, "name_key": key, "short_key": _short(name), "lat": lat, "lon": lon}


def _short(name: str) -> str:
    return slugify(name.rpartition(",")[2])


def points_named(connection: Session | Connection, name: str | None) -> Sequence[Point]:
    """Where stops of this name lie: by the whole name, else by the part behind the comma."""
    key = slugify(name or "")[:LONGEST_NAME]
    if not key:
        return ()
    rows = connection.execute(_named(key)).all()
    whole = [(row.lat, row.lon) for row in rows if row.name_key == key]
    found = whole or [(row.lat, row.lon) for row in rows]
    return found if len(rows) < MOST else whole


def _named(key: str) -> Select[*tuple[Any, ...]]:
    return (
        select(TransitStop.name_key, TransitStop.lat, TransitStop.lon)
        .where(or_(TransitStop.name_key == key, TransitStop.short_key == key))
        .order_by(TransitStop.name_key != key, TransitStop.id)
        .limit(MOST)
    )


def place_of(locator: Locator, points: Sequence[Point]) -> Place:
    """The place of a stop, as far as all places with its name agree."""
    places = [locator.locate(lat, lon) for lat, lon in points]
    towns = {place.municipality_code for place in places}
    if len(towns) != 1 or None in towns:
        return NOWHERE
    wijken = {place.neighbourhood_code for place in places}
    buurten = {place.subneighbourhood_code for place in places}
    return Place(
        towns.pop(),
        wijken.pop() if len(wijken) == 1 else None,
        buurten.pop() if len(buurten) == 1 else None,
        Method.STOP,
        places[0].near_municipality_code if len(places) == 1 else None,
    )
