"""Pick-ups and answers of partners, and the personal data in them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.mail import Recipient, queue_mail
from stopintimidatie.core.mail.models import MailAddress
from stopintimidatie.core.registry import Directive, single
from stopintimidatie.core.storage.encryption import KeyRing, Sealed
from stopintimidatie.core.storage.personal import (
    ErasureCount,
    PersonalDataHolder,
    Subject,
    Treatment,
    count_filled,
    empty_rows,
    holder_of_rows,
    treated,
)
from stopintimidatie.core.text import AMSTERDAM, _
from stopintimidatie.disclosures.models import Pickup, PickupState
from stopintimidatie.disclosures.pickup import KIND as PICKUP_KIND
from stopintimidatie.disclosures.pickup import OPEN, PickupKind, offer, outsider, seal_who
from stopintimidatie.disclosures.resources import KIND
from stopintimidatie.disclosures.services import EventKind, find_disclosure, note_event
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.page import personal as page_personal
from stopintimidatie.dossiers.services import COLLEAGUE, PARTNER_ANSWERED, append
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.dossiers.workflow import GONE
from stopintimidatie.exports.models import CopyCorrection, Done, Export, ExportState, PartnerAnswer
from stopintimidatie.exports.release.mail import ANSWERED, CODE_MAIL, READY
from stopintimidatie.exports.request.personal import names_of
from stopintimidatie.exports.request.queries import check_open
from stopintimidatie.exports.request.services import PICKED_UP, lock, log, note_once, read_file
from stopintimidatie.reports.vocabulary import KIND as REPORT

PURPOSE: Final = "partner-answer"
MOST: Final = 20
IMPATIENCE: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Answer:
    """As it was filled in; never in a repr."""

    done: tuple[str, ...]
    done_on: date | None
    text: str | None
    wants_reporter: bool
    wants_about: str | None

    @property
    def words(self) -> str:
        """Everything that was typed."""
        about = self.wants_about if self.wants_reporter else None
        lines = [self.text, f"{_WANTS}: {about}" if about else None]
        return "\n".join(line for line in lines if line)

    @property
    def without_words(self) -> Answer:
        """The answer as it is left when its words are kept elsewhere."""
        return replace(self, text=None, wants_about=None)


_WANTS: Final = "Wil met een melder praten"


@dataclass(frozen=True)
class AnswerKeeper:
    """Room that keeps the words of some answers; what was done stays here.

    Args:
        takes: (session, export) -> whether it keeps the words of answers about this export.
        has: (session, keys, export, words) -> whether it got the same words a moment ago.
        keep: (session, keys, export, words) -> None.
        hint: (session, export) -> what to do for such answers to be kept apart; empty where they
            are, or need not be.
    """

    takes: Callable[[Session, Export], bool]
    has: Callable[[Session, KeyRing, Export, str], bool]
    keep: Callable[[Session, KeyRing, Export, str], None]
    hint: Callable[[Session, Export], str]


ANSWER_KEEPER: Final = Directive[None, AnswerKeeper]("set_answer_keeper", "answer_keeper", single)


def give_answer(
    session: Session,
    keys: KeyRing,
    pickup: Pickup,
    export: Export,
    given: Answer,
    who: Mapping[str, str],
    keeper: AnswerKeeper | None,
) -> PartnerAnswer:
    """Keep an answer, tell it in the chronology, and have the owner told.

    The same again, sent a moment later by an impatient click, is the answer that is there already.
    The words of some answers are for a `keeper`.

    Raises:
        FormError: There were too many, or the dossier is gone.
    """
    dossier = session.get_one(Dossier, export.dossier_id)
    if dossier.state in GONE:
        raise FormError(_("Dit dossier is er niet meer. U hoeft niet meer te antwoorden."))
    apart = keeper if keeper is not None and keeper.takes(session, export) else None
    answer, words = (given.without_words, given.words) if apart else (given, "")
    latest = next(iter(answers_of(session, export.id)), None)
    heard = apart is None or not words or apart.has(session, keys, export, words)
    columns = {"pickup_id": pickup.id, **_columns(answer)}
    same = all(getattr(latest, name, None) == columns[name] for name in columns)
    if latest is not None and heard and same and utc_now() - latest.at <= IMPATIENCE:
        return latest
    counted = select(func.count(PartnerAnswer.id)).where(PartnerAnswer.export_id == export.id)
    if (session.scalar(counted) or 0) >= MOST:
        raise FormError(_("U hebt al vaak geantwoord. Bel de dossierhouder als er meer is."))
    row = PartnerAnswer(
        holder=export.holder,
        export_id=export.id,
        dossier_id=dossier.id,
        at=utc_now(),
        **columns,
    )
    session.add(row)
    session.flush()
    row.answered_by = keys.encrypt(PURPOSE, json.dumps(dict(who)), str(row.id))
    if apart is not None and words:
        apart.keep(session, keys, export, words)
    _tell(session, dossier, export, answer, outsider(pickup))
    return row


def _tell(session: Session, dossier: Dossier, export: Export, answer: Answer, actor: Actor) -> None:
    """Write an answer to the chronology, the register and the log, and mail the owner."""
    values = {
        "uitvoer": export.reference,
        "gedaan": ", ".join(Done.word(code) for code in answer.done),
        "op": answer.done_on.isoformat() if answer.done_on else "",
        "reden": answer.words or (f"{_WANTS}." if answer.wants_reporter else ""),
    }
    append(session, dossier, actor, PARTNER_ANSWERED, values=values)
    disclosure = find_disclosure(session, export.reference)
    if disclosure is not None:
        note_event(session, disclosure, EventKind.ANSWERED, actor)
    record(session, actor, "uitvoer.beantwoord", export.holder, KIND, [export.id, dossier.id])
    if dossier.owner_id is not None:
        to = Recipient(COLLEAGUE, str(dossier.owner_id))
        queue_mail(session, export.holder, ANSWERED.name, to, about=export.id)


def _columns(answer: Answer) -> dict[str, Any]:
    about = answer.wants_about if answer.wants_reporter else None
    return {**asdict(answer), "done": list(answer.done), "wants_about": about}


def answers_of(session: Session, export_id: UUID) -> Sequence[PartnerAnswer]:
    """Return the answers about an export, the latest first."""
    return session.scalars(
        select(PartnerAnswer)
        .where(PartnerAnswer.export_id == export_id)
        .order_by(PartnerAnswer.at.desc(), PartnerAnswer.id)
    ).all()


def who_answered(keys: KeyRing, row: PartnerAnswer) -> str:
    """Return name and function of who answered, in clear: the caller notes the read."""
    if row.answered_by is None:
        return ""
    person: dict[str, str] = json.loads(keys.decrypt(PURPOSE, row.answered_by, str(row.id)))
    return ", ".join(person.values())


def mark_seen(session: Session, export: Export, actor: Actor) -> None:
    """Mark the answers as read by somebody of the municipality: off the start page."""
    rows = select(PartnerAnswer).where(
        PartnerAnswer.export_id == export.id, PartnerAnswer.seen_at.is_(None)
    )
    for row in session.scalars(rows).all():
        row.seen_at, row.seen_by = utc_now(), actor.name
    record(session, actor, "uitvoer.antwoord_gelezen", export.holder, KIND, [export.id])


ANSWER: Final = treated(
    sealed="answered_by", codes="done", text="text wants_about", staff="seen_by"
)
SEALED: Final = Sealed(PartnerAnswer, PURPOSE, ("answered_by",), "id")
CORRECTION: Final = treated(codes="parts", text="note", staff="made_by confirmed_by")
Condition = ColumnElement[bool]


def _kept_with_dossier(
    kind: str,
    entity: Any,
    at: Any,
    columns: Mapping[str, Treatment],
    of_dossiers: Callable[[Sequence[UUID]], Condition],
    of_report: Callable[[Session, UUID], Condition | None] = lambda session, report: None,
) -> PersonalDataHolder:
    """Return the holder of rows about exports, which are emptied with the dossier or the report.

    That there was a row, and when, stays.
    """

    def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
        inside = page_personal.find(session, keys, subject)
        return session.scalars(
            select(entity.id).where(of_dossiers(inside)).order_by(at, entity.id)
        ).all()

    def about(session: Session, source: str, document: UUID) -> Condition | None:
        if source == DOSSIER:
            return of_dossiers([document])
        return of_report(session, document) if source == REPORT else None

    def erased(session: Session, keys: KeyRing, source: str, document: UUID) -> int:
        if (mine := about(session, source, document)) is not None:
            empty_rows(session, entity, mine, columns)
        return 0

    def count(session: Session, keys: KeyRing, source: str, document: UUID) -> list[ErasureCount]:
        mine = about(session, source, document)
        table = entity.__tablename__
        return [] if mine is None else [count_filled(session, table, columns, mine)]

    holder = holder_of_rows(kind, entity, columns, find)
    return replace(holder, source_erased=erased, source_told=count)


def _corrections_of(session: Session, report: UUID) -> Condition | None:
    """Return the condition of corrections of this report by its names in documents."""
    row, named = CopyCorrection, session.execute(names_of(report))
    either = [and_(row.export_id == at, row.label == name) for at, name in named]
    return or_(*either) if either else None


PERSONAL_DATA: Final = (
    _kept_with_dossier(
        "partner_antwoord",
        PartnerAnswer,
        PartnerAnswer.at,
        ANSWER,
        lambda ids: PartnerAnswer.dossier_id.in_(ids),
    ),
    _kept_with_dossier(
        "correctie",
        CopyCorrection,
        CopyCorrection.made_at,
        CORRECTION,
        lambda ids: CopyCorrection.export_id.in_(
            select(Export.id).where(Export.dossier_id.in_(ids))
        ),
        _corrections_of,
    ),
)


DAYS, DAYS_MOST = 14, 30
TIMES, TIMES_MOST = 3, 10
WAITING: Final = (PickupState.READY, *OPEN)
USED: Final = _(
    "U hebt dit document zo vaak opgehaald als kon. Hebt u het nog eens nodig? Vraag het aan de"
    " gemeente."
)


def offer_export(
    session: Session,
    registry: Any,
    export: Export,
    address: MailAddress | None,
    actor: Actor,
    *,
    days: int = DAYS,
    times: int = TIMES,
) -> Pickup:
    """Put the file ready and have the contact told, without a word of what it is about.

    Raises:
        FormError: There is no file, it may not be given now, or there is nobody to tell.
    """
    lock(session, export.id)
    disclosure = find_disclosure(session, export.reference)
    if export.state != ExportState.READY or disclosure is None:
        raise FormError("Dit document kan nu niet worden klaargezet. Open de pagina opnieuw.")
    check_open(session, registry, export)
    if address is None or not address.usable:
        raise FormError("Dit adres is niet bevestigd. Kies een ander.", "contact")
    for earlier in waiting_of(session, export.id):
        earlier.state = PickupState.EXPIRED
    until = datetime.combine(export.destroy_by, time(23, 59), AMSTERDAM)
    pickup = offer(
        session,
        export.holder,
        KIND,
        export.id,
        export.recipient,
        actor,
        address_id=address.id,
        expires_at=min(utc_now() + timedelta(days=days), until),
        downloads_most=times,
    )
    tell(session, READY.name, pickup)
    note_event(session, disclosure, EventKind.OFFERED, actor)
    log(session, export, actor, "klaargezet")
    return pickup


# The ways in which an officer gives a document, by code in the register.
WAYS: Final = (
    ("papier", "op papier"),
    ("eigen_mail", "met onze eigen beveiligde mail"),
    ("zelf", "op een andere veilige manier"),
)


def hand_over(session: Session, registry: Any, export: Export, way: str, actor: Actor) -> None:
    """Record that an officer gave the document to its recipient, in one of `WAYS`.

    Raises:
        FormError: There is no file (any more), or it may not be given now.
    """
    lock(session, export.id)
    if export.state != ExportState.READY:
        raise FormError("Dit document is er niet meer. Open de pagina opnieuw.")
    check_open(session, registry, export)
    note_once(session, export, EventKind.GIVEN, actor, way)
    log(session, export, actor, "overhandigd")


def tell(session: Session, template: str, pickup: Pickup) -> bool:
    """Send a message to who it was put ready for; return whether there is anybody."""
    if pickup.address_id is None or session.get(MailAddress, pickup.address_id) is None:
        return False
    to = Recipient("adres", str(pickup.address_id))
    values = {"ophalen": pickup.reference}
    queue_mail(session, pickup.holder, template, to, about=pickup.id, values=values)
    return True


def _mail_code(session: Session, pickup: Pickup) -> None:
    tell(session, CODE_MAIL.name, pickup)


def pickups_of(session: Session, export_id: UUID) -> list[Pickup]:
    """Return every time it was put ready, the latest first."""
    return list(
        session.scalars(
            select(Pickup).where(Pickup.document_id == export_id).order_by(Pickup.made_at.desc())
        )
    )


def waiting_of(session: Session, export_id: UUID) -> list[Pickup]:
    """Return the pick-ups of an export that wait."""
    return [row for row in pickups_of(session, export_id) if row.state in WAITING]


def refusal(pickup: Pickup, export: Export) -> str | None:
    """Return why the file can't be fetched (any more), in words for who came for it."""
    if export.state != ExportState.READY or pickup.state == PickupState.WITHDRAWN:
        return _(
            "De gemeente heeft dit document ingetrokken. U kunt het niet meer ophalen. Hebt u het"
            " al? Vernietig het dan en bevestig dat hieronder. Bel de gemeente als u vragen hebt."
        )
    over = pickup.expires_at is not None and utc_now() > pickup.expires_at
    if over or pickup.state == PickupState.EXPIRED:
        return _(
            "De tijd om dit document op te halen is voorbij. Vraag de gemeente het weer klaar te"
            " zetten."
        )
    return USED if pickup.downloads >= (pickup.downloads_most or 0) else None


def fetch_file(
    session: Session, registry: Any, pickup: Pickup, export: Export, who: dict[str, str]
) -> bytes:
    """Return the file for the partner; the first time is noted in the register.

    Raises:
        FormError: It can't be fetched; the words are for who came for it.
        DecryptionError: The file can't be read.
    """
    no = refusal(pickup, export)
    if no is not None:
        raise FormError(no)
    actor = outsider(pickup)
    pdf = read_file(session, registry, export)
    log(session, export, actor, "gedownload")
    note_once(session, export, EventKind.GIVEN, actor, PICKED_UP)
    pickup.downloads += 1
    pickup.state = PickupState.PICKED_UP
    pickup.picked_up_at = pickup.picked_up_at or utc_now()
    seal_who(registry.key_ring, pickup, who)
    ids = [pickup.id, export.id]
    record(session, actor, "ophalen.gedownload", pickup.holder, PICKUP_KIND, ids)
    return pdf


PICKUP: Final[Any] = PickupKind(KIND, mail_code=_mail_code)
