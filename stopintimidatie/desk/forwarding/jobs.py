"""Telling a municipality that picked a report up what became of it since: the thread goes on.

One mail without content for all that wasn't read yet. The history of the report holds what was
told: that it was withdrawn, erased or restricted, and that it may be used again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, record
from stopintimidatie.core.clock import after_working_days, utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import queue_mail
from stopintimidatie.core.mail.addresses import find_address
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import locked
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.desk.forwarding.access import WAITING
from stopintimidatie.desk.forwarding.pickup import STATES, notice_of, openings, picked_up, town_of
from stopintimidatie.desk.forwarding.services import (
    ADDED,
    DEPUTY_AFTER,
    DESK_AFTER,
    UNREAD,
    tell_in_digest,
    try_offer,
)
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.municipalities.agreements.rules import in_force
from stopintimidatie.municipalities.agreements.services import (
    deputy_of,
    official_of,
    running_agreement,
    today,
)
from stopintimidatie.municipalities.people.services import postbox_recipient, recipient_of
from stopintimidatie.reports.conversation.decisions import WITHDRAWN
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import append_move, reindex_report
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import Delivery, ReportState

# Acts of the reporter that the municipality must read, besides withdrawing.
SENT: Final = frozenset(
    {"melding.aanvulling", "melding.antwoord", "melding.bijlage", "melding.contact_gewijzigd"}
)
TAKEN_BACK: Final = "melding.toch_niet_ingetrokken"
AGAIN: Final = "hervat"


WATCH_ADDITION_JOB: Final = Job("doorgifte.aanvulling_bewaken")


def hear(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Tell the municipality that has a report what its reporter did (job)."""
    for payload in payloads:
        with context.transaction() as session:
            wanted = select(Report).where(Report.id == UUID(payload["melding"]))
            report = session.scalars(locked(session, wanted)).one_or_none()
            if report is not None:
                at, keys = datetime.fromisoformat(payload["op"]), context.registry.key_ring
                _hear(session, keys, report, payload["wat"], at)


def _hear(session: Session, keys: KeyRing, report: Report, action: str, at: datetime) -> None:
    if action == f"melding.{WITHDRAWN}" and report.state == ReportState.WITHDRAWN:
        _end_offers(session, report)
        notify_town(session, report, WITHDRAWN)
    elif action == TAKEN_BACK and report.state != ReportState.WITHDRAWN:
        if notice_of(session, report) == WITHDRAWN:
            notify_town(session, report, AGAIN)
        # Not to the municipality that gave it back.
        if report.delivery == Delivery.WAITING or not openings(session, report):
            try_offer(session, keys, report, SYSTEM)
    elif action in SENT:
        tell_of_more(session, report, at)


def tell_of_more(session: Session, report: Report, at: datetime) -> None:
    """Tell the municipality that has a report of what came since: a message, a correction."""
    pickup = picked_up(session, report) if report.state in STATES else None
    if pickup is not None and pickup.destroyed_at is None:
        tell_of_addition(session, report, pickup, at)


def _end_offers(session: Session, report: Report) -> None:
    """End the offers of a withdrawn report that nobody picked up; taken back it waits again."""
    mine = Pickup.document_id == report.id, Pickup.state.in_(WAITING)
    for pickup in session.scalars(select(Pickup).where(*mine)):
        pickup.state = PickupState.WITHDRAWN
    if report.delivery == Delivery.OFFERED:
        report.delivery = Delivery.WAITING
        reindex_report(session, report)


def notify_town(session: Session, report: Report, notice: str) -> None:
    """Tell each municipality that opened a report what may be done with it from now on.

    `notice`: `ingetrokken`, `gewist`, `beperkt` or `hervat`. Nothing is told where nobody has it.
    """
    rows = openings(session, report)
    if rows:
        append_move(session, report, SYSTEM, f"gemeente_{notice}", report.state, {})
    for pickup in rows:
        if notice == AGAIN and pickup.state == PickupState.RETURNED:
            # Nothing begins again where it was given back.
            pickup.added_at = None
            continue
        ids = [report.id, pickup.id]
        record(session, SYSTEM, "melding.gemeente_verteld", NATIONAL, KIND, ids, fields=[notice])
        tell_of_addition(session, report, pickup, utc_now())


def tell_of_addition(session: Session, report: Report, pickup: Pickup, at: datetime) -> None:
    """Tell the official that something came after the pick-up; not while they haven't read it.

    Without an agreement nobody there can be told by mail: the desk rings at once.
    """
    read = pickup.read_at or pickup.picked_up_at
    if pickup.added_at is not None or (read is not None and read > at):
        return
    pickup.added_at = at
    agreement = running_agreement(session, town_of(session, pickup))
    if agreement is None or not in_force(agreement, today()):
        _go_on(session, report, pickup, at, "meldpunt")
    # A withdrawal is told at once: from then on nobody may ring the reporter.
    elif agreement.digest and not report.urgent and notice_of(session, report) is None:
        official = recipient_of(find_address(session, official_of(agreement.municipality_code)))
        tell_in_digest(session, agreement, official)
        _plan(session, pickup, at, "vervanger", DEPUTY_AFTER)
    else:
        _go_on(session, report, pickup, at, "functionaris")


def watch_additions(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Tell the deputy, then the desk, of what came after a pick-up and wasn't read (job)."""
    for payload in payloads:
        with context.transaction() as session:
            pickup = session.get(Pickup, UUID(payload["ophalen"]))
            report = session.get(Report, pickup.document_id) if pickup else None
            since = datetime.fromisoformat(payload["sinds"])
            if pickup is not None and report is not None and pickup.added_at == since:
                _go_on(session, report, pickup, since, payload["stap"])


def _go_on(session: Session, report: Report, pickup: Pickup, since: datetime, step: str) -> None:
    """Tell the official, the deputy or the desk, and plan whom to tell after that."""
    town = town_of(session, pickup)
    official, deputy = (
        recipient_of(find_address(session, owner(town))) for owner in (official_of, deputy_of)
    )
    steps = {
        "functionaris": (ADDED, official, "vervanger", DEPUTY_AFTER),
        "vervanger": (ADDED, deputy, "meldpunt", DESK_AFTER),
        "meldpunt": (UNREAD, postbox_recipient(session, NATIONAL), None, 0),
    }
    template, to, after, days = steps[step]
    if to is not None:
        key = f"{template.name}:{pickup.id}:{step}:{since.isoformat()}"
        values = {"ophalen": pickup.reference}
        queue_mail(session, NATIONAL, template.name, to, about=pickup.id, values=values, key=key)
    if after is not None:
        _plan(session, pickup, since, after, days)


def _plan(session: Session, pickup: Pickup, since: datetime, step: str, days: int) -> None:
    """Plan whom to tell so many working days after something came, if it isn't read by then."""
    delay = max(after_working_days(since, days) - utc_now(), timedelta(minutes=1))
    payload = {"ophalen": str(pickup.id), "stap": step, "sinds": since.isoformat()}
    enqueue(session, WATCH_ADDITION_JOB, NATIONAL, payload, delay=delay)
