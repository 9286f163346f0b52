"""The loader of `gebieden laden`: puts the outlines of CBS/PDOK files into the database.

The caller's transaction makes it all or nothing: an error in the last feature leaves the outlines
as they were. The areas of a file replace those of the same municipalities; so a new year's file
retires the municipalities that were merged, and loading the same file twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import shapely
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.municipalities.areas.facts import AreaKind, NeighbourhoodKind
from stopintimidatie.municipalities.areas.geojson import PDOK_HINT, AreaFileError
from stopintimidatie.municipalities.areas.models import (
    AreaLoad,
    AreaOutline,
    Municipality,
    Neighbourhood,
    Subneighbourhood,
)
from stopintimidatie.municipalities.areas.services import (
    Moved,
    add_municipality,
    add_wijk,
    end,
    find_successors,
    portions,
    refuse_older,
    rename_municipalities,
    rename_neighbourhoods,
    revive,
)
from stopintimidatie.municipalities.areas.sources import (
    Area,
    FileHeader,
    plural,
    read_areas,
    read_header,
)

Progress = Callable[[int], None]
UNKNOWN_PROVINCE = "onbekend"


@dataclass(frozen=True)
class LoadResult:
    """Result of a load: what it did, and which areas have another address since."""

    kind: AreaKind
    year: int
    loaded: int
    skipped: int
    removed: int
    moved: tuple[Moved, ...] = ()

    @property
    def summary(self) -> str:
        """One Dutch sentence for who gave the command, and for the log."""
        more = f", {self.removed} vervallen" if self.removed else ""
        skipped = f", {self.skipped} overgeslagen (buitenland)" if self.skipped else ""
        return f"{self.loaded} {plural(self.kind)} van {self.year} geladen{more}{skipped}."


def load_areas(
    session: Session,
    paths: Sequence[Path],
    *,
    actor: Actor,
    reserved: Collection[str],
    expected: AreaKind | None = None,
    year: int | None = None,
    older: bool = False,
    progress: Progress | None = None,
) -> LoadResult:
    """Load one kind of areas from one file, or from the pages of one answer.

    Args:
        session: its transaction is rolled back by the caller after an error.
        paths: the file, or all pages in their order.
        actor: for the log.
        reserved: names of pages, which no area may have as its address.
        expected: the kind that the file must have; None for any.
        year: of the outlines; when None it is read from the name of the file.
        older: put these in force even when a later year is.
        progress: called with the number of features read so far.

    Raises:
        AreaFileError: the files can't be used; the message says in Dutch what to do.
    """
    headers = [read_header(path) for path in paths]
    # Without the pages after these, the areas there would count as gone.
    if headers and all(header.more_pages for header in headers):
        raise AreaFileError(
            f"{paths[0]}: dit is maar een deel: er hoort een volgende bladzijde bij "
            "(links, rel=next). Haal alle bladzijden op en geef ze samen op."
        )
    year = year or _year(headers)
    areas, skipped = _collect(paths, expected, progress)
    kind = areas[0].kind
    _refuse_orphans(session, kind, areas)
    if not older:
        refuse_older(session, kind, year, {area.municipality_code for area in areas})
    moved = _keep_register(session, kind, areas, reserved)
    removed = _replace_outlines(session, kind, areas, year)
    result = LoadResult(kind, year, len(areas), skipped, removed, tuple(moved))
    _note(session, actor, result, paths)
    return result


def _year(headers: Sequence[FileHeader]) -> int:
    years = {header.year for header in headers if header.year}
    if len(years) != 1:
        raise AreaFileError(
            "Van welk jaar zijn deze gebieden? Zet het jaar in de naam van het bestand, "
            "zoals wijken_2024.geojson, of geef het op met --jaar."
        )
    return years.pop()


def _collect(
    paths: Sequence[Path], expected: AreaKind | None, progress: Progress | None
) -> tuple[list[Area], int]:
    """Return the areas of these files by code, and the number of those that lie nowhere.

    All must be of one kind. CBS gives land and water as two features: they become one area.
    """
    areas: dict[str, Area] = {}
    skipped = 0
    features = ((path, area) for path in paths for area in read_areas(path))
    for number, (path, area) in enumerate(features, start=1):
        if area is None:
            skipped += 1
        else:
            kind = expected or next(iter(areas.values()), area).kind
            if area.kind is not kind:
                raise AreaFileError(
                    f"{path}: hier staat een {area.kind} ({area.code} {area.name}) waar"
                    f" {plural(kind)} verwacht worden. Geef per keer bestanden van één soort op."
                )
            areas[area.code] = _joined(areas.get(area.code), area)
        if progress:
            progress(number)
    if not areas:
        raise AreaFileError(f"{paths[0]}: in dit bestand staat geen enkel gebied. {PDOK_HINT}")
    return [areas[code] for code in sorted(areas)], skipped


def _joined(known: Area | None, area: Area) -> Area:
    if known is None:
        return area
    return replace(
        known,
        outline=shapely.union_all([known.outline, area.outline]),
        water=known.water and area.water,
    )


def _refuse_orphans(session: Session, kind: AreaKind, areas: Sequence[Area]) -> None:
    """Refuse a wijk without its municipality, and a buurt without its wijk."""
    if kind is AreaKind.MUNICIPALITY:
        return
    table = Municipality if kind is AreaKind.NEIGHBOURHOOD else Neighbourhood
    known = set(session.scalars(select(table.code)))
    missing = next((area for area in areas if area.parent_code not in known), None)
    if missing is not None:
        above = AreaKind.MUNICIPALITY if table is Municipality else AreaKind.NEIGHBOURHOOD
        raise AreaFileError(
            f"{missing.kind} {missing.code} ({missing.name}) hoort bij {above} "
            f"{missing.parent_code}, en die is niet bekend. "
            f"Laad eerst de {plural(above)} van hetzelfde jaar."
        )


def _keep_register(
    session: Session, kind: AreaKind, areas: Sequence[Area], reserved: Collection[str]
) -> list[Moved]:
    """Update the register to the file; return the areas with another address since."""
    if kind is AreaKind.MUNICIPALITY:
        _keep_municipalities(session, areas)
        return rename_municipalities(session, reserved)
    if kind is AreaKind.NEIGHBOURHOOD:
        _keep_neighbourhoods(session, areas)
        touched = {area.municipality_code for area in areas}
        return rename_neighbourhoods(session, touched, reserved)
    _keep_subneighbourhoods(session, areas)
    return []


def _keep_municipalities(session: Session, areas: Sequence[Area]) -> None:
    known = {row.code: row for row in session.scalars(select(Municipality))}
    for area in areas:
        row = known.get(area.code)
        if row is None:
            add_municipality(session, area.code, area.name, area.province or UNKNOWN_PROVINCE)
            continue
        row.name = area.name
        row.province = area.province or row.province


def _keep_neighbourhoods(session: Session, areas: Sequence[Area]) -> None:
    known = {
        row.code: row
        for row in session.scalars(
            select(Neighbourhood).where(Neighbourhood.kind == NeighbourhoodKind.WIJK)
        )
    }
    for area in areas:
        row = known.get(area.code)
        if row is None:
            add_wijk(session, area.code, area.municipality_code, area.name, area.water)
            continue
        row.official_name = area.name
        row.water = area.water


def _keep_subneighbourhoods(session: Session, areas: Sequence[Area]) -> None:
    known = {row.code: row for row in session.scalars(select(Subneighbourhood))}
    for area in areas:
        row = known.get(area.code)
        if row is None:
            row = Subneighbourhood(code=area.code)
            session.add(row)
        row.name = area.name
        row.municipality_code = area.municipality_code
        row.neighbourhood_code = str(area.parent_code)


def _replace_outlines(session: Session, kind: AreaKind, areas: Sequence[Area], year: int) -> int:
    """Put the new outlines in force; return how many areas ended."""
    session.flush()
    coming = {area.code for area in areas}
    municipalities = {area.municipality_code for area in areas}
    replaced = _codes_within(session, municipalities, AreaOutline.kind == kind)
    removed = replaced - coming
    if kind is AreaKind.MUNICIPALITY:
        merged = _swallowed(session, areas)
        removed |= merged
        end(session, removed | _codes_within(session, merged), year)
    else:
        end(session, removed, year)
    revive(session, coming)
    for codes in portions(coming):
        session.execute(delete(AreaOutline).where(AreaOutline.area_code.in_(codes)))
    for portion in portions(areas):
        session.execute(insert(AreaOutline), [_outline_row(area, year) for area in portion])
    find_successors(session, kind, areas)
    return len(removed)


def _swallowed(session: Session, areas: Sequence[Area]) -> set[str]:
    """Return the municipalities outside the file whose middle lies in one of the file's."""
    coming = {area.code for area in areas}
    tree = shapely.STRtree([area.outline for area in areas])
    rows = session.execute(
        select(AreaOutline.area_code, AreaOutline.wkb).where(
            AreaOutline.kind == AreaKind.MUNICIPALITY
        )
    )
    return {
        code
        for code, wkb in rows
        if code not in coming
        and tree.query(shapely.from_wkb(wkb).representative_point(), "intersects").size
    }


def _codes_within(session: Session, municipalities: Collection[str], *where: Any) -> set[str]:
    """Return the codes of the outlines within these municipalities, their own included."""
    outlines = select(AreaOutline.area_code, AreaOutline.municipality_code).where(*where)
    rows = session.execute(outlines)
    return {code for code, municipality in rows if municipality in municipalities}


def _outline_row(area: Area, year: int) -> dict[str, Any]:
    return {
        "area_code": area.code,
        "kind": area.kind,
        "municipality_code": area.municipality_code,
        "parent_code": area.parent_code,
        "water": area.water,
        "year": year,
        "inhabitants": area.inhabitants,
        "wkb": shapely.to_wkb(area.outline),
    }


def _note(session: Session, actor: Actor, result: LoadResult, paths: Sequence[Path]) -> None:
    """Record the load; its number makes running processes read the outlines again."""
    source = ", ".join(path.name for path in paths)[:500]
    session.add(
        AreaLoad(
            kind=result.kind,
            year=result.year,
            source=source,
            loaded=result.loaded,
            skipped=result.skipped,
            removed=result.removed,
        )
    )
    enter(session, NATIONAL)
    record(session, actor, "gebieden.geladen", NATIONAL, "gebieden", reason=result.summary)
    session.flush()
