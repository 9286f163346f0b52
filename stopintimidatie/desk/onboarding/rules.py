"""The checklist that must be complete before a municipality joins. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from stopintimidatie.core.security import GRANTS, Permission, Role
from stopintimidatie.desk.models import Onboarding

APPROVERS: Final = 2


@dataclass(frozen=True)
class Colleague:
    """Somebody with a role in the municipality."""

    id: UUID
    name: str
    username: str
    roles: frozenset[Role]
    # Works for another municipality or for the desk as well.
    elsewhere: bool
    # Has set a password, and isn't blocked.
    active: bool
    trained_on: date | None

    @property
    def approves(self) -> bool:
        """Whether this colleague can approve exports."""
        return self.active and bool(self.roles & GRANTS[Permission.APPROVE_EXPORT])

    @property
    def must_be_trained(self) -> bool:
        """Whether this colleague has a role that needs the training."""
        return bool(self.roles & {Role.OFFICER, Role.DOSSIER_OWNER, Role.ADMIN})


@dataclass(frozen=True)
class Item:
    """A line of the checklist."""

    name: str
    done: bool
    # What is still to be done, as a sentence.
    missing: str


def items(
    kept: Onboarding | None, colleagues: Sequence[Colleague], domains: Sequence[str]
) -> list[Item]:
    """Return the lines of a checklist, in the order in which the desk goes through them."""
    row = kept or Onboarding()
    untrained = [c.name for c in colleagues if c.must_be_trained and c.trained_on is None]
    approvers = [c for c in colleagues if c.approves]
    admins = [c for c in colleagues if c.active and Role.ADMIN in c.roles]
    return [
        Item(
            "Afspraak",
            bool(row.agreement_on and row.agreement_with),
            "Leg vast wanneer en met welke functie de aansluiting is afgesproken.",
        ),
        Item("Grondslag", bool(row.legal_basis), "Kies de grondslag van de gemeente."),
        Item(
            "DPIA en FG",
            bool(row.dpia_on and row.data_protection_officer),
            "Vul de datum van de DPIA in, en wie de FG is.",
        ),
        Item("Teksten", bool(row.texts_on), "Laat de gemeente haar antwoordteksten nakijken."),
        Item("Logo", bool(row.logo_on), "Laat de gemeente haar logo en kleur nakijken."),
        Item(
            "Maildomeinen",
            bool(domains),
            "Leg de maildomeinen van de gemeente vast: een adres daarbuiten bevestigt u zelf.",
        ),
        Item(
            "Beheerder",
            bool(admins),
            "Nodig een functioneel beheerder uit; die stelt een wachtwoord in.",
        ),
        Item(
            "Twee goedkeurders",
            len(approvers) >= APPROVERS,
            "Er zijn twee mensen nodig die uitvoer mogen goedkeuren. Een van hen mag bij een andere"
            " gemeente werken.",
        ),
        Item(
            "Opleiding",
            bool(row.training_on and colleagues) and not untrained,
            f"Nog niet opgeleid: {', '.join(untrained)}."
            if untrained
            else "Vul in wanneer de opleiding was.",
        ),
    ]


def missing(
    kept: Onboarding | None, colleagues: Sequence[Colleague], domains: Sequence[str]
) -> list[str]:
    """Return what a checklist still lacks, one sentence each."""
    return [item.missing for item in items(kept, colleagues, domains) if not item.done]
