"""A dossier at its address, below its neighbourhood; and a report below its dossier."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_

from stopintimidatie.dossiers.access import roles_for
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.workflow import GONE
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import REFERENCE, ReportResource
from stopintimidatie.security import Permission, holder_acl
from stopintimidatie.tree import Branch, Level

NUMBER: Final = re.compile(r"[0-9]{4}-[0-9]{4,7}")
P: Final = Permission
# What nobody does any more to a dossier that was destroyed or handed to the archive.
WORK: Final = (P.EDIT_DOSSIER, P.TRIAGE, P.REQUEST_EXPORT, P.APPROVE_EXPORT)


class DossierResource(Branch):
    """/gemeenten/dordrecht/binnenstad/2026-0007"""

    kind = "dossier"

    def __init__(self, name: str, parent: Any, row: Dossier) -> None:
        super().__init__(name, parent, row.holder)
        self.dossier = row
        self.municipality = parent.municipality
        self.neighbourhood = parent.neighbourhood

    @property
    def document_id(self) -> UUID:
        return self.dossier.id

    @property
    def title(self) -> str:
        """The number: the breadcrumb of a report in it is seen by more people than its title."""
        return f"Dossier {self.dossier.number}"

    def __acl__(self) -> list[Any]:
        taken = WORK if self.dossier.state in GONE else ()
        return holder_acl(self.holder, without=taken, only=roles_for(self.dossier.kind))


LEVELS: Final = (
    Level(
        kind="dossier",
        parent="wijk",
        pattern=NUMBER,
        entity=Dossier,
        link=lambda row, parent, name: and_(
            row.holder == parent.municipality_code,
            row.neighbourhood_code == parent.code,
            row.number == name,
        ),
        factory=DossierResource,
    ),
    Level(
        kind="melding",
        parent="dossier",
        pattern=REFERENCE,
        entity=Report,
        link=lambda row, parent, name: and_(
            row.holder == parent.holder,
            row.neighbourhood_code == parent.neighbourhood_code,
            row.dossier_number == parent.number,
            row.reference == name,
        ),
        factory=ReportResource,
    ),
)
