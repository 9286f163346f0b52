"""Areas that ended (merged, split, renumbered), and which area took their place.

Reports stay filed under the area they were filed under. What a later year's file no longer has
keeps its last outline here, until the areas of that year tell who lies there now: municipalities
are loaded before their wijken, so a wijk may wait for its successor a moment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
import shapely
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.register.geojson import Area, AreaFileError
from stopintimidatie.register.kinds import AreaKind
from stopintimidatie.register.models import AreaOutline, FormerArea

# Less of it than this in another area says more about the drawing than about a successor.
SMALLEST_SHARE: Final = 0.05
# A database bounds how many values one statement may carry.
AT_ONCE: Final = 500
_LONGEST_CHAIN: Final = 20


def refuse_older(session: Session, kind: AreaKind, year: int, codes: Collection[str]) -> None:
    """:raises AreaFileError: newer outlines of these municipalities are in force."""
    rows = session.execute(
        select(AreaOutline.municipality_code, AreaOutline.year)
        .where(AreaOutline.kind == kind, AreaOutline.year > year)
        .distinct()
    )
    newer = next(((code, found) for code, found in rows if code in codes), None)
    if newer is not None:
        raise AreaFileError(
            f"Van {newer[0]} zijn al grenzen van {newer[1]} geladen. Die van {year} zijn ouder:"
            " laad het nieuwste jaar. Wilt u toch terug? Geef dan ook --ouder op."
        )


def end(session: Session, codes: Collection[str], year: int) -> None:
    """Take outlines out of force because the file of this year doesn't have them."""
    for part in _portions(codes):
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
    """What a file has again has no successor."""
    for part in _portions(codes):
        session.execute(delete(FormerArea).where(FormerArea.code.in_(part)))


def find_successors(session: Session, kind: AreaKind, areas: Sequence[Area]) -> int:
    """Give what ended without a successor the area in which most of it lies now."""
    waiting = session.scalars(
        select(FormerArea).where(FormerArea.kind == kind, FormerArea.successor_code.is_(None))
    ).all()
    if not waiting or not areas:
        return 0
    outlines = np.array([area.outline for area in areas], dtype=object)
    tree = shapely.STRtree(outlines)
    found = 0
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
            found += 1
    session.flush()
    return found


def successors(session: Session, codes: Collection[str | None]) -> dict[str, str]:
    """Of each of these areas that ended: the one that is in force now, as far as it is known.

    A constant number of questions: all that ever ended is small.
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
    """The end of the chain: A went into B, and B into C."""
    for _ in range(_LONGEST_CHAIN):
        if code not in steps:
            break
        code = steps[code]
    return code


def _portions(codes: Collection[str]) -> list[list[str]]:
    ordered = sorted(codes)
    return [ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE)]
