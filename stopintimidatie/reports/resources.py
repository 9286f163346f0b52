"""A report at its address: below its neighbourhood, or at the national desk."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_

from stopintimidatie.reports.models import Report
from stopintimidatie.security import Permission, holder_acl
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.tree import Level, Resource

REFERENCE: Final = re.compile(r"M-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
P: Final = Permission
# What nobody does any more to a report that was handed over, withdrawn or destroyed.
WORK: Final = (P.TRIAGE, P.RELEASE, P.EDIT_DOSSIER, P.MARK_OFFENCE, P.VIEW_CONTACT, P.ROUTE_REPORT)
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


LEVELS: Final = (
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
