"""Identity, roles and permissions: the table of the house. A permission is held by roles.

A role counts only for the holder it was given for. What isn't listed is refused.

The page of the table is Written out of GRANTS, so that the page can't tell anything else than what
is enforced.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from pyramid.authorization import DENY_ALL, Allow

from stopintimidatie.core.audit import Actor

# The signed-in person: a plain value, made by `core.accounts`.


class Role(StrEnum):
    """The roles of 1-domain.md; a person has each for a holder."""

    OFFICER = "oov"
    DOSSIER_OWNER = "dossierhouder"
    ADMIN = "beheer"
    PRIVACY_OFFICER = "privacy"
    DATA_PROTECTION_OFFICER = "fg"
    NATIONAL_DESK = "meldpunt"
    # The head of OOV, who judges what may be destroyed; also an officer or dossier owner.
    PROCESS_OWNER = "proceseigenaar"
    # Reads terms, lists and statements, never content; may serve several municipalities.
    ARCHIVIST = "archivaris"
    # Named persons, who read and write what the police disclosed; nobody else knows it is there.
    POLICE_DATA = "politiegegevens"
    # A colleague of another municipality: the second person for its exports, for a time.
    DEPUTY = "waarnemer"

    @property
    def label(self) -> str:
        """Return the Dutch word for the role."""
        return ROLE_LABELS[self]


ROLE_LABELS: dict[Role, str] = {
    Role.OFFICER: "OOV-medewerker",
    Role.DOSSIER_OWNER: "dossierhouder",
    Role.ADMIN: "functioneel beheerder",
    Role.PRIVACY_OFFICER: "privacyfunctionaris",
    Role.DATA_PROTECTION_OFFICER: "functionaris gegevensbescherming",
    Role.NATIONAL_DESK: "medewerker landelijk meldpunt",
    Role.PROCESS_OWNER: "proceseigenaar",
    Role.ARCHIVIST: "archivaris",
    Role.POLICE_DATA: "gemachtigde politiegegevens",
    Role.DEPUTY: "waarnemer",
}


@dataclass(frozen=True)
class Identity:
    """Person who is signed in, with every role they hold."""

    user_id: UUID
    username: str
    name: str
    roles: frozenset[tuple[str, Role]]

    @property
    def actor(self) -> Actor:
        """Return the person as the log names who did something."""
        return Actor("gebruiker", str(self.user_id), self.name)

    @property
    def person(self) -> str:
        """Return the id as text, as proposals and the log keep it."""
        return str(self.user_id)

    @property
    def holders(self) -> tuple[str, ...]:
        """Return the holders this person works for, in a fixed order."""
        return tuple(sorted({holder for holder, _ in self.roles}))

    def only_deputizes(self, holder: str) -> bool:
        """Tell whether the person has no role for this holder but that of a deputy."""
        return self.roles_for(holder) == {Role.DEPUTY}

    def roles_for(self, holder: str) -> frozenset[Role]:
        """Return the roles of the person for this holder."""
        return frozenset(role for own, role in self.roles if own == holder)

    @property
    def principals(self) -> list[str]:
        """Return the names of all roles, as an ACL knows them."""
        return [principal(holder, role) for holder, role in sorted(self.roles)]


def principal(holder: str, role: Role) -> str:
    """Return the name of a role for a holder in an ACL."""
    return f"{holder}:{role.value}"


class Permission(StrEnum):
    """Permission that a view may require."""

    # Signed in, whatever the role: the start page, one's own account.
    SIGNED_IN = "aangemeld"
    # Everybody with a role at a holder; which kinds, each says by a permission of its own.
    VIEW_WAITING = "zien wat op een tweede persoon wacht"
    VIEW_MUNICIPALITY = "gemeente bekijken"
    SEARCH = "zoeken"
    VIEW_REPORT = "melding bekijken"
    VIEW_CONTACT = "contactgegevens bekijken"
    VIEW_ATTACHMENT = "bijlagen bekijken"
    TRIAGE = "melding behandelen"
    SECOND_LOOK = "tweede blik op een melding"
    RELEASE = "melding uit quarantaine halen"
    ENTER_REPORT = "melding invoeren"
    REDACT = "tekst nakijken en onleesbaar maken"
    MARK_OFFENCE = "vermoeden van strafbaar feit vastleggen"
    VIEW_DOSSIER = "dossier bekijken"
    EDIT_DOSSIER = "dossier bewerken"
    VIEW_EXPORT = "uitvoer bekijken"
    FETCH_EXPORT = "bestand van uitvoer openen"
    REQUEST_EXPORT = "uitvoer aanvragen"
    APPROVE_EXPORT = "uitvoer goedkeuren"
    VIEW_PARTNER = "partner bekijken"
    EDIT_PARTNER = "partner beheren"
    VIEW_AUDIT = "logboek bekijken"
    VIEW_DISCLOSURES = "verstrekkingenregister bekijken"
    SAVE_DISCLOSURES = "verstrekkingenregister als bestand"
    ERASE = "gegevens wissen op verzoek voorstellen"
    CHECK_ERASURE = "gegevens wissen als tweede persoon"
    VIEW_RETENTION = "bewaartermijnen en vernietigingslijsten bekijken"
    PROPOSE_TERMS = "bewaartermijnen voorstellen"
    APPROVE_TERMS = "bewaartermijnen goedkeuren"
    ASSESS_DESTRUCTION = "beoordelen wat mag worden vernietigd"
    CHECK_DESTRUCTION = "nakijken wat bevroren is voor vernietiging"
    AUTHORISE_DESTRUCTION = "vernietiging machtigen"
    WATCH_KEEPING = "zien wat langer blijft dan het uiterste"
    HOLD = "bevriezen tegen vernietiging"
    TRANSFER = "overbrengen naar het archief"
    POLICE_DATA = "politiegegevens bekijken en vastleggen"
    VIEW_REQUESTS = "verzoeken van betrokkenen bekijken"
    HANDLE_REQUESTS = "verzoeken van betrokkenen behandelen"
    CHECK_COPY = "kopie voor een betrokkene nakijken"
    VIEW_BREACHES = "datalekken bekijken"
    HANDLE_BREACHES = "datalekken behandelen"
    REPORT_BREACH = "datalek melden"
    VIEW_PERSON_DOSSIERS = "lijst van persoonsgerichte dossiers bekijken"
    ADVISE_DOSSIER = "adviseren over een persoonsgericht dossier"
    ASK_READS = "naar de reden van inzage vragen"
    MANAGE_MUNICIPALITY = "gemeente beheren"
    CONFIRM_ROLE = "rol van een collega bevestigen"
    EDIT_SETTINGS = "teksten en instellingen beheren"
    VIEW_DESK = "landelijk meldpunt bekijken"
    ROUTE_REPORT = "melding doorgeven"
    CONNECT = "gemeente aansluiten"
    # Held by no role: moves that the reporter makes with the follow code, that happen when a term
    # is over, that retention makes, and that follow when a document is erased.
    BY_REPORTER = "als melder"
    BY_CLOCK = "als de termijn voorbij is"
    BY_RETENTION = "als bewaartermijn"
    BY_ERASURE = "na een besluit om te wissen"
    # And those that follow from the answer of another municipality.
    BY_OTHER_HOLDER = "als andere gemeente"
    BY_OPERATOR = "op de opdrachtregel"


P: Final = Permission
OOV: Final = frozenset({Role.OFFICER, Role.DOSSIER_OWNER})
PRIVACY: Final = frozenset({Role.PRIVACY_OFFICER, Role.DATA_PROTECTION_OFFICER})
DESK: Final = frozenset({Role.NATIONAL_DESK})

GRANTS: Final[dict[Permission, frozenset[Role]]] = {
    P.VIEW_WAITING: frozenset(Role),
    P.VIEW_MUNICIPALITY: OOV
    | PRIVACY
    | {Role.ADMIN, Role.PROCESS_OWNER, Role.ARCHIVIST, Role.POLICE_DATA},
    P.SEARCH: OOV | PRIVACY | DESK,
    P.VIEW_REPORT: OOV | PRIVACY | DESK,
    P.VIEW_CONTACT: frozenset({Role.OFFICER, Role.PRIVACY_OFFICER}),
    P.VIEW_ATTACHMENT: OOV | PRIVACY,
    P.TRIAGE: OOV,
    P.SECOND_LOOK: OOV | DESK,
    P.RELEASE: OOV | DESK,
    P.ENTER_REPORT: OOV,
    P.REDACT: OOV | {Role.PRIVACY_OFFICER},
    P.MARK_OFFENCE: OOV,
    P.VIEW_DOSSIER: OOV | PRIVACY,
    P.EDIT_DOSSIER: OOV,
    P.VIEW_EXPORT: OOV | PRIVACY,
    # A deputy: what was made with urgency, until it is judged.
    P.FETCH_EXPORT: OOV | PRIVACY | {Role.DEPUTY},
    P.REQUEST_EXPORT: OOV,
    # Never the FG or the admin: art. 38(6) AVG and separation of duties. A deputy: only while it
    # waits for a second person (`ExportResource`).
    P.APPROVE_EXPORT: OOV | {Role.DEPUTY},
    P.VIEW_PARTNER: OOV | PRIVACY | {Role.ADMIN},
    P.EDIT_PARTNER: frozenset({Role.DOSSIER_OWNER, Role.ADMIN}),
    P.VIEW_AUDIT: PRIVACY,
    # Each of its own holder: the desk reads what the desk forwarded.
    P.VIEW_DISCLOSURES: OOV | PRIVACY | DESK,
    # The whole of it in one file: for who answers for it.
    P.SAVE_DISCLOSURES: PRIVACY,
    # The FG watches, and doesn't act (art. 38(6) AVG).
    P.ERASE: frozenset({Role.PRIVACY_OFFICER}),
    # A second person, who sees what goes and not what it says; never who proposed it.
    P.CHECK_ERASURE: DESK | {Role.PRIVACY_OFFICER, Role.DOSSIER_OWNER},
    # The desk: for what it holds itself, for it has no admin.
    P.VIEW_RETENTION: PRIVACY | DESK | {Role.ADMIN, Role.PROCESS_OWNER, Role.ARCHIVIST},
    P.PROPOSE_TERMS: DESK | {Role.ADMIN, Role.ARCHIVIST},
    P.APPROVE_TERMS: frozenset({Role.ARCHIVIST}),
    # Different people for the same line; who checks, only where the municipality set that.
    P.ASSESS_DESTRUCTION: frozenset({Role.PROCESS_OWNER}),
    P.CHECK_DESTRUCTION: frozenset({Role.PRIVACY_OFFICER}),
    P.AUTHORISE_DESTRUCTION: frozenset({Role.ARCHIVIST}),
    # They are told of it before it works, and of what is wrong with the standing decision.
    P.WATCH_KEEPING: frozenset({Role.ARCHIVIST, Role.DATA_PROTECTION_OFFICER}),
    # The desk: what it holds itself, for it has no process owner.
    P.HOLD: DESK | {Role.PROCESS_OWNER, Role.PRIVACY_OFFICER},
    P.TRANSFER: frozenset({Role.ARCHIVIST}),
    # By name, beside other roles: the FG too, where the FG watches over police data.
    P.POLICE_DATA: frozenset({Role.POLICE_DATA}),
    P.VIEW_REQUESTS: PRIVACY,
    # The FG watches, and doesn't act (art. 38(6) AVG).
    P.HANDLE_REQUESTS: frozenset({Role.PRIVACY_OFFICER}),
    # A second person, who knows only the copy; never who made it.
    P.CHECK_COPY: DESK | {Role.PRIVACY_OFFICER, Role.DOSSIER_OWNER},
    P.VIEW_BREACHES: PRIVACY,
    P.HANDLE_BREACHES: frozenset({Role.PRIVACY_OFFICER}),
    # All who work with documents: whoever misses something says so.
    P.REPORT_BREACH: OOV | PRIVACY | DESK,
    # Only the roles that may see a strict dossier: to others there are none.
    P.VIEW_PERSON_DOSSIERS: PRIVACY | {Role.DOSSIER_OWNER},
    P.ADVISE_DOSSIER: frozenset({Role.PRIVACY_OFFICER}),
    P.ASK_READS: frozenset({Role.DATA_PROTECTION_OFFICER}),
    P.MANAGE_MUNICIPALITY: frozenset({Role.ADMIN}),
    # All who read reports there, the FG too: supervising who gets access is the FG's task.
    P.CONFIRM_ROLE: OOV | PRIVACY,
    # The desk: only what it sets for all, for a role counts for its own holder alone.
    P.EDIT_SETTINGS: DESK | {Role.ADMIN},
    P.VIEW_DESK: DESK,
    P.ROUTE_REPORT: DESK,
    P.CONNECT: DESK,
    P.BY_REPORTER: frozenset(),
    P.BY_CLOCK: frozenset(),
    P.BY_RETENTION: frozenset(),
    P.BY_ERASURE: frozenset(),
    P.BY_OTHER_HOLDER: frozenset(),
    P.BY_OPERATOR: frozenset(),
}


# Kept: each permission that a page asks goes through the list of every node above it.
@lru_cache(maxsize=1024)
def holder_acl(
    holder: str,
    *,
    without: tuple[Permission, ...] = (),
    only: frozenset[Role] = frozenset(Role),
) -> list[Any]:
    """Return the access list of a document of a holder, ending in DENY_ALL.

    Args:
        holder: The holder that the document belongs to.
        without: Permissions that the document's state takes away from everybody.
        only: The roles that a strict document leaves; each keeps what the table gives it.
    """
    allowed = [
        (Allow, principal(holder, role), permission)
        for permission, roles in GRANTS.items()
        if permission not in without
        for role in sorted(roles & only)
    ]
    return [*allowed, DENY_ALL]


# Roles whose holders never decide about an export, whatever else they are: art. 38(6) AVG for the
# FG, separation of duties for the admin.
NEVER_APPROVE: Final = frozenset({Role.DATA_PROTECTION_OFFICER, Role.ADMIN})


def may(roles: Iterable[Role], permission: Permission) -> bool:
    """Tell whether these roles (for the holder at hand) give the permission."""
    return bool(GRANTS.get(permission, frozenset()) & set(roles))


def holders_where(identity: Identity, permission: Permission) -> list[str]:
    """Return the holders for whom this person has the permission, in a fixed order."""
    return [h for h in identity.holders if may(identity.roles_for(h), permission)]


# The table as a page: `python -m stopintimidatie.core.security.permissions > docs/roles.md`.

HEAD: Final = """# Wie mag wat

Een rol geldt voor één gemeente, of voor het landelijk meldpunt. Wie in meer gemeenten werkt, heeft
in elk een eigen rol. Wat hier niet staat, mag niet. Wat iemand niet mag zien, bestaat voor die
persoon niet: het antwoord is 404. Mag iemand iets wel zien maar iets ermee niet doen, dan is het
antwoord 403. De toestand van een document kan een recht nog wegnemen. Een persoonsgericht dossier
zien alleen dossierhouder, privacyfunctionaris en functionaris gegevensbescherming, ieder met wat de
tabel hun geeft.

Deze tabel wordt gemaakt uit `stopintimidatie/core/security/permissions.py`
(`python -m stopintimidatie.core.security.permissions > docs/roles.md`); een test vergelijkt ze.
"""
NOBODY: Final = """
Wat geen enkele rol mag, doet niemand van achter een scherm: *als melder* gaat met de volgcode; *als
de termijn voorbij is* en *als bewaartermijn* doet het programma zelf. Wie uitvoer aanvroeg keurt
haar nooit zelf goed, ook niet met de rol die dat mag. Wie wissen voorstelt, doet het niet zelf; dat
mag alleen waar niemand anders is, na twee werkdagen ([wissen](gebruikers/wissen.md)). Een rol geeft
niemand alleen: een tweede persoon bevestigt ([wie](gebruikers/beheer.md#gebruikers)). Een
vernietigingslijst gaat langs twee mensen, of drie als de privacyfunctionaris nakijkt. Wie een ander
een account gaf, telt met die ander [als één](gebruikers/beheer.md#wie-als-één-telt). Een
*waarnemer* ziet alleen uitvoer die op een tweede persoon wacht, tot de einddatum van die rol.
"""


def lines() -> Iterator[str]:
    """Yield the page, line by line."""
    yield HEAD
    yield "| recht | " + " | ".join(ROLE_LABELS[role] for role in Role) + " |"
    yield "|---|" + ":-:|" * len(Role)
    for permission, holders in GRANTS.items():
        marks = ("ja" if role in holders else "" for role in Role)
        yield f"| {permission} | " + " | ".join(marks) + " |"
    yield NOBODY.rstrip()


def page() -> str:
    """Return the whole page."""
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
