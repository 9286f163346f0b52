"""Who is signed in: a plain value, made by `accounts`, read by everybody."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from stopintimidatie.audit import Actor


class Role(StrEnum):
    """The roles of 1-domain.md; a person has each for a holder."""

    OFFICER = "oov"
    DOSSIER_OWNER = "dossierhouder"
    ADMIN = "beheer"
    PRIVACY_OFFICER = "privacy"
    DATA_PROTECTION_OFFICER = "fg"
    NATIONAL_DESK = "meldpunt"

    @property
    def label(self) -> str:
        return ROLE_LABELS[self]


ROLE_LABELS: dict[Role, str] = {
    Role.OFFICER: "OOV-medewerker",
    Role.DOSSIER_OWNER: "dossierhouder",
    Role.ADMIN: "functioneel beheerder",
    Role.PRIVACY_OFFICER: "privacyfunctionaris",
    Role.DATA_PROTECTION_OFFICER: "functionaris gegevensbescherming",
    Role.NATIONAL_DESK: "medewerker landelijk meldpunt",
}


@dataclass(frozen=True)
class Identity:
    """The signed-in person, with every role they hold."""

    user_id: UUID
    username: str
    name: str
    roles: frozenset[tuple[str, Role]]

    @property
    def actor(self) -> Actor:
        return Actor("gebruiker", str(self.user_id), self.name)

    @property
    def holders(self) -> tuple[str, ...]:
        """The holders this person works for, in a fixed order."""
        return tuple(sorted({holder for holder, _ in self.roles}))

    def roles_for(self, holder: str) -> frozenset[Role]:
        return frozenset(role for own, role in self.roles if own == holder)

    @property
    def principals(self) -> list[str]:
        return [principal(holder, role) for holder, role in sorted(self.roles)]


def principal(holder: str, role: Role) -> str:
    """The name of a role for a holder in an ACL."""
    return f"{holder}:{role.value}"
