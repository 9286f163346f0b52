"""A dossier at its address, below its neighbourhood; and a report below its dossier."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import RoleAssignment
from stopintimidatie.core.audit import Actor
from stopintimidatie.core.security import GRANTS, Permission, Role, holder_acl
from stopintimidatie.core.tree import Branch, Level
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.workflow import GONE, DossierKind
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import REFERENCE, ReportResource

# A person-directed dossier is for dossier owners and privacy alone.
STRICT_ROLES: Final = frozenset(
    {Role.DOSSIER_OWNER, Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER}
)
EDITORS: Final = GRANTS[Permission.EDIT_DOSSIER]


def is_strict(kind: str) -> bool:
    """Tell whether dossiers of this kind are about a person, for few eyes only."""
    return kind == DossierKind.PERSON.value


def roles_for(kind: str) -> frozenset[Role]:
    """Return the roles that can have any permission on a dossier of this kind.

    Which permissions each role has is in `GRANTS`.
    """
    return STRICT_ROLES if is_strict(kind) else frozenset(Role)


def visible_to(roles: Iterable[Role]) -> ColumnElement[bool]:
    """Return the condition that leaves out dossiers of a kind that these roles may not see.

    It looks at the kind alone: the caller checks VIEW_DOSSIER, and the session limits the holder.
    """
    return true() if STRICT_ROLES & set(roles) else Dossier.kind != DossierKind.PERSON.value


def seen_by(session: Session, dossier_id: UUID, roles: Iterable[Role]) -> bool:
    """Tell whether this dossier exists, and is of a kind that these roles may see.

    The caller checks VIEW_DOSSIER.
    """
    mine = select(Dossier.id).where(Dossier.id == dossier_id, visible_to(roles))
    return session.scalar(mine) is not None


def kind_lets_edit(session: Session, dossier: Dossier, actor: Actor) -> bool:
    """Tell whether the kind of this dossier lets this actor change it.

    Only a dossier about a person can refuse: a user then needs a role that may edit such a dossier.
    True for all other dossiers, and for an actor that isn't a user. So the caller checks the
    permission itself. Views of a dossier use `may_edit` of `dossiers/pages.py`.
    """
    if not is_strict(dossier.kind) or actor.kind != "gebruiker":
        return True
    held = session.scalars(
        select(RoleAssignment.role).where(
            RoleAssignment.holder == dossier.holder,
            RoleAssignment.user_id == UUID(str(actor.id)),
            RoleAssignment.role.in_([role.value for role in STRICT_ROLES & EDITORS]),
        )
    )
    return held.first() is not None


NUMBER: Final = re.compile(r"[0-9]{4}-[0-9]{4,7}")
P: Final = Permission
# Nobody may do these any more to a dossier that was destroyed or handed to the archive.
WORK: Final = (P.EDIT_DOSSIER, P.TRIAGE, P.REQUEST_EXPORT, P.APPROVE_EXPORT)


class DossierResource(Branch):
    """A dossier at its address, such as `/gemeenten/dordrecht/binnenstad/2026-0007`."""

    kind = "dossier"

    def __init__(self, name: str, parent: Any, row: Dossier) -> None:
        super().__init__(name, parent, row.holder)
        self.dossier = row
        self.document_id = row.id
        self.municipality = parent.municipality
        self.neighbourhood = parent.neighbourhood

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


def dossier_path(municipality_slug: str, neighbourhood_slug: str, number: str) -> str:
    """Return the address of a dossier, from what a list query already knows."""
    return f"/gemeenten/{municipality_slug}/{neighbourhood_slug}/{number}"


def path_of_dossier(session: Session, dossier_id: UUID) -> str | None:
    """Return the address of a dossier, or None when it isn't there."""
    row = session.execute(
        select(Municipality.slug, Neighbourhood.slug, Dossier.number)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .join(Municipality, Municipality.code == Dossier.holder)
        .where(Dossier.id == dossier_id)
    ).first()
    return None if row is None else dossier_path(*row)
