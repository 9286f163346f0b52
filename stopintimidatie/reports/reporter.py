"""What a reporter does with their own report, on the strength of the follow code alone.

The code has been judged by `following.follow`; its `Copy` says which holder's report it opened.
Each act is a transaction of that holder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.reports.following import FROM_REPORTER, Copy, Message
from stopintimidatie.reports.models import Report, ReporterMessage
from stopintimidatie.reports.services import KIND, append_move, changed, move
from stopintimidatie.storage.session import transaction

Effects = Mapping[str, Any]
REPORTER: Final = Actor("melder", None, "De melder")
LONGEST_TEXT: Final = 5_000
MOST_MESSAGES: Final = 50
# The same words again within this time are the same message, sent twice.
SENT_TWICE: Final = timedelta(hours=1)
CLOSED: Final[Mapping[str, str]] = {
    "ingetrokken": "U hebt deze melding ingetrokken. U kunt er niets meer aan toevoegen.",
    "vernietigd": "Deze melding is verwijderd. U kunt er niets meer aan toevoegen.",
    "overgedragen": "Deze melding wordt net doorgegeven. Probeer het over een paar minuten nog"
    " eens.",
}


class NotNowError(Exception):
    """The report doesn't take this now; the message tells the reporter why, and what to do."""


@contextmanager
def own_report(engine: Engine, copy: Copy) -> Iterator[tuple[Session, Report]]:
    """A transaction with the reporter's report, locked.

    :raises NotNowError: it is over, or on its way to another holder.
    """
    with transaction(engine, copy.holder) as session:
        wanted = select(Report).where(Report.id == copy.report_id)
        report = session.scalars(wanted.with_for_update()).one()
        if report.state in CLOSED:
            raise NotNowError(CLOSED[report.state])
        yield session, report


def add_message(engine: Engine, effects: Effects, copy: Copy, text: str) -> Message:
    """Keep what the reporter adds. To a question it is the answer, and the work goes on.

    :raises NotNowError: the report takes no more messages.
    """
    with own_report(engine, copy) as (session, report):
        before = _said_before(session, report, text)
        if before is not None:
            return Message(before.at, before.kind, before.text)
        _check_room(session, report)
        asked = report.state == "wacht_op_melder"
        kind = "antwoord" if asked else "aanvulling"
        said = ReporterMessage(
            holder=report.holder, report_id=report.id, kind=kind, text=text, at=utc_now()
        )
        session.add(said)
        if asked:
            move(session, effects, report, "antwoord_ontvangen", {}, REPORTER)
        else:
            append_move(session, report, REPORTER, kind, report.state, {})
        spoke(session, report, f"melding.{kind}")
        return Message(said.at, said.kind, said.text)


def spoke(session: Session, report: Report, action: str) -> None:
    """The officer must see that the reporter did something; and the log has it."""
    report.reporter_spoke_at = utc_now()
    changed(session, report)
    record(session, REPORTER, action, report.holder, KIND, [report.id])


def _said_before(session: Session, report: Report, text: str) -> ReporterMessage | None:
    """The last thing the reporter said, when it is this, just now."""
    last = session.scalars(
        select(ReporterMessage)
        .where(ReporterMessage.report_id == report.id, ReporterMessage.kind.in_(FROM_REPORTER))
        .order_by(ReporterMessage.at.desc())
        .limit(1)
    ).one_or_none()
    same = last is not None and last.text == text and utc_now() - last.at < SENT_TWICE
    return last if same else None


def _check_room(session: Session, report: Report) -> None:
    said = select(func.count(ReporterMessage.id)).where(
        ReporterMessage.report_id == report.id, ReporterMessage.kind.in_(FROM_REPORTER)
    )
    if (session.scalar(said) or 0) >= MOST_MESSAGES:
        raise NotNowError(
            f"U hebt al {MOST_MESSAGES} berichten gestuurd. Wacht op antwoord, of bel de gemeente."
        )


def withdraw(engine: Engine, effects: Effects, copy: Copy) -> None:
    """Withdraw the report; doing it again changes nothing.

    :raises NotNowError: it is on its way to another holder.
    """
    if copy.state in {"ingetrokken", "vernietigd"}:
        return
    with own_report(engine, copy) as (session, report):
        move(session, effects, report, "intrekken", {}, REPORTER)
        spoke(session, report, "melding.ingetrokken")


VERDICTS: Final = (("ja", "ja"), ("deels", "een beetje"), ("nee", "nee"))


def give_verdict(engine: Engine, copy: Copy, verdict: str) -> None:
    """Whether it helped, in one word; said again it replaces what was said.

    :raises NotNowError: the report is gone.
    """
    with own_report(engine, copy) as (session, report):
        report.reporter_verdict = verdict
        record(session, REPORTER, "melding.mening", report.holder, KIND, [report.id])
