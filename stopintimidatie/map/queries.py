"""Reading for the map: the areas, the numbers in them, a page of the reports, their points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.models import local_hour
from stopintimidatie.core.web.register import COUNTED
from stopintimidatie.core.web.request import query_pairs
from stopintimidatie.dossiers import pages as dossiers
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.patterns.models import Pattern, PatternReport
from stopintimidatie.dossiers.resources import visible_to
from stopintimidatie.dossiers.services import may_see_reports
from stopintimidatie.map.rules import Area, Selection, Window
from stopintimidatie.municipalities.areas import models
from stopintimidatie.municipalities.areas.facts import NeighbourhoodKind
from stopintimidatie.reports.inbox.panels import forms_of_report
from stopintimidatie.reports.inbox.rules import conditions, filters_from
from stopintimidatie.reports.inbox.views import reader_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import GONE
from stopintimidatie.reports.rules import PARTS_OF_DAY
from stopintimidatie.reports.vocabulary import TimePrecision
from stopintimidatie.reports.workflow import LEFT_OUT

Condition = ColumnElement[bool]


def conditions_of(context: Any, request: Any, selection: Selection) -> list[Condition]:
    """Return the conditions of the reports that are asked for.

    Raises:
        HTTPNotFound: The list isn't there, or isn't for this person.
    """
    where = [Report.holder == context.holder, *_base(context, request, selection)]
    if selection.wijk:
        # Not the column itself: by its index SQLite would read every row of a wijk.
        where.append(cast(Report.neighbourhood_code, String) == selection.wijk)
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


def _base(context: Any, request: Any, selection: Selection) -> list[Condition]:
    """Return the conditions of a list, or of what counts in the town."""
    there, counts = (Report.state.not_in(sorted(states)) for states in (GONE, LEFT_OUT))
    match selection.base:
        case "postvak":
            reader = reader_of(request, context.holder)
            return [there, *conditions(filters_from(query_pairs(request)), reader)]
        case "dossier":
            return [there, Report.id.in_(_inside_dossier(context, request, selection.value))]
        case "patroon":
            number = int(selection.value) if selection.value.isdecimal() else 0
            mine = Pattern.holder == context.holder, Pattern.number == min(number, 10**6)
            pattern = request.db.scalar(select(Pattern.id).where(*mine))
            if pattern is None:
                raise HTTPNotFound()
            inside = select(PatternReport.report_id).where(PatternReport.pattern_id == pattern)
            return [counts, Report.id.in_(inside)]
    return [counts]


def _inside_dossier(context: Any, request: Any, number: str) -> Any:
    """Select the reports of a dossier, for who sees the dossier and its reports."""
    mine = Dossier.holder == context.holder, Dossier.number == number
    wanted = select(Dossier).where(*mine, visible_to(dossiers.roles_at(request, context.holder)))
    may = request.has_permission(Permission.VIEW_DOSSIER, context)
    dossier, person = request.db.scalar(wanted) if may else None, dossiers.reader_of(request)
    if dossier is None or not may_see_reports(request.db, dossier, person):
        raise HTTPNotFound()
    return select(DossierMembership.report_id).where(
        DossierMembership.dossier_id == dossier.id, DossierMembership.left_at.is_(None)
    )


def areas_of(session: Session, holder: str, code: str) -> tuple[str, list[Area]]:
    """Return the name of the wijk with its buurten, where those are known; else all wijken.

    A wijk without buurten is the only area itself. None of what has ended.
    """
    wijk, buurt, outline = models.Neighbourhood, models.Subneighbourhood, models.AreaOutline
    ended = select(models.FormerArea.code)
    inside = (buurt.neighbourhood_code == wijk.code, wijk.code == code, buurt.code.not_in(ended))
    rows = session.execute(
        select(wijk, buurt, outline.inhabitants)
        .select_from(wijk)
        .outerjoin(buurt, and_(*inside))
        .outerjoin(outline, outline.area_code == func.coalesce(buurt.code, wijk.code))
        .where(wijk.municipality_code == holder, wijk.kind == NeighbourhoodKind.WIJK)
        .where(wijk.code == code if code else wijk.code.not_in(ended))
    ).all()
    areas = [
        Area((part or whole).code, (part or whole).name, whole.water, inhabitants)
        for whole, part, inhabitants in rows
    ]
    return rows[0][0].name if code and rows else "", areas


def numbers_of(
    session: Session, where: Sequence[Condition], *, buurten: bool, whole: bool
) -> dict[str | None, int]:
    """Count the reports by wijk or buurt.

    `whole`: all of them; else of a long list those that happened last, as `rows_of` lists them.
    The index of the map tells either.
    """
    code = Report.subneighbourhood_code if buurten else Report.neighbourhood_code
    # Not the column itself: SQLite would read all reports there are, in the order of areas.
    listed = select(cast(code, String).label("code")).where(*where)
    if not whole:
        listed = listed.order_by(Report.incident_start.desc()).limit(COUNTED + 1)
    some = listed.subquery()
    counted = select(some.c.code, func.count()).group_by(some.c.code)
    return dict(session.execute(counted).all())


def rows_of(
    session: Session, where: Sequence[Condition], restricted: Condition, offset: int, size: int
) -> Sequence[Any]:
    """Return a page of the reports, the latest first; `restricted`: their use is."""
    area = models.Neighbourhood
    columns = (
        *(Report.id, Report.reference, Report.incident_start, Report.incident_end),
        *(Report.time_precision, Report.part_of_day, Report.lat, Report.lon),
        *(Report.near_place, Report.accuracy_m, area.name.label("area")),
        *(forms_of_report().label("forms"), restricted.label("restricted")),
    )
    listed = select(*columns).where(*where).order_by(Report.incident_start.desc(), Report.id)
    placed = listed.outerjoin(area, area.code == Report.neighbourhood_code)
    return session.execute(placed.offset(offset).limit(size)).all()


def points_in(
    session: Session,
    where: Sequence[Condition],
    restricted: Condition,
    most: int,
    window: Window | None = None,
) -> Sequence[Any] | None:
    """Return the points in a window; None when there are more. None of whose use is restricted."""
    west, south, east, north = window or (-180, -90, 180, 90)
    here = Report.lat.between(south, north), Report.lon.between(west, east)
    columns = Report.id, Report.lat, Report.lon, Report.reference
    wanted = select(*columns).where(*where, *here, ~restricted).limit(most + 1)
    rows = session.execute(wanted).all()
    return None if len(rows) > most else rows
