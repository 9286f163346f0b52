"""What a step of a dossier requires and does besides changing the state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import RoleAssignment, User
from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.dossiers.access import EDITORS, roles_for
from stopintimidatie.dossiers.filing import (
    add_to_dossier,
    belonging_reports,
    move_to_neighbourhood,
    remove_from_dossier,
)
from stopintimidatie.dossiers.history import DossierError
from stopintimidatie.dossiers.merging import merge_into
from stopintimidatie.dossiers.models import Dossier, DossierAgreement
from stopintimidatie.dossiers.vocabulary import AgreementState, ClosingReason
from stopintimidatie.reports import services as reports
from stopintimidatie.reports.conversation import tell_once
from stopintimidatie.reports.resources import GONE
from stopintimidatie.reports.workflow import TO_NEIGHBOURHOOD
from stopintimidatie.web.filters import local

Values = Mapping[str, Any]


def start(session: Session, dossier: Dossier, values: Values, actor: Actor) -> None:
    """On what footing we work, and who leads."""
    owner = UUID(str(values["dossierhouder"]))
    check_owner(session, dossier, owner, field="dossierhouder")
    dossier.owner_id = owner
    dossier.purpose = values["doel"]
    dossier.legal_basis = values["grondslag"]
    dossier.responsible_body = values["verantwoordelijke"]
    if values.get("advies_privacy"):
        _keep_advice(dossier, values["advies_privacy"], as_day(values["advies_datum"]))


def _keep_advice(dossier: Dossier, advice: str, day: date) -> None:
    if day > local(utc_now()).date():
        raise DossierError(
            "Deze datum is nog niet geweest. Kies de dag van het advies.", "advies_datum"
        )
    dossier.privacy_advice = advice
    dossier.privacy_advice_on = day


def check_owner(
    session: Session,
    dossier: Dossier,
    owner_id: UUID | None,
    *,
    kind: str | None = None,
    field: str = "owner_id",
) -> None:
    """:raises DossierError: this person may not lead a dossier of this kind here."""
    if owner_id is None:
        return
    fitting = EDITORS & roles_for(kind or dossier.kind)
    found = session.scalars(
        select(User.id)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .where(
            User.id == owner_id,
            User.blocked_at.is_(None),
            RoleAssignment.holder == dossier.holder,
            RoleAssignment.role.in_([role.value for role in fitting]),
        )
    ).first()
    if found is None:
        raise DossierError("Deze persoon kan dit dossier niet houden. Kies een ander.", field)


def monitor(session: Session, dossier: Dossier, values: Values, actor: Actor) -> None:
    """The work is done; now see whether it helps."""
    _no_open_agreements(session, dossier)
    dossier.monitoring_on = as_day(values["effect_datum"])


def close(session: Session, dossier: Dossier, values: Values, actor: Actor) -> None:
    """Why it ends, what it brought, and what reporters may know."""
    _no_open_agreements(session, dossier)
    dossier.closed_reason = values["reden_code"]
    dossier.closed_note = values.get("reden")
    dossier.effect = values["effect"]
    dossier.feedback = values["terugkoppeling"]
    if values["reden_code"] == ClosingReason.TAKEN_OVER:
        dossier.taken_over_by = values["overgenomen_door"]
    if values["reden_code"] == ClosingReason.MERGED:
        why = str(values.get("reden") or "")
        merge_into(session, dossier, str(values["samengevoegd_met"]), why, actor)
    else:
        _tell_reporters(session, dossier, values["terugkoppeling"], actor)


def _tell_reporters(session: Session, dossier: Dossier, text: str, actor: Actor) -> None:
    """What was done, to each whose report belongs here; none of them sees another."""
    told = []
    for _, report in belonging_reports(session, dossier):
        if report.state not in GONE:
            tell_once(session, report, "terugkoppeling", text, actor)
            told.append(report.id)
    if told:
        record(session, actor, "melding.terugkoppeling", dossier.holder, reports.KIND, told)


def merge(session: Session, dossier: Dossier, values: Values, actor: Actor) -> None:
    """The work goes on in another dossier: reports and open agreements go along."""
    reason = str(values["reden"])
    merge_into(session, dossier, str(values["samengevoegd_met"]), reason, actor)
    dossier.closed_reason = ClosingReason.MERGED.value
    dossier.closed_note = reason


def reopen(session: Session, dossier: Dossier, values: Values, actor: Actor) -> None:
    """Back to work. What was said at closing stays in the history."""
    dossier.monitoring_on = None
    dossier.closed_reason = None
    dossier.closed_note = None
    dossier.taken_over_by = None
    dossier.merged_into_id = None
    dossier.effect = None
    dossier.feedback = None


def erased(session: Session, dossier: Dossier, values: Values, actor: Actor) -> None:
    """Erased at the request of who it is about; a page without a title would say nothing."""
    dossier.title = "Gewist op verzoek"
    dossier.urgent = False


def open_agreements(session: Session, dossier: Dossier) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(DossierAgreement)
            .where(
                DossierAgreement.dossier_id == dossier.id,
                DossierAgreement.state == AgreementState.OPEN.value,
            )
        )
        or 0
    )


def _no_open_agreements(session: Session, dossier: Dossier) -> None:
    number = open_agreements(session, dossier)
    if number:
        still = "staat nog 1 afspraak" if number == 1 else f"staan nog {number} afspraken"
        raise DossierError(f"Er {still} open. Rond die eerst af, of laat ze vervallen.")


def as_day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


EFFECTS: Final = {
    "dossier.toevoegen": add_to_dossier,
    "dossier.verwijderen": remove_from_dossier,
    "dossier.starten": start,
    "dossier.monitoren": monitor,
    "dossier.afsluiten": close,
    "dossier.samenvoegen": merge,
    "dossier.heropenen": reopen,
    "dossier.wissen": erased,
    TO_NEIGHBOURHOOD: move_to_neighbourhood,
}
