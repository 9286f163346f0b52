"""Keeping police data, asking why somebody reads it, and the log of both.

Nothing here writes in the log of the house: a line there would tell everybody who reads it that
there is police data. The compartment has a log of its own, as strict: what can't be written in it
isn't shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.ledger import DESTROYED, note_gone
from stopintimidatie.core.security import Identity, Permission, Role
from stopintimidatie.core.security.permissions import may
from stopintimidatie.core.security.policy import note
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.session import insert_into
from stopintimidatie.core.text import day_of
from stopintimidatie.core.tree import register_reference
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.resources import visible_to
from stopintimidatie.dossiers.workflow import GONE as DOSSIERS_GONE
from stopintimidatie.exports.models import Export
from stopintimidatie.exports.profiles.defaults import POLICE
from stopintimidatie.exports.release.services import IMPATIENCE, AnswerKeeper
from stopintimidatie.municipalities.partners.models import PartnerOrganisation
from stopintimidatie.municipalities.partners.vocabulary import PartnerKind
from stopintimidatie.privacy.holds.services import kind_of
from stopintimidatie.privacy.police.mail import tell_named
from stopintimidatie.privacy.police.models import (
    PURPOSE,
    Article,
    Origin,
    PoliceAccess,
    PoliceEvent,
    PoliceItem,
)
from stopintimidatie.privacy.police.personal import KIND, erase
from stopintimidatie.privacy.police.switch import is_on, lock_switch
from stopintimidatie.privacy.requests.models import RequestTrace, SubjectRequest
from stopintimidatie.privacy.requests.workflow import RequestRule
from stopintimidatie.reports.arrival.services import free_reference
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.resources import GONE as REPORTS_GONE
from stopintimidatie.reports.rules import normalise_reference
from stopintimidatie.reports.vocabulary import KIND as REPORT

# An item that nobody entered waits at once.
SOON: Final = timedelta(days=7)


@dataclass(frozen=True)
class Content:
    """Words of an item, which stand sealed in its row; never in a repr."""

    giver: str = field(default="", repr=False)
    purpose: str = field(default="", repr=False)
    conditions: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    # Each time that it was decided to keep it: the day, who, until when, and why.
    reviews: tuple[Mapping[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Received:
    """Disclosure of the police: by which article, when it came, when to look at it again."""

    received_on: date
    review_on: date
    article: Article | None
    content: Content | None
    origin: Origin = Origin.FORM


def keep_item(
    session: Session,
    keys: KeyRing,
    holder: str,
    received: Received,
    actor: Actor,
    *,
    about: Report | Dossier | None = None,
    reference: str | None = None,
) -> PoliceItem:
    """Keep something that the police disclosed, and write that in the log of the compartment."""
    lock_switch(session, holder)
    item = PoliceItem(
        id=uuid4(),
        holder=holder,
        reference=reference,
        document_kind=kind_of(about) if about else None,
        document_id=about.id if about else None,
        origin=received.origin.value,
        article=received.article.value if received.article else None,
        received_on=received.received_on,
        review_on=received.review_on,
        proposed_by_id=actor.id,
        proposed_by=actor.name,
        changed_by=actor.name,
    )
    if received.content is not None:
        item.content = _seal(keys, item.id, received.content)
    session.add(item)
    marked = received.origin is Origin.MARKED
    write_event(session, actor, "gemarkeerd" if marked else "vastgelegd", item)
    return item


def keep_report(
    session: Session, keys: KeyRing, holder: str, received: Received, actor: Actor
) -> PoliceItem:
    """Keep a report that came from the police.

    Its reference leads to its holder, as that of any report; all else of it is in the compartment.
    """
    reference = free_reference(session)
    register_reference(session, reference, holder, REPORT)
    return keep_item(session, keys, holder, received, actor, reference=reference)


def _seal(keys: KeyRing, number: UUID, content: Content) -> str:
    return keys.encrypt(PURPOSE, json.dumps(asdict(content)), str(number))


def content_of(keys: KeyRing, item: PoliceItem) -> Content:
    """Return the words of an item, in clear: the caller notes the read."""
    if item.content is None:
        return Content()
    known = json.loads(keys.decrypt(PURPOSE, item.content, str(item.id)))
    return Content(**{**known, "reviews": tuple(known["reviews"])})


def document_named(session: Session, typed: str, roles: Iterable[Role]) -> Report | Dossier:
    """Return the report or dossier with this reference, if these roles may see it.

    Raises:
        FormError: There is none, or nothing can be added to it any more.
    """
    held = set(roles)
    name = normalise_reference(typed) or typed.strip()
    row: Report | Dossier | None = None
    if may(held, Permission.VIEW_REPORT):
        row = session.scalars(select(Report).where(Report.reference == name)).one_or_none()
    if row is None and may(held, Permission.VIEW_DOSSIER):
        mine = select(Dossier).where(Dossier.number == name, visible_to(held))
        row = session.scalars(mine).one_or_none()
    if row is None:
        raise FormError(f"Hier niet gevonden: {name}. Controleer het kenmerk.", "kenmerk")
    if row.state in REPORTS_GONE | DOSSIERS_GONE:
        raise FormError(f"Van {name} is hier niets meer.", "kenmerk")
    return row


# Answers of the police


def is_kept_apart(session: Session, export: Export) -> bool:
    """Tell whether answers about an export are of the police, and its compartment is on."""
    return _is_of_police(session, export) and is_on(session, export.holder)


def hint_at_switch(session: Session, export: Export) -> str:
    """Return how what the police answers can be kept apart, where it isn't; else nothing."""
    if not _is_of_police(session, export) or is_on(session, export.holder):
        return ""
    return HINT


HINT: Final = (
    "Dit is een antwoord van de politie. Moet zoiets voortaan apart staan? De functioneel beheerder"
    " zet dat aan bij ‘Beheer’, ‘Politiegegevens’."
)


def _is_of_police(session: Session, export: Export) -> bool:
    """Tell whether an export went to the police: a partner of that kind, or by its profile."""
    if export.partner_id is None:
        return export.profile == POLICE.name
    partner = session.get(PartnerOrganisation, export.partner_id)
    return partner is not None and partner.kind == PartnerKind.POLICE


def has_answer(session: Session, keys: KeyRing, export: Export, words: str) -> bool:
    """Tell whether the same words came a moment ago, about the same dossier."""
    recent = select(PoliceItem).where(
        PoliceItem.document_id == export.dossier_id,
        PoliceItem.origin == Origin.ANSWER.value,
        PoliceItem.made_at > utc_now() - IMPATIENCE,
    )
    return any(content_of(keys, item).text == words for item in session.scalars(recent))


def keep_answer(session: Session, keys: KeyRing, export: Export, words: str) -> None:
    """Keep what the police answered about an export; a named person adds the article to it."""
    today = day_of(utc_now())
    purpose = f"Antwoord op {export.reference}"
    content = Content(giver=export.recipient, purpose=purpose, text=words)
    received = Received(today, today + SOON, None, content, Origin.ANSWER)
    about = session.get_one(Dossier, export.dossier_id)
    item = keep_item(session, keys, export.holder, received, SYSTEM, about=about)
    tell_named(session, item, SYSTEM)


KEEPER: Final = AnswerKeeper(is_kept_apart, has_answer, keep_answer, hint_at_switch)


# Deciding anew


def keep_longer(
    session: Session, keys: KeyRing, item: PoliceItem, until: date, why: str, actor: Actor
) -> None:
    """Keep an item until a later day, at most a year on, for as long as its purpose lasts."""
    said = {"op": day_of(utc_now()).isoformat(), "door": actor.name}
    said |= {"tot": until.isoformat(), "waarom": why}
    content = content_of(keys, item)
    item.content = _seal(keys, item.id, replace(content, reviews=(*content.reviews, said)))
    item.review_on, item.changed_by, item.changed_at = until, actor.name, utc_now()
    write_event(session, actor, "bewaard", item)


def complete(
    session: Session,
    keys: KeyRing,
    item: PoliceItem,
    article: Article,
    words: Content,
    actor: Actor,
) -> None:
    """Say by which article, by whom, for what and on which conditions something was disclosed."""
    known = content_of(keys, item)
    item.article = article.value
    item.content = _seal(keys, item.id, replace(words, text=known.text, reviews=known.reviews))
    item.changed_by, item.changed_at = actor.name, utc_now()
    write_event(session, actor, "aangevuld", item)


def destroy_item(session: Session, item: PoliceItem, actor: Actor) -> None:
    """Take the words out of an item for good; that it was here, and until when, stays."""
    item.changed_by, item.changed_at = actor.name, utc_now()
    write_event(session, actor, "vernietigd", item)
    erase(session, item.id)
    note_gone(session, item.holder, KIND, [item.id], DESTROYED)


# Marked items


def taken_of(keys: KeyRing, item: PoliceItem) -> dict[str, Any]:
    """Return where a marked item stood, with what puts it back; empty for all others."""
    if item.taken is None:
        return {}
    taken: dict[str, Any] = json.loads(keys.decrypt(PURPOSE, item.taken, str(item.id)))
    return taken


def keep_taken(keys: KeyRing, item: PoliceItem, taken: Mapping[str, Any]) -> None:
    """Seal where a marked item stood, with what puts it back."""
    item.taken = keys.encrypt(PURPOSE, json.dumps(taken), str(item.id))


def _marked_in(session: Session, request: SubjectRequest) -> str | None:
    """Return why a copy for a data subject waits: a text in it was marked."""
    traced = select(RequestTrace.document_id).where(RequestTrace.request_id == request.id)
    waits = select(PoliceItem.id).where(PoliceItem.waiting(), PoliceItem.document_id.in_(traced))
    return MARKED_IN if session.scalar(waits.limit(1)) else None


MARKED_IN: Final = "Over een tekst in deze kopie beslist eerst nog een ander. Wacht daarop."
RULES: Final = tuple(
    RequestRule(f"gemarkeerd_{step}", step, missing=_marked_in)
    for step in ("tweede_persoon", "nagekeken", "versturen")
)


# Reading


def subject_of(item: PoliceItem) -> UUID:
    """Return the document for which one reason a day is asked: what it is about, or itself."""
    return item.document_id or item.id


def is_shut(session: Session, item: PoliceItem) -> bool:
    """Tell whether an item was marked in a report that is withdrawn: nobody reads its content."""
    report = session.get(Report, item.document_id) if item.document_id and item.taken else None
    return report is not None and report.locked


def may_read_today(session: Session, item: PoliceItem, identity: Identity) -> bool:
    """Tell whether this person gave a reason today to read what is about this document."""
    given = select(PoliceAccess.id).where(
        PoliceAccess.subject_id == subject_of(item),
        PoliceAccess.person_id == identity.user_id,
        PoliceAccess.day == day_of(utc_now()),
    )
    return session.scalar(given) is not None and not is_shut(session, item)


def give_reason(
    session: Session, keys: KeyRing, item: PoliceItem, identity: Identity, reason: str
) -> None:
    """Keep, sealed, why this person reads today what is about this document."""
    number = uuid4()
    row = {
        "id": number,
        "holder": item.holder,
        "subject_id": subject_of(item),
        "person_id": identity.user_id,
        "day": day_of(utc_now()),
        "at": utc_now(),
        "reason": keys.encrypt(PURPOSE, reason, str(number)),
    }
    # The same again, by an impatient click, is the reason that is there already.
    session.execute(insert_into(session, PoliceAccess).values(**row).on_conflict_do_nothing())
    write_event(session, identity.actor, "reden", item)


def write_event(session: Session, actor: Actor, action: str, item: PoliceItem) -> None:
    """Append a line to the log of the compartment, in the transaction at hand."""
    who = {"actor_id": actor.id, "actor_name": actor.name}
    ids = {"subject_id": subject_of(item), "item_id": item.id}
    session.add(PoliceEvent(holder=item.holder, action=action, **who, **ids))


def note_police_read(
    request: Any, holder: str, action: str, item: PoliceItem | None = None
) -> None:
    """Have a line written in the log of the compartment; if that fails, the page isn't shown."""
    ids: dict[str, UUID] = {"subject_id": subject_of(item), "item_id": item.id} if item else {}

    def write(session: Session, identity: Identity) -> None:
        actor = {"actor_id": str(identity.user_id), "actor_name": identity.name}
        session.add(PoliceEvent(holder=holder, action=action, **actor, **ids))

    note(request, holder, write)


def reasons_of(session: Session, keys: KeyRing, events: Sequence[PoliceEvent]) -> dict[UUID, str]:
    """Return, by event, the reason that a person gave on that day to read."""
    given = [event for event in events if event.action == "reden"]
    if not given:
        return {}
    subjects = {event.subject_id for event in given}
    rows = session.scalars(select(PoliceAccess).where(PoliceAccess.subject_id.in_(subjects)))
    known: dict[Any, str] = {
        (row.subject_id, str(row.person_id), row.day): keys.decrypt(
            PURPOSE, row.reason, str(row.id)
        )
        for row in rows
        if row.reason
    }
    return {
        event.id: known.get((event.subject_id, event.actor_id, day_of(event.at)), "")
        for event in given
    }
