"""Forwarding reports to a municipality that isn't connected: offering, and watching the pick-up.

A mail never has the content in clear, and isn't sent when it is no longer needed.

The delivery of a report goes from wacht_op_afspraak to aangeboden (the message went out), and then
to opgehaald or verlopen. Without a valid agreement nothing goes out, whatever the level is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, record
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
from stopintimidatie.core.workflow import WorkflowError
from stopintimidatie.desk.forwarding.pickup import STATES, as_text, content_of, deliver, note_pickup
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.disclosures.pickup import offer
from stopintimidatie.municipalities.agreements.rules import in_force
from stopintimidatie.municipalities.agreements.services import (
    VALID_JOB,
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
from stopintimidatie.reports.services import append_move, reindex_report
from stopintimidatie.reports.vocabulary import KIND

WATCH_JOB: Final = Job("doorgifte.bewaken")
# Working days after which a report that isn't picked up is told to the deputy and then to the desk,
# and after which the offer ends.
DEPUTY_AFTER, DESK_AFTER, ENDS_AFTER = 2, 3, 10
_FOLDER: Final = "stopintimidatie.desk.forwarding:templates/mail"


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
    if pickup is None or pickup.state not in (PickupState.READY, PickupState.OFFERED):
        return None
    if report is None or report.state not in STATES or report.municipality_code is None:
        return None
    # The agreement may have ended since the mail was queued. The address is checked on sending.
    agreement = running_agreement(session, report.municipality_code)
    return pickup if in_force(agreement, today()) else None


def _went_out(writing: Writing) -> None:
    """Note that the message went out: from now on the report is offered, and watched."""
    session = writing.session
    pickup, report = _about(session, writing.message)
    if pickup is None or report is None or pickup.state != PickupState.READY:
        return
    pickup.state, pickup.offered_at = PickupState.OFFERED, utc_now()
    deliver(session, report, "aangeboden", pickup)
    _watch_later(session, pickup, "vervanger", DEPUTY_AFTER)


def _watch_later(session: Session, pickup: Pickup, step: str, working_days: int) -> None:
    """Plan a step of watching, so many working days after the report was offered."""
    now = utc_now()
    moment = after_working_days(pickup.offered_at or pickup.made_at, working_days)
    payload = {"ophalen": str(pickup.id), "stap": step}
    delay = max(moment - now, timedelta(minutes=1))
    enqueue(session, WATCH_JOB, NATIONAL, payload, delay=delay)


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
    content = content_of(session, writing.keys, report)
    note_pickup(session, writing.registry, pickup, content, first=True)


def _late(writing: Writing) -> Letter | None:
    pickup, report = _about(writing.session, writing.message)
    if pickup is None or report is None or pickup.state != PickupState.OFFERED:
        return None
    return Letter({"pad": f"/{NATIONAL}/{report.reference}"})


def came_back(registry: Any, session: Session, message: MailMessage) -> None:
    """Tell the desk that a message was refused, or came back after it was sent.

    Nothing is sent again by itself. After the message to the official, or the report as encrypted
    mail, the offer ends and the report waits at the desk as not picked up.
    """
    pickup, report = _about(session, message)
    if pickup is None or report is None or report.state not in STATES:
        return
    pickup.returned_at = utc_now()
    if _ends_offer(session, message, report, pickup):
        pickup.state = PickupState.EXPIRED
        pickup.picked_up_at = pickup.destroy_on = None
        deliver(session, report, "verlopen", pickup)
    to = postbox_recipient(session, NATIONAL)
    if to is not None:
        key = f"{RETURNED.name}:{message.id}"
        queue_mail(session, NATIONAL, RETURNED.name, to, about=pickup.id, key=key)


def _ends_offer(session: Session, message: MailMessage, report: Report, pickup: Pickup) -> bool:
    """Tell whether nobody has a message now: the one that came back was the only one."""
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


def _template(
    name: str, subject: str, write: Callable[[Writing], Letter | None], *went_out: Any, **more: Any
) -> MailTemplate:
    """Make the template of a message; its text stands in the file of its name."""
    return MailTemplate(name, subject, f"{_FOLDER}/{name}.txt.jinja2", write, *went_out, **more)


_WAITS: Final = "Er staat een bericht voor u klaar"
READY: Final = _template("melding_klaar", _WAITS, _ready, _went_out, returned=came_back)
ENCRYPTED: Final = _template(
    "melding_versleuteld", _WAITS, _encrypted, _encrypted_went_out, returned=came_back
)
NOT_PICKED_UP: Final = _template("niet_opgehaald", "Niet opgehaald: bel de gemeente", _late)
RETURNED: Final = _template("bericht_terug", "Een bericht aan een gemeente kwam terug", _returned)
TEMPLATES: Final = (READY, ENCRYPTED, NOT_PICKED_UP, RETURNED)


# Delivery

WAITING: Final = ("wacht_op_afspraak", "verlopen")
OFFERED_AT_ONCE: Final = 200


def on_arrival(context: JobContext, session: Session, report: Report) -> None:
    """Offer a new report at the desk at once, where there is a valid agreement."""
    if report.holder == NATIONAL:
        try_offer(session, context.registry.key_ring, report, SYSTEM)


def try_offer(session: Session, keys: KeyRing, report: Report, actor: Actor) -> list[str]:
    """Offer a report to its municipality; return what keeps it from that, empty when offered."""
    code = report.municipality_code
    if code is None or report.delivery not in WAITING or report.state not in STATES:
        return ["Deze melding kan nu niet worden aangeboden."]
    if level_of(session, code) is ParticipationLevel.PROGRAMME:
        return ["Deze gemeente is aangesloten: geef de melding door."]
    standing = standing_of(session, keys, code)
    if not standing.valid or standing.agreement is None:
        return standing.lacking
    waiting = _open_pickup(session, report.id)
    if waiting is not None and not _was_refused(session, waiting):
        return []
    if waiting is not None:
        waiting.state = PickupState.EXPIRED
    town = session.get_one(Municipality, code)
    pickup = offer(session, NATIONAL, KIND, report.id, f"Gemeente {town.name}", actor)
    template = ENCRYPTED if standing.agreement.channel == "smime" else READY
    _tell(session, template, pickup, recipient_of(standing.official), "functionaris")
    return []


def _open_pickup(session: Session, report_id: UUID) -> Pickup | None:
    waiting = (PickupState.READY, PickupState.OFFERED)
    return session.scalars(
        select(Pickup).where(Pickup.document_id == report_id, Pickup.state.in_(waiting))
    ).first()


def _was_refused(session: Session, pickup: Pickup) -> bool:
    """Tell whether the message about a pick-up was given up, so that nobody was told."""
    gone = (MailState.REFUSED, MailState.NOT_NEEDED)
    given_up = select(MailMessage.id).where(
        MailMessage.about_id == pickup.id, MailMessage.state.in_(gone)
    )
    return pickup.state == PickupState.READY and session.scalar(given_up.limit(1)) is not None


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


def take_back_offer(session: Session, report: Report, reason: str, actor: Actor) -> None:
    """End the offer of a report that nobody picked up; it waits at the desk again.

    Raises:
        WorkflowError: It isn't on offer any more.
    """
    pickup = _open_pickup(session, report.id)
    if pickup is None or report.delivery != "aangeboden" or report.state not in STATES:
        raise WorkflowError("Deze melding is niet meer aangeboden. Kijk wat er nu staat.")
    pickup.state = PickupState.EXPIRED
    report.delivery = "verlopen"
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
        deliver(session, report, "verlopen", pickup)


# Text messages, so that the code goes another way than the mail with the link

_KIND: Final = "functionaris_mobiel"


def mobile_of(people: dict[str, Any]) -> str | None:
    """Return the telephone number of the official when it is a mobile one, else None."""
    number = str((people.get("functionaris") or {}).get("telefoon", ""))
    return number if is_mobile(number) else None


def send_code_by_text(session: Session, pickup: Pickup) -> None:
    """Queue a text message with the code of a pick-up; the job holds neither code nor number."""
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
CODE_TEXT: Final = _template("ophaalcode_sms", "", _code, text_message=True)
