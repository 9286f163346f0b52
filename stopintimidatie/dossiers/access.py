"""Who sees which dossier. A person-directed one is for dossier owners and privacy alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import RoleAssignment
from stopintimidatie.audit import Actor
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.vocabulary import DossierKind
from stopintimidatie.security import GRANTS, Permission, Role

STRICT_ROLES: Final = frozenset(
    {Role.DOSSIER_OWNER, Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER}
)
EDITORS: Final = GRANTS[Permission.EDIT_DOSSIER]


def is_strict(kind: str) -> bool:
    return kind == DossierKind.PERSON.value


def roles_for(kind: str) -> frozenset[Role]:
    """The roles that come near a dossier of this kind; the permission table says how near."""
    return STRICT_ROLES if is_strict(kind) else frozenset(Role)


def visible_to(roles: Iterable[Role]) -> ColumnElement[bool]:
    """The condition of a list of dossiers for who holds these roles for the holder."""
    return true() if STRICT_ROLES & set(roles) else Dossier.kind != DossierKind.PERSON.value


def seen_by(session: Session, dossier_id: UUID, roles: Iterable[Role]) -> bool:
    """Whether who holds these roles sees this dossier."""
    found = select(Dossier.id).where(Dossier.id == dossier_id, visible_to(roles))
    return session.scalar(found) is not None


def may_edit(session: Session, dossier: Dossier, actor: Actor) -> bool:
    """Whether this actor may change what is in the dossier.

    Views ask the tree; this is for steps of a report, whose page knows nothing of its dossier.
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
