"""What shows a pattern, ready to be drawn and told: reports, figures, map. A fixed few queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.paths import dossier_path
from stopintimidatie.dossiers.vocabulary import DossierKind
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.patterns.drawing import AROUND, evidence_map, map_summary
from stopintimidatie.patterns.explaining import (
    PARTS,
    Seen,
    Table,
    common,
    explanation,
    hours_text,
    week,
)
from stopintimidatie.patterns.models import Pattern
from stopintimidatie.patterns.searching import LEFT_OUT, METRES_A_DEGREE, Plane
from stopintimidatie.patterns.services import reports_of
from stopintimidatie.register.models import Municipality, Neighbourhood
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.paths import report_path
from stopintimidatie.reports.summary import heading
from stopintimidatie.triage.similarity import distance_m
from stopintimidatie.web.charts import data_uri, heat_summary, heat_table
from stopintimidatie.web.filters import datetime_short, local

MOST_AROUND: Final = 400
COLOUR: Final = "#154273"
WHAT: Final = "Meldingen per weekdag en dagdeel"


@dataclass(frozen=True, slots=True)
class Row:
    """A report in the table of evidence."""

    reference: str
    path: str
    title: str
    moment: str
    distance: int
    state: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything the page of a pattern shows about its reports."""

    reports: Sequence[Report]
    place: str
    rows: list[Row]
    common: list[tuple[str, str]]
    week: Table
    chart: str
    chart_text: str
    map: str
    map_text: str
    dossier: tuple[str, str] | None
    outside: int


def evidence_of(session: Session, pattern: Pattern, branding: Any) -> Evidence:
    """Read it and draw it, in the colour of the municipality."""
    reports = reports_of(session, pattern)
    areas = _areas(session, {pattern.neighbourhood_code, *(r.neighbourhood_code for r in reports)})
    slug = session.scalar(select(Municipality.slug).where(Municipality.code == pattern.holder))
    area = areas.get(pattern.neighbourhood_code or "")
    place = area.name if area else "deze gemeente"
    colour = getattr(branding, "colour", None) or COLOUR
    table = week([_seen(report) for report in reports])
    drawn, around = _map(session, pattern, reports, colour, place)
    return Evidence(
        reports=reports,
        place=place,
        rows=[_row(report, pattern, slug, areas) for report in reports],
        common=common([_seen(report) for report in reports]),
        week=table,
        chart=data_uri(heat_table(PARTS, table, colour=colour, width=420)),
        chart_text=heat_summary(WHAT, PARTS, table),
        map=data_uri(drawn),
        map_text=map_summary(len(reports), around, pattern.radius_m, place),
        dossier=_dossier(session, pattern, slug),
        outside=_outside(session, pattern, reports),
    )


def why_of(pattern: Pattern, count: int) -> list[str]:
    """Why this is proposed, in sentences."""
    return explanation(
        count=count,
        expected=pattern.expected,
        radius_m=pattern.radius_m,
        hours=hours_text(pattern.from_minute, pattern.to_minute),
        days=pattern.window_days,
        certainty=pattern.certainty,
    )


def _seen(report: Report) -> Seen:
    return Seen(
        local(report.incident_start),
        tuple(report.forms),
        report.place_type,
        report.offender_count,
        report.offender_transport,
    )


def _areas(session: Session, codes: set[str | None]) -> dict[str, Neighbourhood]:
    wanted = select(Neighbourhood).where(Neighbourhood.code.in_(code for code in codes if code))
    return {area.code: area for area in session.scalars(wanted)}


def _row(report: Report, pattern: Pattern, slug: str | None, areas: Any) -> Row:
    area = areas.get(report.neighbourhood_code)
    away = 0.0
    if report.lat is not None and report.lon is not None:
        away = distance_m(pattern.lat, pattern.lon, report.lat, report.lon)
    return Row(
        report.reference,
        report_path(report, slug, area.slug if area else None),
        heading(report),
        datetime_short(report.incident_start),
        round(away),
        report.state,
    )


def _map(
    session: Session, pattern: Pattern, reports: Sequence[Report], colour: str, place: str
) -> tuple[str, int]:
    """The map, and how many others stand on it."""
    plane = Plane(pattern.lat, pattern.lon)
    inside = [
        plane.metres(r.lat, r.lon) for r in reports if r.lat is not None and r.lon is not None
    ]
    around = _around(session, pattern, plane, {report.id for report in reports})
    drawn = evidence_map(inside, around, radius_m=pattern.radius_m, colour=colour, place=place)
    return drawn, len(around)


def _around(
    session: Session, pattern: Pattern, plane: Plane, inside: set[Any]
) -> list[tuple[float, float]]:
    """The other reports of the period that lie on the map, by the index of places."""
    reach = AROUND * max(pattern.radius_m, 50) * 1.4 / METRES_A_DEGREE
    since = pattern.seen_at - timedelta(days=pattern.window_days)
    low, high = (
        plane.degrees(-reach * METRES_A_DEGREE, 0)[1],
        plane.degrees(reach * METRES_A_DEGREE, 0)[1],
    )
    rows = session.execute(
        select(Report.id, Report.lat, Report.lon)
        .where(
            Report.holder == pattern.holder,
            Report.lat.between(pattern.lat - reach, pattern.lat + reach),
            Report.lon.between(low, high),
            Report.state.not_in(LEFT_OUT),
            Report.incident_start >= since,
        )
        .limit(MOST_AROUND)
    )
    return [plane.metres(row.lat, row.lon) for row in rows if row.id not in inside]


def _dossier(session: Session, pattern: Pattern, slug: str | None) -> tuple[str, str] | None:
    if pattern.dossier_id is None:
        return None
    row = session.execute(
        select(Dossier.number, Dossier.title, Neighbourhood.slug)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(Dossier.id == pattern.dossier_id, Dossier.kind != DossierKind.PERSON.value)
    ).first()
    if row is None or slug is None:
        return None
    return f"{row.number} {row.title}", dossier_path(slug, row.slug, row.number)


def _outside(session: Session, pattern: Pattern, reports: Sequence[Report]) -> int:
    """How many reports the proposal would bring in."""
    inside = (
        select(DossierMembership.report_id)
        .join(Dossier, Dossier.id == DossierMembership.dossier_id)
        .where(
            DossierMembership.report_id.in_([report.id for report in reports]),
            DossierMembership.left_at.is_(None),
            Dossier.state.in_(LIVE),
            Dossier.kind != DossierKind.PERSON.value,
        )
    )
    if pattern.dossier_id is not None:
        inside = inside.where(Dossier.id == pattern.dossier_id)
    return len(reports) - len(set(session.scalars(inside)))
