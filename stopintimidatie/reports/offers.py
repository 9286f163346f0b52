"""Offering a report to another municipality, which accepts it or refuses it with a reason.

Giver and receiver never work in one transaction (docs/adr/0004): an answer is written by the
receiver, and a job of the giver does what follows from it. Until it accepts, the receiver sees
no more than it needs to decide: what kind of report, where, when, and why it is offered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.jobs import Job, JobContext, enqueue
from stopintimidatie.reports.areas import area_names
from stopintimidatie.reports.models import Report, ReportTransfer
from stopintimidatie.reports.offer_mail import tell_receiver
from stopintimidatie.reports.offered import ACCEPTED, OPEN, REFUSED, VOID
from stopintimidatie.reports.services import move
from stopintimidatie.reports.summary import (
    address_text,
    heading,
    point_text,
    transit_text,
    when_text,
)
from stopintimidatie.reports.transfer import PURPOSE, connected_receiver, send
from stopintimidatie.storage.counting import count_at_most
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.workflow import WorkflowError
from stopintimidatie.workflow.registry import WORKFLOW_EFFECTS

ANSWERED: Final = Job("melding.overdracht")
OFFER_KIND: Final = "overdracht"


class AnsweredError(Exception):
    """The offer is no longer open: it was answered or withdrawn."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What the receiver sees of a report before it is theirs."""

    what: str
    when: str
    received_at: str
    urgent: bool
    area: str | None = None
    address: str | None = None
    transit: str | None = None
    point: str | None = None
    location_text: str | None = None


def offer(
    keys: KeyRing, session: Session, report: Report, values: Mapping[str, Any], actor: Actor
) -> None:
    """Effect of `overdracht_aanbieden`."""
    receiver = connected_receiver(session, report, values)
    transfer = ReportTransfer(
        giver=report.holder,
        receiver=receiver,
        reference=report.reference,
        actor_name=actor.name,
        reason=str(values["reden"]),
        state=OPEN,
    )
    session.add(transfer)
    session.flush()
    shown = json.dumps(asdict(_offered(session, report)))
    transfer.offer = keys.encrypt(PURPOSE, shown, str(transfer.id))
    tell_receiver(session, transfer)


def _offered(session: Session, report: Report) -> Offered:
    names = area_names(session, report)
    return Offered(
        what=heading(report),
        when=when_text(report),
        received_at=report.received_at.isoformat(),
        urgent=report.urgent,
        area=", ".join(filter(None, (names.neighbourhood, names.subneighbourhood))) or None,
        address=address_text(report.address),
        transit=transit_text(report.transit),
        point=point_text(report),
        location_text=report.location_text,
    )


def shown(keys: KeyRing, transfer: ReportTransfer) -> Offered | None:
    """What the receiver may see of an open offer."""
    if transfer.offer is None:
        return None
    return Offered(**json.loads(keys.decrypt(PURPOSE, transfer.offer, str(transfer.id))))


def take_back(session: Session, report: Report, values: Mapping[str, Any], actor: Actor) -> None:
    """Effect of `overdracht_intrekken`: not when the other municipality was first."""
    transfer = _latest(session, report)
    if transfer is not None and transfer.state == ACCEPTED:
        raise WorkflowError("De andere gemeente heeft de melding intussen aangenomen.", None)


def give(
    keys: KeyRing, session: Session, report: Report, values: Mapping[str, Any], actor: Actor
) -> None:
    """Effect of `overdracht_aangenomen`: content on its way, tombstone left behind."""
    transfer = _latest(session, report)
    if transfer is None or transfer.state != ACCEPTED:
        raise WorkflowError("Er is geen aangenomen aanbod.", None)
    send(session, keys, report, transfer)


def _latest(session: Session, report: Report) -> ReportTransfer | None:
    return session.scalars(
        select(ReportTransfer)
        .where(ReportTransfer.giver == report.holder, ReportTransfer.reference == report.reference)
        .order_by(ReportTransfer.given_at.desc())
        .limit(1)
        .with_for_update()
    ).first()


def accept(session: Session, transfer: ReportTransfer, actor: Actor) -> None:
    """The receiver takes the report: a moment later it stands among its own.

    :raises AnsweredError: too late.
    """
    _answer(session, transfer, actor, ACCEPTED, None)


def refuse(session: Session, transfer: ReportTransfer, actor: Actor, reason: str) -> None:
    """The receiver doesn't take it, and says why.

    :raises AnsweredError: too late.
    """
    _answer(session, transfer, actor, REFUSED, reason)


def _answer(
    session: Session, transfer: ReportTransfer, actor: Actor, state: str, reason: str | None
) -> None:
    # Whoever is second waits here, and then sees what the first did.
    session.refresh(transfer, with_for_update=True)
    if transfer.state != OPEN:
        raise AnsweredError
    transfer.state = state
    transfer.offer = None
    transfer.answered_at = utc_now()
    transfer.answered_by = actor.name
    transfer.answer = reason
    enqueue(session, ANSWERED, transfer.giver, {"transfer": str(transfer.id)})
    record(session, actor, f"overdracht.{state}", transfer.receiver, OFFER_KIND, [transfer.id])


def answered(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job of the giver: do what follows from the answer. Twice is harmless."""
    effects = WORKFLOW_EFFECTS.of(context.registry)
    for payload in payloads:
        with context.transaction() as session:
            transfer = session.get(ReportTransfer, UUID(payload["transfer"]), with_for_update=True)
            if transfer is None or transfer.content is not None:
                continue
            report = session.scalar(
                select(Report).where(Report.reference == transfer.reference).with_for_update()
            )
            if report is None or report.state != "overdracht_aangeboden":
                # Withdrawn by the reporter, say: there is nothing left to give.
                if transfer.state == ACCEPTED and transfer.received_at is None:
                    transfer.state = VOID
                continue
            other = Actor("gebruiker", None, transfer.answered_by or "andere gemeente")
            if transfer.state == ACCEPTED:
                values = {"gemeente": transfer.receiver}
                move(session, effects, report, "overdracht_aangenomen", values, other)
            elif transfer.state == REFUSED:
                move(
                    session,
                    effects,
                    report,
                    "overdracht_geweigerd",
                    {"reden": transfer.answer},
                    other,
                )


def incoming(session: Session, holder: str) -> Sequence[ReportTransfer]:
    """Offers that wait for the answer of this holder, the oldest first."""
    return session.scalars(
        select(ReportTransfer)
        .where(ReportTransfer.receiver == holder, ReportTransfer.state == OPEN)
        .order_by(ReportTransfer.given_at, ReportTransfer.id)
    ).all()


def waiting(session: Session, holder: str) -> int:
    """How many offers wait for the answer of this holder; beyond a hundred it doesn't matter."""
    mine = select(ReportTransfer.id).where(
        ReportTransfer.receiver == holder, ReportTransfer.state == OPEN
    )
    # Also asked for the menu of a page that shows a form with mistakes: that is not saved by it.
    with session.no_autoflush:
        return count_at_most(session, mine, 99)


def recent(session: Session, holder: str, most: int) -> Sequence[ReportTransfer]:
    """What was handed over lately, to and from this holder, with the answer; newest first."""
    mine = (ReportTransfer.receiver == holder) | (ReportTransfer.giver == holder)
    return session.scalars(
        select(ReportTransfer)
        .where(mine, (ReportTransfer.state != OPEN) | (ReportTransfer.giver == holder))
        .order_by(ReportTransfer.given_at.desc(), ReportTransfer.id)
        .limit(most)
    ).all()
