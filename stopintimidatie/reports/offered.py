"""The states of an offer, and closing one because its report went another way."""

from __future__ import annotations

from typing import Final

from sqlalchemy import update
from sqlalchemy.orm import Session

from stopintimidatie.reports.models import Report, ReportTransfer

OPEN: Final = "aangeboden"
ACCEPTED: Final = "aangenomen"
REFUSED: Final = "geweigerd"
WITHDRAWN: Final = "ingetrokken"
# Accepted, but by then there was nothing left to give.
VOID: Final = "vervallen"
LABELS: Final = {
    OPEN: "wacht op antwoord",
    ACCEPTED: "aangenomen",
    REFUSED: "geweigerd",
    WITHDRAWN: "ingetrokken",
    VOID: "vervallen",
    "gegeven": "doorgegeven",
}


def close_offer(session: Session, report: Report) -> None:
    """Nobody can answer any more, and what was shown of the report is gone."""
    session.flush()
    session.execute(
        update(ReportTransfer)
        .where(
            ReportTransfer.giver == report.holder,
            ReportTransfer.reference == report.reference,
            ReportTransfer.state == OPEN,
        )
        .values(state=WITHDRAWN, offer=None)
        .execution_options(synchronize_session="fetch")
    )
