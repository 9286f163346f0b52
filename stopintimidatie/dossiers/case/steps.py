"""The steps of a dossier: the effects and the choices of each, and merging."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.dossiers.filing.services import (
    REFERABLE,
    add_to_dossier,
    membership_of,
    move_to_neighbourhood,
    put_in,
    refer,
    remove_from_dossier,
    reports_in,
    take_out,
)
from stopintimidatie.dossiers.models import Dossier, DossierAgreement
from stopintimidatie.dossiers.person.services import check_ground, check_return, check_start
from stopintimidatie.dossiers.resources import EDITORS, is_strict, kind_lets_edit, roles_for
from stopintimidatie.dossiers.services import (
    KIND,
    DossierError,
    append,
    people_with,
    reindex_dossier,
)
from stopintimidatie.dossiers.workflow import (
    LIVE,
    TOOK_IN,
    AgreementState,
    ClosingReason,
    DossierKind,
)
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.partners.vocabulary import offered_bases
from stopintimidatie.reports.conversation.services import tell_once
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.steps import as_day
from stopintimidatie.reports.resources import GONE
from stopintimidatie.reports.services import reindex_report
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import TO_NEIGHBOURHOOD


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
        if report.state == "in_dossier" and not membership.reference:
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
    if other.state != "in_voorbereiding":
        check_ground(session, other)
    return other


def _still_open(dossier: Dossier) -> ColumnElement[bool]:
    mine = DossierAgreement.dossier_id == dossier.id
    return and_(mine, DossierAgreement.state == AgreementState.OPEN.value)


def _take_agreements(session: Session, dossier: Dossier, other: Dossier, actor: Actor) -> None:
    """Copy the open agreements to the other dossier; here they stay readable, as dropped."""
    moment = utc_now()
    agreements = select(DossierAgreement).where(_still_open(dossier)).with_for_update()
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


Values = Mapping[str, Any]


def start(session: Session, dossier: Dossier, values: Values, actor: Actor) -> None:
    """Store purpose, ground and owner; effect of the first step."""
    owner = UUID(str(values["dossierhouder"]))
    check_owner(session, dossier, owner, field="dossierhouder")
    dossier.owner_id = owner
    dossier.purpose = values["doel"]
    dossier.legal_basis = values["grondslag"]
    dossier.responsible_body = values["verantwoordelijke"]
    check_start(session, dossier, values.get("spoed_reden"), actor)


def check_owner(
    session: Session,
    dossier: Dossier,
    owner_id: UUID | None,
    *,
    kind: str | None = None,
    field: str = "owner_id",
) -> None:
    """Check that somebody may lead the dossier.

    Raises:
        DossierError: This person may not lead a dossier of this kind here.
    """
    if owner_id is None:
        return
    if str(owner_id) not in dict(owners_for(session, dossier.holder, kind or dossier.kind)):
        raise DossierError("Deze persoon kan dit dossier niet houden. Kies een ander.", field)


def monitor(session: Session, dossier: Dossier, values: Values, actor: Actor) -> None:
    """Set the day to look at the effect."""
    _no_open_agreements(session, dossier)
    dossier.monitoring_on = as_day(values["effect_datum"])


def close(session: Session, dossier: Dossier, values: Values, actor: Actor) -> None:
    """Store the reason, the effect and the feedback; merge, or tell the reporters."""
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
    """Tell each reporter whose report belongs here what was done, on the report's own page."""
    reports = [report for _, report in reports_in(session, dossier) if report.state not in GONE]
    for report in reports:
        tell_once(session, report, "terugkoppeling", text, actor)
    if reports:
        ids = [report.id for report in reports]
        record(session, actor, "melding.terugkoppeling", dossier.holder, REPORT, ids)


NOT_STARTED: Final = "Niet gestart"


def not_start(session: Session, dossier: Dossier, values: Values, actor: Actor) -> None:
    """End a dossier that never began: its reports go on without it.

    One about a person leaves no name in lists: its title goes.
    """
    _no_open_agreements(session, dossier)
    reason = str(values["reden"])
    for _, report in reports_in(session, dossier, referred=True):
        take_out(session, EFFECTS, dossier, report, f"{NOT_STARTED}. {reason}", actor)
    dossier.closed_reason, dossier.closed_note = ClosingReason.NOT_STARTED.value, reason
    dossier.urgent = False
    if is_strict(dossier.kind):
        dossier.title = NOT_STARTED


def merge(session: Session, dossier: Dossier, values: Values, actor: Actor) -> None:
    """Merge with another dossier: reports and open agreements go along."""
    reason = str(values["reden"])
    merge_into(session, dossier, str(values["samengevoegd_met"]), reason, actor)
    dossier.closed_reason = ClosingReason.MERGED.value
    dossier.closed_note = reason


def reopen(session: Session, dossier: Dossier, values: Values, actor: Actor) -> None:
    """Clear what closing set. What was said at closing stays in the history.

    Raises:
        DossierError: It never began; or it is about a person, and its ground isn't there or must
            be reviewed.
    """
    if dossier.closed_reason == ClosingReason.NOT_STARTED:
        raise DossierError("Dit dossier is nooit gestart. Maak een nieuw dossier.")
    check_return(session, dossier)
    dossier.monitoring_on = None
    dossier.closed_reason = None
    dossier.closed_note = None
    dossier.taken_over_by = None
    dossier.merged_into_id = None
    dossier.effect = None
    dossier.feedback = None


def mark_erased(session: Session, dossier: Dossier, values: Values, actor: Actor) -> None:
    """Give an erased dossier a title: a page without one would say nothing."""
    dossier.title = "Gewist op verzoek"
    dossier.urgent = False


def open_agreements(session: Session, dossier: Dossier) -> int:
    """Count the open agreements of a dossier."""
    number = select(func.count(DossierAgreement.id)).where(_still_open(dossier))
    return session.scalar(number) or 0


def _no_open_agreements(session: Session, dossier: Dossier) -> None:
    number = open_agreements(session, dossier)
    if number:
        still = "staat nog 1 afspraak" if number == 1 else f"staan nog {number} afspraken"
        raise DossierError(f"Er {still} open. Rond die eerst af, of laat ze vervallen.")


EFFECTS: Final = {
    "dossier.toevoegen": add_to_dossier,
    "dossier.verwijderen": remove_from_dossier,
    "dossier.starten": start,
    "dossier.monitoren": monitor,
    "dossier.niet_starten": not_start,
    "dossier.afsluiten": close,
    "dossier.samenvoegen": merge,
    "dossier.heropenen": reopen,
    "dossier.wissen": mark_erased,
    TO_NEIGHBOURHOOD: move_to_neighbourhood,
}


Choices = Sequence[tuple[str, str]]


def owners_for(session: Session, holder: str, kind: str) -> Choices:
    """Return (id, name) of who may lead a dossier of this kind, by name."""
    return people_with(session, holder, EDITORS & roles_for(kind))


def dossiers(session: Session, report: Report) -> Choices:
    """Return the running dossiers a report may join; those of its own neighbourhood come first.

    Person-directed ones are not listed: reports are put in there from the dossier itself.
    """
    statement = _open_to_all()
    here = Dossier.neighbourhood_code == (report.neighbourhood_code or "")
    return _labelled(session, statement.order_by(here.desc(), Dossier.number.desc()))


def running_dossiers(session: Session) -> Choices:
    """Return all that a report may join, newest first; person-directed ones aren't listed."""
    return _labelled(session, _open_to_all().order_by(Dossier.number.desc()))


def other_dossiers(session: Session, dossier: Dossier) -> Choices:
    """Return the running dossiers that this one may be merged with."""
    statement = _running().where(
        Dossier.id != dossier.id, Dossier.kind.in_(sorted(mergeable_kinds(dossier.kind)))
    )
    return _labelled(session, statement.order_by(Dossier.number.desc()))


def _open_to_all() -> Any:
    return _running().where(Dossier.kind != DossierKind.PERSON.value)


def _running() -> Any:
    return (
        select(Dossier.number, Dossier.title, Neighbourhood.name)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(Dossier.state.in_(sorted(LIVE)))
    )


def _labelled(session: Session, statement: Any) -> Choices:
    rows = session.execute(statement)
    return [(number, f"{number} {title} ({area})") for number, title, area in rows]


def _reasons_to_close() -> Choices:
    reasons = ClosingReason.choices()
    return [(code, word) for code, word in reasons if code != ClosingReason.NOT_STARTED]


OPTIONS: Final[Mapping[str, Callable[[Session, Any], Choices]]] = {
    "dossier_owners": lambda session, dossier: owners_for(session, dossier.holder, dossier.kind),
    "legal_bases": lambda session, dossier: offered_bases(),
    "closing_reasons": lambda session, dossier: _reasons_to_close(),
    "dossiers": dossiers,
    "other_dossiers": other_dossiers,
}
