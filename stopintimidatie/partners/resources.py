"""/gemeenten/dordrecht/partners and the organisations below it."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_

from stopintimidatie.partners.models import PartnerOrganisation
from stopintimidatie.partners.references import PATTERN
from stopintimidatie.register.models import Municipality
from stopintimidatie.tree import Branch, Level, Resource


class PartnerList(Branch):
    """/gemeenten/dordrecht/partners"""

    kind = "partners"
    label = "Partners"

    def __init__(self, name: str, parent: Any, row: Municipality) -> None:
        super().__init__(name, parent, row.code)
        self.municipality = row


class PartnerResource(Resource):
    """/gemeenten/dordrecht/partners/K-4F7K-2QXJ"""

    kind = "partner"

    def __init__(self, name: str, parent: Any, row: PartnerOrganisation) -> None:
        super().__init__(name, parent, row.holder)
        self.organisation = row

    @property
    def document_id(self) -> UUID:
        return self.organisation.id

    @property
    def title(self) -> str:
        return self.organisation.name


LEVELS: Final = (
    Level(
        kind="partners",
        parent="gemeente",
        pattern=re.compile("partners"),
        entity=Municipality,
        link=lambda row, parent, name: row.code == parent.code,
        factory=PartnerList,
        fixed=True,
    ),
    Level(
        kind="partner",
        parent="partners",
        pattern=PATTERN,
        entity=PartnerOrganisation,
        link=lambda row, parent, name: and_(row.holder == parent.code, row.reference == name),
        factory=PartnerResource,
    ),
)
