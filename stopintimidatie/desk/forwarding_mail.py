"""What is mailed about forwarding: never content in clear, and never what isn't needed any more."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy.orm import Session

from stopintimidatie.clock import utc_now
from stopintimidatie.desk.forwarding_content import as_text, content_of
from stopintimidatie.desk.forwarding_pickup import STATES, deliver, opened
from stopintimidatie.disclosures.pickup_models import Pickup, PickupState
from stopintimidatie.jobs import Job, enqueue
from stopintimidatie.mail import Letter, MailTemplate, Writing, queue_mail
from stopintimidatie.mail.addresses import find_address
from stopintimidatie.mail.hours import after_working_days
from stopintimidatie.mail.models import MailMessage
from stopintimidatie.municipalities.agreements import official_of, running, today
from stopintimidatie.municipalities.agreements_rules import in_force
from stopintimidatie.municipalities.postbox import postbox_recipient
from stopintimidatie.reports.models import Report
from stopintimidatie.storage.tenancy import NATIONAL

WATCH_JOB: Final = Job("doorgifte.bewaken")
# Working days after offering that the deputy is told.
DEPUTY_AFTER: Final = 2
_FOLDER: Final = "stopintimidatie.desk:templates/mail"


def _about(session: Session, message: MailMessage) -> tuple[Pickup | None, Report | None]:
    """What the message is about, as far as it is there still."""
    pickup = session.get(Pickup, message.about_id)
    return pickup, session.get(Report, pickup.document_id) if pickup else None


def _ready(writing: Writing) -> Letter | None:
    """Only a link; not for what was picked up, withdrawn or handed over meanwhile."""
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
    return pickup if in_force(running(session, report.municipality_code), today()) else None


def _went_out(writing: Writing) -> None:
    """The mail server has it: from now on it is offered, and watched."""
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
    """The report itself, for the certificate of the agreement."""
    session, pickup = writing.session, _still_offered(writing)
    report = session.get(Report, pickup.document_id) if pickup else None
    agreement = running(session, report.municipality_code or "") if report else None
    if report is None or agreement is None or not agreement.certificate:
        return None
    text = as_text(content_of(session, writing.keys, report))
    return Letter({"melding": text}, certificate=agreement.certificate.encode())


def _encrypted_went_out(writing: Writing) -> None:
    """Encrypted for its recipient and taken by the mail server: then they have it."""
    session = writing.session
    pickup, report = _about(session, writing.message)
    if pickup is None or report is None or pickup.state != PickupState.READY:
        return
    now = utc_now()
    pickup.state, pickup.offered_at, pickup.picked_up_at = PickupState.PICKED_UP, now, now
    content = content_of(session, writing.keys, report)
    opened(session, writing.registry, pickup, content, first=True)


def _late(writing: Writing) -> Letter | None:
    pickup, report = _about(writing.session, writing.message)
    if pickup is None or report is None or pickup.state != PickupState.OFFERED:
        return None
    return Letter({"pad": f"/{NATIONAL}/{report.reference}"})


def came_back(registry: Any, session: Session, message: MailMessage) -> None:
    """A message was refused, or came back after the mail server had taken it: the desk is told.

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
    """Whether nobody can pick it up now: it went out, to the official alone."""
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
