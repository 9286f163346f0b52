"""The decisions of a reporter: withdrawing, thinking again, and having the report kept longer.

Withdrawing can be forced. Contact data goes at once; that of a frozen report stays sealed, shown to
nobody, until the hold is lifted. The content is locked for everybody until it
is destroyed or the reporter takes the withdrawal back, which is possible for some days
(`words.THINK_AGAIN`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import _, day_of
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS
from stopintimidatie.reports.conversation.queries import KEEPER, Copy, read_keeping
from stopintimidatie.reports.conversation.services import (
    CLOSED_TEXTS,
    REPORTER,
    NotNowError,
    locked_report,
    spoke,
)
from stopintimidatie.reports.conversation.words import may_undo
from stopintimidatie.reports.models import Report, ReporterMessage, ReportMove
from stopintimidatie.reports.personal import delete_contact, has_contact
from stopintimidatie.reports.services import REPORT_DOSSIERS, append_move, move_report
from stopintimidatie.reports.workflow import ENDED, ReportState

# In the log, as the notice to a municipality and as the status that the reporter reads.
WITHDRAWN: Final = "ingetrokken"
# There is nothing to withdraw any more.
OVER: Final = frozenset({ReportState.WITHDRAWN, ReportState.DESTROYED})
STEP: Final = "intrekken"
# The line of history of a withdrawal that was taken back.
TAKEN_BACK: Final = "toch_niet_ingetrokken"
# The line of history of a reporter who wants the report kept.
KEPT: Final = "bewaren_gevraagd"
NOTHING_TO_KEEP: Final = _(
    "Uw melding wordt nu niet vernietigd. U hoeft daarom niets te vragen. Een maand van tevoren"
    " leest u hier de dag."
)
TOO_LATE: Final = _(
    "U kunt het intrekken niet meer ongedaan maken: dat kan 14 dagen. U mag altijd een nieuwe"
    " melding doen."
)


def withdraw(registry: Any, copy: Copy) -> None:
    """Withdraw the report; doing it again changes nothing.

    Raises:
        NotNowError: It is on its way to another holder, or gone.
    """
    if copy.state in OVER:
        return
    keeper, effects = KEEPER.only(registry), WORKFLOW_EFFECTS.of(registry)
    with transaction(registry.engine, copy.holder) as session:
        report = locked_report(session, copy)
        if report.state in OVER:
            return
        if report.state in CLOSED_TEXTS:
            raise NotNowError(CLOSED_TEXTS[report.state])
        move_report(session, effects, report, STEP, {}, REPORTER)
        if keeper is None or not keeper.holds(session, report):
            delete_contact(session, report)
        spoke(session, report, "melding.ingetrokken")


def take_back(registry: Any, copy: Copy) -> None:
    """Put a withdrawn report back in the state it came from, without contact data.

    While a hold keeps the data, that is back as well.

    Doing it again changes nothing.

    Raises:
        NotNowError: The days to think again are over, or nothing of the report is left.
    """
    with transaction(registry.engine, copy.holder) as session:
        wanted = select(Report).where(Report.id == copy.report_id)
        report = session.scalars(wanted.with_for_update()).one_or_none()
        if report is not None and report.state not in OVER:
            return
        # A report that was erased at request has ended too, and never comes back.
        withdrawn = report is not None and report.state == ReportState.WITHDRAWN
        withdrawn_at = report.ended_at if report is not None and withdrawn else None
        if report is None or withdrawn_at is None or not may_undo(withdrawn_at, utc_now()):
            raise NotNowError(TOO_LATE)
        report.state = _state_before(registry, session, report)
        report.ended_at = _ended_before(session, report) if report.state in ENDED else None
        if report.state not in ENDED:
            report.contact_deadline, report.contact_owed = report.contact_owed, None
        if report.state not in {ReportState.WAITING_FOR_REPORTER, ReportState.WAITING_FOR_PARTNER}:
            report.waiting_until = None
        append_move(session, report, REPORTER, TAKEN_BACK, ReportState.WITHDRAWN, {})
        spoke(session, report, "melding.toch_niet_ingetrokken")


def taken_back(engine: Engine, copy: Copy) -> bool | None:
    """Tell whether contact data is there after taking back a withdrawal.

    None when that wasn't the last thing that happened to the report.
    """
    moves = select(ReportMove.name).where(ReportMove.report_id == copy.report_id)
    with transaction(engine, copy.holder, write=False) as session:
        report = session.get(Report, copy.report_id)
        last = session.scalar(moves.order_by(ReportMove.at.desc()).limit(1))
        return has_contact(session, report) if report and last == TAKEN_BACK else None


def keep_for_police(registry: Any, copy: Copy) -> None:
    """Have a report kept that would soon be destroyed, so that its reporter can go to the police.

    Doing it again changes nothing until that time is nearly over.

    Raises:
        NotNowError: It isn't to be destroyed soon.
    """
    keeper = KEEPER.only(registry)
    with transaction(registry.engine, copy.holder) as session:
        wanted = select(Report).where(Report.id == copy.report_id)
        report = session.scalars(wanted.with_for_update()).one_or_none()
        if keeper is None or report is None:
            raise NotNowError(NOTHING_TO_KEEP)
        keeping = read_keeping(keeper, session, report)
        if not keeping.may_ask:
            # A hold for another reason keeps nothing for the police once it is lifted.
            if not keeping.asked:
                raise NotNowError(NOTHING_TO_KEEP)
            return
        keeper.keep(session, report)
        append_move(session, report, REPORTER, KEPT, report.state, {})
        spoke(session, report, "melding.bewaren_gevraagd")


def _state_before(registry: Any, session: Session, report: Report) -> str:
    """Return the state of before the withdrawal, or what follows when that can't go on."""
    step = select(ReportMove.from_state).where(
        ReportMove.report_id == report.id, ReportMove.name == STEP
    )
    before = session.scalar(step.order_by(ReportMove.at.desc()).limit(1))
    if before == ReportState.WAITING_FOR_REPORTER and not _still_asked(session, report):
        return ReportState.NEW if report.holder == NATIONAL else ReportState.IN_HAND
    if before == ReportState.IN_DOSSIER:
        find = REPORT_DOSSIERS.only(registry)
        inside = find is not None and find(session, [report.id]).get(report.id)
        return ReportState.IN_DOSSIER if inside else ReportState.IN_HAND
    # An offer to another municipality ended with the withdrawal.
    return before if before is not None and before != ReportState.OFFERED else ReportState.IN_HAND


def _still_asked(session: Session, report: Report) -> bool:
    """Tell whether the question is still there, and may still be answered."""
    until = report.waiting_until
    asked = select(ReporterMessage.id).where(
        ReporterMessage.report_id == report.id, ReporterMessage.kind == "vraag"
    )
    in_time = until is not None and until >= day_of(utc_now())
    return in_time and session.scalar(asked.limit(1)) is not None


def _ended_before(session: Session, report: Report) -> datetime:
    """Return the moment at which the report came in the state in which it ended."""
    ended = select(ReportMove.at).where(
        ReportMove.report_id == report.id,
        ReportMove.to_state == report.state,
        ReportMove.from_state != report.state,
    )
    return session.scalar(ended.order_by(ReportMove.at.desc()).limit(1)) or utc_now()
