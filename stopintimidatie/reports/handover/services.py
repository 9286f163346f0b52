"""The services that offer a report to another municipality, answer, and follow a merger.

Giver and receiver never work in one transaction (docs/dev/adr/0004): an answer is written by the
receiver, and a job of the giver does what follows from it. Until it accepts, the receiver sees
no more than it needs to decide: what kind of report, where, when, and why it is offered.

When a municipality goes into another, its open reports go to the successor in bulk, each as any
report is handed over. What somebody is in the middle of (a dossier, an offer, quarantine) is left
for its people to end first, and what has ended stays with its holder for as long as its term lasts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.core.security import Identity
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.models import NOW
from stopintimidatie.core.storage.tenancy import NATIONAL, current_holder
from stopintimidatie.core.workflow import WORKFLOW_EFFECTS, WorkflowError
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.people.services import postbox_recipient
from stopintimidatie.reports.conversation.calls import open_waiting
from stopintimidatie.reports.handover.transfer import (
    PURPOSE,
    hand_over,
    new_transfer,
    refusal,
    send,
    stays,
)
from stopintimidatie.reports.models import Report, ReportTransfer
from stopintimidatie.reports.services import held_until, move_report
from stopintimidatie.reports.vocabulary import KIND, HandoverState
from stopintimidatie.reports.words import (
    address_text,
    area_names,
    heading,
    point_text,
    transit_text,
    when_text,
)
from stopintimidatie.reports.workflow import ENDED, MERGEABLE, ReportState

# A report takes some 25 statements: others wait no longer than for these.
AT_ONCE: Final = 4
REASON: Final = "De gemeente is opgegaan in een andere."


def standing_of(session: Session, code: str) -> dict[str, int]:
    """Count the reports of a municipality that the holder has and that haven't ended, by state."""
    rows = session.execute(
        select(Report.state, func.count())
        .where(*_of(session, code), Report.state.not_in(ENDED))
        .group_by(Report.state)
        .order_by(Report.state)
    )
    return {state: number for state, number in rows}  # noqa: C416 - rows are no pairs to mypy


def hand_some_over(session: Session, registry: Any, code: str, successor: str, actor: Actor) -> int:
    """Hand some reports over to the successor; return their number, 0 when there are no more.

    Those that must stay here for now are left.

    Raises:
        WorkflowError: The successor has no portal to put them in.
    """
    effects, desk = WORKFLOW_EFFECTS.of(registry), current_holder(session) == NATIONAL
    name, states = ("doorgeven", {ReportState.NEW}) if desk else ("samenvoegen", MERGEABLE)
    reports = session.scalars(
        select(Report)
        .where(*_of(session, code), Report.state.in_(states), ~stays(registry))
        .order_by(Report.received_at, Report.id)
        .limit(AT_ONCE)
        .with_for_update()
    ).all()
    for report in reports:
        open_waiting(session, effects, report, actor)
        move_report(session, effects, report, name, {"gemeente": successor, "reden": REASON}, actor)
    if reports:
        ids, fields = [report.id for report in reports], [code, successor]
        holder = reports[0].holder
        record(session, actor, "melding.samengevoegd", holder, KIND, ids, fields=fields)
    return len(reports)


def _of(session: Session, code: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of the reports that a municipality holds; at the desk, lying in it."""
    holder = current_holder(session)
    mine = Report.holder == holder
    return (mine, Report.municipality_code == code) if holder == NATIONAL else (mine,)


def go_over(
    registry: Any, session: Session, report: Report, values: Mapping[str, Any], actor: Actor
) -> None:
    """Hand the report over and stop waiting for an answer; effect of `samenvoegen`."""
    report.waiting_until = None
    hand_over(registry, session, report, values, actor)


JOB: Final = Job("overdracht.melden")
NAME: Final = "overdracht_aangeboden"


def tell(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Queue the mail about an offer; a job. Done twice it is still one message."""
    for payload in payloads:
        with context.transaction() as session:
            transfer = session.get(ReportTransfer, UUID(payload["transfer"]))
            recipient = postbox_recipient(session, context.holder)
            if transfer is None or transfer.state != HandoverState.OPEN or recipient is None:
                continue
            key = f"{NAME}:{transfer.id}"
            queue_mail(session, context.holder, NAME, recipient, about=transfer.id, key=key)


def _still_open(writing: Writing) -> Letter | None:
    """Return the letter; None when the offer was answered or withdrawn before it went out."""
    session, message = writing.session, writing.message
    transfer = session.get(ReportTransfer, message.about_id)
    if transfer is None or transfer.state != HandoverState.OPEN:
        return None
    row = session.get_one(Municipality, message.holder)
    return Letter({"gemeente": row.name, "pad": f"/gemeenten/{row.slug}/overdrachten"})


TEMPLATE: Final = MailTemplate(
    NAME, "Een andere gemeente biedt een melding aan", __package__, _still_open
)


ANSWERED: Final = Job("melding.overdracht")
OFFER_KIND: Final = "overdracht"


class AnsweredError(Exception):
    """The offer is no longer open: it was answered or withdrawn."""


# Stored as JSON with the keys of `rename`.
class Offered(msgspec.Struct, frozen=True, rename={"heading": "what"}):
    """The part of a report that the receiver sees before it takes the report."""

    heading: str
    when: str
    received_at: datetime
    urgent: bool
    area: str | None = None
    address: str | None = None
    transit: str | None = None
    point: str | None = None
    location_text: str | None = None


def offer(
    registry: Any, session: Session, report: Report, values: Mapping[str, Any], actor: Actor
) -> None:
    """Offer the report; effect of `overdracht_aanbieden`.

    Raises:
        WorkflowError: It must stay here, and would leave only a tombstone.
    """
    transfer = new_transfer(registry, session, report, values, actor)
    transfer.state = HandoverState.OPEN
    now = utc_now()
    # It reaches the other municipality only when it can't be undone any more.
    transfer.given_at = held_until(report, actor) or now
    offered = msgspec.json.encode(_offered(session, report)).decode()
    transfer.offer = registry.key_ring.encrypt(PURPOSE, offered, str(transfer.id))
    # Only the receiver knows its mailbox: a job of its own mails it.
    payload, delay = {"transfer": str(transfer.id)}, transfer.given_at - now
    enqueue(session, JOB, transfer.receiver, payload, delay=delay)


def _offered(session: Session, report: Report) -> Offered:
    names = area_names(session, report)
    return Offered(
        heading=heading(report),
        when=when_text(report),
        received_at=report.received_at,
        urgent=report.urgent,
        area=", ".join(filter(None, (names.neighbourhood, names.subneighbourhood))) or None,
        address=address_text(report.address),
        transit=transit_text(report.transit),
        point=point_text(report, names),
        location_text=report.location_text,
    )


def shown(keys: KeyRing, transfer: ReportTransfer) -> Offered | None:
    """Return the part of the report that the receiver may see; None unless the offer is open."""
    if transfer.offer is None:
        return None
    offered = keys.decrypt(PURPOSE, transfer.offer, str(transfer.id))
    return msgspec.json.decode(offered, type=Offered)


def take_back(session: Session, report: Report, values: Mapping[str, Any], actor: Actor) -> None:
    """Check that the other municipality hasn't accepted yet; effect of `overdracht_intrekken`."""
    transfer = _latest(session, report)
    if transfer is not None and transfer.state == HandoverState.ACCEPTED:
        raise WorkflowError("De andere gemeente heeft de melding intussen aangenomen.", None)


def give(
    registry: Any, session: Session, report: Report, values: Mapping[str, Any], actor: Actor
) -> None:
    """Send the content to the receiver and leave a tombstone; effect of `overdracht_aangenomen`."""
    transfer = _latest(session, report)
    if transfer is None or transfer.state != HandoverState.ACCEPTED:
        raise WorkflowError("Er is geen aangenomen aanbod.", None)
    send(registry, session, report, transfer)


def _latest(session: Session, report: Report) -> ReportTransfer | None:
    return session.scalars(
        select(ReportTransfer)
        .where(ReportTransfer.giver == report.holder, ReportTransfer.reference == report.reference)
        .order_by(ReportTransfer.given_at.desc())
        .limit(1)
        .with_for_update()
    ).first()


def answer(
    session: Session, transfer: ReportTransfer, actor: Actor, refusal: str | None = None
) -> None:
    """Accept the offer, or refuse it with a reason.

    Accepted, the report stands among the receiver's own a moment later.

    Raises:
        AnsweredError: The offer was answered or withdrawn already.
    """
    # The lock makes the second of two answers at once wait here, and then see the first.
    session.refresh(transfer, with_for_update=True)
    if transfer.state != HandoverState.OPEN:
        raise AnsweredError
    transfer.state = HandoverState.ACCEPTED if refusal is None else HandoverState.REFUSED
    transfer.offer = None
    transfer.answered_at, transfer.answered_by, transfer.answer = utc_now(), actor.name, refusal
    enqueue(session, ANSWERED, transfer.giver, {"transfer": str(transfer.id)})
    action = f"overdracht.{transfer.state}"
    record(session, actor, action, transfer.receiver, OFFER_KIND, [transfer.id])


def answered(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Make the step that follows from the answer; a job of the giver, harmless when done twice."""
    effects = WORKFLOW_EFFECTS.of(context.registry)
    for payload in payloads:
        with context.transaction() as session:
            transfer = session.get(ReportTransfer, UUID(payload["transfer"]), with_for_update=True)
            if transfer is None or transfer.content is not None:
                continue
            report = session.scalar(
                select(Report).where(Report.reference == transfer.reference).with_for_update()
            )
            if report is not None and report.state == ReportState.OFFERED:
                why = refusal(context.registry, session, report)
                _follow_answer(session, effects, transfer, report, why)
            # Withdrawn by the reporter, say: there is nothing left to give.
            elif transfer.state == HandoverState.ACCEPTED and transfer.received_at is None:
                transfer.state = HandoverState.VOID


def _follow_answer(
    session: Session,
    effects: Mapping[str, Any],
    transfer: ReportTransfer,
    report: Report,
    why_not: str | None = None,
) -> None:
    """Make the step; `why_not`: since the offer something came that keeps the report here."""
    if transfer.state == HandoverState.ACCEPTED and why_not is not None:
        transfer.state = HandoverState.VOID
        transfer.answer = "De melding moet nu bij de andere gemeente blijven."
        move_report(session, effects, report, "overdracht_geweigerd", {"reden": why_not}, SYSTEM)
        return
    other = Actor("gebruiker", None, transfer.answered_by or "andere gemeente")
    if transfer.state == HandoverState.ACCEPTED:
        values = {"gemeente": transfer.receiver}
        open_waiting(session, effects, report, other)
        move_report(session, effects, report, "overdracht_aangenomen", values, other)
    elif transfer.state == HandoverState.REFUSED:
        reason = {"reden": transfer.answer}
        move_report(session, effects, report, "overdracht_geweigerd", reason, other)


def incoming(session: Session, holder: str) -> Sequence[ReportTransfer]:
    """Return the offers that wait for the answer of this holder, the oldest first."""
    return session.scalars(
        select(ReportTransfer)
        .where(*_waits_for(holder))
        .order_by(ReportTransfer.given_at, ReportTransfer.id)
    ).all()


def _waits_for(holder: str) -> tuple[ColumnElement[bool], ...]:
    arrived = ReportTransfer.given_at <= NOW
    return ReportTransfer.receiver == holder, ReportTransfer.state == HandoverState.OPEN, arrived


def waiting(holder: str, _: Identity) -> Select[Any]:
    """Select the offers that wait for the answer of this holder, for the menu."""
    return select(ReportTransfer.id).where(*_waits_for(holder))


def recent(session: Session, holder: str, most: int) -> Sequence[ReportTransfer]:
    """Return the latest hand-overs to and from this holder, the newest first."""
    mine = (ReportTransfer.receiver == holder) | (ReportTransfer.giver == holder)
    return session.scalars(
        select(ReportTransfer)
        .where(
            mine, (ReportTransfer.state != HandoverState.OPEN) | (ReportTransfer.giver == holder)
        )
        .order_by(ReportTransfer.given_at.desc(), ReportTransfer.id)
        .limit(most)
    ).all()
