"""/gemeenten/dordrecht/partners and the organisations below it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import and_
from sqlalchemy.orm import Session

from stopintimidatie.core import text
from stopintimidatie.core.registry import Directive, single
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.tree import Branch, Level, Resource
from stopintimidatie.core.web.components import Panel
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import Administration
from stopintimidatie.municipalities.partners.models import PartnerOrganisation

# The number of a partner in its address, `K-4F7K-2QXJ`: a name may change.

PREFIX: Final = "K"
PATTERN: Final = re.compile(r"K-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}")


def new_partner_number() -> str:
    """Draw a fresh number; one in a hundred thousand million is taken."""
    return text.new_code(PREFIX)


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


PANEL: Final = "stopintimidatie.municipalities.partners:templates/panel.jinja2"


def administration_panel(context: Administration, request: Any) -> Panel | None:
    """Return the panel on the page of the settings."""
    if context.holder == NATIONAL or not request.has_permission(
        Permission.EDIT_PARTNER, context.__parent__
    ):
        return None
    href = request.resource_path(context.__parent__, "partners")
    return Panel("Partners", PANEL, {"href": href})


# Redaction profiles: the room that has them tells.

Choices = Sequence[tuple[str, str]]


class Profiles(Protocol):
    """(session of the holder, holder) -> the profiles for who stands outside, as (name, label)."""

    def __call__(self, session: Session, holder: str) -> Choices: ...


PARTNER_PROFILES: Final = Directive[None, Profiles](
    "add_partner_profiles", "partner_profiles", single
)


def profiles_for(registry: Any, session: Session, holder: str) -> Choices:
    """Return what can be proposed here."""
    profiles = PARTNER_PROFILES.only(registry)
    return () if profiles is None else profiles(session, holder)
