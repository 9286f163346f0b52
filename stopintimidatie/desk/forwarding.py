"""Forwarding to a municipality that isn't connected: offered, watched, picked up, destroyed.

The axis of delivery: wacht_op_afspraak → aangeboden (the message went out) → opgehaald, or
verlopen. Without a valid agreement nothing goes out, whatever the level says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import SYSTEM, Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.desk.forwarding_mail import (
    ENCRYPTED,
    NOT_PICKED_UP,
    READY,
    WATCH_JOB,
)
from stopintimidatie.desk.forwarding_pickup import STATES, deliver
from stopintimidatie.disclosures.pickup import offer
from stopintimidatie.disclosures.pickup_models import Pickup, PickupState
from stopintimidatie.jobs import JobContext, enqueue
from stopintimidatie.mail import MailTemplate, Recipient, queue_mail
from stopintimidatie.mail.hours import after_working_days
from stopintimidatie.mail.models import MailMessage, MailState
from stopintimidatie.municipalities.agreements import (
    VALID_JOB,
    Standing,
    standing,
    today,
)
from stopintimidatie.municipalities.agreements_rules import in_force
from stopintimidatie.municipalities.models import ParticipationLevel
from stopintimidatie.municipalities.postbox import postbox_recipient, recipient_of
from stopintimidatie.municipalities.services import level_of
from stopintimidatie.register.models import Municipality
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import KIND
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.tenancy import NATIONAL

WAITING: Final = ("wacht_op_afspraak", "verlopen")
# Working days after offering: the desk is told, the offer ends.
DESK_AFTER, ENDS_AFTER = 3, 10
OFFERED_AT_ONCE: Final = 200


def on_arrival(context: JobContext, session: Session, report: Report) -> None:
    """A new report at the desk goes on at once where that was agreed."""
    if report.holder == NATIONAL:
        try_offer(session, context.registry.key_ring, report, SYSTEM)


def try_offer(session: Session, keys: KeyRing, report: Report, actor: Actor) -> list[str]:
    """Offer a report to its municipality; what keeps it from that, nothing when it is offered."""
    code = report.municipality_code
    if code is None or report.delivery not in WAITING or report.state not in STATES:
        return ["Deze melding kan nu niet worden aangeboden."]
    if level_of(session, code) is ParticipationLevel.PROGRAMME:
        return ["Deze gemeente is aangesloten: geef de melding door."]
    found = standing(session, keys, code)
    if not found.valid or found.agreement is None:
        return found.lacking
    waiting = _open_pickup(session, report.id)
    if waiting is not None and not _was_refused(session, waiting):
        return []
    if waiting is not None:
        waiting.state = PickupState.EXPIRED
    town = session.get_one(Municipality, code)
    pickup = offer(session, NATIONAL, KIND, report.id, f"Gemeente {town.name}", actor)
    template = ENCRYPTED if found.agreement.channel == "smime" else READY
    _tell(session, template, pickup, recipient_of(found.official), "functionaris")
    return []


def _open_pickup(session: Session, report_id: UUID) -> Pickup | None:
    waiting = (PickupState.READY, PickupState.OFFERED)
    return session.scalars(
        select(Pickup).where(Pickup.document_id == report_id, Pickup.state.in_(waiting))
    ).first()


def _was_refused(session: Session, pickup: Pickup) -> bool:
    """Whether the message about it can't go out any more: it was given up."""
    gone = (MailState.REFUSED, MailState.NOT_NEEDED)
    found = select(MailMessage.id).where(
        MailMessage.about_id == pickup.id, MailMessage.state.in_(gone)
    )
    return pickup.state == PickupState.READY and session.scalar(found.limit(1)) is not None


def _tell(
    session: Session, template: MailTemplate, pickup: Pickup, to: Recipient | None, whom: str
) -> None:
    if to is not None:
        key = f"{template.name}:{pickup.id}:{whom}"
        values = {"ophalen": pickup.reference}
        queue_mail(session, NATIONAL, template.name, to, about=pickup.id, values=values, key=key)


def offer_waiting(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: an agreement counts from now on; what waits for it goes out."""
    for payload in payloads:
        with context.transaction() as session:
            waiting = session.scalars(
                select(Report)
                .where(
                    Report.holder == NATIONAL,
                    Report.municipality_code == payload["gemeente"],
                    Report.delivery == "wacht_op_afspraak",
                    Report.state.in_(STATES),
                    Report.id.not_in(
                        select(Pickup.document_id).where(Pickup.state != PickupState.EXPIRED)
                    )
                    | Report.id.in_(
                        select(Pickup.document_id).where(Pickup.state == PickupState.READY)
                    ),
                )
                .order_by(Report.received_at)
                .limit(OFFERED_AT_ONCE)
            ).all()
            for report in waiting:
                try_offer(session, context.registry.key_ring, report, SYSTEM)
            if len(waiting) == OFFERED_AT_ONCE:
                enqueue(session, VALID_JOB, NATIONAL, payload)


def watch(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: not picked up yet? The deputy is told, then the desk; in the end the offer ends."""
    for payload in payloads:
        with context.transaction() as session:
            pickup = session.get(Pickup, UUID(payload["ophalen"]))
            report = session.get(Report, pickup.document_id) if pickup else None
            if pickup is not None and report and pickup.state == PickupState.OFFERED:
                _watch(context, session, pickup, report, payload["stap"])


def _watch(
    context: JobContext, session: Session, pickup: Pickup, report: Report, step: str
) -> None:
    offered, now = pickup.offered_at or pickup.made_at, utc_now()
    if report.state not in STATES:
        pickup.state = PickupState.EXPIRED
        return
    if step == "vervanger":
        found = standing(session, context.registry.key_ring, report.municipality_code or "")
        _tell(session, READY, pickup, _deputy(found), "vervanger")
        pickup.told_at, later, following = now, DESK_AFTER, "meldpunt"
    elif step == "meldpunt":
        _tell(session, NOT_PICKED_UP, pickup, postbox_recipient(session, NATIONAL), "meldpunt")
        pickup.escalated_at, later, following = now, ENDS_AFTER, "einde"
    else:
        pickup.state = PickupState.EXPIRED
        deliver(session, report, "verlopen", pickup)
        return
    delay = max(after_working_days(offered, later) - now, timedelta(minutes=1))
    payload = {"ophalen": str(pickup.id), "stap": following}
    enqueue(session, WATCH_JOB, NATIONAL, payload, delay=delay)


def _deputy(found: Standing) -> Recipient | None:
    """Also when messages to the official come back: all the more."""
    return recipient_of(found.deputy) if in_force(found.agreement, today()) else None
