"""Copies of exports: their holders, and messages to them: withdrawn, corrected, to be destroyed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.services import colleagues
from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import after_working_days, utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.jobs import JobContext, enqueue
from stopintimidatie.core.mail import Recipient, queue_mail
from stopintimidatie.core.mail.models import MailAddress
from stopintimidatie.core.security import Permission
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.text import AMSTERDAM
from stopintimidatie.disclosures.models import (
    CopyState,
    DisclosedCopy,
    Disclosure,
    DisclosureSubject,
    Pickup,
    PickupState,
)
from stopintimidatie.disclosures.pickup import offer, renew_mail_code
from stopintimidatie.disclosures.resources import KIND
from stopintimidatie.disclosures.services import EventKind, copy_of, find_disclosure, note_event
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import COLLEAGUE, may_see_reports
from stopintimidatie.exports.models import CopyCorrection, Export
from stopintimidatie.exports.release.mail import ALARM, CORRECTED, REMINDER, WITHDRAWN
from stopintimidatie.exports.release.services import offer_export, pickups_of, tell, waiting_of
from stopintimidatie.exports.request.jobs import MADE_JOB, Change
from stopintimidatie.exports.request.services import lock
from stopintimidatie.municipalities.partners.models import PartnerContact
from stopintimidatie.municipalities.partners.services import OWNER

# Correction notices: who holds a copy hears what changed, and it stays open until they confirm.


@dataclass(frozen=True)
class Correction:
    """The words of a correction, for colleagues elsewhere; never in a repr."""

    change: Change
    parts: tuple[str, ...] = ()
    note: str | None = None


Copies = Sequence[tuple[Disclosure, str]]


def copies_with(session: Session, report_id: UUID) -> Copies:
    """Return the disclosed documents that this report is in and that somebody may still have.

    With each the name of the report in it.
    """
    rows = session.execute(
        _still_out(Disclosure, DisclosureSubject.label)
        .join(DisclosureSubject, DisclosureSubject.disclosure_id == Disclosure.id)
        .where(DisclosureSubject.subject_id == report_id)
    )
    return [(row[0], row[1]) for row in rows]


def copies_of(session: Session, dossier_id: UUID) -> Copies:
    """Return the documents of a dossier that somebody may still have; they name no report."""
    rows = session.scalars(_still_out(Disclosure).where(Disclosure.source_id == dossier_id))
    return [(row, "") for row in rows]


def _still_out(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .join(DisclosedCopy, DisclosedCopy.disclosure_id == Disclosure.id)
        .where(DisclosedCopy.state == CopyState.GIVEN.value)
        .order_by(Disclosure.made_at, Disclosure.id)
    )


def correct(
    session: Session,
    keys: KeyRing,
    export: Export,
    disclosure: Disclosure,
    label: str,
    correction: Correction,
    actor: Actor,
) -> bool:
    """Note a correction and have the holder told; return whether there was anybody to tell."""
    row = CopyCorrection(
        holder=export.holder,
        export_id=export.id,
        label=label,
        change=correction.change.value,
        parts=list(correction.parts),
        note=correction.note,
        made_at=utc_now(),
        made_by=actor.name,
    )
    session.add(row)
    session.flush()
    note_event(session, disclosure, EventKind.CORRECTED, actor, label)
    record(session, actor, "uitvoer.correctie", export.holder, KIND, [export.id])
    sent = tell_holder(session, keys, export, CORRECTED.name)
    row.told_at = utc_now() if sent else None
    return sent


def notify(
    session: Session, keys: KeyRing, copies: Copies, correction: Correction, actor: Actor
) -> list[bool]:
    """Correct these copies at who has them; return for each if there was anybody to tell."""
    exports = [(lock(session, row.document_id), row, label) for row, label in copies]
    return [
        correct(session, keys, export, disclosure, label, correction, actor)
        for export, disclosure, label in exports
        if export is not None
    ]


def corrections_of(session: Session, export_id: UUID) -> Sequence[CopyCorrection]:
    """Return the corrections of an export, the latest first."""
    return session.scalars(
        select(CopyCorrection)
        .where(CopyCorrection.export_id == export_id)
        .order_by(CopyCorrection.made_at.desc(), CopyCorrection.id)
    ).all()


def confirm(
    session: Session, export: Export, disclosure: Disclosure, number: str, who: Actor
) -> None:
    """Note that the holder did what a correction asks.

    Raises:
        FormError: There is none of that number that is open.
    """
    row = {str(row.id): row for row in corrections_of(session, export.id)}.get(number)
    if row is None or row.confirmed_at is not None:
        raise FormError("Deze correctie is al bevestigd.")
    row.confirmed_at, row.confirmed_by = utc_now(), who.name
    note_event(session, disclosure, EventKind.CORRECTION_DONE, who, row.label)


def page_for(session: Session, export: Export) -> Pickup | None:
    """Return the page where the holder can answer; None: nobody there can be written to.

    What the officer handed over has none yet; it gets one from which nothing can be fetched.
    """
    for pickup in pickups_of(session, export.id):
        address = session.get(MailAddress, pickup.address_id) if pickup.address_id else None
        if address is not None and address.usable:
            return pickup
    address = _first_address(session, export.partner_id)
    if address is None:
        return None
    pickup = offer(
        session,
        export.holder,
        KIND,
        export.id,
        export.recipient,
        SYSTEM,
        address_id=address.id,
        downloads_most=0,
    )
    pickup.state = PickupState.EXPIRED
    return pickup


def _first_address(session: Session, partner_id: UUID | None) -> MailAddress | None:
    if partner_id is None:
        return None
    people = session.scalars(
        select(PartnerContact.id)
        .where(PartnerContact.organisation_id == partner_id)
        .order_by(PartnerContact.made_at, PartnerContact.id)
    )
    numbers = [str(number) for number in people]
    rows = session.scalars(
        select(MailAddress).where(
            MailAddress.owner_kind == OWNER, MailAddress.owner_id.in_(numbers)
        )
    ).all()
    known = {row.owner_id: row for row in rows if row.usable}
    return next((known[number] for number in numbers if number in known), None)


def tell_holder(session: Session, keys: KeyRing, export: Export, template: str) -> bool:
    """Send a message with a code, without content; return whether there was anybody."""
    pickup = page_for(session, export)
    if pickup is None:
        return False
    renew_mail_code(keys, pickup)
    return tell(session, template, pickup)


def close_pickups(session: Session, export: Export) -> bool:
    """Close the pick-ups of an export; return whether anybody was told of one."""
    waiting = waiting_of(session, export.id)
    for pickup in waiting:
        pickup.state = PickupState.WITHDRAWN
    return bool(waiting)


def is_out(copy: DisclosedCopy | None) -> bool:
    """Return whether somebody has it and hasn't said that it is destroyed."""
    return copy is not None and copy.state == CopyState.GIVEN


def confirm_destroyed(session: Session, export: Export, disclosure: Disclosure, who: Actor) -> None:
    """Note that the copy of the holder is destroyed; its corrections are done with that.

    Raises:
        FormError: Nobody has a copy, or it was confirmed.
    """
    if not is_out(copy_of(session, disclosure.id)):
        raise FormError("Van dit document is er geen kopie meer om te vernietigen.")
    # A copy that is destroyed needs no correction.
    for row in corrections_of(session, export.id):
        if row.confirmed_at is None:
            row.confirmed_at, row.confirmed_by = utc_now(), who.name
    code = "telefonisch" if who.kind == "gebruiker" else None
    note_event(session, disclosure, EventKind.DESTROYED, who, code)


# Watching over a copy: reminded before its day and after, then an officer; and what was
# withdrawn.
#
# Each step is a job that asks for the next one, and looks anew whether it is still needed.


DAYS_BEFORE, DAYS_AFTER, ALARM_AFTER = 7, 1, 5
BEFORE, AFTER, LAST = "vooraf", "daarna", "alarm"
_AT: Final = time(8, 0)


def moment_of(step: str, destroy_by: date) -> datetime:
    """Return when a step is due. Pure."""
    before = datetime.combine(destroy_by - timedelta(days=DAYS_BEFORE), _AT, AMSTERDAM)
    after = datetime.combine(destroy_by + timedelta(days=DAYS_AFTER), _AT, AMSTERDAM)
    return {BEFORE: before, AFTER: after, LAST: after_working_days(after, ALARM_AFTER)}[step]


def watch(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Do the step of a copy that is due, and ask for the next one; a job."""
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
                if export.offer_address_id is not None:
                    _put_ready(session, context.registry, export)
                continue
            _step(session, context.registry.key_ring, export, disclosure, step)


def _put_ready(session: Session, registry: Any, export: Export) -> None:
    """Put a document ready for whom its asker chose; where it can't be, its page says why."""
    asker = Actor("gebruiker", export.proposed_by_id, export.proposed_by)
    address = session.get(MailAddress, export.offer_address_id)
    try:
        _check_asker(session, export)
        offer_export(session, registry, export, address, asker)
    except FormError as refused:
        export.failure = refused.message[:500]


def _check_asker(session: Session, export: Export) -> None:
    """Refuse when its asker may give it no more: days can lie between asking and making.

    Raises:
        FormError: The role or the reports of the dossier are theirs no longer.
    """
    able = {user.id for user in colleagues(session, export.holder, Permission.REQUEST_EXPORT)}
    asker, dossier = UUID(export.proposed_by_id), session.get_one(Dossier, export.dossier_id)
    if asker not in able or not may_see_reports(session, dossier, asker):
        raise FormError("Wie dit aanvroeg, mag het nu niet meer geven.", None)


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
    """Show an unconfirmed copy on the start page, and mail who owns the dossier."""
    if copy is None or copy.alarm_at is not None:
        return
    note_event(session, disclosure, EventKind.ALARM, SYSTEM)
    dossier = session.get(Dossier, export.dossier_id)
    if dossier is not None and dossier.owner_id is not None:
        to, key = Recipient(COLLEAGUE, str(dossier.owner_id)), f"{ALARM.name}:{export.id}"
        queue_mail(session, export.holder, ALARM.name, to, about=export.id, key=key)


def withdrawn(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Tell who holds a copy of what was withdrawn, or could come for it; a job."""
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
                # A report in it was erased or redacted.
                change, label = Correction(Change(payload["soort"])), payload.get("melding", "")
                sent = correct(session, keys, export, disclosure, label, change, SYSTEM)
            elif is_out(copy) or offered:
                sent = tell_holder(session, keys, export, WITHDRAWN.name)
            else:
                continue
            if not sent:
                alarm(session, export, disclosure, copy_of(session, disclosure.id))
