"""The second person of a copy: nobody who saved it; that it was judged, the step asks.

Who judges sees the copy and the capacity, and nothing else of the case.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.second import (
    ANSWERED,
    Second,
    SecondError,
    check_hand,
    lock_open,
    sign,
    why_not,
)
from stopintimidatie.core.security import Permission
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.privacy.copies.services import copy_of
from stopintimidatie.privacy.requests.models import SubjectRequest
from stopintimidatie.privacy.requests.personal import KIND
from stopintimidatie.privacy.requests.resources import NAME as REQUESTS
from stopintimidatie.privacy.requests.services import lock_request, move_request
from stopintimidatie.privacy.requests.workflow import RequestRule
from stopintimidatie.privacy.subjects.models import SubjectCopy

# The view on which a copy is judged, below the case.
CHECK: Final = "nakijken"
OWN: Final = "Een ander dan u kijkt de kopie na: u werkte eraan mee."


def why_not_check(session: Session, request: SubjectRequest, actor: Actor) -> str | None:
    """Return why somebody can't be the second person for a copy that waits; None: they can."""
    row = copy_of(session, request.id)
    return ANSWERED if row is None else why_not(session, row, actor.id, own=OWN)


def check_copy(
    registry: Any,
    session: Session,
    request: SubjectRequest,
    seen: str | None,
    *,
    shows: bool,
    answer: str | None,
    actor: Actor,
) -> None:
    """Judge a copy as the second person: it may go, or goes back with what was seen in it.

    Args:
        registry: of the application.
        session: of the answer.
        request: whose copy it is.
        seen: the hash of what was read.
        shows: whether it tells who reported, or of others.
        answer: what was seen, in words.
        actor: the second person.

    Raises:
        SecondError: It doesn't wait, changed meanwhile, or isn't this person's to judge.
        WorkflowError: The step isn't possible now.
    """
    lock_request(session, request)
    row = copy_of(session, request.id)
    if row is None:
        raise SecondError(ANSWERED)
    lock_open(session, row, actor, seen=seen, is_now=lambda: row.sha256)
    check_hand(session, row, actor, own=OWN)
    row.shows_reporter, row.answer, row.changed_by = shows, answer, actor.name
    sign(session, row, actor)
    fields = ["ja" if shows else "nee"]
    record(session, actor, "kopie.nagekeken", request.holder, KIND, [request.id], fields=fields)
    step, more = ("terug", {"reden": answer}) if shows else ("nagekeken", {})
    move_request(registry, session, request, step, more, actor)


def _only_checked(registry: Any, session: Session, request: Any, actor: Actor) -> None:
    """Refuse the step of who judged nothing."""
    row = copy_of(session, request.id)
    if row is None or row.answered_by_id is None or row.shows_reporter:
        raise WorkflowError("Laat de kopie eerst nakijken door een tweede persoon.")


RULE: Final = RequestRule(
    "nakijken", "nagekeken", refuses=why_not_check, follows=_only_checked, page=CHECK
)
_REFERENCE: Final = (
    select(SubjectRequest.reference)
    .where(SubjectRequest.id == SubjectCopy.request_id)
    .scalar_subquery()
)
SECOND: Final = Second(
    "kopie",
    "Kopie voor een betrokkene nakijken",
    SubjectCopy,
    Permission.CHECK_COPY,
    lambda row: f"/{REQUESTS}/{row.key}/{CHECK}",
    own_path=lambda row: f"/{REQUESTS}/{row.key}",
    key=_REFERENCE,
    about=_REFERENCE,
)
