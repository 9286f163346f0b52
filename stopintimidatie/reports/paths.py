"""The address of a report."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from stopintimidatie.register.models import Municipality, Neighbourhood
from stopintimidatie.reports.models import Report
from stopintimidatie.storage.tenancy import NATIONAL


def report_path(
    report: Report, municipality_slug: str | None, neighbourhood_slug: str | None
) -> str:
    """The path from what a list query already knows."""
    if report.holder == NATIONAL:
        return f"/{NATIONAL}/{report.reference}"
    parts = ["gemeenten", municipality_slug, neighbourhood_slug, report.dossier_number]
    return "/" + "/".join([*(part for part in parts if part), report.reference])


def paths_of_reports(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """The paths of several, in one query; what isn't there isn't in it."""
    rows = session.execute(_placed().where(Report.id.in_(ids)))
    return {row[0].id: report_path(row[0], row[1], row[2]) for row in rows}


def _placed() -> Select[Report, str, str]:
    return (
        select(Report, Municipality.slug, Neighbourhood.slug)
        .outerjoin(Municipality, Municipality.code == Report.holder)
        .outerjoin(Neighbourhood, Neighbourhood.code == Report.neighbourhood_code)
    )


def path_of_report(session: Session, report_id: UUID) -> str | None:
    """The path of one report, or None when it isn't there."""
    row = session.execute(_placed().where(Report.id == report_id)).first()
    return None if row is None else report_path(row[0], row[1], row[2])
