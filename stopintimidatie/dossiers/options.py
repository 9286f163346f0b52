"""What there is to choose from in a step of a dossier, or of a report towards one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import RoleAssignment, User
from stopintimidatie.dossiers.access import EDITORS, roles_for
from stopintimidatie.dossiers.merging import mergeable_kinds
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.vocabulary import ClosingReason, DossierKind
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.register.models import Neighbourhood
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import LegalBasis

Choices = Sequence[tuple[str, str]]


def owners_for(session: Session, holder: str, kind: str) -> Choices:
    """Who may lead a dossier of this kind, by name."""
    roles = [role.value for role in EDITORS & roles_for(kind)]
    rows = session.execute(
        select(User.id, User.name)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .where(
            RoleAssignment.holder == holder,
            RoleAssignment.role.in_(roles),
            User.blocked_at.is_(None),
        )
        .order_by(User.name, User.username)
        .distinct()
        .add_columns(User.username)
    )
    return [(str(row[0]), row[1]) for row in rows]


def dossier_owners(session: Session, dossier: Dossier) -> Choices:
    return owners_for(session, dossier.holder, dossier.kind)


def legal_bases(session: Session, dossier: Dossier) -> Choices:
    return LegalBasis.choices()


def closing_reasons(session: Session, dossier: Dossier) -> Choices:
    return ClosingReason.choices()


def dossiers(session: Session, report: Report) -> Choices:
    """The running dossiers a report may join; those of its own neighbourhood come first.

    Person-directed ones are not listed: reports are put in there from the dossier itself.
    """
    statement = _running().where(Dossier.kind != DossierKind.PERSON.value)
    here = Dossier.neighbourhood_code == (report.neighbourhood_code or "")
    return _labelled(session, statement.order_by(here.desc(), Dossier.number.desc()))


def running_dossiers(session: Session) -> Choices:
    """All that a report may join, the newest first; person-directed ones aren't listed."""
    statement = _running().where(Dossier.kind != DossierKind.PERSON.value)
    return _labelled(session, statement.order_by(Dossier.number.desc()))


def other_dossiers(session: Session, dossier: Dossier) -> Choices:
    """The running dossiers that this one may be merged with."""
    statement = _running().where(
        Dossier.id != dossier.id, Dossier.kind.in_(sorted(mergeable_kinds(dossier.kind)))
    )
    return _labelled(session, statement.order_by(Dossier.number.desc()))


def _running() -> Any:
    return (
        select(Dossier.number, Dossier.title, Neighbourhood.name)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(Dossier.state.in_(sorted(LIVE)))
    )


def _labelled(session: Session, statement: Any) -> Choices:
    return [
        (number, f"{number} {title} ({where})")
        for number, title, where in session.execute(statement)
    ]


OPTIONS: Final = {
    "dossier_owners": dossier_owners,
    "legal_bases": legal_bases,
    "closing_reasons": closing_reasons,
    "dossiers": dossiers,
    "other_dossiers": other_dossiers,
}
