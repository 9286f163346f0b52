"""The permission table of the house. Read it as: this permission is held by these roles.

A role counts only for the holder it was given for. What isn't listed is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final

from pyramid.authorization import DENY_ALL, Allow

from stopintimidatie.security.identity import Role, principal


class Permission(StrEnum):
    """What a view may require."""

    # Signed in, whatever the role: the start page, one's own account.
    SIGNED_IN = "aangemeld"
    VIEW_MUNICIPALITY = "gemeente bekijken"
    SEARCH = "zoeken"
    VIEW_REPORT = "melding bekijken"
    VIEW_CONTACT = "contactgegevens bekijken"
    TRIAGE = "melding behandelen"
    RELEASE = "melding uit quarantaine halen"
    ENTER_REPORT = "melding invoeren"
    MARK_OFFENCE = "vermoeden van strafbaar feit vastleggen"
    VIEW_DOSSIER = "dossier bekijken"
    EDIT_DOSSIER = "dossier bewerken"
    VIEW_EXPORT = "uitvoer bekijken"
    REQUEST_EXPORT = "uitvoer aanvragen"
    APPROVE_EXPORT = "uitvoer goedkeuren"
    VIEW_AUDIT = "logboek bekijken"
    VIEW_DISCLOSURES = "verstrekkingenregister bekijken"
    MANAGE_MUNICIPALITY = "gemeente beheren"
    VIEW_DESK = "landelijk meldpunt bekijken"
    ROUTE_REPORT = "melding doorgeven"
    # Held by no role: moves that the reporter makes with the follow code, and that retention makes.
    BY_REPORTER = "als melder"
    BY_RETENTION = "als bewaartermijn"


P: Final = Permission
OOV: Final = frozenset({Role.OFFICER, Role.DOSSIER_OWNER})
PRIVACY: Final = frozenset({Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER})
DESK: Final = frozenset({Role.NATIONAL_DESK})

GRANTS: Final[dict[Permission, frozenset[Role]]] = {
    P.VIEW_MUNICIPALITY: OOV | PRIVACY | {Role.ADMIN},
    P.SEARCH: OOV | PRIVACY | DESK,
    P.VIEW_REPORT: OOV | PRIVACY | DESK,
    P.VIEW_CONTACT: frozenset({Role.OFFICER, Role.PRIVACY_OFFICER}),
    P.TRIAGE: OOV,
    P.RELEASE: OOV | DESK,
    P.ENTER_REPORT: OOV,
    P.MARK_OFFENCE: OOV,
    P.VIEW_DOSSIER: OOV | PRIVACY,
    P.EDIT_DOSSIER: OOV,
    P.VIEW_EXPORT: OOV | PRIVACY,
    P.REQUEST_EXPORT: OOV,
    # Never the FG or the admin: art. 38(6) AVG and separation of duties.
    P.APPROVE_EXPORT: OOV,
    P.VIEW_AUDIT: PRIVACY,
    P.VIEW_DISCLOSURES: OOV | PRIVACY,
    P.MANAGE_MUNICIPALITY: frozenset({Role.ADMIN}),
    P.VIEW_DESK: DESK,
    P.ROUTE_REPORT: DESK,
    P.BY_REPORTER: frozenset(),
    P.BY_RETENTION: frozenset(),
}


def holder_acl(
    holder: str,
    *,
    without: Iterable[Permission] = (),
    only: frozenset[Role] = frozenset(Role),
) -> list[Any]:
    """The access list of a document of a holder, ending in DENY_ALL.

    :param without: permissions that the document's state takes away from everybody.
    :param only: the roles that a strict document leaves; each keeps what the table gives it.
    """
    taken = frozenset(without)
    allowed = [
        (Allow, principal(holder, role), permission)
        for permission, roles in GRANTS.items()
        if permission not in taken
        for role in sorted(roles & only)
    ]
    return [*allowed, DENY_ALL]


def may(roles: Iterable[Role], permission: Permission) -> bool:
    """Whether these roles (for the holder at hand) give the permission."""
    return bool(GRANTS.get(permission, frozenset()) & set(roles))
