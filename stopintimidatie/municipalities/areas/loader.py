"""`gebieden laden`: the outlines of CBS/PDOK files into the database, all of it or nothing.

The caller's transaction is the all-or-nothing: an error in the last feature leaves the outlines
as they were. What a file covers replaces what was there; so a new year's file retires the
municipalities that were merged, and loading the same file twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import shapely
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.municipalities.areas.facts import AreaKind, NeighbourhoodKind
from stopintimidatie.municipalities.areas.models import (
    AreaLoad,
    AreaOutline,
    Municipality,
    Neighbourhood,
    Subneighbourhood,
)
from stopintimidatie.municipalities.areas.services import (
    AT_ONCE,
    Moved,
    add_municipality,
    add_wijk,
    end,
    find_successors,
    refuse_older,
    rename_municipalities,
    rename_neighbourhoods,
    revive,
)
from stopintimidatie.municipalities.areas.sources import (
    PDOK_HINT,
    Area,
    AreaFileError,
    FileHeader,
    plural,
    read_areas,
    read_header,
)

Progress = Callable[[int], None]
UNKNOWN_PROVINCE = "onbekend"


@dataclass(frozen=True)
class LoadResult:
    """Result of a load, for who gave the command and for whoever keeps addresses."""

    kind: AreaKind
    year: int
    loaded: int
    skipped: int
    removed: int
    moved: tuple[Moved, ...] = field(default=())

    @property
    def summary(self) -> str:
        """One Dutch sentence."""
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

    :param reserved: names of pages, which no area may have as its address.
    :param expected: refuse a file of another kind.
    :param year: of the outlines; when None it is read from the name of the file.
    :param older: put these in force even when a later year is.
    :param progress: called with the number of features read so far.
    :raises AreaFileError: in Dutch, with what to do; nothing is changed then, provided that the
        caller rolls its transaction back.
    """
    headers = [read_header(path) for path in paths]
    _refuse_a_part(paths, headers)
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


def _refuse_a_part(paths: Sequence[Path], headers: Sequence[FileHeader]) -> None:
    """Refuse a page without the ones after it: it would take away what those hold."""
    if headers and all(header.more_pages for header in headers):
        raise AreaFileError(
            f"{paths[0]}: dit is maar een deel: er hoort een volgende bladzijde bij "
            "(links, rel=next). Haal alle bladzijden op en geef ze samen op."
        )


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
    """Read all areas of one kind; join land and water, which CBS gives as two features."""
    areas: dict[str, Area] = {}
    skipped = 0
    for number, (path, area) in enumerate(_read_all(paths), start=1):
        if area is None:
            skipped += 1
        else:
            _refuse_other_kind(path, area, expected or next(iter(areas.values()), area).kind)
            areas[area.code] = _joined(areas.get(area.code), area)
        if progress:
            progress(number)
    if not areas:
        raise AreaFileError(f"{paths[0]}: in dit bestand staat geen enkel gebied. {PDOK_HINT}")
    return [areas[code] for code in sorted(areas)], skipped


def _read_all(paths: Sequence[Path]) -> Iterator[tuple[Path, Area | None]]:
    for path in paths:
        for area in read_areas(path):
            yield path, area


def _refuse_other_kind(path: Path, area: Area, kind: AreaKind) -> None:
    if area.kind is not kind:
        raise AreaFileError(
            f"{path}: hier staat een {area.kind} ({area.code} {area.name}) waar {plural(kind)} "
            "verwacht worden. Geef per keer bestanden van één soort op."
        )


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
    """Let the rows, names and addresses of the register follow the file."""
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
    """Put the new outlines in force; return how many went without a successor."""
    session.flush()
    coming = {area.code for area in areas}
    replaced = _codes_in_force(session, kind, {area.municipality_code for area in areas})
    removed = replaced - coming
    if kind is AreaKind.MUNICIPALITY:
        merged = _swallowed(session, areas)
        removed |= merged
        end(session, removed | _everything_of(session, merged), year)
    else:
        end(session, removed, year)
    revive(session, coming)
    _drop(session, coming)
    for start in range(0, len(areas), AT_ONCE):
        portion = areas[start : start + AT_ONCE]
        session.execute(insert(AreaOutline), [_outline_row(area, year) for area in portion])
    find_successors(session, kind, areas)
    return len(removed)


def _codes_in_force(session: Session, kind: AreaKind, municipalities: Collection[str]) -> set[str]:
    rows = session.execute(
        select(AreaOutline.area_code, AreaOutline.municipality_code).where(AreaOutline.kind == kind)
    )
    return {code for code, municipality in rows if municipality in municipalities}


def _swallowed(session: Session, areas: Sequence[Area]) -> set[str]:
    """Return municipalities that aren't in the file while their middle lies in one that is."""
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


def _everything_of(session: Session, municipalities: Collection[str]) -> set[str]:
    """Return the outlines within these municipalities, their own included."""
    rows = session.execute(select(AreaOutline.area_code, AreaOutline.municipality_code))
    return {code for code, municipality in rows if municipality in municipalities}


def _drop(session: Session, codes: Collection[str]) -> None:
    # In portions: a database bounds how many values one statement may carry.
    ordered = sorted(codes)
    for start in range(0, len(ordered), AT_ONCE):
        session.execute(
            delete(AreaOutline).where(AreaOutline.area_code.in_(ordered[start : start + AT_ONCE]))
        )


def _outline_row(area: Area, year: int) -> dict[str, Any]:
    return {
        "area_code": area.code,
        "kind": area.kind,
        "municipality_code": area.municipality_code,
        "parent_code": area.parent_code,
        "water": area.water,
        "year": year,
        "wkb": shapely.to_wkb(area.outline),
    }


def _note(session: Session, actor: Actor, result: LoadResult, paths: Sequence[Path]) -> None:
    """Leave a trace of the load; its number makes running processes look again."""
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
