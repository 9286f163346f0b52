"""Urgency: made at once, judged by a second person within one working day after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import RoleAssignment
from stopintimidatie.audit import SYSTEM, Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.disclosures.copies import EventKind, note_event
from stopintimidatie.disclosures.services import find_disclosure
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.reminders import COLLEAGUE
from stopintimidatie.exports.freezing import Prepared
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.routes import APPROVE_WITHIN
from stopintimidatie.exports.services import (
    check_second,
    freeze_and_make,
    lock,
    log,
)
from stopintimidatie.exports.wish import ExportError
from stopintimidatie.exports.withdrawing import REJECTED_AFTER, withdraw
from stopintimidatie.jobs import Job, JobContext, enqueue
from stopintimidatie.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.mail.hours import after_working_days
from stopintimidatie.security import Role
from stopintimidatie.storage.encryption import KeyRing

JOB: Final = Job("uitvoer.spoed_bewaken")


def make_at_once(session: Session, keys: KeyRing, prepared: Prepared, actor: Actor) -> None:
    """Have made what was asked for with urgency; that takes no rule away but the order of things.

    :raises ExportError: it can't be put in a document.
    """
    export, now = prepared.export, prepared.at
    export.approve_by = after_working_days(now, APPROVE_WITHIN)
    freeze_and_make(session, keys, prepared)
    log(session, export, actor, "spoed", reason=export.urgent_reason)
    payload = {"id": str(export.id)}
    enqueue(session, JOB, export.holder, payload, delay=export.approve_by - now)


def waits_for_second(export: Export) -> bool:
    """Whether somebody must judge it still."""
    return bool(
        export.urgent and export.decided_at is None and export.state != ExportState.WITHDRAWN
    )


def judge_after(
    session: Session, export: Export, actor: Actor, *, good: bool, reason: str = ""
) -> None:
    """The second person, afterwards. No means that it is taken back and that holders are told.

    :raises ExportError: own request, judged already, or no without a reason.
    """
    lock(session, export.id)
    if not waits_for_second(export):
        raise ExportError("Over deze uitvoer is al beslist. Open de pagina opnieuw.")
    check_second(session, export, actor)
    if not good and not reason.strip():
        raise ExportError("Schrijf op waarom u de uitvoer afwijst.", "reden")
    export.decided_at, export.decided_by_id, export.decided_by = utc_now(), actor.id, actor.name
    export.decided_reason = reason or None
    disclosure = find_disclosure(session, export.reference)
    if disclosure is not None:
        kind = EventKind.APPROVED_AFTER if good else EventKind.REJECTED_AFTER
        note_event(session, disclosure, kind, actor)
    log(session, export, actor, "achteraf_goedgekeurd" if good else "achteraf_afgewezen")
    if not good:
        withdraw(session, export, actor, REJECTED_AFTER, reason)


def watch(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: the working day is over. Nobody judged it? The owner and the privacy officers hear."""
    for place, payload in enumerate(payloads):
        with context.ending(place) as session:
            export = lock(session, UUID(payload["id"])) if session else None
            if session is None or export is None or export.overdue_at is not None:
                continue
            if not waits_for_second(export):
                continue
            now = utc_now()
            if export.approve_by is not None and now < export.approve_by:
                delay = max(export.approve_by - now, timedelta(minutes=1))
                enqueue(session, JOB, export.holder, payload, delay=delay)
                continue
            export.overdue_at = now
            log(session, export, SYSTEM, "spoed_te_laat")
            for person in _to_tell(session, export):
                key = f"{OVERDUE.name}:{export.id}:{person}"
                to = Recipient(COLLEAGUE, person)
                queue_mail(session, export.holder, OVERDUE.name, to, about=export.id, key=key)


def _to_tell(session: Session, export: Export) -> list[str]:
    dossier = session.get(Dossier, export.dossier_id)
    officers = session.scalars(
        select(RoleAssignment.user_id).where(
            RoleAssignment.holder == export.holder,
            RoleAssignment.role == Role.PRIVACY_OFFICER.value,
        )
    )
    owner = [dossier.owner_id] if dossier is not None and dossier.owner_id is not None else []
    return sorted({str(person) for person in (*owner, *officers)})


def _write(writing: Writing) -> Letter | None:
    export = writing.session.get(Export, writing.message.about_id)
    if export is None or not waits_for_second(export):
        return None
    return Letter({"link": writing.link("/uitvoer")})


OVERDUE: Final = MailTemplate(
    "spoed_te_laat",
    "Een spoeduitvoer wacht op een tweede persoon",
    "stopintimidatie.exports:templates/mail/spoed.txt.jinja2",
    _write,
)
