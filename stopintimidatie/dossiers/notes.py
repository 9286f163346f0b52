"""Notes: for everybody who sees the dossier, or restricted to named people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import RoleAssignment, User
from stopintimidatie.audit import Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.dossiers.access import roles_for
from stopintimidatie.dossiers.history import DossierError, changed, lock, log, touch
from stopintimidatie.dossiers.models import Dossier, DossierNote
from stopintimidatie.dossiers.work_models import DossierNoteReader
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.security import GRANTS, Permission


def add_note(
    session: Session,
    dossier: Dossier,
    text: str,
    actor: Actor,
    *,
    readers: Iterable[UUID] = (),
    restricted: bool = False,
    at: datetime | None = None,
) -> DossierNote:
    """Write something down; with readers only they and the author see it, wherever it stands.

    :raises DossierError: the dossier is closed, or a reader doesn't come near this dossier.
    """
    lock(session, dossier)
    if dossier.state not in LIVE:
        raise DossierError("Dit dossier is afgesloten. Neem het eerst terug in aanpak.")
    named = set(readers)
    if named - {UUID(code) for code, _ in possible_readers(session, dossier)}:
        raise DossierError("Deze persoon kan het dossier niet zien. Kies een ander.", "lezers")
    note = DossierNote(
        holder=dossier.holder,
        dossier_id=dossier.id,
        at=at or utc_now(),
        author_id=actor.id,
        author_name=actor.name,
        text=text,
        restricted=restricted or bool(named),
    )
    session.add(note)
    session.flush()
    for user_id in named:
        session.add(DossierNoteReader(holder=dossier.holder, note_id=note.id, user_id=user_id))
    log(session, dossier, actor, "notitie", ["besloten"] if note.restricted else ())
    if not note.restricted:
        touch(session, dossier, actor, note.at)
        changed(session, dossier)
    return note


def readable_by(user_id: UUID | None) -> ColumnElement[bool]:
    """The condition of every query for notes: those for all, one's own, and those one may read."""
    named = select(DossierNoteReader.note_id).where(DossierNoteReader.user_id == user_id)
    return or_(
        DossierNote.restricted.is_(False),
        DossierNote.author_id == str(user_id),
        DossierNote.id.in_(named),
    )


def for_all() -> ColumnElement[bool]:
    """What leaves the page (the index, an export) never holds a restricted note."""
    return DossierNote.restricted.is_(False)


def possible_readers(session: Session, dossier: Dossier) -> list[tuple[str, str]]:
    """Who sees this dossier, by name."""
    roles = roles_for(dossier.kind) & GRANTS[Permission.VIEW_DOSSIER]
    rows: Any = session.execute(
        select(User.id, User.name)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .where(
            RoleAssignment.holder == dossier.holder,
            RoleAssignment.role.in_([role.value for role in roles]),
            User.blocked_at.is_(None),
        )
        .order_by(User.name, User.id)
        .distinct()
    )
    return [(str(row[0]), row[1]) for row in rows]
