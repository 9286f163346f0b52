"""The register of areas: filling it, names and addresses, and areas that ended.

The register is filled with the facts of this package after every migration; doing it again changes
nothing, and never undoes what was loaded.

Areas end when they are merged, split or renumbered. Reports stay filed under the area they were
filed under. An area that a later year's file no longer has keeps its last outline, so that the area
that lies there now can be found: its successor. Municipalities are loaded before their wijken, so a
wijk may wait for its successor until those are loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.core.storage.models import Holder
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.municipalities.areas.facts import (
    AreaKind,
    NeighbourhoodKind,
    municipality_facts,
    neighbourhood_facts,
)
from stopintimidatie.municipalities.areas.geojson import AreaFileError
from stopintimidatie.municipalities.areas.models import (
    AreaOutline,
    FormerArea,
    Municipality,
    Neighbourhood,
)
from stopintimidatie.municipalities.areas.names import (
    UNKNOWN_NEIGHBOURHOOD,
    WHOLE_MUNICIPALITY,
    NamedArea,
    municipality_slugs,
    neighbourhood_slugs,
    plain_name,
)
from stopintimidatie.municipalities.areas.sources import Area


@dataclass(frozen=True)
class Moved:
    """An area whose address changed: the old one must lead to the new one."""

    code: str
    old_slug: str
    new_slug: str


def rename_municipalities(session: Session, reserved: Collection[str]) -> list[Moved]:
    """Give every municipality the slug that follows from all names together; return the moved."""
    session.flush()
    rows = session.scalars(select(Municipality)).all()
    slugs = municipality_slugs([NamedArea(row.code, row.name) for row in rows], reserved)
    return _apply(session, rows, slugs)


def rename_neighbourhoods(
    session: Session, municipalities: Collection[str], reserved: Collection[str]
) -> list[Moved]:
    """Give the wijken of these municipalities plain names and slugs; return the moved."""
    session.flush()
    moved = []
    for code in sorted(municipalities):
        rows = session.scalars(
            select(Neighbourhood).where(
                Neighbourhood.municipality_code == code,
                Neighbourhood.kind == NeighbourhoodKind.WIJK,
            )
        ).all()
        for row in rows:
            row.name = plain_name(row.official_name).name
        areas = [NamedArea(row.code, row.official_name) for row in rows]
        moved += _apply(session, rows, neighbourhood_slugs(areas, reserved))
    return moved


def _apply(
    session: Session,
    rows: Collection[Municipality] | Collection[Neighbourhood],
    slugs: dict[str, str],
) -> list[Moved]:
    """Set the slugs in two steps: two areas that swap addresses would collide in one."""
    changing = [row for row in rows if row.slug != slugs[row.code]]
    moved = [
        Moved(row.code, row.slug, slugs[row.code])
        for row in changing
        if row.slug != row.code.lower()
    ]
    for row in changing:
        row.slug = row.code.lower()
    session.flush()
    for row in changing:
        row.slug = slugs[row.code]
    session.flush()
    return moved


# Filling


def seed_register(session: Session, reserved: Collection[str]) -> None:
    """Add the holders, municipalities, fixed neighbourhoods and known wijken that are missing.

    No area gets one of the `reserved` names, which are those of pages.
    """
    add_holder(session, NATIONAL)
    known = set(session.scalars(select(Municipality.code)))
    for fact in municipality_facts():
        if fact.code not in known:
            add_municipality(session, fact.code, fact.name, fact.province)
    present = set(session.scalars(select(Neighbourhood.code)))
    new = [fact for fact in neighbourhood_facts() if fact.code not in present]
    for wijk in new:
        add_wijk(session, wijk.code, wijk.municipality_code, wijk.official_name, wijk.water)
    rename_municipalities(session, reserved)
    # A new release may have a page with the name of a wijk, which must move then.
    clashing = select(Neighbourhood.municipality_code).where(
        Neighbourhood.kind == NeighbourhoodKind.WIJK, Neighbourhood.slug.in_(sorted(reserved))
    )
    changed = {wijk.municipality_code for wijk in new} | set(session.scalars(clashing))
    rename_neighbourhoods(session, changed, reserved)


def add_holder(session: Session, code: str) -> None:
    """Add this holder when it isn't there yet."""
    if session.get(Holder, code) is None:
        session.add(Holder(code=code))
        session.flush()


def add_municipality(session: Session, code: str, name: str, province: str) -> None:
    """Add a municipality with the holder of its rows and the neighbourhoods all have.

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
    """Add a wijk; `rename_neighbourhoods` gives it the name and slug that it keeps."""
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


# Areas that ended

# A smaller overlap comes from how borders are drawn, and is no successor.
SMALLEST_SHARE: Final = 0.05
# A database bounds how many values one statement may carry.
AT_ONCE: Final = 500
_LONGEST_CHAIN: Final = 20


def refuse_older(session: Session, kind: AreaKind, year: int, codes: Collection[str]) -> None:
    """Refuse outlines that are older than those in force of these municipalities.

    Raises:
        AreaFileError: newer outlines are in force.
    """
    rows = session.execute(
        select(AreaOutline.municipality_code, AreaOutline.year)
        .where(AreaOutline.kind == kind, AreaOutline.year > year)
        .distinct()
    )
    for code, newer in rows:
        if code in codes:
            raise AreaFileError(
                f"Van {code} zijn al grenzen van {newer} geladen. Die van {year} zijn ouder:"
                " laad het nieuwste jaar. Wilt u toch terug? Geef dan ook --ouder op."
            )


def end(session: Session, codes: Collection[str], year: int) -> None:
    """Take outlines out of force because the file of this year doesn't have them."""
    for part in portions(codes):
        rows = session.scalars(select(AreaOutline).where(AreaOutline.area_code.in_(part))).all()
        session.execute(delete(FormerArea).where(FormerArea.code.in_(part)))
        session.add_all(
            FormerArea(
                code=row.area_code,
                kind=row.kind,
                municipality_code=row.municipality_code,
                last_year=row.year,
                ended_in=year,
                wkb=row.wkb,
            )
            for row in rows
        )
        session.flush()
        session.execute(delete(AreaOutline).where(AreaOutline.area_code.in_(part)))


def revive(session: Session, codes: Collection[str]) -> None:
    """Forget that these areas ended: a file has them again."""
    for part in portions(codes):
        session.execute(delete(FormerArea).where(FormerArea.code.in_(part)))


def find_successors(session: Session, kind: AreaKind, areas: Sequence[Area]) -> int:
    """Give areas that ended the successor in which most of them lies now; return how many got one.

    Only those of this kind that have no successor yet.
    """
    waiting = session.scalars(
        select(FormerArea).where(FormerArea.kind == kind, FormerArea.successor_code.is_(None))
    ).all()
    if not waiting or not areas:
        return 0
    outlines = np.array([area.outline for area in areas], dtype=object)
    tree = shapely.STRtree(outlines)
    matched = 0
    for former in waiting:
        outline = shapely.from_wkb(former.wkb)
        near = np.sort(tree.query(outline, "intersects"))
        if not near.size:
            continue
        shares = shapely.area(shapely.intersection(outlines[near], outline)) / outline.area
        best = int(np.argmax(shares))
        if shares[best] >= SMALLEST_SHARE:
            former.successor_code = areas[int(near[best])].code
            former.share = round(float(min(shares[best], 1.0)), 3)
            matched += 1
    session.flush()
    return matched


def successors(session: Session, codes: Collection[str | None]) -> dict[str, str]:
    """Return, for those of these areas that ended, the code of the area that lies there now.

    One query, whatever is asked: few areas ever ended.
    """
    wanted = {code for code in codes if code}
    if not wanted:
        return {}
    rows = session.execute(
        select(FormerArea.code, FormerArea.successor_code).where(
            FormerArea.successor_code.is_not(None)
        )
    )
    steps = {code: str(successor) for code, successor in rows}
    return {code: _last(steps, code) for code in wanted if code in steps}


def _last(steps: Mapping[str, str], code: str) -> str:
    """Return the end of the chain: A went into B, and B into C."""
    for _ in range(_LONGEST_CHAIN):
        if code not in steps:
            break
        code = steps[code]
    return code


def portions(rows: Iterable[Any]) -> list[list[Any]]:
    """Return rows or codes in portions of a size that one statement may carry."""
    ordered = list(rows)
    return [ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE)]
