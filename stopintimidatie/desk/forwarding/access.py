"""A sitting: what one spoken code opens for an official, for half an hour, and their answers.

The code is of the agreement of a town. It opens what waited for the town when the code was made,
and nothing else: every page of a sitting gets its report from `find_opened`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core.audit import record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail import (
    Letter,
    MailRecipient,
    MailTemplate,
    Recipient,
    Writing,
    queue_mail,
)
from stopintimidatie.core.mail.addresses import readable
from stopintimidatie.core.mail.delivery import is_mobile
from stopintimidatie.core.security.policy import VISIT_IDLE
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import locked
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import Term, date_text, datetime_short
from stopintimidatie.core.web.request import Request
from stopintimidatie.desk.forwarding.pickup import (
    NOTICES,
    STATES,
    note_pickup,
    notice_of,
    opened,
    still_stopped,
    town_of,
)
from stopintimidatie.disclosures.models import Pickup, PickupAnswer, PickupState
from stopintimidatie.disclosures.pickup import KIND as PICKUP_KIND
from stopintimidatie.disclosures.pickup import (
    PickupKind,
    Visit,
    add_reader,
    find_pickup,
    outsider,
    seal_who,
    spoken_code,
    visit_of,
)
from stopintimidatie.disclosures.services import EventKind, find_disclosure, note_event
from stopintimidatie.municipalities.agreements.models import ForwardingAgreement
from stopintimidatie.municipalities.agreements.rules import in_force
from stopintimidatie.municipalities.agreements.services import people_of, running_agreement, today
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.settings.rules import fallback_of
from stopintimidatie.reports.conversation.queries import pickup_town
from stopintimidatie.reports.conversation.services import tell_once
from stopintimidatie.reports.conversation.words import STAYS
from stopintimidatie.reports.models import Report, ReportMove
from stopintimidatie.reports.personal import has_contact
from stopintimidatie.reports.services import append_move, reindex_report
from stopintimidatie.reports.vocabulary import KIND
from stopintimidatie.reports.workflow import Delivery, ReportState

PAGE: Final = "meldingen"
# Not picked up yet; the first also before its message went out, for a call comes first.
WAITING: Final = (PickupState.READY, PickupState.OFFERED)
SHOWN: Final = 200


def in_sitting(code: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of what an official of a town may open: pick-ups with their report.

    A report that was withdrawn or erased after pick-up stays in the list, without its content. One
    that was given back is there only for that.
    """
    here = Report.municipality_code == code
    opens = Pickup.state.in_((*WAITING, PickupState.PICKED_UP)), Pickup.destroyed_at.is_(None)
    ended = Report.state.in_((ReportState.WITHDRAWN, ReportState.DESTROYED))
    stopped = exists().where(ReportMove.report_id == Report.id, *still_stopped())
    return (
        Pickup.document_kind == KIND,
        Pickup.document_id == Report.id,
        or_(
            and_(here, *opens, Report.state.in_(STATES)),
            and_(here, Pickup.state == PickupState.PICKED_UP, ended),
            and_(Pickup.state == PickupState.RETURNED, pickup_town() == code, opened(), stopped),
        ),
    )


def number_of(session: Session, code: str, *more: ColumnElement[bool]) -> int:
    """Count what an official of a town may open, under more conditions."""
    counted = select(func.count(Pickup.id)).join(Report, Report.id == Pickup.document_id)
    return session.scalar(counted.where(*in_sitting(code), *more)) or 0


def agreement_in_force(session: Session, code: str | None) -> ForwardingAgreement | None:
    """Return the agreement of a town, locked, if reports may go there under it now."""
    agreement = running_agreement(session, code or "")
    if agreement is None or not in_force(agreement, today()):
        return None
    # As it is now: the tries at a code are counted on it.
    row = locked(session, select(ForwardingAgreement).where(ForwardingAgreement.id == agreement.id))
    session.scalars(row, execution_options={"populate_existing": True}).one()
    return agreement


def _town_code(session: Session, pickup: Pickup) -> ForwardingAgreement | None:
    """Return the row with the code of the town of a pick-up; None when nothing waits there."""
    agreement = agreement_in_force(session, town_of(session, pickup))
    if agreement is None or not number_of(session, agreement.municipality_code):
        return None
    return agreement


PICKUP: Final = PickupKind(KIND, spoken=_town_code, page=PAGE)


@dataclass(frozen=True)
class Sitting:
    """A sitting that goes on: the visit, the pick-up it came in by, the agreement and its town."""

    visit: Visit
    door: Pickup
    agreement: ForwardingAgreement
    town: Municipality
    made: datetime

    @property
    def ends_at(self) -> datetime:
        """The end, whatever is done meanwhile."""
        return self.visit.since + VISIT_IDLE

    @property
    def code_by(self) -> str | None:
        """The colleague who gave the code, as long as no other code was made since."""
        mine = self.agreement.code_made_at == self.made
        return self.agreement.code_by if mine else None

    @property
    def sender(self) -> str:
        """The name under which the reporter reads what the official says."""
        return f"gemeente {self.town.name}, via het landelijk meldpunt"


def sitting_of(request: Request) -> Sitting | None:
    """Return the sitting of this browser; None when there is none, or it has ended."""
    session, visit = request.db, visit_of(request)
    if visit is None or visit.made is None:
        return None
    door = find_pickup(session, visit.reference)
    if door is None or door.document_kind != KIND or utc_now() >= visit.since + VISIT_IDLE:
        return None
    if door.left_at is not None and visit.since <= door.left_at:
        return None
    agreement = session.get(ForwardingAgreement, UUID(visit.code))
    if agreement is None or not in_force(agreement, today()):
        return None
    town = session.get_one(Municipality, agreement.municipality_code)
    return Sitting(visit, door, agreement, town, visit.made)


def _opened(sitting: Sitting) -> Any:
    entries = select(Pickup, Report).join(Report, Report.id == Pickup.document_id)
    before = Pickup.made_at <= sitting.made
    return entries.where(*in_sitting(sitting.agreement.municipality_code), before)


def find_opened(session: Session, sitting: Sitting, reference: str) -> tuple[Pickup, Report] | None:
    """Return a pick-up that this sitting opens, locked, with its report; None for any other."""
    wanted = locked(session, _opened(sitting).where(Pickup.reference == reference))
    row = session.execute(wanted).one_or_none()
    # A report that was given back is never read again: only a notice about it is.
    if row is None or (row[0].state == PickupState.RETURNED and not notice_of(session, row[1])):
        return None
    return row[0], row[1]


def list_opened(session: Session, sitting: Sitting) -> Sequence[tuple[Pickup, Report]]:
    """Return what this sitting opens: what is unread first, then urgent, then longest waiting."""
    read = and_(Pickup.state.not_in(WAITING), Pickup.added_at.is_(None))
    order = (read, Report.urgent.desc(), Report.received_at, Pickup.id)
    rows = session.execute(_opened(sitting).order_by(*order).limit(SHOWN))
    return [(row[0], row[1]) for row in rows]


def number_since(session: Session, sitting: Sitting) -> int:
    """Count what was offered since the code was made, which this sitting doesn't open."""
    after = (Pickup.made_at > sitting.made, Pickup.state.in_(WAITING))
    return number_of(session, sitting.agreement.municipality_code, *after)


def is_open(sitting: Sitting, pickup: Pickup) -> bool:
    """Tell whether a report was opened in this sitting, so that reading it changes nothing."""
    return pickup.read_at is not None and pickup.read_at >= sitting.visit.since


def has_news(pickup: Pickup, report: Report) -> bool:
    """Tell whether something came since a report was opened: the button shows it, not a link."""
    spoke, read = report.reporter_spoke_at, pickup.read_at
    return pickup.added_at is not None or bool(spoke and read and spoke > read)


def open_report(
    session: Session, registry: Any, sitting: Sitting, pickup: Pickup, report: Report
) -> None:
    """Open a report in a sitting; the first time it is picked up, with its receipt."""
    now, keys = utc_now(), registry.key_ring
    first = pickup.picked_up_at is None
    pickup.read_at, pickup.added_at = now, None
    note(session, pickup, "ophalen.gelezen", "eerste" if first else "weer")
    if first:
        pickup.state, pickup.picked_up_at = PickupState.PICKED_UP, now
        pickup.code_by = sitting.code_by
        seal_who(keys, pickup, sitting.visit.who)
        note_pickup(session, registry, pickup, report)
        return
    by = [f"code van {sitting.code_by}"] if sitting.code_by else []
    add_reader(keys, pickup, ", ".join([datetime_short(now), *sitting.visit.who.values(), *by]))
    if entry := find_disclosure(session, pickup.reference):
        note_event(session, entry, EventKind.OPENED, outsider(pickup), "weer")


def note(session: Session, pickup: Pickup, action: str, *fields: str) -> None:
    """Record in the log what the official did with a report, in the name of the organisation."""
    ids = [pickup.id, pickup.document_id]
    record(session, outsider(pickup), action, NATIONAL, PICKUP_KIND, ids, fields=fields)


# Text messages, so that the code goes another way than the mail with the link

_KIND: Final = "functionaris_mobiel"


def mobile_of(people: dict[str, Any]) -> str | None:
    """Return the telephone number of the official when it is a mobile one, else None."""
    number = str((people.get("functionaris") or {}).get("telefoon", ""))
    return number if is_mobile(number) else None


def send_code_by_text(session: Session, agreement: ForwardingAgreement) -> None:
    """Queue a text message with the code of a town; the job holds neither code nor number."""
    to = Recipient(_KIND, str(agreement.id))
    queue_mail(session, NATIONAL, CODE_TEXT.name, to, about=agreement.id)


def _number(session: Session, keys: KeyRing, agreement_id: str) -> str | None:
    agreement = session.get(ForwardingAgreement, UUID(agreement_id))
    in_use = agreement is not None and in_force(agreement, today())
    return mobile_of(people_of(keys, agreement)) if agreement is not None and in_use else None


def _code(writing: Writing) -> Letter | None:
    agreement = writing.session.get(ForwardingAgreement, writing.message.about_id)
    if agreement is None or agreement.code_nonce is None:
        return None
    return Letter({"code": readable(spoken_code(writing.keys, agreement))})


OFFICIALS_PHONE: Final = MailRecipient(_KIND, _number)
CODE_TEXT: Final = MailTemplate("ophaalcode_sms", "", __package__, _code, text_message=True)


# Answers: codes and days alone


class Answer(Term):
    """Answer of an official about a report that was opened."""

    RECEIVED = "ontvangen", "Ontvangen", "received"
    READ = "gelezen", "Zei de melder: gelezen", "told the reporter: read"
    CONTACT = "neemt_contact_op", "Neemt contact op", "will make contact"
    CALLS = "belt", "Zei de melder: wij bellen u", "told the reporter: we will call"
    FILE = "dossier", "Zei de melder: er is al een dossier", "told the reporter: on file"
    NOT_OURS = "niet_van_ons", "Niet van ons", "not ours"
    # After a withdrawal.
    UNUSED = "niet_meer_in_gebruik", "Niet meer in gebruik", "no longer used"
    DESTROYED = "vernietigd", "Vernietigd", "destroyed"
    STAYS = "blijft", "Blijft bij de gemeente", "stays"


ON_A_DAY: Final = (Answer.CONTACT, Answer.CALLS)
REASONS: Final = {
    "andere_gemeente": "het gebeurde in een andere gemeente",
    "geen_taak": "dit hoort niet bij openbare orde en veiligheid",
    "al_bekend": "de melder meldde dit al bij ons",
}
# The reporter reads these, by language.
LINES: Final = {
    Answer.READ: {
        "nl": "Wij hebben uw melding gelezen.",
        "en": "We have read your report.",
    },
    Answer.CALLS: {"nl": "Wij bellen u op {}.", "en": "We will call you on {}."},
    Answer.FILE: {
        "nl": "Er is al een dossier over wat u meldt.",
        "en": "There is already a file about what you report.",
    },
}


def possible_answers(session: Session, report: Report) -> list[Answer]:
    """Return what an official may answer: no contact where the reporter wants or can have none."""
    wish = report.contact_agreed or report.wants_contact
    there = has_contact(session, report)
    shut = set() if there and wish == "bellen" else {Answer.CALLS}
    shut |= set() if there and not report.contact_folded else {Answer.CONTACT}
    own = (*ON_A_DAY, Answer.RECEIVED, Answer.READ, Answer.FILE, Answer.NOT_OURS)
    return [kind for kind in Answer if kind in own and kind not in shut]


def answer_words(row: PickupAnswer) -> str:
    """Return an answer in words, with its day or its reason."""
    day = f" op {date_text(row.day)}" if row.day else ""
    reason = f": {(REASONS | STAYS).get(row.reason, row.reason)}" if row.reason else ""
    return f"{Answer.word(row.kind)}{day}{reason}"


def answers_of(session: Session, ids: Sequence[UUID]) -> Sequence[PickupAnswer]:
    """Return the answers about these pick-ups, the latest first."""
    mine = select(PickupAnswer).where(PickupAnswer.pickup_id.in_(ids))
    return session.scalars(mine.order_by(PickupAnswer.at.desc(), PickupAnswer.id)).all()


def add_answer(
    session: Session,
    pickup: Pickup,
    report: Report,
    kind: str,
    day: date | None,
    reason: str | None,
) -> bool:
    """Store an answer, with its line in the history; tell whether it wasn't given already.

    After another notice the same answer is given anew.
    """
    row = PickupAnswer(holder=NATIONAL, pickup_id=pickup.id, kind=kind, day=day, reason=reason)
    notices = ReportMove.report_id == report.id, ReportMove.name.in_(NOTICES)
    since = session.scalar(select(func.max(ReportMove.at)).where(*notices))
    given = [
        answer for answer in answers_of(session, [pickup.id]) if not since or answer.at >= since
    ]
    if answer_words(row) in [answer_words(answer) for answer in given]:
        return False
    session.add(row)
    values = {"antwoord": answer_words(row), "kenmerk_ophalen": pickup.reference}
    append_move(session, report, outsider(pickup), "antwoord_gemeente", report.state, values)
    note(session, pickup, "ophalen.antwoord", kind)
    return True


def give_answer(
    session: Session,
    sitting: Sitting,
    pickup: Pickup,
    report: Report,
    kind: Answer,
    day: date | None,
    reason: str | None,
) -> None:
    """Record an answer, with its line in the history; the same answer twice counts once.

    *Not ours* gives the report back to the desk, where it waits again; the receipt stays.
    """
    if not add_answer(session, pickup, report, kind.value, day, reason):
        return
    if kind in LINES:
        line = LINES[kind][fallback_of(report.language)]
        text = line.format(_day_for(report.language, day)) if day else line
        tell_once(session, report, "bericht", text, outsider(pickup), sitting.sender)
    if kind is Answer.NOT_OURS:
        pickup.state = PickupState.RETURNED
        report.delivery = Delivery.EXPIRED
        reindex_report(session, report)


def _day_for(language: str, day: date) -> str:
    return date_text(day) if fallback_of(language) == "nl" else day.strftime("%-d %B %Y")


def delivery_of(report: Report, returned: dict[UUID, str]) -> str | None:
    """Return the delivery of a report, or that it was given back, for the desk."""
    waits = report.id in returned and report.delivery == Delivery.EXPIRED
    return PickupState.RETURNED if waits else report.delivery


def returned_reasons(session: Session, reports: Sequence[UUID]) -> dict[UUID, str]:
    """Return by report why its municipality gave it back, in words, where it waits again."""
    if not reports:
        return {}
    later = aliased(Pickup)
    anew = exists().where(later.document_id == Pickup.document_id, later.made_at > Pickup.made_at)
    rows = session.execute(
        select(Pickup.document_id, PickupAnswer.reason)
        .join(PickupAnswer, PickupAnswer.pickup_id == Pickup.id)
        .where(
            Pickup.document_id.in_(reports),
            Pickup.state == PickupState.RETURNED,
            PickupAnswer.kind == Answer.NOT_OURS.value,
            ~anew,
        )
        .order_by(PickupAnswer.at)
    )
    return {number: REASONS.get(reason or "", reason or "") for number, reason in rows}
