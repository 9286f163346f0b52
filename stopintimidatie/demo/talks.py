"""What reporters of the demo write: answers to questions, and a few additions nobody read yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.clock import clock_at, utc_now
from stopintimidatie.demo.language.desk import QUESTIONS
from stopintimidatie.reports.models import Report, ReporterMessage
from stopintimidatie.reports.reporter import REPORTER, spoke
from stopintimidatie.reports.services import append_move

ANSWERED: Final = "antwoord_melder"
_OTHER_ANSWER: Final = "Ja. Ik weet het nog goed, u mag mij er meer over vragen."
# In the order of the questions of officers.
_ANSWERS: Final[Mapping[str, str]] = dict(
    zip(
        (question for _, question in QUESTIONS),
        (
            "Ik denk rond half elf, want ik kwam net van mijn werk.",
            "Aan de kant van de fietsenstalling, onder de lamp die stuk is.",
            "Liever niet bellen. Schrijven mag wel.",
            "Ja, in de maand ervoor ook een keer. Toen heb ik niets gemeld.",
            "Nee, nog niet. Ik wist niet of het erg genoeg was.",
            "Hij had een donkere jas aan en liep met een fiets aan de hand.",
            "Daar wil ik over nadenken. Dank u wel dat u het vraagt.",
            "Het was de bus naar het centrum. Ik stapte in bij het ziekenhuis.",
            "Bij het café op de hoek. De portier stond binnen.",
            "Op het pad langs het water, in de richting van de speeltuin.",
        ),
        strict=True,
    )
)
_ADDITIONS: Final = (
    "Ik bedacht later: er stond ook iemand bij de deur van de winkel te kijken.",
    "Gisteren liep hij daar weer. Ik ben omgelopen.",
)


def answer(session: Session, report: Report) -> None:
    """The reporter answers the last question, in the words that fit it."""
    asked = session.scalars(
        select(ReporterMessage.text)
        .where(ReporterMessage.report_id == report.id, ReporterMessage.kind == "vraag")
        .order_by(ReporterMessage.at.desc())
        .limit(1)
    ).first()
    _say(session, report, "antwoord", _ANSWERS.get(asked or "", _OTHER_ANSWER))


def add_some(session: Session, moment: datetime) -> None:
    """A few reporters add something just before now: it stands in the inbox as unread."""
    lately = session.scalars(
        select(Report)
        .where(Report.state == "in_behandeling", Report.received_at < moment)
        .order_by(Report.received_at.desc(), Report.reference)
        .offset(1)
        .limit(len(_ADDITIONS))
    ).all()
    for hours, (report, text) in enumerate(zip(lately, _ADDITIONS, strict=False), start=1):
        with clock_at(max(moment - timedelta(hours=hours), report.received_at)):
            _say(session, report, "aanvulling", text)
            append_move(session, report, REPORTER, "aanvulling", report.state, {})
            spoke(session, report, "melding.aanvulling")
            session.flush()


def _say(session: Session, report: Report, kind: str, text: str) -> None:
    said = {"kind": kind, "text": text, "at": utc_now()}
    session.add(ReporterMessage(holder=report.holder, report_id=report.id, **said))
