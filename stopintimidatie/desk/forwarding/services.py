"""Forwarding to a municipality that isn't connected: offered, watched, picked up, destroyed.

What is mailed never has content in clear, and isn't mailed when it is no longer needed.

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

from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import after_working_days, utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import (
    Letter,
    MailRecipient,
    MailTemplate,
    Recipient,
    Writing,
    queue_mail,
)
from stopintimidatie.core.mail.addresses import code_of, find_address, readable
from stopintimidatie.core.mail.delivery import is_mobile
from stopintimidatie.core.mail.models import MailMessage, MailState
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.desk.forwarding.pickup import STATES, as_text, content_of, deliver, note_pickup
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.disclosures.pickup import offer
from stopintimidatie.municipalities.agreements.rules import in_force
from stopintimidatie.municipalities.agreements.services import (
    VALID_JOB,
    Standing,
    official_of,
    people_of,
    running_agreement,
    standing_of,
    today,
)
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.levels.models import ParticipationLevel
from stopintimidatie.municipalities.levels.services import level_of
from stopintimidatie.municipalities.people.services import postbox_recipient, recipient_of
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.vocabulary import KIND

WATCH_JOB: Final = Job("doorgifte.bewaken")
# Working days after offering that the deputy is told.
DEPUTY_AFTER: Final = 2
_FOLDER: Final = "stopintimidatie.desk.forwarding:templates/mail"


def _about(session: Session, message: MailMessage) -> tuple[Pickup | None, Report | None]:
    """Return what the message is about, as far as it is there still."""
    pickup = session.get(Pickup, message.about_id)
    return pickup, session.get(Report, pickup.document_id) if pickup else None


def _ready(writing: Writing) -> Letter | None:
    """Write only a link; none for what was picked up, withdrawn or handed over meanwhile."""
    pickup = _still_offered(writing)
    return None if pickup is None else Letter(writing.message.values)


def _still_offered(writing: Writing) -> Pickup | None:
    session = writing.session
    pickup, report = _about(session, writing.message)
    if pickup is None or pickup.state not in (PickupState.READY, PickupState.OFFERED):
        return None
    if report is None or report.state not in STATES or report.municipality_code is None:
        return None
    # Ended or refused between asking and sending: then it doesn't go. Whether the address still
    # works is asked of the address itself.
    return (
        pickup if in_force(running_agreement(session, report.municipality_code), today()) else None
    )


def _went_out(writing: Writing) -> None:
    """Note that the mail server has it: from now on it is offered, and watched."""
    session = writing.session
    pickup, report = _about(session, writing.message)
    if pickup is None or report is None or pickup.state != PickupState.READY:
        return
    now = utc_now()
    pickup.state, pickup.offered_at = PickupState.OFFERED, now
    deliver(session, report, "aangeboden", pickup)
    delay = after_working_days(now, DEPUTY_AFTER) - now
    payload = {"ophalen": str(pickup.id), "stap": "vervanger"}
    enqueue(session, WATCH_JOB, NATIONAL, payload, delay=delay)


def _encrypted(writing: Writing) -> Letter | None:
    """Write the report itself, for the certificate of the agreement."""
    session, pickup = writing.session, _still_offered(writing)
    report = session.get(Report, pickup.document_id) if pickup else None
    agreement = running_agreement(session, report.municipality_code or "") if report else None
    if report is None or agreement is None or not agreement.certificate:
        return None
    text = as_text(content_of(session, writing.keys, report))
    return Letter({"melding": text}, certificate=agreement.certificate.encode())


def _encrypted_went_out(writing: Writing) -> None:
    """Note that the recipient has it: encrypted, and taken by the mail server."""
    session = writing.session
    pickup, report = _about(session, writing.message)
    if pickup is None or report is None or pickup.state != PickupState.READY:
        return
    now = utc_now()
    pickup.state, pickup.offered_at, pickup.picked_up_at = PickupState.PICKED_UP, now, now
    content = content_of(session, writing.keys, report)
    note_pickup(session, writing.registry, pickup, content, first=True)


def _late(writing: Writing) -> Letter | None:
    pickup, report = _about(writing.session, writing.message)
    if pickup is None or report is None or pickup.state != PickupState.OFFERED:
        return None
    return Letter({"pad": f"/{NATIONAL}/{report.reference}"})


def came_back(registry: Any, session: Session, message: MailMessage) -> None:
    """Tell the desk that a message was refused, or came back after it was taken.

    Nothing is sent again by itself. When it was the message to the official, what was offered ends
    and the report waits at the desk as not picked up; also what went encrypted, for nobody has it.
    """
    pickup, report = _about(session, message)
    if pickup is None or report is None or report.state not in STATES:
        return
    pickup.returned_at = utc_now()
    if _was_all(session, message, report, pickup):
        pickup.state = PickupState.EXPIRED
        pickup.picked_up_at = pickup.destroy_on = None
        deliver(session, report, "verlopen", pickup)
    to = postbox_recipient(session, NATIONAL)
    if to is not None:
        key = f"{RETURNED.name}:{message.id}"
        queue_mail(session, NATIONAL, RETURNED.name, to, about=pickup.id, key=key)


def _was_all(session: Session, message: MailMessage, report: Report, pickup: Pickup) -> bool:
    """Tell whether nobody can pick it up now: it went out, to the official alone."""
    if message.template == ENCRYPTED.name:
        return pickup.state == PickupState.PICKED_UP
    official = find_address(session, official_of(report.municipality_code or ""))
    to_official = official is not None and message.recipient_id == str(official.id)
    return pickup.state == PickupState.OFFERED and pickup.told_at is None and to_official


def _returned(writing: Writing) -> Letter | None:
    _, report = _about(writing.session, writing.message)
    if report is None or report.state not in STATES:
        return None
    return Letter({"pad": f"/{NATIONAL}/{report.reference}"})


READY: Final = MailTemplate(
    "melding_klaar",
    "Er staat een bericht voor u klaar",
    f"{_FOLDER}/melding_klaar.txt.jinja2",
    _ready,
    _went_out,
    returned=came_back,
)
ENCRYPTED: Final = MailTemplate(
    "melding_versleuteld",
    "Er staat een bericht voor u klaar",
    f"{_FOLDER}/melding_versleuteld.txt.jinja2",
    _encrypted,
    _encrypted_went_out,
    returned=came_back,
)
NOT_PICKED_UP: Final = MailTemplate(
    "niet_opgehaald",
    "Niet opgehaald: bel de gemeente",
    f"{_FOLDER}/niet_opgehaald.txt.jinja2",
    _late,
)
RETURNED: Final = MailTemplate(
    "bericht_terug",
    "Een bericht aan een gemeente kwam terug",
    f"{_FOLDER}/bericht_terug.txt.jinja2",
    _returned,
)
TEMPLATES: Final = (READY, ENCRYPTED, NOT_PICKED_UP, RETURNED)


# Delivery

WAITING: Final = ("wacht_op_afspraak", "verlopen")
# Working days after offering: the desk is told, the offer ends.
DESK_AFTER, ENDS_AFTER = 3, 10
OFFERED_AT_ONCE: Final = 200


def on_arrival(context: JobContext, session: Session, report: Report) -> None:
    """Send a new report at the desk on at once where that was agreed."""
    if report.holder == NATIONAL:
        try_offer(session, context.registry.key_ring, report, SYSTEM)


def try_offer(session: Session, keys: KeyRing, report: Report, actor: Actor) -> list[str]:
    """Offer a report to its municipality; what keeps it from that, nothing when it is offered."""
    code = report.municipality_code
    if code is None or report.delivery not in WAITING or report.state not in STATES:
        return ["Deze melding kan nu niet worden aangeboden."]
    if level_of(session, code) is ParticipationLevel.PROGRAMME:
        return ["Deze gemeente is aangesloten: geef de melding door."]
    found = standing_of(session, keys, code)
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
    """Tell whether the message about it can't go out any more: it was given up."""
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
    """Send what waits for an agreement that counts from now on (job)."""
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
    """Tell the deputy, then the desk, of what isn't picked up; in the end end the offer (job)."""
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
        found = standing_of(session, context.registry.key_ring, report.municipality_code or "")
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
    """Return the deputy, also when messages to the official come back: all the more."""
    return recipient_of(found.deputy) if in_force(found.agreement, today()) else None


# Text messages: another way for the code than the mail with the link.

_KIND: Final = "functionaris_mobiel"


def mobile_of(people: dict[str, Any]) -> str | None:
    """Return the official's number, when text messages arrive there."""
    number = str((people.get("functionaris") or {}).get("telefoon", ""))
    return number if is_mobile(number) else None


def send_code_by_text(session: Session, pickup: Pickup) -> None:
    """Have the code that was made just now sent; the job knows the number of the pick-up alone."""
    to = Recipient(_KIND, str(pickup.id))
    queue_mail(session, NATIONAL, CODE_TEXT.name, to, about=pickup.id)


def _number(session: Session, keys: KeyRing, pickup_id: str) -> str | None:
    pickup = session.get(Pickup, UUID(pickup_id))
    report = session.get(Report, pickup.document_id) if pickup else None
    agreement = running_agreement(session, report.municipality_code or "") if report else None
    return mobile_of(people_of(keys, agreement)) if agreement else None


def _code(writing: Writing) -> Letter | None:
    pickup = writing.session.get(Pickup, writing.message.about_id)
    if pickup is None or pickup.code_nonce is None:
        return None
    code = code_of(writing.keys, str(pickup.id), pickup.code_nonce)
    return Letter({"code": readable(code), "nummer": pickup.reference})


OFFICIALS_PHONE: Final = MailRecipient(_KIND, _number)
CODE_TEXT: Final = MailTemplate(
    "ophaalcode_sms",
    "",
    "stopintimidatie.desk.forwarding:templates/mail/ophaalcode_sms.txt.jinja2",
    _code,
    text_message=True,
)
