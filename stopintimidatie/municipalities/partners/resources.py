"""Nodes of the tree: /gemeenten/dordrecht/partners and the organisations below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import and_
from sqlalchemy.orm import Session

from stopintimidatie.core.registry import Directive, single
from stopintimidatie.core.tree import Branch, Level, Resource
from stopintimidatie.municipalities.areas.resources import OfMunicipality, holder_levels
from stopintimidatie.municipalities.partners.models import PartnerOrganisation

# The number of a partner in its address, `K-4F7K-2QXJ`: a name may change.

PREFIX: Final = "K"
PATTERN: Final = re.compile(r"K-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


class PartnerList(OfMunicipality, Branch):
    """/gemeenten/dordrecht/partners."""

    kind = "partners"
    label = "Partners"


class PartnerResource(Resource):
    """/gemeenten/dordrecht/partners/K-4F7K-2QXJ."""

    kind = "partner"

    def __init__(self, name: str, parent: Any, row: PartnerOrganisation) -> None:
        super().__init__(name, parent, row.holder)
        self.organisation = row
        self.document_id = row.id

    @property
    def title(self) -> str:
        """The name of the organisation."""
        return self.organisation.name


LEVELS: Final = (
    *holder_levels(PartnerList),
    Level(
        kind="partner",
        parent="partners",
        pattern=PATTERN,
        entity=PartnerOrganisation,
        link=lambda row, parent, name: and_(row.holder == parent.code, row.reference == name),
        factory=PartnerResource,
    ),
)


# Redaction profiles, which a higher room registers

Choices = Sequence[tuple[str, str]]


# Returns the redaction profiles that a holder may propose for a partner, as (name, label).
Profiles = Callable[[Session, str], Choices]
PARTNER_PROFILES: Final = Directive[None, Profiles](
    "add_partner_profiles", "partner_profiles", single
)


def profiles_for(registry: Any, session: Session, holder: str) -> Choices:
    """Return the redaction profiles that can be proposed for a partner, as (name, label)."""
    profiles = PARTNER_PROFILES.only(registry)
    return () if profiles is None else profiles(session, holder)
