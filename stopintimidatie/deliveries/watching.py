"""Watching over a copy: reminded before its day and after, then an officer; and what was withdrawn.

Each step is a job that asks for the next one, and looks anew whether it is still needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.audit import SYSTEM
from stopintimidatie.clock import utc_now
from stopintimidatie.deliveries.copies import close_pickups, is_out, tell_holder
from stopintimidatie.deliveries.corrections import Correction, open_correction
from stopintimidatie.deliveries.mailing import ALARM, CORRECTED, REMINDER, WITHDRAWN
from stopintimidatie.disclosures.copies import EventKind, copy_of, note_event
from stopintimidatie.disclosures.models import DisclosedCopy, Disclosure
from stopintimidatie.disclosures.services import find_disclosure
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.reminders import COLLEAGUE
from stopintimidatie.exports.making import MADE_JOB
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.services import lock
from stopintimidatie.exports.withdrawing import Change
from stopintimidatie.jobs import JobContext, enqueue
from stopintimidatie.mail import Recipient, queue_mail
from stopintimidatie.mail.hours import after_working_days
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.web.filters import AMSTERDAM

DAYS_BEFORE, DAYS_AFTER, ALARM_AFTER = 7, 1, 5
BEFORE, AFTER, LAST = "vooraf", "daarna", "alarm"
_AT: Final = time(8, 0)


def moment_of(step: str, destroy_by: date) -> datetime:
    """When a step is due. Pure."""
    before = datetime.combine(destroy_by - timedelta(days=DAYS_BEFORE), _AT, AMSTERDAM)
    after = datetime.combine(destroy_by + timedelta(days=DAYS_AFTER), _AT, AMSTERDAM)
    return {BEFORE: before, AFTER: after, LAST: after_working_days(after, ALARM_AFTER)}[step]


def watch(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: the step of this copy that is due, and the next one asked for."""
    for place, payload in enumerate(payloads):
        with context.ending(place) as session:
            export = lock(session, UUID(payload["id"])) if session else None
            disclosure = find_disclosure(session, export.reference) if session and export else None
            if session is None or export is None or disclosure is None:
                continue
            step = payload.get("stap")
            if step is None:
                # Made just now. When its day is within a week, only the day itself counts.
                first = BEFORE if moment_of(BEFORE, export.destroy_by) > utc_now() else AFTER
                _ask(session, export, first)
                continue
            _step(session, context.registry.key_ring, export, disclosure, step)


def _ask(session: Session, export: Export, step: str) -> None:
    delay = max(moment_of(step, export.destroy_by) - utc_now(), timedelta(minutes=1))
    payload = {"id": str(export.id), "stap": step}
    enqueue(session, MADE_JOB, export.holder, payload, delay=delay)


def _step(
    session: Session, keys: KeyRing, export: Export, disclosure: Disclosure, step: str
) -> None:
    copy = copy_of(session, disclosure.id)
    if step == BEFORE:
        # Also what isn't fetched yet may be by then.
        _ask(session, export, AFTER)
    if not is_out(copy):
        if step == AFTER:
            close_pickups(session, export)
        return
    if step == LAST:
        alarm(session, export, disclosure, copy)
    elif tell_holder(session, keys, export, REMINDER.name):
        note_event(session, disclosure, EventKind.REMINDED, SYSTEM, step)
        if step == AFTER:
            _ask(session, export, LAST)
    elif step == AFTER:
        # Nobody can be written to: an officer must call.
        alarm(session, export, disclosure, copy)


def alarm(
    session: Session, export: Export, disclosure: Disclosure, copy: DisclosedCopy | None
) -> None:
    """Nobody confirmed: on the start page, and a mail to who owns the dossier."""
    if copy is None or copy.alarm_at is not None:
        return
    note_event(session, disclosure, EventKind.ALARM, SYSTEM)
    dossier = session.get(Dossier, export.dossier_id)
    if dossier is not None and dossier.owner_id is not None:
        to, key = Recipient(COLLEAGUE, str(dossier.owner_id)), f"{ALARM.name}:{export.id}"
        queue_mail(session, export.holder, ALARM.name, to, about=export.id, key=key)


def withdrawn(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Job: who holds a copy of what was withdrawn, or was told to come for it, hears that."""
    for place, payload in enumerate(payloads):
        with context.ending(place) as session:
            export = lock(session, UUID(payload["id"])) if session else None
            if session is None or export is None:
                continue
            offered = close_pickups(session, export)
            disclosure = find_disclosure(session, export.reference)
            if disclosure is None:
                continue
            keys, copy = context.registry.key_ring, copy_of(session, disclosure.id)
            if is_out(copy) and payload.get("soort"):
                _correct(session, keys, export, disclosure, payload)
            elif (is_out(copy) or offered) and not tell_holder(
                session, keys, export, WITHDRAWN.name
            ):
                alarm(session, export, disclosure, copy)


def _correct(
    session: Session, keys: KeyRing, export: Export, disclosure: Disclosure, payload: dict[str, Any]
) -> None:
    """The source was erased or redacted: which report, and what to do."""
    correction = Correction(Change(payload["soort"]))
    row = open_correction(
        session, export, disclosure, payload.get("melding", ""), correction, SYSTEM
    )
    if tell_holder(session, keys, export, CORRECTED.name):
        row.told_at = utc_now()
    else:
        alarm(session, export, disclosure, copy_of(session, disclosure.id))
