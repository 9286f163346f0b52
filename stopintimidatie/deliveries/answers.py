"""What a partner answers: in the dossier's chronology, and told to who owns the dossier."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.deliveries.mailing import ANSWERED
from stopintimidatie.deliveries.models import PartnerAnswer
from stopintimidatie.deliveries.vocabulary import Done
from stopintimidatie.disclosures.copies import EventKind, note_event
from stopintimidatie.disclosures.pickup import outsider
from stopintimidatie.disclosures.pickup_models import Pickup
from stopintimidatie.disclosures.references import KIND
from stopintimidatie.disclosures.services import find_disclosure
from stopintimidatie.dossiers.history import PARTNER_ANSWERED, append
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.reminders import COLLEAGUE
from stopintimidatie.dossiers.workflow import GONE
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.wish import ExportError
from stopintimidatie.mail import Recipient, queue_mail
from stopintimidatie.storage.encryption import KeyRing

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


def give_answer(
    session: Session,
    keys: KeyRing,
    pickup: Pickup,
    export: Export,
    answer: Answer,
    who: Mapping[str, str],
) -> PartnerAnswer:
    """Keep it, tell it in the chronology, and have the owner told. The same again, sent a moment
    later by an impatient click, is the answer that is there already.

    :raises ExportError: there were too many, or the dossier is gone.
    """
    dossier = session.get_one(Dossier, export.dossier_id)
    if dossier.state in GONE:
        raise ExportError("Dit dossier is er niet meer. U hoeft niet meer te antwoorden.")
    latest = next(iter(answers_of(session, export.id)), None)
    if latest is not None and _is_again(latest, pickup, answer):
        return latest
    mine = PartnerAnswer.export_id == export.id
    if (session.scalar(select(func.count(PartnerAnswer.id)).where(mine)) or 0) >= MOST:
        raise ExportError("U hebt al vaak geantwoord. Bel de dossierhouder als er meer is.")
    row = PartnerAnswer(
        holder=export.holder,
        export_id=export.id,
        dossier_id=dossier.id,
        pickup_id=pickup.id,
        at=utc_now(),
        done=list(answer.done),
        done_on=answer.done_on,
        text=answer.text,
        wants_reporter=answer.wants_reporter,
        wants_about=answer.wants_about if answer.wants_reporter else None,
    )
    session.add(row)
    session.flush()
    row.answered_by = keys.encrypt(PURPOSE, json.dumps(dict(who)), str(row.id))
    _tell(session, dossier, export, answer, outsider(pickup))
    return row


def _tell(session: Session, dossier: Dossier, export: Export, answer: Answer, actor: Actor) -> None:
    """The chronology, the register, the log, and who owns the dossier."""
    append(session, dossier, actor, PARTNER_ANSWERED, values=_told(export, answer))
    disclosure = find_disclosure(session, export.reference)
    if disclosure is not None:
        note_event(session, disclosure, EventKind.ANSWERED, actor)
    record(session, actor, "uitvoer.beantwoord", export.holder, KIND, [export.id, dossier.id])
    if dossier.owner_id is not None:
        to = Recipient(COLLEAGUE, str(dossier.owner_id))
        queue_mail(session, export.holder, ANSWERED.name, to, about=export.id)


def _is_again(latest: PartnerAnswer, pickup: Pickup, answer: Answer) -> bool:
    if latest.pickup_id != pickup.id or utc_now() - latest.at > IMPATIENCE:
        return False
    about = answer.wants_about if answer.wants_reporter else None
    given = (list(answer.done), answer.done_on, answer.text, answer.wants_reporter, about)
    stored = (latest.done, latest.done_on, latest.text, latest.wants_reporter, latest.wants_about)
    return given == stored


def _told(export: Export, answer: Answer) -> dict[str, Any]:
    lines = [answer.text] if answer.text else []
    if answer.wants_reporter:
        lines.append(f"Wil met een melder praten: {answer.wants_about}")
    return {
        "uitvoer": export.reference,
        "gedaan": ", ".join(Done.word(code) for code in answer.done),
        "op": answer.done_on.isoformat() if answer.done_on else "",
        "reden": "\n".join(lines),
    }


def answers_of(session: Session, export_id: UUID) -> Sequence[PartnerAnswer]:
    """The latest first."""
    return session.scalars(
        select(PartnerAnswer)
        .where(PartnerAnswer.export_id == export_id)
        .order_by(PartnerAnswer.at.desc(), PartnerAnswer.id)
    ).all()


def who_answered(keys: KeyRing, row: PartnerAnswer) -> str:
    """Name and function, in clear: the caller notes the read."""
    if row.answered_by is None:
        return ""
    found: dict[str, str] = json.loads(keys.decrypt(PURPOSE, row.answered_by, str(row.id)))
    return ", ".join(found.values())


def mark_seen(session: Session, export: Export, actor: Actor) -> None:
    """Somebody of the municipality has read them: off the start page."""
    rows = select(PartnerAnswer).where(
        PartnerAnswer.export_id == export.id, PartnerAnswer.seen_at.is_(None)
    )
    for row in session.scalars(rows).all():
        row.seen_at, row.seen_by = utc_now(), actor.name
    record(session, actor, "uitvoer.antwoord_gelezen", export.holder, KIND, [export.id])
