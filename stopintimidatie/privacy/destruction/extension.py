"""Keeping a document beyond the absolute maximum: a decision of the controller, told beforehand.

The process owner enters it; archivist and FG are told, and it works seven days later. Until then
the line of the document stays undecided on its list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.second import CHANGED, SecondError
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import date_text, day_of, uuid_of
from stopintimidatie.dossiers.services import COLLEAGUE, people_with
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    LineState,
)
from stopintimidatie.privacy.destruction.rules import LONGEST
from stopintimidatie.privacy.destruction.services import fingerprint, lock_list, refresh_state
from stopintimidatie.privacy.retention.models import Extension, ExtensionOutcome

BODIES: Final = (
    ("college", "het college van burgemeester en wethouders"),
    ("burgemeester", "de burgemeester"),
)
OPEN: Final = Extension.outcome.is_(None)
# Asked before 1.0.0 was replaced, and no decision filled in yet.
UNANSWERED: Final = and_(OPEN, Extension.entered_at.is_(None))
ANNOUNCED: Final = and_(OPEN, Extension.entered_at.is_not(None))
# The time between telling archivist and FG and the moment that it works.
NOTICE: Final = timedelta(days=7)
# Roles that must be told before an extension works, with their words.
_NEEDED: Final = {Role.ARCHIVIST: "archivaris", Role.DATA_PROTECTION_OFFICER: "FG"}


@dataclass(frozen=True)
class Ruling:
    """Decision of the controller: until when it stays and why; of whom, its number and day."""

    until: date
    reason: str
    body: str
    number: str
    on: date


def enter(
    session: Session,
    row: DestructionList,
    line: DestructionLine,
    ruling: Ruling,
    actor: Actor,
    seen: str,
) -> Extension:
    """Enter the decision on the document of a line, and tell archivist and FG.

    Raises:
        FormError: it isn't at its maximum, is authorised or gone, was entered already, a day isn't
            right, or nobody can be told.
        SecondError: the line isn't that of the page any more.
    """
    lock_list(session, row)
    session.refresh(line, with_for_update=True)
    if fingerprint([line]) != seen:
        raise SecondError(CHANGED)
    if line.authorised_at is not None:
        raise FormError("Deze vernietiging is al gemachtigd. Zet de regel eerst op onbeslist.")
    if not line.at_maximum:
        raise FormError("Dit document is nog niet op zijn uiterste. Kies ‘Uitstellen’.")
    extension = open_extension(session, line.document_id)
    if extension is not None and extension.entered_at is not None:
        raise FormError("Dit besluit is al ingevuld. Haal het eerst terug als het anders is.")
    _check(line, ruling)
    if extension is None:
        extension = Extension(
            holder=row.holder,
            document_kind=line.document_kind,
            document_id=line.document_id,
            reference=line.reference,
            asked_by_id=actor.id,
            asked_by=actor.name or "",
        )
        session.add(extension)
    extension.wanted_until, extension.reason = ruling.until, ruling.reason
    extension.decided_body, extension.decided_number = ruling.body, ruling.number
    extension.decided_on = ruling.on
    _sign(extension, actor)
    line.start_again()
    line.decision = line.postponed_until = None
    refresh_state(session, row)
    tell_watchers(session, extension)
    _note(session, extension, actor, "ingevuld", ruling.until.isoformat())
    return extension


def _check(line: DestructionLine, ruling: Ruling) -> None:
    today = day_of(utc_now())
    first, latest = max(today + NOTICE, line.due_on), today + LONGEST
    if not first < ruling.until <= latest:
        raise FormError(
            f"Kies een dag na {date_text(first)}, tot en met {date_text(latest)}.", "tot"
        )
    if ruling.on > today:
        raise FormError("Het besluit is genomen: kies vandaag of een eerdere dag.", "datum")


def withdraw(session: Session, extension: Extension, actor: Actor) -> None:
    """Take a decision back before it works; its line is undecided as before.

    Raises:
        SecondError: it works already, or was taken back.
    """
    session.refresh(extension, with_for_update=True)
    if extension.outcome is not None:
        raise SecondError(
            "Dit besluit werkt al, of is al teruggehaald. Kijk wat bij de regel staat."
        )
    extension.outcome = ExtensionOutcome.WITHDRAWN.value
    _sign(extension, actor)
    session.flush()
    _note(session, extension, actor, "ingetrokken")


def apply_rulings(session: Session) -> None:
    """Let the decisions work of which archivist and FG were told long enough ago.

    A decision about a document that went meanwhile (erased, or due no more) ends.
    """
    notified = Extension.entered_at <= utc_now() - NOTICE
    due = select(Extension, DestructionLine).join(
        DestructionLine,
        and_(
            DestructionLine.document_id == Extension.document_id, DestructionLine.gone_at.is_(None)
        ),
    )
    for extension, line in session.execute(due.where(ANNOUNCED, notified)).all():
        extension.outcome = ExtensionOutcome.GRANTED.value
        extension.until = line.postponed_until = line.due_on = extension.wanted_until
        line.start_again()
        line.decision, line.reason = LineState.POSTPONED.value, None
        _note(session, extension, SYSTEM, "begonnen", line.due_on.isoformat())
    session.flush()
    here = select(DestructionLine.document_id).where(DestructionLine.gone_at.is_(None))
    over = select(Extension).where(OPEN, Extension.document_id.not_in(here))
    for extension in session.scalars(over).all():
        extension.outcome = ExtensionOutcome.WITHDRAWN.value
        _note(session, extension, SYSTEM, "vervallen")
    session.flush()


def _sign(extension: Extension, actor: Actor) -> None:
    extension.entered_at, extension.entered_by_id = utc_now(), actor.id
    extension.entered_by = actor.name


def _note(session: Session, extension: Extension, actor: Actor, act: str, *fields: str) -> None:
    kind, ids = extension.document_kind, [extension.document_id]
    record(session, actor, f"uiterste.{act}", extension.holder, kind, ids, fields=list(fields))


# Reading


def works_on(extension: Extension) -> date | None:
    """Return the day on which a decision begins to work; None without one."""
    return day_of(extension.entered_at + NOTICE) if extension.entered_at is not None else None


def open_extension(session: Session, document: UUID) -> Extension | None:
    """Return what is asked or entered about a document, and doesn't work yet."""
    mine = (Extension.document_id == document, OPEN)
    return session.scalars(select(Extension).where(*mine)).one_or_none()


def extension_of(session: Session, number: str) -> Extension | None:
    """Return a decision by its id; None for what is no id."""
    known = uuid_of(number)
    return session.get(Extension, known) if known is not None else None


def extensions_of(session: Session, most: int) -> Sequence[Extension]:
    """Return the latest decisions of the holder, those that don't work yet first."""
    order = (OPEN.desc(), Extension.asked_at.desc(), Extension.reference)
    return session.scalars(select(Extension).order_by(*order).limit(most)).all()


def kept_longer(session: Session, lines: Sequence[DestructionLine]) -> Sequence[Extension]:
    """Return by which decisions documents of these lines stayed longer than the maximum."""
    ids = [line.document_id for line in lines]
    rows = select(Extension).where(Extension.document_id.in_(ids), Extension.until.is_not(None))
    return session.scalars(rows.order_by(Extension.reference, Extension.asked_at)).all()


# The mail to those who are told


def tell_watchers(session: Session, extension: Extension) -> None:
    """Mail archivist and FG that a decision was entered, which works a week later.

    Raises:
        FormError: this municipality has no archivist, or no FG.
    """
    session.flush()
    for role, word in _NEEDED.items():
        people = people_with(session, extension.holder, [role])
        if not people:
            raise FormError(
                f"Er is geen {word} met een account, en die moet dit weten voordat het werkt. De"
                " beheerder nodigt er een uit."
            )
        for person, _ in people:
            key = f"{TOLD.name}:{extension.id}:{extension.version}:{person}"
            to = Recipient(COLLEAGUE, person)
            queue_mail(
                session, extension.holder, TOLD.name, to, about=extension.document_id, key=key
            )


def _letter(writing: Writing) -> Letter:
    return Letter({"link": writing.link("/vernietiging")})


TOLD: Final = MailTemplate(
    "langer_bewaren", "Een document blijft langer bewaard dan het uiterste", __package__, _letter
)
