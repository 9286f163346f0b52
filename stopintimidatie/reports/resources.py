"""A report at its address: below its neighbourhood, or at the national desk."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.security import Permission, holder_acl
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.tree import Level, Resource
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.reports.models import Report, ReportTransfer
from stopintimidatie.reports.vocabulary import OPEN

REFERENCE: Final = re.compile(r"M-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
OFFER_PREFIX: Final = "overdracht-"
P: Final = Permission
# What nobody does any more to a report that was handed over, withdrawn or destroyed.
WORK: Final = (
    P.TRIAGE,
    P.RELEASE,
    P.EDIT_DOSSIER,
    P.MARK_OFFENCE,
    P.REDACT,
    P.VIEW_CONTACT,
    P.VIEW_ATTACHMENT,
    P.ROUTE_REPORT,
)
GONE: Final = frozenset({"overgedragen", "ingetrokken", "vernietigd"})


class ReportResource(Resource):
    """…/M-4F7K-2QX9"""

    kind = "melding"

    def __init__(self, name: str, parent: Any, row: Report) -> None:
        super().__init__(name, parent, row.holder)
        self.report = row

    @property
    def document_id(self) -> UUID:
        return self.report.id

    @property
    def title(self) -> str:
        return self.report.reference

    def __acl__(self) -> list[Any]:
        return holder_acl(self.holder, without=WORK if self.report.state in GONE else ())


class OfferResource(Resource):
    """/gemeenten/dordrecht/overdracht-M-4F7K-2QX9: a report that this municipality may take."""

    kind = "overdracht"

    def __init__(self, name: str, parent: Any, row: ReportTransfer) -> None:
        super().__init__(name, parent, row.receiver)
        self.transfer = row

    @property
    def title(self) -> str:
        return f"Overdracht {self.transfer.reference}"


LEVELS: Final = (
    Level(
        kind="overdracht",
        parent="gemeente",
        pattern=re.compile(OFFER_PREFIX + REFERENCE.pattern),
        entity=ReportTransfer,
        link=lambda row, parent, name: and_(
            row.receiver == parent.code,
            row.state == OPEN,
            row.reference == name.removeprefix(OFFER_PREFIX),
        ),
        factory=OfferResource,
    ),
    Level(
        kind="melding",
        parent="wijk",
        pattern=REFERENCE,
        entity=Report,
        link=lambda row, parent, name: and_(
            row.holder == parent.municipality_code,
            row.neighbourhood_code == parent.code,
            row.reference == name,
            row.dossier_number.is_(None),
        ),
        factory=ReportResource,
    ),
    Level(
        kind="melding_landelijk",
        parent=NATIONAL,
        pattern=REFERENCE,
        entity=Report,
        link=lambda row, _, name: and_(row.holder == NATIONAL, row.reference == name),
        factory=ReportResource,
        holder=lambda request, name: NATIONAL,
    ),
)


def report_path(
    report: Report, municipality_slug: str | None, neighbourhood_slug: str | None
) -> str:
    """Return the path from what a list query already knows."""
    if report.holder == NATIONAL:
        return f"/{NATIONAL}/{report.reference}"
    parts = ["gemeenten", municipality_slug, neighbourhood_slug, report.dossier_number]
    return "/" + "/".join([*(part for part in parts if part), report.reference])


def paths_of_reports(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the paths of several, in one query; what isn't there isn't in it."""
    rows = session.execute(_placed().where(Report.id.in_(ids)))
    return {row[0].id: report_path(row[0], row[1], row[2]) for row in rows}


def _placed() -> Select[Report, str, str]:
    return (
        select(Report, Municipality.slug, Neighbourhood.slug)
        .outerjoin(Municipality, Municipality.code == Report.holder)
        .outerjoin(Neighbourhood, Neighbourhood.code == Report.neighbourhood_code)
    )


def path_of_report(session: Session, report_id: UUID) -> str | None:
    """Return the path of one report, or None when it isn't there."""
    row = session.execute(_placed().where(Report.id == report_id)).first()
    return None if row is None else report_path(row[0], row[1], row[2])
