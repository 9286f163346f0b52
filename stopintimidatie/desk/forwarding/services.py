"""Forwarding reports to a municipality that isn't connected: offering, and watching the pick-up.

A mail never has the content in clear, and isn't sent when it is no longer needed.

The delivery of a report goes from wacht_op_afspraak to aangeboden (the message went out), and then
to opgehaald or verlopen. Without a valid agreement nothing goes out, whatever the level is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, false, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import (
    AMSTERDAM,
    after_working_days,
    is_working_day,
    local_date,
    utc_now,
    working_days_after,
)
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.mail.addresses import find_address
from stopintimidatie.core.mail.models import MailMessage, MailState
from stopintimidatie.core.storage import in_portions
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.desk.forwarding.access import WAITING as WAITING_THERE
from stopintimidatie.desk.forwarding.access import agreement_in_force, in_sitting
from stopintimidatie.desk.forwarding.pickup import (
    STATES,
    as_text,
    content_of,
    deliver,
    note_pickup,
    town_of,
)
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.disclosures.pickup import offer
from stopintimidatie.municipalities.agreements.models import ForwardingAgreement
from stopintimidatie.municipalities.agreements.rules import in_force
from stopintimidatie.municipalities.agreements.services import (
    official_of,
    running_agreement,
    standing_of,
    today,
)
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_of
from stopintimidatie.municipalities.people.services import postbox_recipient, recipient_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import append_move, reindex_report
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import Delivery

WATCH_JOB: Final = Job("doorgifte.bewaken")
# Working days after which a report that isn't picked up is told to the deputy and then to the desk,
# and after which the offer ends.
DEPUTY_AFTER, DESK_AFTER, ENDS_AFTER = 2, 3, 10


def _about(session: Session, message: MailMessage) -> tuple[Pickup | None, Report | None]:
    """Return the pick-up and the report that a message is about, as far as they exist still."""
    pickup = session.get(Pickup, message.about_id)
    return pickup, session.get(Report, pickup.document_id) if pickup else None


def _ready(writing: Writing) -> Letter | None:
    """Write the message with only a link; None when the report isn't on offer any more."""
    pickup = _still_offered(writing)
    return None if pickup is None else Letter(writing.message.values)


def _still_offered(writing: Writing) -> Pickup | None:
    """Return the pick-up of a message; None when it was picked up, withdrawn or handed over."""
    session = writing.session
    pickup, report = _about(session, writing.message)
    if pickup is None or pickup.state not in WAITING_THERE:
        return None
    if report is None or report.state not in STATES or report.municipality_code is None:
        return None
    # The agreement may have ended since the mail was queued. The address is checked on sending.
    agreement = running_agreement(session, report.municipality_code)
    return pickup if in_force(agreement, today()) else None


def _went_out(writing: Writing) -> None:
    """Note that the message went out: from now on the report is offered, and watched."""
    pickup, report = _about(writing.session, writing.message)
    if pickup is not None and report is not None:
        _offered(writing.session, pickup, report)


def _offered(session: Session, pickup: Pickup, report: Report) -> None:
    if pickup.state == PickupState.READY:
        pickup.state, pickup.offered_at = PickupState.OFFERED, utc_now()
        deliver(session, report, Delivery.OFFERED, pickup)
        _watch_later(session, pickup, "vervanger", DEPUTY_AFTER)


def _watch_later(session: Session, pickup: Pickup, step: str, working_days: int) -> None:
    """Plan a step of watching, so many working days after the report was offered."""
    now = utc_now()
    moment = after_working_days(pickup.offered_at or pickup.made_at, working_days)
    payload = {"ophalen": str(pickup.id), "stap": step}
    delay = max(moment - now, timedelta(minutes=1))
    enqueue(session, WATCH_JOB, NATIONAL, payload, delay=delay)


# The digest: one mail a working day about all that waits for a town, where that was agreed

DIGEST_AT: Final = time(8)
DIGEST_JOB: Final = Job("doorgifte.overzicht")


def tell_in_digest(session: Session, agreement: ForwardingAgreement, to: Recipient | None) -> None:
    """Queue the digest of the next working day at eight, once."""
    moment = datetime.combine(local_date(utc_now()), DIGEST_AT, AMSTERDAM)
    if moment <= utc_now() or not is_working_day(moment.date()):
        moment = datetime.combine(working_days_after(moment.date(), 1), DIGEST_AT, AMSTERDAM)
    if to is not None:
        key = f"{DIGEST.name}:{agreement.id}:{moment.date()}"
        delay, about = moment - utc_now(), agreement.id
        queue_mail(session, NATIONAL, DIGEST.name, to, about=about, key=key, delay=delay)


def _waiting_for(
    session: Session, agreement_id: UUID | None, *, news: bool = False
) -> Select[Any] | None:
    """Return the query of the pick-ups that wait for a town; None when its agreement ended.

    `news`: also those that were picked up, and to which something unread came since.
    """
    agreement = session.get(ForwardingAgreement, agreement_id)
    # It may have been replaced since; what waits is still told.
    if agreement is None or agreement_in_force(session, agreement.municipality_code) is None:
        return None
    entries = select(Pickup.id).join(Report, Report.id == Pickup.document_id)
    waits = or_(Pickup.state.in_(WAITING_THERE), Pickup.added_at.is_not(None) if news else false())
    waiting = entries.where(*in_sitting(agreement.municipality_code), waits)
    return waiting.order_by(Pickup.made_at, Pickup.id)


def _digest(writing: Writing) -> Letter | None:
    session = writing.session
    wanted = _waiting_for(session, writing.message.about_id, news=True)
    waiting = session.scalars(wanted).all() if wanted is not None else []
    if not waiting:
        return None
    first = session.get_one(Pickup, waiting[0])
    return Letter({"aantal": len(waiting), "ophalen": first.reference})


def _digest_went_out(writing: Writing) -> None:
    enqueue(writing.session, DIGEST_JOB, NATIONAL, {"afspraak": str(writing.message.about_id)})


def _digest_came_back(registry: Any, session: Session, message: MailMessage) -> None:
    payload = {"afspraak": str(message.about_id), "terug": str(message.id)}
    enqueue(session, DIGEST_JOB, NATIONAL, payload)


def follow_digest(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Mark what a digest told of as offered, or as returned (job)."""
    for payload in payloads:
        with context.transaction() as session:
            wanted = _waiting_for(session, UUID(payload["afspraak"]))
        if wanted is None:
            continue
        for session, ids in _few_at_a_time(context, wanted):
            for number in ids:
                pickup = session.get_one(Pickup, number)
                report = session.get_one(Report, pickup.document_id)
                if "terug" not in payload:
                    _offered(session, pickup, report)
                elif pickup.told_at is None:
                    _came_back(session, pickup, report, payload["terug"], ends=True)


def _encrypted(writing: Writing) -> Letter | None:
    """Write the report itself, to be encrypted for the certificate of the agreement."""
    session, pickup = writing.session, _still_offered(writing)
    report = session.get(Report, pickup.document_id) if pickup else None
    agreement = running_agreement(session, report.municipality_code or "") if report else None
    if report is None or agreement is None or not agreement.certificate:
        return None
    text = as_text(content_of(session, writing.keys, report))
    return Letter({"melding": text}, certificate=agreement.certificate.encode())


def _encrypted_went_out(writing: Writing) -> None:
    """Note that the report is picked up: it went out as encrypted mail."""
    session = writing.session
    pickup, report = _about(session, writing.message)
    if pickup is None or report is None or pickup.state != PickupState.READY:
        return
    now = utc_now()
    pickup.state, pickup.offered_at, pickup.picked_up_at = PickupState.PICKED_UP, now, now
    note_pickup(session, writing.registry, pickup, report)


def _added(writing: Writing) -> Letter | None:
    """Write that something came after the pick-up; None when it was read, or no agreement is."""
    pickup, report = _about(writing.session, writing.message)
    if pickup is None or report is None or pickup.added_at is None:
        return None
    agreement = running_agreement(writing.session, town_of(writing.session, pickup))
    return Letter(writing.message.values) if in_force(agreement, today()) else None


def _late(writing: Writing) -> Letter | None:
    pickup, report = _about(writing.session, writing.message)
    if pickup is None or report is None:
        return None
    if pickup.state != PickupState.OFFERED and pickup.added_at is None:
        return None
    return Letter({"pad": f"/{NATIONAL}/{report.reference}"})


def came_back(registry: Any, session: Session, message: MailMessage) -> None:
    """Tell the desk that a message was refused, or came back after it was sent.

    Nothing is sent again by itself. After the message to the official, or the report as encrypted
    mail, the offer ends and the report waits at the desk as not picked up.
    """
    pickup, report = _about(session, message)
    if pickup is None or report is None:
        return
    if report.state in STATES or message.template == ADDED.name:
        ends = _ends_offer(session, message, report, pickup)
        _came_back(session, pickup, report, str(message.id), ends=ends)


def _came_back(
    session: Session, pickup: Pickup, report: Report, message: str, *, ends: bool
) -> None:
    pickup.returned_at = utc_now()
    if ends:
        pickup.state = PickupState.EXPIRED
        pickup.picked_up_at = pickup.destroy_on = None
        deliver(session, report, Delivery.EXPIRED, pickup)
    to = postbox_recipient(session, NATIONAL)
    if to is not None:
        key = f"{RETURNED.name}:{message}:{pickup.id}"
        queue_mail(session, NATIONAL, RETURNED.name, to, about=pickup.id, key=key)


def _ends_offer(session: Session, message: MailMessage, report: Report, pickup: Pickup) -> bool:
    """Tell whether nobody has a message now: the one that came back was the only one."""
    if message.template == ENCRYPTED.name:
        return pickup.state == PickupState.PICKED_UP
    official = find_address(session, official_of(report.municipality_code or ""))
    to_official = official is not None and message.recipient_id == str(official.id)
    return pickup.state == PickupState.OFFERED and pickup.told_at is None and to_official


def _returned(writing: Writing) -> Letter | None:
    pickup, report = _about(writing.session, writing.message)
    if pickup is None or report is None:
        return None
    if report.state not in STATES and pickup.added_at is None:
        return None
    return Letter({"pad": f"/{NATIONAL}/{report.reference}"})


def _template(
    name: str, subject: str, write: Callable[[Writing], Letter | None], *went_out: Any, **more: Any
) -> MailTemplate:
    """Make the template of a message; its text stands in the file of its name."""
    return MailTemplate(name, subject, __package__, write, *went_out, **more)


_WAITS: Final = "Er staat een bericht voor u klaar"
READY: Final = _template("melding_klaar", _WAITS, _ready, _went_out, returned=came_back)
ENCRYPTED: Final = _template(
    "melding_versleuteld", _WAITS, _encrypted, _encrypted_went_out, returned=came_back
)
ADDED: Final = _template(
    "melding_aangevuld", "Er is iets bij een eerdere melding", _added, returned=came_back
)
NOT_PICKED_UP: Final = _template("niet_opgehaald", "Niet opgehaald: bel de gemeente", _late)
UNREAD: Final = _template("niet_gelezen", "Opgehaald, en er is iets bij: bel de gemeente", _late)
RETURNED: Final = _template("bericht_terug", "Een bericht aan een gemeente kwam terug", _returned)
DIGEST: Final = _template(
    "overzicht_klaar",
    "Er staan berichten voor u klaar",
    _digest,
    _digest_went_out,
    returned=_digest_came_back,
)
TEMPLATES: Final = (READY, ENCRYPTED, DIGEST, ADDED, NOT_PICKED_UP, UNREAD, RETURNED)


# Delivery

WAITING: Final = (Delivery.WAITING, Delivery.EXPIRED)
# Offers in one transaction, so that it stays short.
AT_ONCE: Final = 8


def on_arrival(context: JobContext, session: Session, report: Report) -> None:
    """Offer a new report at the desk at once, where there is a valid agreement."""
    if report.holder == NATIONAL:
        try_offer(session, context.registry.key_ring, report, SYSTEM)


def try_offer(session: Session, keys: KeyRing, report: Report, actor: Actor) -> list[str]:
    """Offer a report to its municipality; return what keeps it from that, empty when offered.

    One that waits for the digest and became urgent gets a message of its own.
    """
    code = report.municipality_code
    if code is None or report.delivery not in WAITING or report.state not in STATES:
        return ["Deze melding kan nu niet worden aangeboden."]
    if level_of(session, code) is ParticipationLevel.PROGRAMME:
        return ["Deze gemeente is aangesloten: geef de melding door."]
    standing = standing_of(session, keys, code)
    if not standing.valid or standing.agreement is None:
        return standing.lacking
    pickup = _open_pickup(session, report.id)
    if pickup is not None and _was_refused(session, pickup):
        pickup.state, pickup = PickupState.EXPIRED, None
    if pickup is None:
        town = session.get_one(Municipality, code)
        pickup = offer(session, NATIONAL, KIND, report.id, f"Gemeente {town.name}", actor)
    to, agreement = recipient_of(standing.official), standing.agreement
    encrypted = agreement.channel == "smime"
    if agreement.digest and not encrypted and not report.urgent:
        tell_in_digest(session, agreement, to)
    else:
        _tell(session, ENCRYPTED if encrypted else READY, pickup, to, "functionaris")
    return []


def _open_pickup(session: Session, report_id: UUID) -> Pickup | None:
    return session.scalars(
        select(Pickup).where(Pickup.document_id == report_id, Pickup.state.in_(WAITING_THERE))
    ).first()


def _was_refused(session: Session, pickup: Pickup) -> bool:
    """Tell whether no message about a pick-up is on its way any more, so that nobody was told."""
    town = (
        select(ForwardingAgreement.id)
        .join(Report, Report.municipality_code == ForwardingAgreement.municipality_code)
        .where(Report.id == pickup.document_id)
    )
    digest = and_(MailMessage.template == DIGEST.name, MailMessage.about_id.in_(town))
    about = or_(MailMessage.about_id == pickup.id, digest)
    waits = select(MailMessage.id).where(MailMessage.state == MailState.WAITING, about)
    return pickup.state == PickupState.READY and session.scalar(waits.limit(1)) is None


def _tell(
    session: Session, template: MailTemplate, pickup: Pickup, to: Recipient | None, whom: str
) -> None:
    """Queue a mail about a pick-up, once for each recipient."""
    if to is not None:
        key = f"{template.name}:{pickup.id}:{whom}"
        values = {"ophalen": pickup.reference}
        queue_mail(session, NATIONAL, template.name, to, about=pickup.id, values=values, key=key)


def offer_waiting(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Offer the reports that wait for an agreement which is valid now (job)."""
    keys = context.registry.key_ring
    for payload in payloads:
        waits = (
            Report.holder == NATIONAL,
            Report.municipality_code == payload["gemeente"],
            Report.delivery == Delivery.WAITING,
            Report.state.in_(STATES),
        )
        wanted = select(Report.id).where(*waits).order_by(Report.received_at, Report.id)
        for session, ids in _few_at_a_time(context, wanted):
            for number in ids:
                try_offer(session, keys, session.get_one(Report, number), SYSTEM)


def _few_at_a_time(
    context: JobContext, wanted: Select[Any]
) -> Iterator[tuple[Session, Sequence[UUID]]]:
    """Yield the ids of a query, a few in each of several short transactions."""
    with context.transaction() as session:
        ids = session.scalars(wanted).all()
    yield from in_portions(context.engine, context.holder, ids, AT_ONCE)


def take_back_offer(session: Session, report: Report, reason: str, actor: Actor) -> None:
    """End the offer of a report that nobody picked up; it waits at the desk again.

    Raises:
        WorkflowError: It isn't on offer any more.
    """
    pickup = _open_pickup(session, report.id)
    if pickup is None or report.delivery != Delivery.OFFERED or report.state not in STATES:
        raise WorkflowError("Deze melding is niet meer aangeboden. Kijk wat er nu staat.")
    pickup.state = PickupState.EXPIRED
    report.delivery = Delivery.EXPIRED
    append_move(session, report, actor, "aanbod_ingetrokken", report.state, {"reden": reason})
    reindex_report(session, report)
    fields = [report.delivery]
    record(session, actor, "melding.bezorging", NATIONAL, KIND, [report.id], fields=fields)


def watch(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Tell the deputy, then the desk, of a report not picked up; at last end the offer (job)."""
    for payload in payloads:
        with context.transaction() as session:
            pickup = session.get(Pickup, UUID(payload["ophalen"]))
            report = session.get(Report, pickup.document_id) if pickup else None
            if pickup is not None and report and pickup.state == PickupState.OFFERED:
                _watch(context, session, pickup, report, payload["stap"])


def _watch(
    context: JobContext, session: Session, pickup: Pickup, report: Report, step: str
) -> None:
    if report.state not in STATES:
        pickup.state = PickupState.EXPIRED
    elif step == "vervanger":
        standing = standing_of(session, context.registry.key_ring, report.municipality_code or "")
        # Also when messages to the official come back: then the deputy is needed all the more.
        deputy = standing.deputy if in_force(standing.agreement, today()) else None
        _tell(session, READY, pickup, recipient_of(deputy), "vervanger")
        pickup.told_at = utc_now()
        _watch_later(session, pickup, "meldpunt", DESK_AFTER)
    elif step == "meldpunt":
        _tell(session, NOT_PICKED_UP, pickup, postbox_recipient(session, NATIONAL), "meldpunt")
        pickup.escalated_at = utc_now()
        _watch_later(session, pickup, "einde", ENDS_AFTER)
    else:
        pickup.state = PickupState.EXPIRED
        deliver(session, report, Delivery.EXPIRED, pickup)
