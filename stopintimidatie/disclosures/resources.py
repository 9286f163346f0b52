"""Nodes of the tree: /gemeenten/dordrecht/verstrekkingen and the entries below it."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import and_

from stopintimidatie.core import text as codes
from stopintimidatie.core.security import Role, holder_acl
from stopintimidatie.core.tree import Level, Resource
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.municipalities.areas.resources import HolderBranch, holder_levels

# The id of an export, `U-4F7K-2QXJ`: on paper, in the register, at `/verificatie`.

KIND: Final = "uitvoer"
PREFIX: Final = "U"
PATTERN: Final = re.compile(r"U-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")
# The id of an entry about a pick-up is the reference of the pick-up.
PICKED_UP: Final = re.compile(r"O-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


def new_export_id() -> str:
    """Draw a random id for an export; the caller tries again when it is taken."""
    return codes.new_code(PREFIX)


def normalise_export_id(text: str) -> str | None:
    """Return a typed id of an export as we write it, or None when it can't be one."""
    return codes.normalise_code(PREFIX, text)


# Roles that see the disclosures of a person-directed dossier
RESTRICTED_ROLES: Final = frozenset(
    {Role.DOSSIER_OWNER, Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER}
)


class DisclosureRegister(HolderBranch):
    """/gemeenten/dordrecht/verstrekkingen; at the desk the reports that it forwarded."""

    kind = "verstrekkingen"
    label = "Verstrekkingen"


class DisclosureResource(Resource):
    """/gemeenten/dordrecht/verstrekkingen/U-4F7K-2QXJ."""

    kind = "verstrekking"

    def __init__(self, name: str, parent: Any, row: Disclosure) -> None:
        super().__init__(name, parent, row.holder)
        self.disclosure = row
        self.document_id = row.id

    @property
    def title(self) -> str:
        """The reference of the disclosed document."""
        return self.disclosure.reference

    def __acl__(self) -> list[Any]:
        only = RESTRICTED_ROLES if self.disclosure.restricted else frozenset(Role)
        return holder_acl(self.holder, only=only)


LEVELS: Final = (
    *holder_levels(DisclosureRegister, DisclosureRegister),
    *(
        Level(
            kind="verstrekking",
            parent=parent,
            pattern=pattern,
            entity=Disclosure,
            link=lambda row, parent, name: and_(row.holder == parent.code, row.reference == name),
            factory=DisclosureResource,
        )
        for parent, pattern in (("verstrekkingen", PATTERN), ("verstrekkingen_meldpunt", PICKED_UP))
    ),
)
