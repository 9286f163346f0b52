"""Putting reports in a dossier and taking them out, with a reason, and the address they get."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.tree import remember_address
from stopintimidatie.dossiers.models import Dossier, DossierMembership
from stopintimidatie.dossiers.resources import is_strict, kind_lets_edit
from stopintimidatie.dossiers.services import DossierError, append, lock, lock_live
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.reports.models import Report, ReportDecision
from stopintimidatie.reports.page.decisions import ASSESSED, UndoError
from stopintimidatie.reports.page.steps import must_ask_danger
from stopintimidatie.reports.rules import normalise_reference
from stopintimidatie.reports.services import (
    move_report,
    reindex_report,
    report_path,
)
from stopintimidatie.reports.vocabulary import KIND as REPORT
from stopintimidatie.reports.workflow import ReportState

Effects = Mapping[str, Any]
# Reports in these states stay where they are; a dossier may refer to them.
REFERABLE: Final = frozenset({ReportState.IN_DOSSIER, ReportState.HANDLED})
# The conditions of a membership that counts now, and of one that isn't a reference.
_STILL_IN: Final = DossierMembership.left_at.is_(None)
_BELONGS: Final = and_(_STILL_IN, DossierMembership.reference.is_(False))
_NOT_YET: Final[Mapping[str, str]] = {
    ReportState.QUARANTINE: "staat nog in quarantaine. Haal de melding eerst uit quarantaine.",
    ReportState.NEW: "is nog niet in behandeling. Neem de melding eerst in behandeling.",
    ReportState.WAITING_FOR_REPORTER: "wacht nog op de melder. Ga eerst verder met de melding.",
    ReportState.WAITING_FOR_PARTNER: "wacht nog op een partner. Ga eerst verder met de melding.",
}


def file_report(
    session: Session,
    effects: Effects,
    dossier: Dossier,
    report: Report,
    reason: str,
    actor: Actor,
    *,
    reference: bool = False,
) -> DossierMembership:
    """Put a report in a dossier; only refer to one that belongs elsewhere, or is done.

    `reference`: refer to it anyhow; it stays where it is, and goes on there.

    Raises:
        DossierError: The report isn't ready for it, or is here already.
    """
    present = membership_of(session, dossier.id, report.id)
    if present is not None and (present.reference or report.state != ReportState.IN_HAND):
        raise DossierError(f"{report.reference} zit al in dit dossier.", "kenmerk")
    obstacle = why_not(report)
    if obstacle:
        raise DossierError(f"{report.reference} {obstacle}", "kenmerk")
    if reference or report.state != ReportState.IN_HAND:
        return refer(session, dossier, report, reason, actor)
    # The history of the report is read by more people than the dossier about a person.
    number = str(dossier.id) if is_strict(dossier.kind) else dossier.number
    values = {"dossier": number, "reden": reason}
    move_report(session, effects, report, "in_dossier", values, actor)
    membership = membership_of(session, dossier.id, report.id)
    assert membership is not None  # noqa: S101 - just made
    return membership


def asks_about_danger(report: Report) -> bool:
    """Tell whether it must be asked about a report, before it is filed, if somebody is in danger.

    Triage asks it where there is a signal. Of what is filed elsewhere or done, it was asked there.
    """
    return report.state in {ReportState.NEW, ReportState.IN_HAND} and must_ask_danger(report)


def why_not(report: Report) -> str | None:
    """Return the reason that a report can't be put in or referred to now; None when it can."""
    if report.state == ReportState.IN_HAND or report.state in REFERABLE:
        return None
    label = ReportState.word(report.state).lower()
    return _NOT_YET.get(report.state, f"kan niet in een dossier: de toestand is ‘{label}’.")


def take_out(
    session: Session, effects: Effects, dossier: Dossier, report: Report, reason: str, actor: Actor
) -> None:
    """Take a report out of a dossier; one that was in it goes back to *in behandeling*.

    Raises:
        DossierError: It isn't in this dossier any more.
    """
    lock(session, dossier)
    present = membership_of(session, dossier.id, report.id)
    if present is None:
        raise DossierError(f"{report.reference} zit niet meer in dit dossier.")
    if report.state == ReportState.IN_DOSSIER and not present.reference:
        move_report(session, effects, report, "uit_dossier", {"reden": reason}, actor)
        return
    _leave(session, dossier, present, report, reason, actor)
    reindex_report(session, report)


def refer(
    session: Session, dossier: Dossier, report: Report, reason: str, actor: Actor
) -> DossierMembership:
    """Let a dossier refer to a report that belongs elsewhere; its state and address stay."""
    lock_live(session, dossier)
    return _join(session, dossier, report, reason, actor, home=False, reference=True)


def membership_of(session: Session, dossier_id: UUID, report_id: UUID) -> DossierMembership | None:
    """Return the membership of a report that is in the dossier now, or None."""
    return session.scalars(
        select(DossierMembership).where(
            DossierMembership.dossier_id == dossier_id,
            DossierMembership.report_id == report_id,
            _STILL_IN,
        )
    ).one_or_none()


def belonging_of(session: Session, report_id: UUID) -> DossierMembership | None:
    """Return the membership of a report in the dossier that it belongs to, or None."""
    statement = select(DossierMembership).where(DossierMembership.report_id == report_id, _BELONGS)
    return session.scalars(statement).one_or_none()


def add_to_dossier(
    session: Session, report: Report, values: Mapping[str, Any], actor: Actor
) -> None:
    """Put the report in the dossier with this number or id; effect of `in_dossier`."""
    dossier = _locked(session, _has_number(str(values["dossier"])))
    if dossier is None or dossier.state not in LIVE or not kind_lets_edit(session, dossier, actor):
        raise DossierError(
            "Dit dossier is er niet, of het is afgesloten. Kies een ander dossier.", "dossier"
        )
    put_in(session, dossier, report, str(values["reden"]), actor)


def _has_number(number: str) -> Any:
    """Return the condition of a dossier by its number or its id."""
    try:
        return Dossier.id == UUID(number)
    except ValueError:
        return Dossier.number == number


def remove_from_dossier(
    session: Session, report: Report, values: Mapping[str, Any], actor: Actor
) -> None:
    """Take the report out of the dossier it belongs to; effect of `uit_dossier`."""
    present = belonging_of(session, report.id)
    dossier = None if present is None else _locked(session, Dossier.id == present.dossier_id)
    if present is None or dossier is None:
        return
    if not kind_lets_edit(session, dossier, actor):
        raise DossierError(
            "Deze melding hoort bij een dossier waar u niet in kunt werken. Vraag een"
            " dossierhouder om de melding eruit te halen."
        )
    _leave(session, dossier, present, report, str(values["reden"]), actor)


UNDONE: Final = "Ongedaan gemaakt."
MOVED_ON: Final = (
    "Dit kan niet meer: er is daarna iets aan het dossier veranderd. Kijk in de geschiedenis van de"
    " melding."
)


def undo_filing(session: Session, report: Report, decision: ReportDecision, actor: Actor) -> None:
    """Take a report out of the dossier that a decision put it in, and put it back where it was.

    The dossier stays, also when it was made for this report and is empty now.
    """
    present = belonging_of(session, report.id)
    if present is None or present.joined_at < decision.at:
        return
    dossier = _locked(session, Dossier.id == present.dossier_id)
    since = select(func.count(DossierMembership.id)).where(
        DossierMembership.report_id == report.id, DossierMembership.joined_at >= decision.at
    )
    # A colleague put it elsewhere meanwhile: its dossier was merged, say.
    moved = session.scalar(since) != 1
    if dossier is None or moved or dossier.state not in LIVE:
        raise UndoError(MOVED_ON)
    if not kind_lets_edit(session, dossier, actor):
        raise UndoError(MOVED_ON)
    before = select(DossierMembership).where(
        DossierMembership.report_id == report.id, DossierMembership.left_at >= decision.at
    )
    earlier = session.scalars(before).all()
    _leave(session, dossier, present, report, UNDONE, actor)
    for membership in earlier:
        membership.left_at = membership.left_by = membership.left_reason = None
    session.flush()
    settle(session, report)


def leave_everywhere(session: Session, report: Report, reason: str, actor: Actor) -> None:
    """Take the report out of each dossier that holds or refers to it; its state stays."""
    statement = select(DossierMembership).where(DossierMembership.report_id == report.id, _STILL_IN)
    for membership in session.scalars(statement).all():
        dossier = session.get_one(Dossier, membership.dossier_id)
        lock(session, dossier)
        _leave(session, dossier, membership, report, reason, actor)


def let_all_go(session: Session, effects: Effects, dossier: Dossier, reason: str) -> None:
    """Take every report out of the dossier; those in it go back to *in behandeling*."""
    for _, report in reports_in(session, dossier, referred=True):
        take_out(session, effects, dossier, report, reason, SYSTEM)


def _locked(session: Session, condition: Any) -> Dossier | None:
    statement = select(Dossier).where(condition).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def put_in(session: Session, dossier: Dossier, report: Report, reason: str, actor: Actor) -> None:
    """Let a report belong to this dossier instead of another; its state stays."""
    present = belonging_of(session, report.id)
    home = lives_in(dossier, report)
    if present is not None and present.dossier_id == dossier.id:
        return
    if present is not None:
        former = session.get_one(Dossier, present.dossier_id)
        _leave(session, former, present, report, reason, actor, address=False)
    referring = membership_of(session, dossier.id, report.id)
    if referring is not None:
        _leave(session, dossier, referring, report, reason, actor)
    _set_address(session, report, dossier.number if home else None)
    _join(session, dossier, report, reason, actor, home=home, reference=False)


def _join(
    session: Session,
    dossier: Dossier,
    report: Report,
    reason: str,
    actor: Actor,
    *,
    home: bool,
    reference: bool,
) -> DossierMembership:
    membership = DossierMembership(
        holder=dossier.holder,
        dossier_id=dossier.id,
        report_id=report.id,
        serial=_serial(session, dossier, report),
        home=home,
        reference=reference,
        joined_by=actor.name,
        joined_reason=reason,
    )
    session.add(membership)
    _write_down(session, dossier, report, actor, "melding_erbij", reason)
    session.flush()
    return membership


def _serial(session: Session, dossier: Dossier, report: Report) -> int:
    """Return the number that this report had here before, else the next one."""
    last = select(func.max(DossierMembership.serial)).where(
        DossierMembership.dossier_id == dossier.id
    )
    former = session.scalar(last.where(DossierMembership.report_id == report.id))
    return former or (session.scalar(last) or 0) + 1


def _leave(
    session: Session,
    dossier: Dossier,
    present: DossierMembership,
    report: Report,
    reason: str,
    actor: Actor,
    *,
    address: bool = True,
) -> None:
    present.left_at = utc_now()
    present.left_by = actor.name
    present.left_reason = reason
    if address and not present.reference:
        _set_address(session, report, None)
    _write_down(session, dossier, report, actor, "melding_eruit", reason)
    # Now, so that the report may join another dossier in the same transaction.
    session.flush()


def _write_down(
    session: Session, dossier: Dossier, report: Report, actor: Actor, name: str, reason: str
) -> None:
    append(session, dossier, actor, name, values={"melding": report.reference, "reden": reason})
    ids = [dossier.id, report.id]
    record(session, actor, f"dossier.{name}", dossier.holder, "dossier", ids)
    reindex_report(session, report)


def address_of(session: Session, report: Report) -> str:
    """Return the address a report has now."""
    municipality = session.get(Municipality, report.holder)
    neighbourhood = session.get(Neighbourhood, report.neighbourhood_code or "")
    return report_path(
        report,
        municipality.slug if municipality else None,
        neighbourhood.slug if neighbourhood else None,
    )


def _set_address(session: Session, report: Report, number: str | None) -> None:
    if report.dossier_number == number:
        return
    old = address_of(session, report)
    report.dossier_number = number
    remember_address(session, report.holder, old, REPORT, report.id)


def move_to_neighbourhood(
    session: Session, report: Report, values: Mapping[str, Any], actor: Actor
) -> None:
    """Put a report and its address in another neighbourhood; effect `melding.wijk`.

    `values`: `wijk` is the code of the neighbourhood.
    """
    code = str(values["wijk"])
    if report.neighbourhood_code == code:
        return
    old = address_of(session, report)
    report.neighbourhood_code = code
    report.subneighbourhood_code = None
    settle(session, report)
    remember_address(session, report.holder, old, REPORT, report.id)
    reindex_report(session, report)
    fields = ["neighbourhood_code"]
    record(session, actor, "melding.wijk", report.holder, REPORT, [report.id], fields=fields)


def undo_move(session: Session, report: Report, decision: ReportDecision, actor: Actor) -> None:
    """Put a report back in the neighbourhood that an assessment took it out of."""
    kept = decision.values.get(ASSESSED)
    if kept is not None:
        move_to_neighbourhood(session, report, {"wijk": kept["wijk"]}, actor)


def settle(session: Session, report: Report) -> None:
    """Set anew whether the report's address lies in its dossier.

    The caller remembers the old address.
    """
    present = belonging_of(session, report.id)
    if present is None:
        report.dossier_number = None
        return
    dossier = session.get_one(Dossier, present.dossier_id)
    settle_in(dossier, present, report)


def lives_in(dossier: Dossier, report: Report) -> bool:
    """Tell whether the address of a report that belongs here lies in the dossier.

    Never in one about a person: its number would stand in an address that others see.
    """
    return report.neighbourhood_code == dossier.neighbourhood_code and not is_strict(dossier.kind)


def settle_in(dossier: Dossier, present: DossierMembership, report: Report) -> None:
    """Set whether the address of a report that belongs here lies in the dossier."""
    present.home = lives_in(dossier, report)
    report.dossier_number = dossier.number if present.home else None


def reports_in(
    session: Session, dossier: Dossier, *, referred: bool = False
) -> Sequence[tuple[DossierMembership, Report]]:
    """Return every report that belongs to the dossier, with its membership.

    `referred`: also the reports that the dossier only refers to.
    """
    statement = (
        select(DossierMembership, Report)
        .join(Report, Report.id == DossierMembership.report_id)
        .where(DossierMembership.dossier_id == dossier.id, _STILL_IN if referred else _BELONGS)
        .order_by(DossierMembership.serial)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


MOST_AT_ONCE: Final = 50
_BETWEEN: Final = re.compile(r"[\s,;]+")


def known_reports(session: Session, typed: str) -> list[Report]:
    """Return the reports of the transaction's holder with these references, as far as they are."""
    wanted = [normalise_reference(word) for word in _BETWEEN.split(typed)[: MOST_AT_ONCE + 1]]
    rows = session.scalars(select(Report).where(Report.reference.in_(filter(None, wanted))))
    reports = {report.reference: report for report in rows}
    return [reports[reference] for reference in dict.fromkeys(wanted) if reference in reports]


def find_reports(session: Session, typed: str, *, field: str = "kenmerk") -> list[Report]:
    """Return the reports of the transaction's holder, in the order they were typed.

    Raises:
        DossierError: Something isn't a reference, or there is no such report here.
    """
    words = [word for word in _BETWEEN.split(typed) if word]
    if len(words) > MOST_AT_ONCE:
        raise DossierError(f"Vul hoogstens {MOST_AT_ONCE} kenmerken in.", field)
    for word in words:
        if normalise_reference(word) is None:
            raise DossierError(
                f"‘{word[:40]}’ is geen kenmerk. Een kenmerk ziet eruit als M-4F7K-2QX9.", field
            )
    reports = known_reports(session, " ".join(words))
    present = {report.reference for report in reports}
    missing = [r for r in dict.fromkeys(map(normalise_reference, words)) if r and r not in present]
    if missing:
        advice = "is niet gevonden in uw gemeente. Controleer het kenmerk."
        if len(missing) > 1:
            advice = "zijn niet gevonden in uw gemeente. Controleer de kenmerken."
        raise DossierError(f"{', '.join(missing)} {advice}", field)
    return reports
