"""Find the point of a place that is told in words: an address (asked of PDOK) or a stop.

PDOK's Locatieserver answers every question with its best guess: the next house, the same street in
another town. So an answer counts only when it is the house that was asked for.

Stops of public transport are for a report that names its stop and has no point. The table is the
national timetable's own list (GTFS, `stops.txt`). A stop is known by its whole name ("Dordrecht,
Centraal Station") or by the part behind the comma where only one municipality has that. What isn't
certain isn't guessed: such a report goes to the national desk.
"""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from sqlalchemy import Connection, delete, insert, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.httpclient import open_setting
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.municipalities.areas.facts import EUROPEAN, inside_netherlands
from stopintimidatie.municipalities.areas.geojson import AreaFileError
from stopintimidatie.municipalities.areas.locator import NOWHERE, Locator, Method, Place
from stopintimidatie.municipalities.areas.models import TransitStop
from stopintimidatie.municipalities.areas.names import slugify

SECONDS: Final = 10
LARGEST_ANSWER: Final = 256 * 1024
_POINT: Final = re.compile(r"POINT\(\s*(-?\d+(?:\.\d+)?)\s+(-?\d+(?:\.\d+)?)\s*\)")
_HOUSE: Final = re.compile(r"(\d{1,5})\s*(.*)")
_POSTCODE: Final = re.compile(r"\d{4}[A-Z]{2}")


class GeocoderError(Exception):
    """The geocoder can't be reached or gave no readable answer; try again later."""


@dataclass(frozen=True)
class WantedAddress:
    """An address as the reporter gave it."""

    street: str | None = None
    house_number: str | None = None
    postcode: str | None = None
    town: str | None = None

    @property
    def findable(self) -> bool:
        """True if this can name one house: a number with a postcode, or with a street and town."""
        if self._house is None:
            return False
        return bool(self._postcode or (self.street and self.town))

    @property
    def _house(self) -> re.Match[str] | None:
        return _HOUSE.fullmatch((self.house_number or "").strip())

    @property
    def _postcode(self) -> str | None:
        plain = re.sub(r"\s", "", self.postcode or "").upper()
        return plain if _POSTCODE.fullmatch(plain) else None

    @property
    def question(self) -> str:
        """The words to search with."""
        parts = (self.street, self.house_number, self._postcode, self.town)
        return " ".join(" ".join(part.split()) for part in parts if part)

    def is_answered_by(self, answer: dict[str, Any]) -> bool:
        """Tell whether an answer of PDOK is this house: number, and postcode or street and town."""
        house = self._house
        if house is None or str(answer.get("huisnummer")) != str(int(house[1])):
            return False
        suffix = slugify(house[2]).replace("-", "")
        whole = slugify(str(answer.get("huis_nlt", ""))).replace("-", "")
        if suffix and whole != f"{int(house[1])}{suffix}":
            return False
        if self._postcode:
            return bool(answer.get("postcode") == self._postcode)
        same = _same(self.street, answer.get("straatnaam"))
        return same and _same(self.town, answer.get("woonplaatsnaam"))


def _same(wanted: str | None, answered: Any) -> bool:
    return bool(wanted) and slugify(wanted or "") == slugify(str(answered or ""))


@dataclass(frozen=True)
class FoundAddress:
    """Place of a house, and the municipality it is in according to who answered."""

    lat: float
    lon: float
    municipality_code: str


class Geocoder(Protocol):
    """A service that finds where an address is."""

    def find(self, address: WantedAddress) -> FoundAddress | None:
        """Return where this house stands; None when that isn't certain.

        Raises:
            GeocoderError: it can't be asked now.
        """


class PdokLocatieserver:
    """PDOK's free address search over the BAG."""

    def __init__(self, address: str, timeout: float = SECONDS) -> None:
        self._address = address.rstrip("/")
        self._timeout = timeout

    def find(self, address: WantedAddress) -> FoundAddress | None:
        """Ask PDOK where this house is; return None unless it finds exactly this house.

        None as well when the address can't name one house, or PDOK gives no point in the country.

        Raises:
            GeocoderError: PDOK can't be reached, or its answer can't be read.
        """
        if not address.findable:
            return None
        query = urlencode({"q": address.question, "fq": "type:adres", "rows": 1})
        documents = self._ask(f"{self._address}/free?{query}")
        if not documents or not address.is_answered_by(documents[0]):
            return None
        return _read_address(documents[0])

    def _ask(self, url: str) -> list[dict[str, Any]]:
        request = urllib.request.Request(  # noqa: S310 - the address is a checked setting
            url, headers={"Accept": "application/json", "User-Agent": "Stopintimidatie"}
        )
        try:
            with open_setting(request, timeout=self._timeout) as answer:
                documents = json.loads(answer.read(LARGEST_ANSWER))["response"]["docs"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            # The message leaves the address out: it is part of somebody's report.
            raise GeocoderError(f"geocoder: {type(error).__name__}") from None
        return [document for document in documents if isinstance(document, dict)]


def _read_address(document: dict[str, Any]) -> FoundAddress | None:
    point = _POINT.fullmatch(str(document.get("centroide_ll", "")))
    if point is None:
        return None
    lat, lon = float(point[2]), float(point[1])
    if not inside_netherlands(lat, lon):
        return None
    return FoundAddress(lat, lon, f"GM{document.get('gemeentecode')}")


# Stops

AT_ONCE: Final = 1_000
LONGEST_NAME: Final = 120
# Limit on the stops fetched for a name; with this many, only those with that whole name count.
MOST: Final = 60
COLUMNS: Final = frozenset({"stop_name", "stop_lat", "stop_lon"})
Point = tuple[float, float]


def load_stops(
    session: Session, path: Path, *, actor: Actor, progress: Callable[[int], None] | None = None
) -> int:
    """Replace all stops by those of a GTFS timetable, and return how many were stored.

    The transaction then works for the national holder; what was done is noted in the audit log.

    Args:
        session: The session; it may not work for a municipality.
        path: The file `stops.txt`, or a zip with it.
        actor: Who loads it, for the audit log.
        progress: Called with the number so far, after each thousand stops.

    Raises:
        AreaFileError: The file can't be used. The old stops are deleted by then: roll back.
    """
    session.execute(delete(TransitStop))
    known: set[tuple[str, float, float]] = set()
    waiting: list[dict[str, Any]] = []
    # Rounded to some 100 metres: the stops on both sides of a street count as one.
    for stop in read_stops(path, decimals=3):
        if (key := (stop["name_key"], stop["lat"], stop["lon"])) in known:
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


def read_stops(path: Path, decimals: int) -> Iterator[dict[str, Any]]:
    """Yield the stops of a GTFS timetable as rows of the table, rounded to so many decimals.

    Raises:
        AreaFileError: The file can't be read, or lacks a column.
    """
    try:
        with _opened(path) as lines:
            reader = csv.DictReader(lines)
            if not set(reader.fieldnames or ()) >= COLUMNS:
                raise AreaFileError(
                    f"{path}: dit is geen stops.txt van GTFS (stop_name, stop_lat of stop_lon"
                    " ontbreekt)."
                )
            yield from filter(None, (_stop(row, decimals) for row in reader))
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise AreaFileError(f"{path}: dit bestand is niet te lezen ({error}).") from None
    except (UnicodeDecodeError, csv.Error):
        raise AreaFileError(f"{path}: dit is geen tekstbestand met haltes.") from None


@contextmanager
def _opened(path: Path) -> Iterator[Iterator[str]]:
    """Open `stops.txt`, by itself or in the archive of a whole timetable."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive, archive.open("stops.txt") as raw:
            yield io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
    else:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            yield lines


def _stop(row: Mapping[str, str], decimals: int) -> dict[str, Any] | None:
    """Return a row of the file as one of the table; None without a name or outside our borders."""
    name = " ".join((row["stop_name"] or "").split())[:LONGEST_NAME]
    try:
        lat, lon = (round(float(row[name]), decimals) for name in ("stop_lat", "stop_lon"))
    except (TypeError, ValueError):
        return None
    key = slugify(name)
    if not key or not EUROPEAN.holds(lat, lon):
        return None
    short = slugify(name.rpartition(",")[2])
    return {"name": name, "name_key": key, "short_key": short, "lat": lat, "lon": lon}


def points_named(connection: Session | Connection, name: str | None) -> Sequence[Point]:
    """Return the points (WGS84) of the stops with this name, in any municipality.

    A stop counts by its whole name; if none has it, by the part after the last comma, unless `MOST`
    stops or more have that. `locate_stop` tells whether the points agree.
    """
    key = slugify(name or "")[:LONGEST_NAME]
    if not key:
        return ()
    rows = connection.execute(
        select(TransitStop.name_key, TransitStop.lat, TransitStop.lon)
        .where(or_(TransitStop.name_key == key, TransitStop.short_key == key))
        .order_by(TransitStop.name_key != key, TransitStop.id)
        .limit(MOST)
    ).all()
    whole = [(row.lat, row.lon) for row in rows if row.name_key == key]
    if whole or len(rows) == MOST:
        return whole
    return [(row.lat, row.lon) for row in rows]


def locate_stop(locator: Locator, points: Sequence[Point]) -> Place:
    """Return the municipality of these points, and the wijk and buurt if all points share it.

    NOWHERE when there are no points, or when they aren't all in one municipality.
    """
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
