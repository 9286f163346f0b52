"""Filling the register with what is known without any file: the facts of this package.

Run after every migration; doing it again changes nothing, and never undoes what was loaded.
"""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.register.facts import municipality_facts, neighbourhood_facts
from stopintimidatie.register.kinds import NeighbourhoodKind
from stopintimidatie.register.models import Municipality, Neighbourhood
from stopintimidatie.register.names import UNKNOWN_NEIGHBOURHOOD, WHOLE_MUNICIPALITY
from stopintimidatie.register.naming import rename_municipalities, rename_neighbourhoods
from stopintimidatie.storage.models import Holder
from stopintimidatie.storage.tenancy import NATIONAL


def seed_register(session: Session, reserved: Collection[str]) -> None:
    """Holders, the 342 municipalities, their two fixed neighbourhoods, and the known wijken.

    :param reserved: names of pages, which no area may have as its address.
    """
    add_holder(session, NATIONAL)
    known = set(session.scalars(select(Municipality.code)))
    missing = [fact for fact in municipality_facts() if fact.code not in known]
    for fact in missing:
        add_municipality(session, fact.code, fact.name, fact.province)
    present = set(session.scalars(select(Neighbourhood.code)))
    new = [fact for fact in neighbourhood_facts() if fact.code not in present]
    for wijk in new:
        add_wijk(session, wijk.code, wijk.municipality_code, wijk.official_name, wijk.water)
    rename_municipalities(session, reserved)
    touched = {wijk.municipality_code for wijk in new} | _clashing(session, reserved)
    rename_neighbourhoods(session, touched, reserved)


def _clashing(session: Session, reserved: Collection[str]) -> set[str]:
    """Municipalities with a wijk at an address that has become the name of a page since."""
    found = select(Neighbourhood.municipality_code).where(
        Neighbourhood.kind == NeighbourhoodKind.WIJK, Neighbourhood.slug.in_(sorted(reserved))
    )
    return set(session.scalars(found))


def add_holder(session: Session, code: str) -> None:
    """Make this holder when it isn't there yet."""
    if session.get(Holder, code) is None:
        session.add(Holder(code=code))
        session.flush()


def add_municipality(session: Session, code: str, name: str, province: str) -> None:
    """A municipality with the holder of its rows and the two neighbourhoods all have.

    Its slug is a stand-in until `rename_municipalities` has looked at all of them together.
    """
    add_holder(session, code)
    session.add(Municipality(code=code, name=name, slug=code.lower(), province=province))
    for kind, suffix, slug in (
        (NeighbourhoodKind.WHOLE, "GB", WHOLE_MUNICIPALITY),
        (NeighbourhoodKind.UNKNOWN, "ON", UNKNOWN_NEIGHBOURHOOD),
    ):
        session.add(
            Neighbourhood(
                code=f"{code}-{suffix}",
                municipality_code=code,
                name=slug.capitalize(),
                official_name=slug.capitalize(),
                slug=slug,
                kind=kind,
                water=False,
            )
        )


def add_wijk(
    session: Session, code: str, municipality_code: str, official_name: str, water: bool
) -> None:
    """A wijk; name and slug are stand-ins until `rename_neighbourhoods` has seen its siblings."""
    session.add(
        Neighbourhood(
            code=code,
            municipality_code=municipality_code,
            name=official_name,
            official_name=official_name,
            slug=code.lower(),
            kind=NeighbourhoodKind.WIJK,
            water=water,
        )
    )
