"""App keys made, revoked and recognised, and all that must be known to take a report in."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, Integer, Row, Select, String, bindparam, literal, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.limits import Watched, count_of
from stopintimidatie.core.storage.models import UtcDateTime
from stopintimidatie.core.storage.session import reading, standalone, transaction
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.core.tree import is_taken
from stopintimidatie.municipalities.areas.geocoder import Point, points_named
from stopintimidatie.municipalities.areas.locator import LocatorCache, Place, outlines_in_force
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.municipalities.areas.queries import unknown_neighbourhood_code
from stopintimidatie.municipalities.levels.models import MunicipalityProfile
from stopintimidatie.municipalities.levels.services import empty_profile
from stopintimidatie.municipalities.settings.models import TownRegister
from stopintimidatie.municipalities.settings.queries import kept_or_read, version_columns
from stopintimidatie.municipalities.settings.rules import Published
from stopintimidatie.reports.api.models import AppKey
from stopintimidatie.reports.arrival.submission import place_at, stop_to_find
from stopintimidatie.reports.fields import Location
from stopintimidatie.reports.rules import new_reference
from stopintimidatie.reports.vocabulary import Source
from stopintimidatie.settings import PROGRAM, OperatorError

PREFIX: Final = "sia_"
DEMO_TOKEN: Final = "demo-app"  # noqa: S105 - known to everybody, refused outside the demo
SOURCES: Final = (Source.APP_ANDROID, Source.APP_IOS, Source.WEB_FORM, Source.PARTNER)
_TOKEN_BYTES: Final = 32
_NAME: Final = re.compile(r"[^\W_][\w .+-]{0,79}")


class AppKeyError(OperatorError):
    """Refusal to do something with a key; the message says what to do, in Dutch."""


def token_hash(token: str) -> str:
    """Hash a token: this is what is kept of it."""
    # A token has 256 random bits: a plain hash can't be turned back, and outlives our own keys.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def make_app_key(session: Session, actor: Actor, name: str, source: Source) -> tuple[AppKey, str]:
    """Make a key; the token is told now and never again.

    Raises:
        AppKeyError: The name is taken or odd, or no app can be this source.
    """
    token = PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    return _store(session, actor, name, source, token, demo=False), token


def make_demo_key(session: Session, actor: Actor) -> AppKey:
    """Make the key `demo-app`, which counts only where `demo = true`; twice does nothing more."""
    existing = session.scalar(select(AppKey).where(AppKey.token_hash == token_hash(DEMO_TOKEN)))
    if existing is not None:
        return existing
    return _store(session, actor, "demo-app", Source.APP_ANDROID, DEMO_TOKEN, demo=True)


def _store(
    session: Session, actor: Actor, name: str, source: Source, token: str, *, demo: bool
) -> AppKey:
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise AppKeyError("Geef de sleutel een naam van hoogstens 80 letters, cijfers en spaties.")
    if source not in SOURCES:
        raise AppKeyError(f"De bron is een van: {', '.join(SOURCES)}.")
    if session.scalar(select(AppKey.id).where(AppKey.name == name)) is not None:
        raise AppKeyError(f"Er is al een appsleutel ‘{name}’. Kies een andere naam.")
    key = AppKey(name=name, source=source, token_hash=token_hash(token), demo=demo)
    session.add(key)
    session.flush()
    enter(session, NATIONAL)
    record(session, actor, "appsleutel.gemaakt", NATIONAL, "appsleutel", [key.id])
    return key


def revoke_app_key(session: Session, actor: Actor, name: str) -> AppKey:
    """Let a key count no more, from now on.

    Raises:
        AppKeyError: There is no such key, or it was revoked before.
    """
    key = session.scalar(select(AppKey).where(AppKey.name == name.strip()))
    if key is None:
        raise AppKeyError(f"Er is geen appsleutel ‘{name}’. Zie: {PROGRAM} appsleutel lijst")
    if key.revoked_at is not None:
        raise AppKeyError(f"De appsleutel ‘{name}’ is al ingetrokken.")
    key.revoked_at = utc_now()
    enter(session, NATIONAL)
    record(session, actor, "appsleutel.ingetrokken", NATIONAL, "appsleutel", [key.id])
    return key


def list_app_keys(session: Session) -> Sequence[AppKey]:
    """List all keys, revoked ones too, by name."""
    return session.scalars(select(AppKey).order_by(AppKey.name)).all()


def token_of(authorization: str | None) -> str | None:
    """Return the token in an Authorization header, whether it counts or not."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def recognise(session: Session, authorization: str | None, *, demo: bool) -> AppKey | None:
    """Return the key in an Authorization header, when it counts."""
    token = token_of(authorization)
    if token is None:
        return None
    key = session.scalar(
        select(AppKey).where(AppKey.token_hash == token_hash(token), AppKey.revoked_at.is_(None))
    )
    return None if key is None or (key.demo and not demo) else key


# All that taking a report in must know of the database, asked in one statement.
#
# The app that sends it, the outlines in force, the municipality of the place, the versions of its
# settings that count, and whether the reference that was thought of is free. Only those
# versions, which never change, are kept from one report to the next; so a revoked key, a changed
# text or a new municipality counts at once.


# By the attribute of the profile.
_PROFILE: Final = {
    "noted_level" if column.key == "level" else column.key: column
    for column in MunicipalityProfile.__table__.columns
    if column.key not in ("code", "logo")
}


@dataclass(frozen=True)
class App:
    """App that sends a report."""

    id: UUID
    name: str
    source: str


@dataclass(frozen=True)
class Area:
    """Municipality of a place, and the wijk; as far as they are known."""

    code: str
    name: str
    slug: str
    neighbourhood_name: str | None
    neighbourhood_slug: str | None


@dataclass(frozen=True)
class Known:
    """Answer to the one question; `app` is None when the key doesn't count."""

    app: App | None
    place: Place
    area: Area | None
    published: Published
    reference: str
    # Reason for the quarantine when too many reports came, else None.
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
    """Ask all that must be known; again when outlines were loaded since this process read them."""
    stops = _stops(engine, location) if location.transit else ()
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
            return _known(engine, row, place, reference, watched, demo=demo)


def _stops(engine: Engine, location: Location) -> Sequence[Point]:
    """Find the stop that was named instead of a point: only then one question more."""
    name = stop_to_find(location)
    if name is None:
        return ()
    with standalone(reading(engine)).connect() as connection:
        return points_named(connection, name)


def _ask(
    engine: Engine, token: str, place: Place, reference: str, watched: Sequence[Watched]
) -> Row[*tuple[Any, ...]]:
    here = place.municipality_code
    values: dict[str, Any] = {
        "token_hash": token_hash(token),
        "municipality": here,
        # The one that stands for a municipality of which the wijk isn't known.
        "neighbourhood": place.neighbourhood_code or (here and unknown_neighbourhood_code(here)),
        "reference": reference,
        "now": utc_now(),
    }
    for number, sender in enumerate(watched):
        values[f"who{number}"] = sender.subject
        values[f"since{number}"] = values["now"] - sender.meter.window
        values[f"rows{number}"] = sender.meter.rows
    with standalone(reading(engine)).connect() as connection:
        return connection.execute(_question(len(watched)), values).one()


@cache
def _question(watched: int) -> Select[*tuple[Any, ...]]:
    """Build the question; its answer is one row, whatever of it is there."""
    number, loaded_at = outlines_in_force()
    here, wijk = bindparam("municipality", type_=String), bindparam("neighbourhood", type_=String)
    single = select(literal(1).label("single")).subquery()
    now = bindparam("now", type_=UtcDateTime)
    profile = MunicipalityProfile.__table__
    counts = AppKey.token_hash == bindparam("token_hash")
    joined = (
        single.outerjoin(AppKey, counts & AppKey.revoked_at.is_(None))
        .outerjoin(Municipality, Municipality.code == here)
        .outerjoin(profile, profile.c.code == here)
        .outerjoin(TownRegister, TownRegister.code == here)
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
        *(column.label(name) for name, column in _PROFILE.items()),
        TownRegister.telephone.label("register_phone"),
        TownRegister.wrong.label("wrong_phones"),
        *version_columns(here, now, "own"),
        *version_columns(NATIONAL, now, "national"),
        *(_times(number) for number in range(watched)),
    ).select_from(joined)


def _times(number: int) -> Any:
    """Count how often a sender was met lately, by the number of its meter."""
    who = bindparam(f"who{number}", type_=String)
    since = bindparam(f"since{number}", type_=UtcDateTime)
    return count_of(who, since, bindparam(f"rows{number}", type_=Integer)).label(f"times{number}")


def _known(
    engine: Engine,
    row: Row[*tuple[Any, ...]],
    place: Place,
    reference: str,
    watched: Sequence[Watched],
    *,
    demo: bool,
) -> Known:
    """Say what the row tells, with the first meter that says it is too much."""
    app = area = None
    if row.app_id is not None and (demo or not row.app_demo):
        app = App(row.app_id, row.app_name, row.app_source)
    if place.municipality_code is not None and row.municipality_name is not None:
        names = (row.municipality_name, row.municipality_slug)
        wijk = (row.neighbourhood_name, row.neighbourhood_slug)
        area = Area(place.municipality_code, *names, *wijk)
    times = (getattr(row, f"times{number}") for number in range(len(watched)))
    counted = zip(watched, times, strict=True)
    meters = (sender.meter for sender, count in counted if count >= sender.meter.rows)
    crowded = next((meter.reason for meter in meters), None)
    return Known(app, place, area, _published(engine, row, area), reference, crowded)


def _published(engine: Engine, row: Row[*tuple[Any, ...]], area: Area | None) -> Published:
    """Return what counts for the municipality; without one, what counts for the desk alone."""
    national = kept_or_read(engine, NATIONAL, row, "national")
    if area is None:
        return Published(None, national=national)
    if row.noted_level is None:
        profile = empty_profile(area.code)
    else:
        known = {name: getattr(row, name) for name in _PROFILE}
        profile = MunicipalityProfile(code=area.code, **known)
    own, wrong = kept_or_read(engine, area.code, row, "own"), row.wrong_phones or ()
    return Published(profile, own, national, row.register_phone, wrong)
