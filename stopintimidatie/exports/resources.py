"""An export at its address, below its dossier."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import and_

from stopintimidatie.core.security import Role, holder_acl
from stopintimidatie.core.tree import Level, Resource
from stopintimidatie.disclosures.resources import KIND, PATTERN
from stopintimidatie.dossiers.resources import WORK, DossierResource, roles_for
from stopintimidatie.dossiers.workflow import GONE
from stopintimidatie.exports.models import Export


class ExportResource(Resource):
    """…/2026-0007/U-4F7K-2QXJ. Whoever may not come near the dossier doesn't see its exports."""

    kind = KIND

    def __init__(self, name: str, parent: DossierResource, row: Export) -> None:
        super().__init__(name, parent, row.holder)
        self.export = row
        self.document_id = row.id
        self.dossier = parent.dossier
        self.municipality = parent.municipality

    @property
    def title(self) -> str:
        """Return its name in the trail."""
        return f"Uitvoer {self.export.reference}"

    def __acl__(self) -> list[Any]:
        taken = WORK if self.dossier.state in GONE else ()
        roles = roles_for(self.dossier.kind)
        if not self.export.waits:
            # A deputy sees what they decide on, and nothing after that.
            roles -= {Role.DEPUTY}
        return holder_acl(self.holder, without=taken, only=roles)


LEVELS: Final = (
    Level(
        kind=KIND,
        parent="dossier",
        pattern=PATTERN,
        entity=Export,
        link=lambda row, parent, name: and_(
            row.holder == parent.holder, row.dossier_id == parent.id, row.reference == name
        ),
        factory=ExportResource,
    ),
)
