"""Terms that were approved, lists that were authorised, and nights that pass."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import clock_at, utc_now
from stopintimidatie.core.storage.retention import RETENTION_CLASSES
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.privacy.destruction.jobs import destroy_what_is_due
from stopintimidatie.privacy.destruction.models import DestructionLine, LineState
from stopintimidatie.privacy.requests.jobs import to_watch, watch_request
from stopintimidatie.privacy.retention.rules import Choice, Schedule, proposal
from stopintimidatie.privacy.retention.services import approve_terms, propose_terms
from tests.support.factories import DORDRECHT
from tests.support.installation import Installation

ADMIN = Actor("gebruiker", "beheer", "Bob Heer")
ARCHIVIST = Actor("gebruiker", "archivaris", "Ar Chief")


def proposed_schedule(installation: Installation, holder: str = DORDRECHT) -> Schedule:
    """What the product proposes, with a category for each class."""
    classes = RETENTION_CLASSES.of(installation.registry)
    terms = proposal(classes, desk=holder == NATIONAL)
    choices = {
        code: Choice(f"cat {code}"[:90], choice.term, choice.outcome, choice.source)
        for code, choice in terms.choices.items()
    }
    return Schedule(choices, terms.maximum)


def approve(
    installation: Installation, holder: str = DORDRECHT, schedule: Schedule | None = None
) -> Schedule:
    """Let terms count from now."""
    terms = schedule or proposed_schedule(installation, holder)
    with installation.transaction(holder) as session:
        row = propose_terms(session, holder, terms, utc_now(), None, ADMIN)
        approve_terms(session, row, ARCHIVIST)
    return terms


@contextmanager
def on(day: date) -> Iterator[None]:
    """Let it be noon on this day."""
    with clock_at(datetime.combine(day, time(12), UTC)):
        yield


def night(installation: Installation, day: date, holder: str = DORDRECHT) -> None:
    """Let the nightly work of a holder be done on this day."""
    with on(day):
        destroy_what_is_due(installation.registry, installation.engine, holder)


def watch_requests(registry: Any, session: Session) -> None:
    """Do the work of a morning with the requests of the holder of this session."""
    for row in session.scalars(to_watch()).all():
        watch_request(registry, session, row)


def lines(installation: Installation, holder: str = DORDRECHT) -> dict[UUID, DestructionLine]:
    """The lines of all lists, by document."""
    with installation.transaction(holder) as session:
        rows = session.scalars(select(DestructionLine).order_by(DestructionLine.due_on)).all()
        session.expunge_all()
        return {row.document_id: row for row in rows}


def authorise(installation: Installation, *documents: Any, holder: str = DORDRECHT) -> None:
    """Let these documents (all without any) go on their day, as was authorised."""
    with installation.transaction(holder) as session:
        for line in session.scalars(select(DestructionLine)):
            if (not documents or line.document_id in documents) and line.gone_at is None:
                line.decision = LineState.GOES.value
                line.assessed_at = line.checked_at = line.authorised_at = utc_now()
