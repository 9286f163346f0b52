"""The steps of a dossier: the effects and the choices of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.dossiers.case.merging import merge_into, mergeable_kinds
from stopintimidatie.dossiers.case.services import check_owner, open_agreements, owners_for
from stopintimidatie.dossiers.filing.services import (
    add_to_dossier,
    move_to_neighbourhood,
    remove_from_dossier,
    reports_in,
    take_out,
)
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.person.services import check_return, check_start
from stopintimidatie.dossiers.resources import is_strict
from stopintimidatie.dossiers.services import (
    DossierError,
)
from stopintimidatie.dossiers.workflow import (
    LIVE,
    ClosingReason,
    DossierKind,
)
from stopintimidatie.municipalities.areas.models import Neighbourhood
from stopintimidatie.municipalities.partners.vocabulary import offered_bases
from stopintimidatie.reports.conversation.services import tell_once
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.page.steps import as_day
from stopintimidatie.reports.resources import GONE
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import TO_NEIGHBOURHOOD

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
