"""The status and messages that a reporter reads with reference and follow code, without account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, Row, case, func, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.registry import Directive, single
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import day_of
from stopintimidatie.core.tree import locate_reference
from stopintimidatie.core.web.translation import DUTCH, gettext, language
from stopintimidatie.core.web.translation import day as written
from stopintimidatie.disclosures.models import Pickup, PickupAnswer, PickupState
from stopintimidatie.municipalities.agreements.models import ForwardingAgreement
from stopintimidatie.municipalities.agreements.rules import in_force
from stopintimidatie.municipalities.agreements.services import people_of, running_agreement
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.queries import municipality_by_code
from stopintimidatie.municipalities.settings.queries import published_for
from stopintimidatie.municipalities.settings.rules import LetOp, let_op_today
from stopintimidatie.reports.conversation.words import (
    ANSWERED,
    FUNCTION_WORDS,
    READ_BY,
    STAYS,
    Situation,
    may_undo,
    reader_status,
    sentence,
    undo_until,
)
from stopintimidatie.reports.models import Report, ReporterMessage, ReportMove
from stopintimidatie.reports.rules import FOLLOW_PURPOSE, follow_code_matches
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import DOUBLE, FORWARDED, Delivery, ReportState

PASSED_ON, RECEIVED = "doorgegeven", "ontvangen"
# The lines of history of a restriction that a municipality was told of, and of its end.
BOUND, FREED = "gemeente_beperkt", "gemeente_hervat"
# Kinds of message that the reporter writes; the others come from who handles the report.
FROM_REPORTER: Final = frozenset({"antwoord", "aanvulling"})
# The states in which nobody may use a report any more.
STOPPED: Final = frozenset({ReportState.WITHDRAWN, ReportState.DESTROYED})
_COLUMNS: Final = (
    Report.id,
    Report.holder,
    Report.follow_code_hash,
    Report.follow_code_version,
    Report.state,
    Report.delivery,
    Report.received_at,
    Report.municipality_code,
    Report.handed_to,
    Report.waiting_until,
    Report.reporter_verdict,
    Report.reporter_age_group,
    Report.ended_reason,
    Report.ended_at,
    Report.contact_deadline,
    Report.shown_state,
    Report.shown_until,
)


@dataclass(frozen=True)
class Message:
    """A message of the conversation, without the name of its author."""

    at: datetime
    kind: str
    text: str
    # The organisation that speaks, where it isn't who has the report.
    sender: str | None = None

    @property
    def from_reporter(self) -> bool:
        """Tell whether the reporter wrote it."""
        return self.kind in FROM_REPORTER


@dataclass(frozen=True)
class Copy:
    """The copy of a report that a follow code opened: its holder, its id and its state."""

    holder: str
    report_id: UUID
    state: str


@dataclass(frozen=True)
class Standing:
    """The part of a report that its reporter may see."""

    copy: Copy
    reference: str
    status: str
    status_text: str
    received_at: datetime
    municipality_code: str | None
    messages: tuple[Message, ...]
    # The last day for an answer, while there is a question.
    answer_by: date | None = None
    verdict: str | None = None
    age_group: str | None = None
    # Reported already by somebody else; and whether this reporter still waits for contact.
    double: bool = False
    contact_due: bool = False
    # The last day on which a withdrawal can be taken back.
    undo_until: date | None = None
    situation: Situation = Situation.TOWN
    # The function of who may read it at the municipality, where the agreement names one.
    reader: str = ""
    # The answers of municipalities to a withdrawal: whose, kind, day and reason.
    answers: tuple[tuple[str, str, date | None, str | None], ...] = ()
    # The municipality that read it and gave it back last.
    returned_by: str | None = None

    @property
    def at_desk(self) -> bool:
        """Tell whether the national desk has the report, and no municipality."""
        return self.copy.holder == NATIONAL

    @property
    def is_there(self) -> bool:
        """Tell whether a municipality that isn't connected has the report."""
        s = Situation
        return self.situation in (s.PICKED_UP, s.ENDED, s.BOUND, s.GONE)

    @property
    def is_picked_up(self) -> bool:
        """Tell whether such a municipality has picked it up, also when it gave it back."""
        return self.is_there or self.returned_by is not None

    @property
    def town(self) -> str | None:
        """The municipality that the sentences are about."""
        back = self.situation is Situation.RETURNED
        return self.returned_by if back else self.municipality_code


@dataclass(frozen=True)
class Keeping:
    """Term of a report, as far as its reporter is told."""

    # The day on which it is destroyed; told a month before.
    goes_on: date | None = None
    # It may not be destroyed for now; and, when it is known, the day of the next decision on that.
    kept: bool = False
    kept_until: date | None = None
    # The line of the report on a destruction list is authorised.
    decided: bool = False
    # Its dossier goes to an archive, where what it says may stay.
    archived: bool = False
    # A hold keeps contact data that is there still: sealed, after a withdrawal.
    contact_kept: bool = False
    # The reporter can have it kept, to report to the police; and has had it kept already.
    may_ask: bool = False
    asked: bool = False


@dataclass(frozen=True)
class Keeper:
    """The higher room that knows how long a report is kept, and can keep it longer."""

    read: Callable[[Session, Report], Keeping]
    keep: Callable[[Session, Report], None]
    # Tells whether a hold keeps the contact data of the report when it is withdrawn.
    holds: Callable[[Session, Report], bool]


KEEPER: Final = Directive[None, Keeper]("set_keeper", "keeper", single)


def keeping_of(registry: Any, copy: Copy) -> Keeping:
    """Return how long the report of a reporter is kept."""
    keeper = KEEPER.only(registry)
    if keeper is None:
        return Keeping()
    with transaction(registry.engine, copy.holder, write=False) as session:
        report = session.get(Report, copy.report_id)
        return Keeping() if report is None else read_keeping(keeper, session, report)


def goes_on(request: Any, report: Report) -> date | None:
    """Return the day on which a report goes, as its reporter reads it."""
    keeper = KEEPER.only(request.registry)
    return read_keeping(keeper, request.db, report).goes_on if keeper else None


def read_keeping(keeper: Keeper, session: Session, report: Report) -> Keeping:
    """Return how long a report is kept, without what a held back decision changes about that.

    A day to destroy it on, and the button to have it kept, would tell the decision. Holds stay:
    they aren't part of it, and withdrawing must say what becomes of contact data.
    """
    known = keeper.read(session, report)
    if not status_is_held(report):
        return known
    return replace(known, goes_on=None, decided=False, may_ask=False)


def follow(engine: Engine, keys: KeyRing, reference: str, typed_code: str) -> Standing | None:
    """Return the standing of a report, or None; a wrong code takes as long as a wrong reference.

    After a hand-over the reference leads to several holders: the copy that went on answers. The
    conversation went along, except of what was handed over before that was so.
    """
    with transaction(engine, write=False) as session:
        holders = locate_reference(session, reference, KIND)
    copies = []
    # Without a holder the desk is asked, so that the answer takes as long.
    for holder in holders or (NATIONAL,):
        with transaction(engine, holder, write=False) as session:
            standing = _standing(session, keys, reference, typed_code)
        if standing is not None:
            copies.append(standing)
    return _together(copies) if copies else None


def _together(copies: Sequence[Standing]) -> Standing:
    """Return the standing of the copy that went on, with the messages of all copies."""
    holders = {standing.copy.holder for standing in copies}

    def rank(standing: Standing) -> int:
        """Put what somebody works on before what is on its way, destroyed, or arrived elsewhere."""
        if standing.copy.state == ReportState.HANDED_OVER:
            return 3 if standing.municipality_code in holders else 1
        return 2 if standing.copy.state == ReportState.DESTROYED else 0

    live = min(copies, key=rank)
    messages = sorted((m for standing in copies for m in standing.messages), key=lambda m: m.at)
    return replace(live, messages=tuple(messages))


def _standing(session: Session, keys: KeyRing, reference: str, typed: str) -> Standing | None:
    row = session.execute(select(*_COLUMNS).where(Report.reference == reference)).one_or_none()
    secret = keys.derive(FOLLOW_PURPOSE, row.follow_code_version if row else None)
    if not follow_code_matches(secret, reference, typed, row.follow_code_hash if row else None):
        return None
    return None if row is None else _forwarded(session, keys, _open(session, reference, row), row)


def _forwarded(session: Session, keys: KeyRing, standing: Standing, row: Any) -> Standing:
    """Add to the standing of a report at the desk who can read it, and what the town answered."""
    situation, agreement = situation_of(session, row)
    if situation is Situation.TOWN:
        return standing
    answers = session.execute(
        select(Pickup.recipient, PickupAnswer.kind, PickupAnswer.day, PickupAnswer.reason)
        .join(Pickup, Pickup.id == PickupAnswer.pickup_id)
        .where(Pickup.document_id == row.id, PickupAnswer.kind.in_(ANSWERED))
        .order_by(PickupAnswer.at, PickupAnswer.id)
    )
    text = sentence(situation, "stand") if standing.status in (PASSED_ON, RECEIVED) else ""
    stopped = row.state in STOPPED or situation is Situation.BOUND
    return replace(
        standing,
        situation=situation,
        status_text=text or standing.status_text,
        reader=_function(people_of(keys, agreement)) if agreement else "",
        # After it was taken back, or may be used again, they are over.
        answers=tuple({(a[0], a[1], a[2], a[3]): None for a in answers}) if stopped else (),
        returned_by=_returned_by(session, row.id),
    )


def pickup_town() -> ColumnElement[str | None]:
    """Return the municipality of a pick-up: a report that was given back may have another now."""
    named = Pickup.recipient == "Gemeente " + Municipality.name
    back = select(func.max(Municipality.code)).where(named).correlate(Pickup).scalar_subquery()
    return case((Pickup.state == PickupState.RETURNED, back), else_=Report.municipality_code)


def _returned_by(session: Session, report_id: UUID) -> str | None:
    """Return the municipality that opened a report and gave it back last."""
    towns = select(pickup_town()).select_from(Pickup).join(Report, Report.id == Pickup.document_id)
    mine = Pickup.document_id == report_id, Pickup.state == PickupState.RETURNED
    return session.scalar(towns.where(*mine).order_by(Pickup.picked_up_at.desc()).limit(1))


def situation_of(session: Session, row: Any) -> tuple[Situation, ForwardingAgreement | None]:
    """Return who can read a report of the desk now, and the agreement that makes it so.

    `row`: a report, or its columns.
    """
    if row.holder != NATIONAL:
        # Picked up before it joined, and destroyed at the desk since: it has only the record.
        return (Situation.GONE if row.delivery in FORWARDED else Situation.TOWN), None
    if row.delivery not in FORWARDED:
        back = _returned_by(session, row.id) is not None
        return (Situation.RETURNED if back else Situation.DESK), None
    agreement = running_agreement(session, row.municipality_code)
    valid = agreement if in_force(agreement, day_of(utc_now())) else None
    if row.delivery == Delivery.OFFERED:
        return (Situation.OFFERED if valid else Situation.DESK), valid
    gone = select(Pickup.id).where(
        Pickup.document_id == row.id,
        Pickup.state == PickupState.PICKED_UP,
        Pickup.destroyed_at.is_not(None),
    )
    if session.scalar(gone.limit(1)) is not None:
        return Situation.GONE, valid
    lines = ReportMove.report_id == row.id, ReportMove.name.in_((BOUND, FREED))
    latest = select(ReportMove.name).where(*lines).order_by(ReportMove.at.desc(), ReportMove.id)
    if session.scalar(latest.limit(1)) == BOUND:
        return Situation.BOUND, valid
    return (Situation.PICKED_UP if valid else Situation.ENDED), valid


def blanks_of(session: Session, standing: Standing) -> dict[str, str]:
    """Return what stands in the blanks of sentences for a reporter, in the reader's language."""
    town = municipality_by_code(session, standing.town or "")
    phone = published_for(session, standing.town).telephone
    # A function is in Dutch, and so known only there.
    dutch = standing.reader and language() == DUTCH
    reader = f"de {standing.reader}" if dutch else gettext(READ_BY)
    return {
        "gemeente": town.name if town else "",
        "telefoon": f" ({phone})" if phone else "",
        "wie": reader,
        "Wie": reader[0].upper() + reader[1:],
    }


def explanation(standing: Standing) -> str:
    """Return what the table says under the status; empty where that says the status itself."""
    name = "uitleg" if standing.status == PASSED_ON else standing.status
    return sentence(standing.situation, name)


def answers_told(standing: Standing) -> list[str]:
    """Return what municipalities answered to a withdrawal, one sentence each."""
    return [
        gettext(ANSWERED[kind]).format(
            gemeente=whose.removeprefix("Gemeente "),
            dag=written(day) if day else "",
            reden=gettext(STAYS.get(reason or "", "")),
        )
        for whose, kind, day, reason in standing.answers
    ]


def let_op_of(session: Session, standing: Standing, language: str = "nl") -> LetOp | None:
    """Return the LET OP of a report; None when its town is connected, has it, or isn't known."""
    code = standing.municipality_code
    town = municipality_by_code(session, code or "")
    back = standing.situation is Situation.RETURNED and standing.returned_by == code
    # LET OP sends the reporter to the municipality: not when it has the report or gave it back.
    if town is None or back or standing.is_there:
        return None
    about = standing.status, standing.reference, standing.received_at, day_of(utc_now())
    return let_op_today(published_for(session, code), town.name, *about, language)


def _function(people: dict[str, Any]) -> str:
    """Return the function of the official without its article, if all its words are known."""
    words = str((people.get("functionaris") or {}).get("functie") or "").split()
    if words[:1] in (["de"], ["De"]):
        del words[0]
    known = all(word.strip(",").lower() in FUNCTION_WORDS for word in words)
    return " ".join(words) if known else ""


def _open(session: Session, reference: str, row: Row[*tuple[Any, ...]]) -> Standing:
    # As long as a decision can be undone, its reporter reads how it stood before.
    held = status_is_held(row)
    state, reason = (row.shown_state, None) if held else (row.state, row.ended_reason)
    desk = row.holder == NATIONAL
    status, text = reader_status(state, row.delivery, desk=desk, reason=reason)
    double = state == ReportState.NOT_HANDLED and reason == DOUBLE
    return Standing(
        copy=Copy(row.holder, row.id, row.state),
        reference=reference,
        status=status,
        status_text=text,
        received_at=row.received_at,
        municipality_code=row.handed_to or row.municipality_code,
        messages=_messages(session, row.id),
        answer_by=row.waiting_until if state == ReportState.WAITING_FOR_REPORTER else None,
        verdict=row.reporter_verdict,
        age_group=row.reporter_age_group,
        double=double,
        contact_due=double and row.contact_deadline is not None,
        undo_until=_undo_until(row) if row.state == ReportState.WITHDRAWN else None,
    )


def _undo_until(row: Any) -> date | None:
    """Return the last whole day on which a withdrawal can be taken back."""
    if row.ended_at is None or not may_undo(row.ended_at, utc_now()):
        return None
    return day_of(undo_until(row.ended_at))


def status_is_held(row: Any) -> bool:
    """Tell whether the reporter still reads the status of before the last decision.

    `row`: a report, or its columns.
    """
    return row.shown_state is not None and row.shown_until > utc_now()


def _messages(session: Session, report_id: UUID) -> tuple[Message, ...]:
    rows = session.execute(
        select(
            ReporterMessage.at, ReporterMessage.kind, ReporterMessage.text, ReporterMessage.sender
        )
        .where(
            ReporterMessage.report_id == report_id,
            or_(ReporterMessage.held_until.is_(None), ReporterMessage.held_until <= utc_now()),
        )
        .order_by(ReporterMessage.at, ReporterMessage.id)
    )
    return tuple(Message(row.at, row.kind, row.text, row.sender) for row in rows)


def waiting_doubles(session: Session, report: Report) -> Sequence[Report]:
    """Return the doubles whose reporters still wait for contact, the first due first."""
    return session.scalars(
        select(Report)
        .where(
            Report.duplicate_of_id == report.id,
            Report.state == ReportState.NOT_HANDLED,
            Report.contact_deadline.is_not(None),
        )
        .order_by(Report.contact_deadline, Report.reference)
    ).all()


def next_contact(
    session: Session, report: Report, without: Report | None = None
) -> datetime | None:
    """Return the moment before which the first of the waiting doubles must have had contact."""
    doubles = (double for double in waiting_doubles(session, report) if double is not without)
    return next((double.contact_deadline for double in doubles), None)
