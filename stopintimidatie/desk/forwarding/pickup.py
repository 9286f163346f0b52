"""A forwarded report: its content, recording its pick-up, and destroying it in the end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core.audit import SYSTEM, AuditEvent, AuditSubject, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.ledger import CONTENT_GONE, checked_position, note_gone
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.personal import erase_document
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import datetime_short
from stopintimidatie.disclosures.models import Disclosure, Pickup, PickupAnswer, PickupState
from stopintimidatie.disclosures.services import Subject as Disclosed
from stopintimidatie.disclosures.services import record_disclosure
from stopintimidatie.municipalities.agreements.services import (
    running_agreement,
    today,
    towns_in_force,
)
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood
from stopintimidatie.municipalities.partners.vocabulary import LegalBasis, Purpose
from stopintimidatie.reports import words
from stopintimidatie.reports.conversation.decisions import TAKEN_BACK
from stopintimidatie.reports.conversation.queries import pickup_town
from stopintimidatie.reports.conversation.words import ANSWERED
from stopintimidatie.reports.models import Report, ReporterMessage, ReportMove
from stopintimidatie.reports.personal import read_contact
from stopintimidatie.reports.services import append_move, reindex_report
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import Delivery, ReportState

# The categories of data in a forwarded report, for the register.
CATEGORIES: Final = ("relaas", "plek", "tijd", "vormen", "melder", "signalement")
WITH_CONTACT: Final = "contactgegevens"
STATES: Final = frozenset({ReportState.NEW})
TOLD_BACK: Final = (
    "De melder trok deze melding in, en haalde haar terug: u mag haar weer gebruiken. Naam,"
    " telefoonnummer en e-mailadres worden bij intrekken gewist. Staan zij hieronder niet, dan kunt"
    " u niet bellen of mailen."
)
SPEAKERS: Final = {"antwoord": "De melder", "aanvulling": "De melder"}


@dataclass(frozen=True)
class Section:
    """A section of shown content: rows of term and value, and a text that somebody wrote."""

    title: str
    rows: Sequence[tuple[str, Any]] = ()
    text: str | None = None


@dataclass(frozen=True)
class Content:
    """The content that the recipient sees."""

    title: str
    sections: Sequence[Section]

    @property
    def sha256(self) -> str:
        """The hash of exactly this content."""
        parts = [(s.title, [(t, str(v)) for t, v in s.rows], s.text) for s in self.sections]
        whole = json.dumps([self.title, parts], ensure_ascii=False)
        return hashlib.sha256(whole.encode()).hexdigest()


def content_of(
    session: Session, keys: KeyRing, report: Report, since: datetime | None = None
) -> Content:
    """Return the whole report, for the municipality that must act on it.

    `since`: when it was read before; what came after that is marked as new.
    """
    # A reporter who wants no call and no mail gives their number to nobody.
    contact = None if report.contact_folded else read_contact(session, keys, report)
    sections = [
        Section("Wat er gebeurde", words.event(report), report.description),
        Section("Waar", words.location(report, _names(session, report))),
        Section("Wanneer", words.moments(report)),
        Section("De melder", words.reporter(report) + words.wishes(report)),
    ]
    offenders = words.offenders(report)
    if offenders or report.offender_appearance:
        sections.append(Section("Wie het deed", offenders, report.offender_appearance))
    mine = ReportMove.report_id == report.id, ReportMove.name == TAKEN_BACK
    if back := session.scalar(select(func.max(ReportMove.at)).where(*mine)):
        rows = [("Teruggehaald", datetime_short(back))]
        sections.insert(0, Section("Ingetrokken, en weer teruggehaald", rows, TOLD_BACK))
    if contact is not None:
        sections.append(Section("Contact met de melder", contact.rows))
    sections += _since(session, report, since)
    return Content(f"Melding {report.reference}", sections)


def _since(session: Session, report: Report, since: datetime | None) -> list[Section]:
    """Return the conversation, each message with its moment, the oldest first."""

    def moment(words: str, at: datetime) -> str:
        new = " (nieuw)" if since is not None and at > since else ""
        return f"{words}, {datetime_short(at)}{new}"

    messages = session.scalars(
        select(ReporterMessage)
        .where(
            ReporterMessage.report_id == report.id,
            or_(ReporterMessage.held_until.is_(None), ReporterMessage.held_until <= utc_now()),
        )
        .order_by(ReporterMessage.at, ReporterMessage.id)
    )
    said = [
        (moment(SPEAKERS.get(row.kind) or row.sender or "Landelijk meldpunt", row.at), row.text)
        for row in messages
    ]
    return [Section("Berichten", said)] if said else []


# The notices after which the content of a report that was picked up is shown no longer, until it
# may be used again; each is a line of history.
STOPPED: Final[Mapping[str, str]] = {
    "ingetrokken": "De melder heeft deze melding ingetrokken.",
    "gewist": "De gegevens van deze melding zijn op verzoek gewist.",
    "beperkt": "Het gebruik van gegevens in deze melding is op verzoek beperkt.",
}
# After a notice, before the desk rings who gave no answer.
ANSWER_WITHIN: Final = timedelta(days=14)
STOPS: Final = tuple(f"gemeente_{notice}" for notice in STOPPED)
NOTICES: Final = (*STOPS, "gemeente_hervat")


# Opened by a municipality; it may have given the report back since.
OPENED: Final = (PickupState.PICKED_UP, PickupState.RETURNED)


def opened() -> ColumnElement[bool]:
    """Return the condition of pick-ups that were opened: of each municipality the latest."""
    later = aliased(Pickup)
    again = exists().where(
        later.document_id == Pickup.document_id,
        later.recipient == Pickup.recipient,
        later.picked_up_at > Pickup.picked_up_at,
    )
    return and_(Pickup.state.in_(OPENED), ~again)


def openings(session: Session, report: Report) -> Sequence[Pickup]:
    """Return the latest pick-up of each municipality that opened a report."""
    mine = select(Pickup).where(Pickup.document_id == report.id, opened())
    return session.scalars(mine.order_by(Pickup.picked_up_at.desc(), Pickup.id)).all()


def picked_up(session: Session, report: Report) -> Pickup | None:
    """Return the pick-up of the municipality that opened a report and has it now."""
    rows = openings(session, report)
    return next((row for row in rows if row.state == PickupState.PICKED_UP), None)


def town_of(session: Session, pickup: Pickup) -> str:
    """Return the code of the municipality of a pick-up; empty when none is known."""
    wanted = select(pickup_town()).select_from(Pickup).join(Report, Report.id == Pickup.document_id)
    return session.scalar(wanted.where(Pickup.id == pickup.id)) or ""


def still_stopped() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of the notice of a report that may not be used, while it counts."""
    later = aliased(ReportMove)
    since = exists().where(
        later.report_id == ReportMove.report_id, later.name.in_(NOTICES), later.at > ReportMove.at
    )
    return ReportMove.name.in_(STOPS), ~since


def unanswered(session: Session) -> Sequence[Row[str | None, str, datetime]]:
    """Return the municipalities that didn't answer in time to a withdrawal, the first told first.

    Where no agreement is in force only a call tells them: those at once.
    Each with the reference of the report and the moment at which it was told.
    """
    answered = exists().where(
        PickupAnswer.pickup_id == Pickup.id,
        PickupAnswer.kind.in_(ANSWERED),
        PickupAnswer.at >= ReportMove.at,
    )
    rows = session.execute(
        select(pickup_town().label("town"), Report.reference, ReportMove.at.label("since"))
        .select_from(Report)
        .join(ReportMove, ReportMove.report_id == Report.id)
        .join(Pickup, Pickup.document_id == Report.id)
        .where(opened(), *still_stopped(), ~answered)
        .order_by(ReportMove.at, Report.reference)
    ).all()
    late, mailed = utc_now() - ANSWER_WITHIN, towns_in_force(session) if rows else set()
    return [row for row in rows if row.since <= late or row.town not in mailed]


def notice_of(session: Session, report: Report) -> str | None:
    """Return the notice that counts now for who picked a report up: a key of `STOPPED`."""
    if report.state in (ReportState.WITHDRAWN, ReportState.DESTROYED):
        return "ingetrokken" if report.state == ReportState.WITHDRAWN else "gewist"
    mine = ReportMove.report_id == report.id, ReportMove.name.in_(NOTICES)
    latest = select(ReportMove.name).where(*mine).order_by(ReportMove.at.desc(), ReportMove.id)
    notice = (session.scalar(latest.limit(1)) or "").removeprefix("gemeente_")
    return notice if notice in STOPPED else None


def last_read(session: Session, pickup: Pickup, before: datetime) -> datetime | None:
    """Return when a report was read for the last time before a moment, by the log; else None."""
    about = and_(AuditSubject.event_id == AuditEvent.id, AuditSubject.subject_id == pickup.id)
    read = select(func.max(AuditEvent.at)).join(AuditSubject, about)
    at = session.scalar(read.where(AuditEvent.action == "ophalen.gelezen", AuditEvent.at < before))
    # A pick-up of before there were sittings has no such line in the log.
    earlier = pickup.picked_up_at is not None and pickup.picked_up_at < before
    return at or (pickup.picked_up_at if earlier else None)


def categories_of(content: Content) -> tuple[str, ...]:
    """Return the categories of data in this content, for the register."""
    contact = any(section.title == "Contact met de melder" for section in content.sections)
    return (*CATEGORIES, WITH_CONTACT) if contact else CATEGORIES


def _names(session: Session, report: Report) -> words.AreaNames:
    town = session.get(Municipality, report.municipality_code or "")
    area = session.get(Neighbourhood, report.neighbourhood_code or "")
    return words.AreaNames(town.name if town else None, area.name if area else None)


def as_text(content: Content) -> str:
    """Return the content of a pick-up as plain text, for encrypted mail."""
    lines = [content.title, ""]
    for section in content.sections:
        lines += [section.title.upper()]
        lines += [section.text] if section.text else []
        lines += [f"{term}: {value}" for term, value in section.rows]
        lines.append("")
    return "\n".join(lines)


CLEAR_JOB: Final = Job("doorgifte.opruimen")


def deliver(session: Session, report: Report, state: str, pickup: Pickup) -> None:
    """Set the delivery of a report, with a line in its history and in the log."""
    report.delivery = state
    values = {"kenmerk_ophalen": pickup.reference, "aan": pickup.recipient}
    append_move(session, report, SYSTEM, state, report.state, values)
    reindex_report(session, report)
    record(session, SYSTEM, "melding.bezorging", NATIONAL, KIND, [report.id], fields=[state])


def note_pickup(session: Session, registry: Any, pickup: Pickup, report: Report) -> None:
    """Record the first pick-up in the report's history and the register; plan the destruction."""
    days = registry.app_settings.desk_keep_days
    pickup.destroy_on = today() + timedelta(days=days)
    deliver(session, report, Delivery.PICKED_UP, pickup)
    _register(session, report, pickup, content_of(session, registry.key_ring, report))
    payload = {"ophalen": str(pickup.id)}
    enqueue(session, CLEAR_JOB, NATIONAL, payload, delay=timedelta(days=days))


def _register(session: Session, report: Report, pickup: Pickup, content: Content) -> None:
    agreement = running_agreement(session, report.municipality_code or "")
    by = agreement.agreed_by if agreement else SYSTEM.name
    now, text = utc_now(), as_text(content).encode()
    entry = Disclosure(
        reference=pickup.reference,
        document_id=pickup.id,
        source_kind=KIND,
        source_id=report.id,
        source_reference=report.reference,
        recipient=pickup.recipient,
        recipient_kind="gemeente",
        profile="doorgifte",
        profile_version=1,
        purpose=Purpose.FORWARDED.value,
        legal_basis=LegalBasis.PUBLIC_ORDER.value,
        legal_basis_words=LegalBasis.PUBLIC_ORDER.nl,
        # The municipality keeps it by its own selection list; this is when the desk destroys it.
        destroy_by=pickup.destroy_on or today(),
        content_sha256=content.sha256,
        file_sha256=content.sha256,
        file_size=len(text),
        made_at=now,
        requested_at=pickup.made_at,
        requested_by=by,
        approved_at=now,
        approved_by=pickup.code_by or by,
    )
    subject = Disclosed(report.id, report.reference, categories_of(content))
    record_disclosure(session, entry, [subject], SYSTEM)


def clear(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Erase the desk's copy of a report that the municipality has had long enough (job)."""
    checked_position(context.registry)
    for payload in payloads:
        with context.transaction() as session:
            pickup = session.get(Pickup, UUID(payload["ophalen"]))
            # A message that came back after all ends the pick-up: only the desk has the report.
            if pickup is None or pickup.destroyed_at is not None or pickup.state not in OPENED:
                continue
            report = session.get(Report, pickup.document_id)
            back = pickup.state == PickupState.RETURNED
            if back and (report is None or report.state != ReportState.WITHDRAWN):
                # Only the desk has it.
                continue
            if report is not None and report.frozen:
                # A frozen report is tried again tomorrow.
                enqueue(session, CLEAR_JOB, NATIONAL, payload, delay=timedelta(days=1))
                continue
            # A withdrawn one goes as well: the municipality has had it as long.
            if report is not None and report.state in (*STATES, ReportState.WITHDRAWN):
                erase_document(context.registry, session, KIND, report.id)
                note_gone(session, NATIONAL, KIND, [report.id], CONTENT_GONE)
                ids = [report.id, pickup.id]
                record(session, SYSTEM, "melding.inhoud_vernietigd", NATIONAL, KIND, ids)
            pickup.destroyed_at = utc_now()
