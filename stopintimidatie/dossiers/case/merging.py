"""Dossiers that become one, and a dossier that becomes two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.dossiers.case.services import DossierPlan, create_dossier, still_open
from stopintimidatie.dossiers.filing.services import (
    REFERABLE,
    membership_of,
    put_in,
    refer,
    reports_in,
    take_out,
)
from stopintimidatie.dossiers.models import Dossier, DossierAgreement
from stopintimidatie.dossiers.person.services import check_ground
from stopintimidatie.dossiers.resources import is_strict, kind_lets_edit
from stopintimidatie.dossiers.services import (
    KIND,
    DossierError,
    append,
    lock_live,
    reindex_dossier,
)
from stopintimidatie.dossiers.workflow import (
    LIVE,
    SPLIT_FROM,
    SPLIT_OFF,
    TOOK_IN,
    AgreementState,
    DossierKind,
    DossierState,
)
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import reindex_report
from stopintimidatie.reports.workflow import ReportState


def mergeable_kinds(kind: str) -> frozenset[str]:
    """Return the kinds to merge with: a person-directed dossier only with its like."""
    return frozenset(other.value for other in DossierKind if is_strict(other) == is_strict(kind))


def merge_into(session: Session, dossier: Dossier, number: str, reason: str, actor: Actor) -> None:
    """Move reports and open agreements of a dossier to another. The caller closes this one.

    Raises:
        DossierError: They can't become one.
    """
    other = _other(session, dossier, number, actor)
    dossier.merged_into_id = other.id
    why = f"Samengevoegd: was dossier {dossier.number}. {reason}".strip()
    for membership, report in reports_in(session, dossier, referred=True):
        if report.state == ReportState.IN_DOSSIER and not membership.reference:
            put_in(session, other, report, why, actor)
            reindex_report(session, report)
        elif report.state in REFERABLE and membership_of(session, other.id, report.id) is None:
            refer(session, other, report, why, actor)
    _take_agreements(session, dossier, other, actor)
    append(session, other, actor, TOOK_IN, values={"dossier": dossier.number, "reden": reason})
    record(session, actor, "dossier.samengevoegd", dossier.holder, KIND, [dossier.id, other.id])
    reindex_dossier(session, other)


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
    if not kind_lets_edit(session, other, actor):
        raise DossierError("In dat dossier kunt u niet werken. Kies een ander.", "samengevoegd_met")
    if other.state != DossierState.PREPARING:
        check_ground(session, other)
    return other


def _take_agreements(session: Session, dossier: Dossier, other: Dossier, actor: Actor) -> None:
    """Copy the open agreements to the other dossier; here they stay readable, as dropped."""
    moment = utc_now()
    agreements = select(DossierAgreement).where(still_open(dossier)).with_for_update()
    for row in session.scalars(agreements).all():
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


def split_dossier(
    session: Session,
    effects: Mapping[str, Any],
    dossier: Dossier,
    plan: DossierPlan,
    chosen: Sequence[Report],
    reason: str,
    actor: Actor,
) -> Dossier:
    """Make a new dossier of some reports of this one; the histories of both say so.

    Raises:
        DossierError: The dossier is closed, the kind doesn't fit, or a report isn't in it.
    """
    lock_live(session, dossier)
    if plan.kind not in mergeable_kinds(dossier.kind):
        raise DossierError(
            "Een persoonsgericht dossier kan alleen in persoonsgerichte dossiers worden gesplitst,"
            " en een ander dossier niet.",
            "kind",
        )
    if not chosen:
        raise DossierError("Kies minstens één melding die naar het nieuwe dossier gaat.")
    made = create_dossier(session, actor, dossier.holder, plan)
    why = f"Afgesplitst van dossier {dossier.number}. {reason}".strip()
    for report in chosen:
        _take_along(session, effects, dossier, made, report, why, actor)
    values = {"reden": reason, "aantal": len(chosen)}
    append(session, dossier, actor, SPLIT_OFF, values={**values, "dossier": made.number})
    append(session, made, actor, SPLIT_FROM, values={**values, "dossier": dossier.number})
    record(session, actor, "dossier.gesplitst", dossier.holder, KIND, [dossier.id, made.id])
    reindex_dossier(session, dossier)
    return made


def _take_along(
    session: Session,
    effects: Mapping[str, Any],
    dossier: Dossier,
    made: Dossier,
    report: Report,
    reason: str,
    actor: Actor,
) -> None:
    """Move a report that belongs here to the new dossier; refer there to one referred to here."""
    present = membership_of(session, dossier.id, report.id)
    if present is None:
        raise DossierError(f"{report.reference} zit niet meer in dit dossier.", "meldingen")
    if present.reference:
        take_out(session, effects, dossier, report, reason, actor)
        refer(session, made, report, reason, actor)
    else:
        put_in(session, made, report, reason, actor)
        reindex_report(session, report)
