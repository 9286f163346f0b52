"""The answer of a municipality about a report that was withdrawn, erased or restricted there.

The page of the sitting shows it (`withdrawn.jinja2`) with the form. The town decides by its own
rules; what it answers are codes and a day, never words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, exists, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core import forms
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import Button, Form, FormError, Schema, field
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.core.web.components import Panel
from stopintimidatie.desk.forwarding.access import Answer, add_answer
from stopintimidatie.desk.forwarding.pickup import OPENED, STOPPED, notice_of, opened, still_stopped
from stopintimidatie.disclosures.models import Pickup, PickupAnswer
from stopintimidatie.municipalities.agreements.services import today, towns_in_force
from stopintimidatie.reports.conversation.queries import pickup_town
from stopintimidatie.reports.conversation.words import ANSWERED, STAYS
from stopintimidatie.reports.models import Report, ReportMove

NAME: Final = "melding-ingetrokken"
TEMPLATES: Final = "stopintimidatie.desk.forwarding:templates"
ANSWER_WITHIN: Final = timedelta(days=14)
ANSWERS: Final = [(kind.value, kind.nl) for kind in (Answer.UNUSED, Answer.DESTROYED, Answer.STAYS)]


class WithdrawnSchema(Schema):
    """The answer: closed choices, with the day or the reason that belongs to it."""

    antwoord = field(forms.OneOf(ANSWERS, radio=True), "Wat deed uw gemeente met de melding?")
    dag = field(
        forms.Date(),
        "Op welke dag is zij vernietigd?",
        missing=None,
        drawn=forms.Opened("De dag", (Answer.DESTROYED.value,)),
    )
    reden = field(
        forms.OneOf([(code, f"omdat {words}") for code, words in STAYS.items()]),
        "Waarom blijft zij?",
        missing=None,
        drawn=forms.Opened("De reden", (Answer.STAYS.value,)),
    )


def withdrawn_form(request: Any, pickup: Pickup) -> Form:
    """Make the form for the answer about a report that was withdrawn, erased or restricted."""
    action = f"/ophalen/{pickup.reference}/{NAME}"
    button = Button("laten_weten", "Laat het meldpunt weten")
    return Form(WithdrawnSchema(), request, buttons=[button], action=action)


def stopped_panel(context: tuple[Pickup, Report], request: Any) -> Panel | None:
    """Return what an official reads of a report that they may use no longer.

    No content, no files and no person: reference, dates, and whether it was urgent.
    """
    pickup, report = context
    notice = notice_of(request.db, report)
    if notice is None or pickup.state not in OPENED:
        return None
    mine = ReportMove.report_id == report.id, ReportMove.name == f"gemeente_{notice}"
    at = request.db.scalar(select(func.max(ReportMove.at)).where(*mine))
    values = {
        "report": report,
        "pickup": pickup,
        "notice": notice,
        "at": at or report.ended_at or report.received_at,
        "why": STOPPED[notice],
    }
    return Panel("Niet meer gebruiken", f"{TEMPLATES}/withdrawn.jinja2", values)


def answer_withdrawal(
    session: Session,
    pickup: Pickup,
    report: Report,
    kind: str,
    day: date | None,
    reason: str | None,
) -> None:
    """Store what a municipality does with a report that was withdrawn, erased or restricted.

    Raises:
        FormError: the answer lacks its day or reason, or has a day that can't be.
    """
    if kind == Answer.DESTROYED and day is None:
        raise FormError("Vul de dag in waarop de melding is vernietigd.", "dag")
    if kind == Answer.STAYS and reason is None:
        raise FormError("Kies waarom de melding blijft.", "reden")
    if day is not None and kind != Answer.DESTROYED:
        raise FormError("Een dag hoort alleen bij ‘Vernietigd’. Maak dit leeg.", "dag")
    if reason is not None and kind != Answer.STAYS:
        words = f"Een reden hoort alleen bij ‘{Answer.STAYS.nl}’. Maak dit leeg."
        raise FormError(words, "reden")
    picked_up_on = day_of(pickup.picked_up_at or pickup.made_at)
    if day is not None and not picked_up_on <= day <= today():
        raise FormError(f"Kies een dag van {date_text(picked_up_on)} tot en met vandaag.", "dag")
    add_answer(session, pickup, report, kind, day, reason)


def unanswered(session: Session) -> Sequence[Row[str | None, str, datetime]]:
    """Return the municipalities that didn't answer in time to a withdrawal, the first told first.

    Where no agreement is in force only a call tells them: those at once.
    Each with the reference of the report and the moment at which it was told.
    """
    answered = exists().where(
        PickupAnswer.pickup_id == Pickup.id,
        PickupAnswer.kind.in_(ANSWERED),
        PickupAnswer.at >= ReportMove.at,
    )
    rows = session.execute(
        select(pickup_town().label("town"), Report.reference, ReportMove.at.label("since"))
        .select_from(Report)
        .join(ReportMove, ReportMove.report_id == Report.id)
        .join(Pickup, Pickup.document_id == Report.id)
        .where(opened(), *still_stopped(), ~answered)
        .order_by(ReportMove.at, Report.reference)
    ).all()
    late, mailed = utc_now() - ANSWER_WITHIN, towns_in_force(session) if rows else set()
    return [row for row in rows if row.since <= late or row.town not in mailed]
