"""What a step does besides changing the state; the workflow names these functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.reports.arrivals import announce
from stopintimidatie.reports.conversation import expect_answer, tell, tell_once
from stopintimidatie.reports.doubles import (
    DOUBLE,
    carry_contact,
    check_goes_on,
    check_nobody_waits,
    give_back,
)
from stopintimidatie.reports.models import Report, ReportContact
from stopintimidatie.reports.references import normalise_reference
from stopintimidatie.reports.vocabulary import FollowUp
from stopintimidatie.workflow import WorkflowError

Values = Mapping[str, Any]
# Why a report that is gone is gone, where that wasn't the end of its term.
ERASED: Final = "gewist_op_verzoek"


def release(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Out of quarantine it is a new report, of which its holder is told."""
    announce(session, report)


def assign_handler(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Somebody takes the report in hand."""
    report.handler_id = UUID(str(values["behandelaar"]))


def ask_reporter(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """A question the reporter reads with the follow code, with a last day."""
    expect_answer(session, report, _day(values["uiterlijk"]))
    tell(session, report, "vraag", values["vraag"], actor)


def ask_partner(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """A question to a partner; who and what stands in the history."""
    report.waiting_until = _day(values["uiterlijk"])


def stop_waiting(session: Session, report: Report, values: Values, actor: Actor) -> None:
    report.waiting_until = None


def finish(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Handled: what was done, and what the reporter is told."""
    check_nobody_waits(session, report)
    report.follow_ups = _follow_ups(values["opvolging"])
    report.contact_deadline = None
    if values["terugkoppeling"] == "gegeven":
        tell_once(session, report, "terugkoppeling", values["bericht"], actor)


def _follow_ups(chosen: Iterable[str]) -> list[str]:
    """:raises WorkflowError: something was done, and at the same time nothing."""
    wanted = list(chosen)
    for alone in (FollowUp.NONE_POSSIBLE, FollowUp.PICTURE_ONLY):
        if alone in wanted and len(wanted) > 1:
            raise WorkflowError(
                f"‘{alone.nl.capitalize()}’ kan niet samen met een andere opvolging. Haal een van"
                " de vinkjes weg.",
                "opvolging",
            )
    return wanted


def end(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Not handled, and why; a double names the other report."""
    check_nobody_waits(session, report)
    report.ended_reason = values["reden_code"]
    if values["reden_code"] != DOUBLE:
        report.contact_deadline = None
        return
    other = _other_report(session, report, values["dubbel_van"])
    report.duplicate_of_id = other.id
    carry_contact(session, report, other, actor)


def reopen(session: Session, report: Report, values: Values, actor: Actor) -> None:
    give_back(session, report)
    report.ended_reason = None
    report.duplicate_of_id = None
    report.follow_ups = []


def withdraw(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """The reporter takes it back: contact data goes at once, the rest when its term is over."""
    session.execute(delete(ReportContact).where(ReportContact.report_id == report.id))
    report.contact_deadline = None
    report.waiting_until = None


def erased(session: Session, report: Report, values: Values, actor: Actor) -> None:
    """Erased at the request of who it is about: nothing is due any more."""
    report.contact_deadline = report.waiting_until = None
    report.ended_reason = ERASED


def _other_report(session: Session, report: Report, reference: str) -> Report:
    wanted = normalise_reference(str(reference))
    statement = select(Report).where(Report.reference == (wanted or "")).with_for_update()
    # As it is now: of two that are closed as doubles of each other at once, one is refused.
    found = session.scalars(statement.execution_options(populate_existing=True)).first()
    if found is None:
        raise WorkflowError(
            "Die andere melding is niet gevonden. Controleer het kenmerk.", "dubbel_van"
        )
    check_goes_on(session, report, found)
    return found


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


EFFECTS: Final = {
    "melding.vrijgeven": release,
    "melding.behandelaar": assign_handler,
    "melding.vraag_melder": ask_reporter,
    "melding.vraag_partner": ask_partner,
    "melding.wachten_voorbij": stop_waiting,
    "melding.afhandelen": finish,
    "melding.einde": end,
    "melding.heropenen": reopen,
    "melding.intrekken": withdraw,
    "melding.wissen": erased,
}
