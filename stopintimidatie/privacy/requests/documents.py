"""Documents of a request, restrictions and corrections; and an objection to its answer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, cast, exists, literal, null, select, union_all
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.text import date_text, day_of
from stopintimidatie.desk.forwarding.jobs import notify_town, tell_of_more
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.exports.release.copies import Correction as Told
from stopintimidatie.exports.release.copies import copies_of, copies_with
from stopintimidatie.exports.release.views import notify
from stopintimidatie.exports.request.jobs import Change
from stopintimidatie.privacy.holds.models import Hold, HoldReason
from stopintimidatie.privacy.holds.services import (
    GONE,
    holds_on,
    lift_hold,
    place_hold,
    reference_of,
)
from stopintimidatie.privacy.requests.models import (
    Channel,
    ObjectionOutcome,
    RequestState,
    RequestTrace,
    Restriction,
    RestrictionGround,
    Right,
    SubjectRequest,
    SubjectRequestMove,
)
from stopintimidatie.privacy.requests.models import Correction as CorrectionRow
from stopintimidatie.privacy.requests.rules import grant_refused, objection_due
from stopintimidatie.privacy.requests.services import (
    RequestError,
    lock_request,
    move_request,
    note_move,
    refuses_effect,
)
from stopintimidatie.privacy.requests.workflow import AGAIN
from stopintimidatie.reports.conversation.services import REPORTER
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND as REPORT

# Told to who holds a copy (art. 19 AVG): no words of the person or the document.
CORRECTED: Final = (
    "Iemand over wie dit gaat, heeft een gegeven laten verbeteren (artikel 16 AVG). Vraag de"
    " afzender wat er verandert."
)


def traces_of(session: Session, row: SubjectRequest) -> Sequence[RequestTrace]:
    """Return the documents in which something about the person was found."""
    mine = select(RequestTrace).where(RequestTrace.request_id == row.id)
    return session.scalars(mine.order_by(RequestTrace.reference, RequestTrace.id)).all()


def add_trace(
    session: Session,
    row: SubjectRequest,
    document: tuple[str, UUID, str],
    places: Sequence[str],
    actor: Actor,
    *,
    included: bool | None = None,
) -> RequestTrace:
    """Note a document in which something was found; noted again, its places are added.

    `document`: its kind, id and reference. `included`: whether it is part of the answer, if that
    is known already.
    """
    kind, number, reference = document
    known = session.scalars(
        select(RequestTrace).where(
            RequestTrace.request_id == row.id,
            RequestTrace.document_kind == kind,
            RequestTrace.document_id == number,
        )
    ).one_or_none()
    if known is not None:
        known.places = list(dict.fromkeys([*known.places, *places]))
        return known
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
        document = _document(session, trace)
        if document is not None and document.state not in GONE:
            place_hold(
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
    for trace in traces_of(session, row):
        document = _document(session, trace)
        for hold in holds_on(session, trace.document_id) if document is not None else ():
            if document is not None and hold.case_reference == row.reference:
                lift_hold(
                    session, document, hold, f"Verzoek {row.reference} vraagt dit niet meer.", actor
                )


def _document(session: Session, named: RequestTrace | Restriction) -> Report | Dossier | None:
    entity: Any = Report if named.document_kind == REPORT else Dossier
    row: Report | Dossier | None = session.get(entity, named.document_id)
    return row


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
        RequestError: this request may not do that, or not yet.
    """
    _check_effect(session, row)
    made = Restriction(
        holder=row.holder,
        request_id=row.id,
        **_named(document),
        ground=ground.value,
        about=about,
        started_by_id=actor.id,
        started_by=actor.name,
    )
    session.add(made)
    _write_down(session, row, document, actor, "beperkt", "verzoek.beperking")
    _tell_recipients(session, keys, document, Told(Change.RESTRICTED), actor)
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
        RequestError: it was lifted already, or the person was told before it began.
    """
    lock_request(session, row)
    if restriction.lifted_at is not None:
        raise RequestError("Deze beperking is al opgeheven.")
    if told_on < day_of(restriction.started_at):
        raise RequestError("Toen gold de beperking nog niet. Kies een latere dag.", "bericht_op")
    restriction.told_on, restriction.lifted_reason = told_on, why
    restriction.lifted_at, restriction.lifted_by = utc_now(), actor.name
    document = _document(session, restriction)
    if document is None:
        note_move(session, row, actor, "opgeheven", {"stuk": restriction.reference})
        return
    _write_down(session, row, document, actor, "opgeheven", "verzoek.beperking_opgeheven")
    _tell_recipients(session, keys, document, Told(Change.FREED), actor)


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
        RequestError: this request may not do that, or not yet.
    """
    _check_effect(session, row)
    made = CorrectionRow(
        holder=row.holder,
        request_id=row.id,
        **_named(document),
        text=words,
        made_by_id=actor.id,
        made_by=actor.name,
    )
    session.add(made)
    _write_down(session, row, document, actor, "gecorrigeerd", "verzoek.correctie")
    notice = Told(Change.CORRECTED, tuple(parts), CORRECTED)
    _tell_recipients(session, keys, document, notice, actor)
    return made


def _check_effect(session: Session, row: SubjectRequest) -> None:
    lock_request(session, row)
    if (refused := refuses_effect(row)) is not None:
        raise RequestError(refused)


def _named(document: Report | Dossier) -> dict[str, Any]:
    kind = REPORT if isinstance(document, Report) else DOSSIER
    return {
        "document_kind": kind,
        "document_id": document.id,
        "reference": reference_of(document),
    }


def _write_down(
    session: Session,
    row: SubjectRequest,
    document: Report | Dossier,
    actor: Actor,
    name: str,
    action: str,
) -> None:
    named = _named(document)
    note_move(session, row, actor, name, {"stuk": named["reference"]})
    record(session, actor, action, row.holder, named["document_kind"], [document.id, row.id])


def _tell_recipients(
    session: Session, keys: KeyRing, document: Report | Dossier, notice: Told, actor: Actor
) -> None:
    """Tell who holds a copy (art. 19 AVG), through the corrections of exports."""
    find = copies_with if isinstance(document, Report) else copies_of
    notify(session, keys, find(session, document.id), notice, actor)
    again = notice.change is Change.FREED and not restricted_among(session, [document.id])
    if isinstance(document, Report) and (again or notice.change is Change.RESTRICTED):
        notify_town(session, document, "hervat" if again else "beperkt")
    elif isinstance(document, Report) and notice.change is Change.CORRECTED:
        tell_of_more(session, document, utc_now())


@dataclass(frozen=True)
class Bound:
    """Restriction or correction of a document, in words for who may see the document."""

    id: UUID
    request_id: UUID
    reference: str
    kind: str
    words: str
    ground: str
    since: datetime
    by: str
    lifted_at: datetime | None

    @property
    def restricts(self) -> bool:
        """Tell whether it is a restriction."""
        return self.kind == "beperking"


def restricted_among(session: Session, documents: Collection[UUID]) -> dict[UUID, str]:
    """Return which of these documents are restricted now, each with its grounds in words."""
    rows = session.execute(
        select(Restriction.document_id, Restriction.ground)
        .where(Restriction.document_id.in_(documents), Restriction.lifted_at.is_(None))
        .order_by(Restriction.document_id, Restriction.started_at, Restriction.id)
    )
    grounds: dict[UUID, dict[str, None]] = {}
    for number, ground in rows:
        grounds.setdefault(number, {})[RestrictionGround.word(ground)] = None
    return {number: ", ".join(words) for number, words in grounds.items()}


def binds(document: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Return the condition that the document with this id, a column, is restricted now."""
    return exists().where(Restriction.document_id == document, Restriction.lifted_at.is_(None))


def bound_of(
    session: Session, *, document: UUID | None = None, request: UUID | None = None
) -> list[Bound]:
    """Return the restrictions and corrections of a document or of a request, in one statement.

    Of a document only what is in force.
    """
    parts = []
    for entity, kind, words, ground, since, by, lifted in (
        (
            Restriction,
            "beperking",
            Restriction.about,
            Restriction.ground,
            Restriction.started_at,
            Restriction.started_by,
            Restriction.lifted_at,
        ),
        (
            CorrectionRow,
            "correctie",
            CorrectionRow.text,
            literal(""),
            CorrectionRow.made_at,
            CorrectionRow.made_by,
            # SQLite makes a number of a moment that is cast.
            cast(null(), Restriction.lifted_at.type),
        ),
    ):
        query = select(
            entity.id,
            entity.request_id,
            entity.reference,
            literal(kind).label("kind"),
            words.label("words"),
            ground.label("ground"),
            since.label("since"),
            by.label("by"),
            lifted.label("lifted_at"),
        )
        if request is not None:
            query = query.where(entity.request_id == request)
        if document is not None:
            query = query.where(entity.document_id == document, lifted.is_(None))
        parts.append(query)
    rows = union_all(*parts).subquery()
    ordered = select(rows).order_by(rows.c.since, rows.c.id)
    return [Bound(*row) for row in session.execute(ordered)]


# An objection


def note_objection(
    session: Session, row: SubjectRequest, on: date, number: str | None, due: date, actor: Actor
) -> None:
    """Note that somebody objected to the answer; what the request held stays held.

    Noted again it is changed, also the day before which it must be decided.

    Raises:
        RequestError: there is no answer, the objection is over, or a day can't be.
    """
    lock_request(session, row)
    if row.objection_until is None or row.ended_at is None or row.objection_outcome is not None:
        raise RequestError("Er is geen besluit waar iemand nu bezwaar tegen kan maken.")
    if on < day_of(row.ended_at):
        raise RequestError("Dat is vóór het antwoord. Kies een latere dag.", "op")
    _, latest = objection_due(row.objection_until)
    if not on <= due <= latest:
        raise RequestError(
            f"Kies een dag na het bezwaar, en uiterlijk {date_text(latest)}: twaalf weken na de"
            " bezwaartermijn, en zes weken verdagen.",
            "beslissen_voor",
        )
    row.objection_on, row.objection_number, row.objection_due = on, number, due
    values = {"op": on.isoformat(), "tot": due.isoformat()}
    note_move(session, row, actor, "bezwaar", values)


def end_objection(
    registry: Any,
    session: Session,
    row: SubjectRequest,
    outcome: ObjectionOutcome,
    on: date,
    why: str,
    actor: Actor,
) -> None:
    """Note how an objection ended; one that is upheld opens the request again.

    Raises:
        RequestError: no objection runs, or the day is before it.
    """
    lock_request(session, row)
    if row.objection_on is None or not row.objection_runs:
        raise RequestError("Er loopt geen bezwaar bij dit verzoek.")
    if on < row.objection_on:
        raise RequestError("Dat is vóór het bezwaar. Kies een latere dag.", "op")
    row.objection_outcome, row.objection_ended_on = outcome.value, on
    row.objection_reason = why
    values = {"op": on.isoformat(), "uitkomst": outcome.value, "reden": why}
    note_move(session, row, actor, "bezwaar_klaar", values)
    if outcome == ObjectionOutcome.UPHELD:
        move_request(registry, session, row, AGAIN, {}, actor)
