"""One dossier that becomes two: some of its reports go on in a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.dossiers.filing import membership_of, place, refer, take_out
from stopintimidatie.dossiers.history import KIND, DossierError, append, changed, lock
from stopintimidatie.dossiers.merging import SPLIT_FROM, SPLIT_OFF, mergeable_kinds
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import DossierPlan, create_dossier
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.reports import services as reports
from stopintimidatie.reports.models import Report


def split_dossier(
    session: Session,
    effects: Mapping[str, Any],
    dossier: Dossier,
    plan: DossierPlan,
    chosen: Sequence[Report],
    reason: str,
    actor: Actor,
) -> Dossier:
    """Make a new dossier of some reports of this one; both histories tell.

    :raises DossierError: the dossier is closed, the kind doesn't fit, or a report isn't in it.
    """
    lock(session, dossier)
    if dossier.state not in LIVE:
        raise DossierError("Dit dossier is afgesloten. Neem het eerst terug in aanpak.")
    if plan.kind not in mergeable_kinds(dossier.kind):
        raise DossierError(
            "Een persoonsgericht dossier kan alleen in persoonsgerichte dossiers worden gesplitst,"
            " en een ander dossier niet.",
            "kind",
        )
    if not chosen:
        raise DossierError("Kies minstens één melding die naar het nieuwe dossier gaat.")
    made = create_dossier(session, actor, dossier.holder, plan)
    told = f"Afgesplitst van dossier {dossier.number}. {reason}".strip()
    for report in chosen:
        _take_along(session, effects, dossier, made, report, told, actor)
    values = {"reden": reason, "aantal": len(chosen)}
    append(session, dossier, actor, SPLIT_OFF, values={**values, "dossier": made.number})
    append(session, made, actor, SPLIT_FROM, values={**values, "dossier": dossier.number})
    record(session, actor, "dossier.gesplitst", dossier.holder, KIND, [dossier.id, made.id])
    changed(session, dossier)
    return made


def _take_along(
    session: Session,
    effects: Mapping[str, Any],
    dossier: Dossier,
    made: Dossier,
    report: Report,
    told: str,
    actor: Actor,
) -> None:
    """What belongs here belongs there from now on; what was referred to is referred to there."""
    present = membership_of(session, dossier.id, report.id)
    if present is None:
        raise DossierError(f"{report.reference} zit niet meer in dit dossier.", "meldingen")
    if present.reference:
        take_out(session, effects, dossier, report, told, actor)
        refer(session, made, report, told, actor)
    else:
        place(session, made, report, told, actor)
        reports.changed(session, report)
