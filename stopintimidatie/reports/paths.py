"""The address of a report."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
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


def path_of_report(session: Session, report_id: UUID) -> str | None:
    """The path of one report, or None when it isn't there."""
    row = session.execute(
        select(Report, Municipality.slug, Neighbourhood.slug)
        .outerjoin(Municipality, Municipality.code == Report.holder)
        .outerjoin(Neighbourhood, Neighbourhood.code == Report.neighbourhood_code)
        .where(Report.id == report_id)
    ).first()
    return None if row is None else report_path(row[0], row[1], row[2])
