"""Documents of a request: kept while it runs, restricted, corrected; and what that hangs on.

A child that is heard, or an objection, decides whether they are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.desk.forwarding.jobs import notify_town, tell_of_more
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.release.copies import Correction as Told
from stopintimidatie.exports.release.copies import copies_of, copies_with, notify
from stopintimidatie.exports.request.jobs import Change
from stopintimidatie.privacy.holds import services as holds
from stopintimidatie.privacy.holds.models import Hold, HoldReason
from stopintimidatie.privacy.requests.models import (
    Channel,
    ChildOutcome,
    RequestState,
    RequestTrace,
    Restriction,
    RestrictionGround,
    Right,
    SubjectRequest,
    SubjectRequestMove,
)
from stopintimidatie.privacy.requests.models import Correction as CorrectionRow
from stopintimidatie.privacy.requests.resources import restricted_among, traces_of
from stopintimidatie.privacy.requests.rules import about_child, grant_refused, identities_of
from stopintimidatie.privacy.requests.services import lock_request, note_move, refuses_effect
from stopintimidatie.reports.conversation.services import REPORTER
from stopintimidatie.reports.models import Report

# Told to who holds a copy (art. 19 AVG): no words of the person or the document.
CORRECTED: Final = (
    "Iemand over wie dit gaat, heeft een gegeven laten verbeteren (artikel 16 AVG). Vraag de"
    " afzender wat er verandert."
)


def add_trace(
    session: Session,
    row: SubjectRequest,
    document: tuple[str, UUID, str],
    places: Sequence[str],
    actor: Actor,
    *,
    included: bool | None = None,
) -> RequestTrace:
    """Note a document in which something was found.

    `document`: its kind, id and reference. `included`: whether it is part of the answer, if that
    is known already.
    """
    kind, number, reference = document
    made = RequestTrace(
        holder=row.holder,
        request_id=row.id,
        document_kind=kind,
        document_id=number,
        reference=reference,
        places=list(places),
        included=included,
        found_by=actor.name,
    )
    session.add(made)
    session.flush()
    return made


def grounds_to_erase(session: Session, document: UUID) -> dict[str, str | None]:
    """Return the requests to erase of the person in a document, each with who granted it."""
    move, sent = SubjectRequestMove, SubjectRequest.state == RequestState.SENT.value
    granted = and_(move.request_id == SubjectRequest.id, move.name == "toewijzen", sent)
    rows = session.execute(
        select(SubjectRequest, SubjectRequestMove.actor_id)
        .join(RequestTrace, RequestTrace.request_id == SubjectRequest.id)
        .outerjoin(SubjectRequestMove, granted)
        .where(RequestTrace.document_id == document, RequestTrace.included.is_(True))
        .where(SubjectRequest.right.in_((Right.ERASURE.value, Right.OBJECTION.value)))
        .order_by(SubjectRequest.reference, SubjectRequestMove.at)
    )
    return {row.reference: granter for row, granter in rows if refuses_effect(row) is None}


def hold_traces(session: Session, row: SubjectRequest, actor: Actor) -> int:
    """Keep the documents of a running request from destruction; return how many were added.

    Not for a request to erase: what it asks for can then be done. Nor for who asks for a child,
    before the child agrees. The reporter is told of the hold for what was asked on the follow page.
    """
    refused = grant_refused(row.asked_by, row.child_outcome, child=row.child)
    if row.ended_at is not None or row.right == Right.ERASURE or refused is not None:
        return 0
    mine = Hold.case_reference == row.reference, Hold.lifted_at.is_(None)
    held, number = set(session.scalars(select(Hold.document_id).where(*mine))), 0
    for trace in traces_of(session, row):
        if not trace.included or trace.document_id in held:
            continue
        document = holds.row_of(session, trace)
        if document is not None and document.state not in holds.GONE:
            holds.place_hold(
                session,
                document,
                HoldReason.REQUEST,
                row.due_on,
                REPORTER if Channel.FOLLOW in trace.places else actor,
                case_reference=row.reference,
            )
            number += 1
    return number


def release_traces(session: Session, row: SubjectRequest, actor: Actor) -> None:
    """End the holds of a request that is over, or may hold nothing any more."""
    held = select(Hold).where(
        Hold.case_reference == row.reference,
        Hold.reason == HoldReason.REQUEST.value,
        Hold.lifted_at.is_(None),
    )
    why = f"Verzoek {row.reference} vraagt dit niet meer."
    for hold in session.scalars(held.order_by(Hold.id)).all():
        if (document := holds.row_of(session, hold)) is not None:
            holds.lift_hold(session, document, hold, why, actor)


# A child, an objection


def hear_child(
    session: Session, row: SubjectRequest, on: date, outcome: ChildOutcome, actor: Actor
) -> None:
    """Note that a child was heard through its own channel; with what came of it documents are kept.

    Raises:
        FormError: the request is answered, nobody asks for a child, or the day is before the
            request.
    """
    lock_request(session, row)
    if row.is_decided or not about_child(row.asked_by, child=row.child):
        raise FormError("Bij dit verzoek hoeft u geen kind te horen.")
    if on < row.received_on:
        raise FormError(
            f"Het verzoek kwam binnen op {date_text(row.received_on)}. Kies die dag of een latere.",
            "op",
        )
    row.child_heard_on, row.child_outcome = on, outcome.value
    note_move(session, row, actor, "kind_gehoord", {"op": on.isoformat(), "uitkomst": outcome})
    _keep_or_release(session, row, actor)


def mend_age(session: Session, row: SubjectRequest, actor: Actor, *, child: bool) -> None:
    """Note that the data subject is younger than 16 after all, or isn't.

    Where the way in which it was made sure who asks doesn't do for a child, that is asked again.

    Raises:
        FormError: the request was decided by what was said before, or it was noted already.
    """
    lock_request(session, row)
    if row.is_decided:
        raise FormError("Over dit verzoek is al besloten.")
    if row.child == child:
        raise FormError("Dit is al vastgelegd.")
    row.child = child
    if row.identity_how and row.identity_how not in identities_of(row.asked_by, child=child):
        row.state, row.identity_how = RequestState.RECEIVED.value, None
    note_move(session, row, actor, "leeftijd", {"jong": "ja" if child else "nee"})
    _keep_or_release(session, row, actor)


def _keep_or_release(session: Session, row: SubjectRequest, actor: Actor) -> None:
    if grant_refused(row.asked_by, row.child_outcome, child=row.child) is None:
        hold_traces(session, row, actor)
    else:
        release_traces(session, row, actor)


def note_objection(session: Session, row: SubjectRequest, actor: Actor, *, over: bool) -> None:
    """Note that an objection came in, or is over; until then nothing of the case goes.

    Raises:
        FormError: there is no decision to object to, or this was noted already.
    """
    lock_request(session, row)
    if row.objection_until is None or row.objection_runs is not over:
        raise FormError("Dit is al vastgelegd, of er is nog geen besluit verstuurd.")
    today = day_of(utc_now())
    if over:
        row.objection_ended_on = today
    else:
        row.objection_on, row.objection_ended_on = today, None
    note_move(session, row, actor, "bezwaar_klaar" if over else "bezwaar", {})


# Restriction and correction


def restrict(
    session: Session,
    keys: KeyRing,
    row: SubjectRequest,
    document: Report | Dossier,
    ground: RestrictionGround,
    about: str,
    actor: Actor,
) -> Restriction:
    """Restrict the use of contested data of a document; who holds a copy of it is told.

    `about`: which data, in words; the rest of the document stays in use.

    Raises:
        FormError: this request may not do that, or not yet.
    """
    made = Restriction(
        **_checked(session, row, document),
        ground=ground.value,
        words=about,
        started_by_id=actor.id,
        by=actor.name,
    )
    session.add(made)
    _follow_up(session, keys, row, document, Told(Change.RESTRICTED), actor)
    return made


def lift(
    session: Session,
    keys: KeyRing,
    row: SubjectRequest,
    restriction: Restriction,
    told_on: date,
    why: str,
    actor: Actor,
) -> None:
    """Lift a restriction of which the person was told before; who holds a copy is told too.

    Raises:
        FormError: it was lifted already, or the person was told before it began.
    """
    lock_request(session, row)
    if restriction.lifted_at is not None:
        raise FormError("Deze beperking is al opgeheven.")
    if told_on < day_of(restriction.since):
        raise FormError("Toen gold de beperking nog niet. Kies een latere dag.", "bericht_op")
    restriction.told_on, restriction.lifted_reason = told_on, why
    restriction.lifted_at, restriction.lifted_by = utc_now(), actor.name
    document = holds.row_of(session, restriction)
    if document is None:
        note_move(session, row, actor, "opgeheven", {"stuk": restriction.reference})
        return
    _follow_up(session, keys, row, document, Told(Change.FREED), actor)


def correct(
    session: Session,
    keys: KeyRing,
    row: SubjectRequest,
    document: Report | Dossier,
    words: str,
    parts: Sequence[str],
    actor: Actor,
) -> CorrectionRow:
    """Put a correction beside what a document says, which stays; who holds a copy is told.

    `parts`: codes of the parts of a report that it is about.

    Raises:
        FormError: this request may not do that, or not yet.
    """
    named = _checked(session, row, document)
    made = CorrectionRow(**named, words=words, made_by_id=actor.id, by=actor.name)
    session.add(made)
    notice = Told(Change.CORRECTED, tuple(parts), CORRECTED)
    _follow_up(session, keys, row, document, notice, actor)
    return made


def _checked(session: Session, row: SubjectRequest, document: Report | Dossier) -> dict[str, Any]:
    """Lock a request and check that it may have effects; return what names its document."""
    lock_request(session, row)
    if (refused := refuses_effect(row)) is not None:
        raise FormError(refused)
    return {
        "holder": row.holder,
        "request_id": row.id,
        "document_kind": holds.kind_of(document),
        "document_id": document.id,
        "reference": holds.reference_of(document),
    }


# The line in the history, and the action in the log, of what was done with a document.
_LINES: Final = {
    Change.RESTRICTED: ("beperkt", "verzoek.beperking"),
    Change.FREED: ("opgeheven", "verzoek.beperking_opgeheven"),
    Change.CORRECTED: ("gecorrigeerd", "verzoek.correctie"),
}


def _follow_up(
    session: Session,
    keys: KeyRing,
    row: SubjectRequest,
    document: Report | Dossier,
    notice: Told,
    actor: Actor,
) -> None:
    """Write down what was done with a document, and tell who holds a copy of it (art. 19 AVG)."""
    name, action = _LINES[notice.change]
    note_move(session, row, actor, name, {"stuk": holds.reference_of(document)})
    record(session, actor, action, row.holder, holds.kind_of(document), [document.id, row.id])
    find = copies_with if isinstance(document, Report) else copies_of
    notify(session, keys, find(session, document.id), notice, actor)
    again = notice.change is Change.FREED and not restricted_among(session, [document.id])
    if isinstance(document, Report) and (again or notice.change is Change.RESTRICTED):
        notify_town(session, document, "hervat" if again else "beperkt")
    elif isinstance(document, Report) and notice.change is Change.CORRECTED:
        tell_of_more(session, document, utc_now())
