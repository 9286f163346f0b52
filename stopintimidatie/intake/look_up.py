"""All that taking a report in must know of the database, asked in one statement.

Which app sends it, which outlines are in force, the municipality of the place and which versions of
what it set count, and whether the reference that was thought of is free. Nothing of it is kept from
one report to the next but those versions, which never change; so a revoked key, a changed text or a
new municipality counts at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, Integer, Row, Select, String, bindparam, literal, select

from stopintimidatie.clock import utc_now
from stopintimidatie.intake.app_keys import token_hash
from stopintimidatie.intake.models import AppKey
from stopintimidatie.municipalities.models import MunicipalityProfile
from stopintimidatie.municipalities.published import Published
from stopintimidatie.municipalities.reading import counting, kept_or_read, stamp_of
from stopintimidatie.municipalities.services import empty_profile
from stopintimidatie.register.locating import LocatorCache, Place, outlines_in_force
from stopintimidatie.register.models import Municipality, Neighbourhood
from stopintimidatie.register.queries import unknown_neighbourhood_code
from stopintimidatie.register.stops import Point, points_named
from stopintimidatie.reports.fields import Location
from stopintimidatie.reports.references import new_reference
from stopintimidatie.reports.routing import place_at, stop_to_find
from stopintimidatie.reports.senders import Watched, count_of
from stopintimidatie.storage.session import reading, standalone, transaction
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.storage.types import UtcDateTime
from stopintimidatie.tree import is_taken

_PROFILE: Final = [
    column for column in MunicipalityProfile.__table__.columns if column.key not in ("code", "logo")
]


@dataclass(frozen=True)
class App:
    """The app that sends a report."""

    id: UUID
    name: str
    source: str


@dataclass(frozen=True)
class Area:
    """The municipality of a place, and the wijk; as far as they are known."""

    code: str
    name: str
    slug: str
    neighbourhood_name: str | None
    neighbourhood_slug: str | None


@dataclass(frozen=True)
class Known:
    """What was found; `app` is None when the key doesn't count."""

    app: App | None
    place: Place
    area: Area | None
    published: Published
    reference: str
    # Why it comes in quarantine, when there were too many.
    crowded: str | None


def look_up(
    engine: Engine,
    locators: LocatorCache,
    token: str,
    location: Location,
    watched: Sequence[Watched],
    *,
    demo: bool,
) -> Known:
    """Ask; and ask again when outlines were loaded since this process read them."""
    stops = _stops(engine, location)
    while True:
        version, locator = locators.at_hand()
        place = place_at(locator, location, stops)
        reference = new_reference()
        row = _ask(engine, token, place, reference, watched)
        if version != (row.outlines_number, row.outlines_loaded_at):
            # Reading them takes seconds: no other report waits for it.
            with transaction(engine, write=False) as session:
                locators.current(session)
        elif not row.taken:
            area = _area(row, place)
            published = _published(engine, row, area)
            crowded = _crowded(row, watched)
            return Known(_app(row, demo), place, area, published, reference, crowded)


def _stops(engine: Engine, location: Location) -> Sequence[Point]:
    """Where the stop lies that was named instead of a point: only then one question more."""
    name = stop_to_find(location)
    if name is None:
        return ()
    with standalone(reading(engine)).connect() as connection:
        return points_named(connection, name)


def _ask(
    engine: Engine, token: str, place: Place, reference: str, watched: Sequence[Watched]
) -> Row[*tuple[Any, ...]]:
    asked: dict[str, Any] = {
        "token_hash": token_hash(token),
        "municipality": place.municipality_code,
        "neighbourhood": _filed_under(place),
        "reference": reference,
        "now": utc_now(),
    }
    for place_of, one in enumerate(watched):
        asked[f"who{place_of}"] = one.subject
        asked[f"since{place_of}"] = asked["now"] - one.meter.window
        asked[f"rows{place_of}"] = one.meter.rows
    with standalone(reading(engine)).connect() as connection:
        return connection.execute(_question(len(watched)), asked).one()


def _filed_under(place: Place) -> str | None:
    """The wijk, or the one that stands for a municipality of which it isn't known."""
    if place.neighbourhood_code is None and place.municipality_code is not None:
        return unknown_neighbourhood_code(place.municipality_code)
    return place.neighbourhood_code


@cache
def _question(watched: int) -> Select[*tuple[Any, ...]]:
    """One row, whatever of it is there."""
    number, loaded_at = outlines_in_force()
    here, wijk = bindparam("municipality", type_=String), bindparam("neighbourhood", type_=String)
    one = select(literal(1).label("one")).subquery()
    now = bindparam("now", type_=UtcDateTime)
    profile = MunicipalityProfile.__table__
    counts = AppKey.token_hash == bindparam("token_hash")
    joined = (
        one.outerjoin(AppKey, counts & AppKey.revoked_at.is_(None))
        .outerjoin(Municipality, Municipality.code == here)
        .outerjoin(profile, profile.c.code == here)
        .outerjoin(Neighbourhood, Neighbourhood.code == wijk)
    )
    return select(
        AppKey.id.label("app_id"),
        AppKey.name.label("app_name"),
        AppKey.source.label("app_source"),
        AppKey.demo.label("app_demo"),
        number.label("outlines_number"),
        loaded_at.label("outlines_loaded_at"),
        is_taken(bindparam("reference", type_=String)).label("taken"),
        Municipality.name.label("municipality_name"),
        Municipality.slug.label("municipality_slug"),
        Neighbourhood.name.label("neighbourhood_name"),
        Neighbourhood.slug.label("neighbourhood_slug"),
        *_PROFILE,
        *counting(here, now, "own"),
        *counting(NATIONAL, now, "national"),
        *(_times(place) for place in range(watched)),
    ).select_from(joined)


def _times(place: int) -> Any:
    """How often one of the meters was asked."""
    who = bindparam(f"who{place}", type_=String)
    since = bindparam(f"since{place}", type_=UtcDateTime)
    return count_of(who, since, bindparam(f"rows{place}", type_=Integer)).label(f"times{place}")


def _crowded(row: Row[*tuple[Any, ...]], watched: Sequence[Watched]) -> str | None:
    """The first meter that says it is too much."""
    for place, one in enumerate(watched):
        if getattr(row, f"times{place}") >= one.meter.rows:
            return str(one.meter.reason)
    return None


def _app(row: Row[*tuple[Any, ...]], demo: bool) -> App | None:
    if row.app_id is None or (row.app_demo and not demo):
        return None
    return App(row.app_id, row.app_name, row.app_source)


def _area(row: Row[*tuple[Any, ...]], place: Place) -> Area | None:
    code = place.municipality_code
    if code is None or row.municipality_name is None:
        return None
    return Area(
        code,
        row.municipality_name,
        row.municipality_slug,
        row.neighbourhood_name,
        row.neighbourhood_slug,
    )


def _published(engine: Engine, row: Row[*tuple[Any, ...]], area: Area | None) -> Published:
    national = kept_or_read(engine, NATIONAL, stamp_of(row, "national"))
    if area is None:
        return Published(None, national=national)
    profile = empty_profile(area.code)
    if row.level is not None:
        known = {column.key: getattr(row, column.key) for column in _PROFILE}
        profile = MunicipalityProfile(code=area.code, **known)
    return Published(profile, kept_or_read(engine, area.code, stamp_of(row, "own")), national)
