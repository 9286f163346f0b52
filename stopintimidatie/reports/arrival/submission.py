"""Submissions: a message checked, and who holds it: by its place and what that place agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Final

import colander
from sqlalchemy.orm import Session

from stopintimidatie.core.forms.messages import FieldError, Path, errors_of
from stopintimidatie.core.forms.quantities import CLOCK_SKEW
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import AMSTERDAM, _
from stopintimidatie.municipalities.areas.geocoder import Point, locate_stop, points_named
from stopintimidatie.municipalities.areas.locator import Locator, LocatorCache, Place
from stopintimidatie.municipalities.areas.queries import unknown_neighbourhood_code
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_of
from stopintimidatie.reports import vocabulary as reports_vocabulary
from stopintimidatie.reports.arrival.schema import MESSAGE, RULES, Message
from stopintimidatie.reports.fields import BY_NAME, Location, Submission, submission_with
from stopintimidatie.reports.workflow import Delivery

MOST_ERRORS = 100


class InvalidMessageError(Exception):
    """Refusal of a message; `errors` names every wrong field."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(f"{len(errors)} wrong fields")
        self.errors = errors


def validate(value: Any, now: datetime) -> Submission:
    """Return the submission that this JSON value is.

    Raises:
        InvalidMessageError: With all that is wrong.
    """
    errors: list[FieldError] = []
    try:
        message: Message = MESSAGE.deserialize(value)
    except colander.Invalid as invalid:
        message, errors = getattr(invalid, "partial", {}), list(errors_of(invalid))
    for rule in RULES:
        errors += [e for e in rule.check(message, now) if not _named(e.path, errors)]
    if errors:
        raise InvalidMessageError(sorted(errors, key=_reading_order)[:MOST_ERRORS])
    return _submission(message)


def _named(path: Path, errors: list[FieldError]) -> bool:
    """Tell whether this field, or something inside it, has been named already."""
    return any(e.path[: len(path)] == path for e in errors)


_ORDER = {child.name: position for position, child in enumerate(MESSAGE.children)}


def _reading_order(error: FieldError) -> tuple[int, str]:
    first = error.path[0] if error.path else ""
    return _ORDER.get(str(first), len(_ORDER)), error.pointer


_WAYS = [(declared.attribute, declared.way) for declared in BY_NAME.values()]


def _submission(message: Message) -> Submission:
    """Return what the message says of each field, by the way to it."""
    said: dict[str, Any] = {}
    for attribute, way in _WAYS:
        part: Any = message
        for name in way:
            part = part.get(name, colander.drop)
            if part is colander.drop:
                break
        else:
            said[attribute] = tuple(part.items()) if isinstance(part, dict) else part
    return submission_with(said)


@dataclass(frozen=True)
class Routing:
    """Route of a report: holder, area, and the state of delivery (None: it is there)."""

    holder: str
    place: Place
    delivery: str | None
    # True if a job may look up the address that was given.
    geocoding: bool = False

    @property
    def neighbourhood_code(self) -> str | None:
        """Return the wijk; *onbekend* when a municipality holds it and nobody knows which."""
        if self.place.neighbourhood_code is None and self.holder != NATIONAL:
            return unknown_neighbourhood_code(self.holder)
        return self.place.neighbourhood_code


def route(session: Session, cache: LocatorCache, location: Location) -> Routing:
    """Find the holder for a place, before any holder is known."""
    points = points_named(session, stop_to_find(location))
    place = place_at(cache.current(session), location, points)
    code = place.municipality_code
    level = None if code is None else level_of(session, code)
    return routing_for(place, level, geocoding=cache.geocoding)


def stop_to_find(location: Location) -> str | None:
    """Return the stop by which a place must be found, because there is no point."""
    if location.lat is not None and location.lon is not None:
        return None
    return location.transit.stop if location.transit else None


def place_at(locator: Locator, location: Location, stops: Sequence[Point]) -> Place:
    """Find where it happened: by the point, else by the stop that was named. Pure.

    Args:
        locator: Knows in which municipality and wijk a point lies.
        location: The place as it was told.
        stops: Points of the stops with the name of `stop_to_find`.
    """
    if location.lat is not None and location.lon is not None:
        return locator.locate(location.lat, location.lon)
    return locate_stop(locator, stops)


def routing_for(place: Place, level: str | None, *, geocoding: bool = False) -> Routing:
    """Decide who holds a report of this place. Pure.

    Args:
        place: Municipality and wijk, as far as they are known.
        level: How far the municipality takes part.
        geocoding: What isn't placed may be found by its address, afterwards.
    """
    if place.municipality_code is None:
        return Routing(NATIONAL, place, Delivery.TO_ROUTE, geocoding)
    if level == ParticipationLevel.PROGRAMME:
        return Routing(place.municipality_code, place, None)
    return Routing(NATIONAL, place, Delivery.WAITING)


# The moment, as people say it: a day, and the hour or the part of the day if they know.

NIGHT, NOON = time(0), time(12)
STARTS: Final = {
    reports_vocabulary.PartOfDay.NIGHT: NIGHT,
    reports_vocabulary.PartOfDay.MORNING: time(6),
    reports_vocabulary.PartOfDay.AFTERNOON: NOON,
    reports_vocabulary.PartOfDay.EVENING: time(18),
}


class UnclearError(Exception):
    """The report can't be made of what was said: `field` of its step, `message` what to do."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


def moment_of(
    day: date, clock: time | None, part: reports_vocabulary.PartOfDay | None, now: datetime
) -> tuple[datetime, reports_vocabulary.TimePrecision]:
    """Return when it began, as well as it is known, and how well that is.

    Raises:
        UnclearError: That would be in the future.
    """
    start = clock or STARTS.get(part or reports_vocabulary.PartOfDay.AFTERNOON, NOON)
    begun = datetime.combine(day, start, AMSTERDAM).astimezone(UTC)
    if clock is not None:
        precision = reports_vocabulary.TimePrecision.HOUR
    elif part is not None:
        precision = reports_vocabulary.TimePrecision.PART_OF_DAY
    else:
        # Only the day: this morning at ten it can't have been noon yet.
        return min(begun, now), reports_vocabulary.TimePrecision.DAY
    if begun > now + CLOCK_SKEW:
        where = "tijd" if clock is not None else "dagdeel"
        raise UnclearError(_("Dit ligt in de toekomst. Kies een eerder moment."), where)
    return begun, precision
