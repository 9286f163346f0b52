"""Two dossiers that become one: its reports, open agreements and references go along."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.dossiers.access import is_strict, may_edit
from stopintimidatie.dossiers.filing import REFERABLE, membership_of, place, refer
from stopintimidatie.dossiers.history import KIND, DossierError, append, changed
from stopintimidatie.dossiers.models import Dossier, DossierAgreement, DossierMembership
from stopintimidatie.dossiers.vocabulary import AgreementState, DossierKind
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.reports import services as reports
from stopintimidatie.reports.models import Report

# Lines of the history that name another dossier, under `dossier` in their values.
TOOK_IN: Final = "opgenomen"
SPLIT_OFF: Final = "gesplitst"
SPLIT_FROM: Final = "afgesplitst"
RELATED: Final = (TOOK_IN, SPLIT_OFF, SPLIT_FROM)


def mergeable_kinds(kind: str) -> frozenset[str]:
    """A person-directed dossier merges only with its like; others with any other."""
    return frozenset(other.value for other in DossierKind if is_strict(other) == is_strict(kind))


def merge_into(session: Session, dossier: Dossier, number: str, reason: str, actor: Actor) -> None:
    """All that is going on in a dossier goes on in another. The caller closes this one.

    :raises DossierError: they can't become one.
    """
    other = _other(session, dossier, number, actor)
    dossier.merged_into_id = other.id
    told = f"Samengevoegd: was dossier {dossier.number}. {reason}".strip()
    for membership, report in _all_reports(session, dossier):
        if report.state == "in_dossier" and not membership.reference:
            place(session, other, report, told, actor)
            reports.changed(session, report)
        elif report.state in REFERABLE and membership_of(session, other.id, report.id) is None:
            refer(session, other, report, told, actor)
    _take_agreements(session, dossier, other, actor)
    append(session, other, actor, TOOK_IN, values={"dossier": dossier.number, "reden": reason})
    record(session, actor, "dossier.samengevoegd", dossier.holder, KIND, [dossier.id, other.id])
    changed(session, other)


def _other(session: Session, dossier: Dossier, number: str, actor: Actor) -> Dossier:
    other = session.scalars(
        select(Dossier).where(Dossier.number == number).with_for_update()
    ).one_or_none()
    fits = other is not None and other.id != dossier.id and other.state in LIVE
    if other is None or not fits or other.kind not in mergeable_kinds(dossier.kind):
        raise DossierError(
            "Met dit dossier kan het niet worden samengevoegd. Kies een ander.",
            "samengevoegd_met",
        )
    if not may_edit(session, other, actor):
        raise DossierError("In dat dossier kunt u niet werken. Kies een ander.", "samengevoegd_met")
    return other


def _all_reports(session: Session, dossier: Dossier) -> Iterable[tuple[DossierMembership, Report]]:
    statement = (
        select(DossierMembership, Report)
        .join(Report, Report.id == DossierMembership.report_id)
        .where(DossierMembership.dossier_id == dossier.id, DossierMembership.left_at.is_(None))
        .order_by(DossierMembership.serial)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def _take_agreements(session: Session, dossier: Dossier, other: Dossier, actor: Actor) -> None:
    """What is still open goes on there; here it stays readable, as gone along."""
    moment = utc_now()
    still = select(DossierAgreement).where(
        DossierAgreement.dossier_id == dossier.id,
        DossierAgreement.state == AgreementState.OPEN.value,
    )
    for row in session.scalars(still.with_for_update()).all():
        session.add(
            DossierAgreement(
                holder=other.holder,
                dossier_id=other.id,
                what=row.what,
                who=row.who,
                owner_id=row.owner_id,
                due_on=row.due_on,
                state=AgreementState.OPEN.value,
                made_at=row.made_at,
                made_by=row.made_by,
                changed_at=moment,
                changed_by=actor.name,
            )
        )
        row.state = AgreementState.DROPPED.value
        row.result = f"Gaat verder in dossier {other.number}."
        row.changed_at = row.closed_at = moment
        row.changed_by = actor.name
    session.flush()
