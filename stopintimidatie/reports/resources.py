"""A report at its address: below its neighbourhood, or at the national desk."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import and_

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Permission, holder_acl
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.tree import Level, Resource
from stopintimidatie.reports.models import Report, ReportTransfer
from stopintimidatie.reports.vocabulary import HandoverState
from stopintimidatie.reports.workflow import ReportState

REFERENCE: Final = re.compile(r"M-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
OFFER_PREFIX: Final = "overdracht-"
P: Final = Permission
# Nobody may do these any more to a report that was handed over, withdrawn or destroyed.
WORK: Final = (
    *(P.TRIAGE, P.SECOND_LOOK, P.RELEASE, P.EDIT_DOSSIER, P.MARK_OFFENCE, P.REDACT),
    *(P.VIEW_CONTACT, P.VIEW_ATTACHMENT, P.ROUTE_REPORT),
)
GONE: Final = frozenset({ReportState.HANDED_OVER, ReportState.WITHDRAWN, ReportState.DESTROYED})


class ReportResource(Resource):
    """A report at its address, such as `…/M-4F7K-2QX9`."""

    kind = "melding"

    def __init__(self, name: str, parent: Any, row: Report) -> None:
        super().__init__(name, parent, row.holder)
        self.report = row
        self.document_id = row.id

    @property
    def title(self) -> str:
        """The reference: the heading in the breadcrumb."""
        return self.report.reference

    def __acl__(self) -> list[Any]:
        return holder_acl(self.holder, without=WORK if self.report.state in GONE else ())


class OfferResource(Resource):
    """A report that this municipality may take over, such as `…/overdracht-M-4F7K-2QX9`."""

    kind = "overdracht"

    def __init__(self, name: str, parent: Any, row: ReportTransfer) -> None:
        super().__init__(name, parent, row.receiver)
        self.transfer = row

    @property
    def title(self) -> str:
        """The heading in the breadcrumb."""
        return f"Overdracht {self.transfer.reference}"


LEVELS: Final = (
    Level(
        kind="overdracht",
        parent="gemeente",
        pattern=re.compile(OFFER_PREFIX + REFERENCE.pattern),
        entity=ReportTransfer,
        link=lambda row, parent, name: and_(
            row.receiver == parent.code,
            row.state == HandoverState.OPEN,
            row.given_at <= utc_now(),
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
        holder=NATIONAL,
    ),
)
