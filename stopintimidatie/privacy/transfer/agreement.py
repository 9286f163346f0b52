"""Two people agree that a dossier goes to an archive: its line on a destruction list says so.

The archivist asks, with the key of the archive; the line then says *overbrengen* and is undecided.
Nobody alone has content go out, or a dossier destroyed.
"""

from __future__ import annotations

from uuid import UUID

from dateutil.relativedelta import relativedelta
from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.text import date_text
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.privacy.destruction.documents import today
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    LineDecision,
)
from stopintimidatie.privacy.destruction.rules import quarter_of
from stopintimidatie.privacy.destruction.services import ListError, mark_transfer
from stopintimidatie.privacy.retention.queries import due_of, present_schedule
from stopintimidatie.privacy.retention.rules import Outcome


def line_of(session: Session, document: UUID) -> DestructionLine | None:
    """Return the line of a document on a destruction list, while it isn't gone."""
    return session.scalars(
        select(DestructionLine)
        .where(DestructionLine.document_id == document, DestructionLine.gone_at.is_(None))
        .order_by(DestructionLine.due_on)
        .limit(1)
    ).one_or_none()


def agreed_line(session: Session, document: UUID) -> DestructionLine | None:
    """Return the line by which two people agreed to transfer a document; None without one."""
    line = line_of(session, document)
    if line is None or line.outcome != Outcome.TRANSFER or line.decision != LineDecision.GOES:
        return None
    return line if line.authorised_at is not None else None


def agree(session: Session, dossier: Dossier, *, same_key: bool) -> bool:
    """Have the line of a dossier say that it is transferred; tell whether they agreed to that.

    `same_key`: that on which they decided; with another one they decide anew.

    Raises:
        ListError: the dossier is on no list yet, or its line is authorised with another outcome
            or key.
    """
    line = line_of(session, dossier.id)
    if line is None:
        raise ListError(when_listed(session, dossier))
    if not same_key or line.outcome != Outcome.TRANSFER:
        mark_transfer(session, session.get_one(DestructionList, line.list_id), line)
    return agreed_line(session, dossier.id) is not None


def propose(session: Session, dossier: Dossier) -> None:
    """Have the line say overbrengen for a package without a key, if it is there and still open."""
    line = line_of(session, dossier.id)
    if line is not None and line.authorised_at is None and line.outcome != Outcome.TRANSFER:
        mark_transfer(session, session.get_one(DestructionList, line.list_id), line)


def when_listed(session: Session, dossier: Dossier) -> str:
    """Say when the list comes that a dossier will be on, and what to do until then."""
    schedule = present_schedule(session)
    day = due_of(session, schedule, DOSSIER, dossier.id) if schedule is not None else None
    if day is None:
        return (
            "Dit dossier staat nog op geen vernietigingslijst, want er geldt geen bewaartermijn"
            " voor. Laat de bewaartermijnen eerst vaststellen."
        )
    quarter = quarter_of(day.on)
    made = quarter.first - relativedelta(months=3)
    when = "vannacht" if made <= today() else f"op {date_text(made)}"
    return (
        f"Dit dossier staat nog op geen vernietigingslijst. Het komt {when} op een lijst; vraag het"
        " overbrengen daarna."
    )
