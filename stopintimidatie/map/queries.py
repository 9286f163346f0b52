"""Reading for the map: the areas, the numbers in them, a page of the reports, their points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.models import local_hour
from stopintimidatie.core.web.register import COUNTED
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.pages import reader_of as person_of
from stopintimidatie.dossiers.pages import roles_at
from stopintimidatie.dossiers.patterns.models import LEFT_OUT, Pattern, PatternReport
from stopintimidatie.dossiers.resources import visible_to
from stopintimidatie.dossiers.services import may_see_reports
from stopintimidatie.map.rules import Area, Point, Selection, Window
from stopintimidatie.municipalities.areas.facts import NeighbourhoodKind
from stopintimidatie.municipalities.areas.models import (
    AreaOutline,
    FormerArea,
    Neighbourhood,
    Subneighbourhood,
)
from stopintimidatie.reports.inbox.panels import forms_of_report
from stopintimidatie.reports.inbox.rules import conditions
from stopintimidatie.reports.inbox.views import reader_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import GONE
from stopintimidatie.reports.rules import PARTS_OF_DAY, normalise_reference
from stopintimidatie.reports.vocabulary import TimePrecision

Condition = ColumnElement[bool]
# Metres around a report, and degrees of those: of latitude, and of longitude in the Netherlands.
AROUND_M: Final = 300
NORTH, EAST = AROUND_M / 111_320, AROUND_M / 68_500


def conditions_of(context: Any, request: Any, selection: Selection) -> list[Condition]:
    """Return the conditions of the reports that are asked for.

    Raises:
        HTTPNotFound: The list isn't there, or isn't for this person.
    """
    where = [Report.holder == context.holder, *_BASES[selection.base](context, request, selection)]
    if selection.wijk:
        where.append(Report.neighbourhood_code == selection.wijk)
    since, until = selection.moments
    if since is not None:
        where.append(Report.incident_start >= since)
    if until is not None:
        where.append(Report.incident_start < until)
    return [*where, *([in_part(selection.part)] if selection.part else [])]


def in_part(part: str) -> Condition:
    """Return the condition of `reports.rules.known_part_of_day`."""
    unknown = (TimePrecision.DAY, TimePrecision.UNKNOWN)
    by_clock = and_(
        Report.part_of_day.is_(None),
        func.coalesce(Report.time_precision, "").not_in(unknown),
        local_hour(Report.incident_start) // 6 == PARTS_OF_DAY.index(part),
    )
    return or_(Report.part_of_day == part, by_clock)


def _town(context: Any, request: Any, selection: Selection) -> list[Condition]:
    return [Report.state.not_in(sorted(LEFT_OUT))]


def _inbox(context: Any, request: Any, selection: Selection) -> list[Condition]:
    reader = reader_of(request, context.holder)
    return [*conditions(selection.filters, reader), Report.state.not_in(sorted(GONE))]


def _dossier(context: Any, request: Any, selection: Selection) -> list[Condition]:
    mine = Dossier.holder == context.holder, Dossier.number == selection.value
    wanted = select(Dossier).where(*mine, visible_to(roles_at(request, context.holder)))
    may = request.has_permission(Permission.VIEW_DOSSIER, context)
    dossier = request.db.scalar(wanted) if may else None
    if dossier is None or not may_see_reports(request.db, dossier, person_of(request)):
        raise HTTPNotFound()
    inside = select(DossierMembership.report_id).where(
        DossierMembership.dossier_id == dossier.id, DossierMembership.left_at.is_(None)
    )
    return [Report.id.in_(inside), Report.state.not_in(sorted(GONE))]


def _pattern(context: Any, request: Any, selection: Selection) -> list[Condition]:
    number = int(selection.value) if selection.value.isdecimal() else 0
    mine = Pattern.holder == context.holder, Pattern.number == number
    pattern = request.db.scalar(select(Pattern.id).where(*mine)) if number < 1e6 else None
    if pattern is None:
        raise HTTPNotFound()
    inside = select(PatternReport.report_id).where(PatternReport.pattern_id == pattern)
    return [Report.id.in_(inside), Report.state.not_in(sorted(LEFT_OUT))]


def _around(context: Any, request: Any, selection: Selection) -> list[Condition]:
    mine = Report.holder == context.holder, Report.state.not_in(sorted(GONE))
    here = Report.reference == normalise_reference(selection.value), Report.lat.is_not(None)
    row = request.db.execute(select(Report.lat, Report.lon).where(*mine, *here)).first()
    if row is None:
        raise HTTPNotFound()
    north, east = (Report.lat - row.lat) / NORTH, (Report.lon - row.lon) / EAST
    return [
        *_town(context, request, selection),
        Report.lat.between(row.lat - NORTH, row.lat + NORTH),
        Report.lon.between(row.lon - EAST, row.lon + EAST),
        north * north + east * east <= 1,
    ]


_BASES: Final = {
    "": _town,
    "postvak": _inbox,
    "dossier": _dossier,
    "patroon": _pattern,
    "rond": _around,
}


def areas_of(session: Session, holder: str, wijk: str) -> tuple[str, list[Area]]:
    """Return the name of the wijk with its buurten, where those are known; else all wijken.

    A wijk without buurten is the only area itself. None of what has ended.
    """
    ended = select(FormerArea.code)
    columns = (Neighbourhood.name, Neighbourhood.code, Neighbourhood.water, AreaOutline.inhabitants)
    wijken = (
        select(*columns, Subneighbourhood.code.label("buurt"), Subneighbourhood.name.label("named"))
        .select_from(Neighbourhood)
        .where(Neighbourhood.municipality_code == holder, Neighbourhood.code.not_in(ended))
        .where(Neighbourhood.kind == NeighbourhoodKind.WIJK)
    )
    here = Subneighbourhood.neighbourhood_code == Neighbourhood.code
    inside = and_(here, Neighbourhood.code == wijk, Subneighbourhood.code.not_in(ended))
    drawn = func.coalesce(Subneighbourhood.code, Neighbourhood.code)
    rows = session.execute(
        (wijken.where(Neighbourhood.code == wijk) if wijk else wijken)
        .outerjoin(Subneighbourhood, inside)
        .outerjoin(AreaOutline, AreaOutline.area_code == drawn)
    ).all()
    areas = [
        Area(row.buurt or row.code, row.named or row.name, row.water, row.inhabitants)
        for row in rows
    ]
    return rows[0].name if wijk and rows else "", areas


def numbers_of(
    session: Session, where: Sequence[Condition], *, buurten: bool, whole: bool
) -> dict[str | None, int]:
    """Count the reports by wijk or buurt.

    `whole`: all of them, which the index of the town tells; else of a long list the newest.
    """
    code = Report.subneighbourhood_code if buurten else Report.neighbourhood_code
    if whole:
        # Not the column itself: SQLite would read all reports there are, in the order of areas.
        area = cast(code, String)
        rows = session.execute(select(area, func.count()).where(*where).group_by(area))
    else:
        newest = select(code.label("code")).where(*where).order_by(Report.received_at.desc())
        some = newest.limit(COUNTED + 1).subquery()
        rows = session.execute(select(some.c.code, func.count()).group_by(some.c.code))
    return {row[0]: row[1] for row in rows}


def rows_of(
    session: Session,
    where: Sequence[Condition],
    restricted: Condition,
    offset: int,
    size: int,
) -> Sequence[Any]:
    """Return a page of the reports, the latest first; `restricted`: their use is."""
    columns = (
        *(Report.id, Report.reference, Report.state, Report.incident_start, Report.incident_end),
        *(Report.time_precision, Report.part_of_day, Report.lat, Report.lon),
        *(Report.near_place, Report.accuracy_m),
        *(Neighbourhood.name.label("area"), forms_of_report().label("forms")),
    )
    return session.execute(
        select(*columns, restricted.label("restricted"))
        .outerjoin(Neighbourhood, Neighbourhood.code == Report.neighbourhood_code)
        .where(*where)
        .order_by(Report.incident_start.desc(), Report.id)
        .offset(offset)
        .limit(size)
    ).all()


def points_in(
    session: Session,
    where: Sequence[Condition],
    restricted: Condition,
    window: Window | None,
    most: int,
) -> list[Point] | None:
    """Return the points in a window; None when there are more. None of whose use is restricted."""
    here: list[Condition] = [Report.lat.is_not(None), Report.lon.is_not(None)]
    if window is not None:
        west, south, east, north = window
        here = [Report.lat.between(south, north), Report.lon.between(west, east)]
    columns = Report.lat, Report.lon, Report.reference, Report.id
    rows = session.execute(select(*columns).where(*where, *here, ~restricted).limit(most + 1)).all()
    if len(rows) > most:
        return None
    return [Point(lat, lon, 1, reference, id_) for lat, lon, reference, id_ in rows]
