"""Base of all changes of a dossier: its lock, history and number; also notes and versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.search import enqueue_index
from stopintimidatie.core.security import GRANTS, Permission, Role
from stopintimidatie.core.storage.session import insert_into
from stopintimidatie.core.text import local
from stopintimidatie.core.workflow import WorkflowError, line
from stopintimidatie.dossiers.models import (
    Consultation,
    Dossier,
    DossierAgreement,
    DossierCounter,
    DossierMove,
    DossierNote,
    DossierNoteReader,
    DossierReader,
    DossierText,
)
from stopintimidatie.dossiers.resources import is_strict, roles_for
from stopintimidatie.dossiers.workflow import LIVE

KIND: Final = "dossier"
# The kind of mail recipient that is an account; its address is found by the room `case`.
COLLEAGUE: Final = "collega"
CLOSED_DOSSIER: Final = "Dit dossier is afgesloten. Neem het eerst terug in aanpak."
# Fields of which each version is kept.
VERSIONED: Final = ("summary", "assessment")
# Words with the white space after them, so that the pieces together are the text.
_WORDS: Final = re.compile(r"\S+\s*|\s+")
_UNSEEN: Final = {"synchronize_session": False}
# Name of the move for a partner's answer to an export; a higher room appends it.
PARTNER_ANSWERED: Final = "partner_antwoord"


class DossierError(WorkflowError):
    """This can't be done with the dossier now; the message says what to do, in Dutch."""


class StaleDossierError(Exception):
    """Somebody else changed the dossier, or an agreement in it, since this person saw it."""

    def __init__(self, row: Any) -> None:
        super().__init__("the row was changed meanwhile")
        self.row = row


def reindex_dossier(session: Session, dossier: Dossier) -> None:
    """Have the dossier indexed anew: call it after anything that search shows was changed."""
    enqueue_index(session, dossier.holder, KIND, dossier.id)


def log(
    session: Session, dossier: Dossier, actor: Actor, action: str, fields: Sequence[str] = ()
) -> None:
    """Append a line to the audit log: ids and names of fields, never content."""
    record(session, actor, f"dossier.{action}", dossier.holder, KIND, [dossier.id], fields=fields)


def append(
    session: Session,
    dossier: Dossier,
    actor: Actor,
    name: str,
    *,
    before: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> None:
    """Append a line to the history of a dossier, and note who changed it last.

    `before`: the state it had, when the state changed.
    """
    columns = line(actor, name, before, dossier.state, values or {})
    session.add(DossierMove(holder=dossier.holder, dossier_id=dossier.id, **columns))
    touch(session, dossier, actor)


def touch(session: Session, dossier: Dossier, actor: Actor) -> None:
    """Note who changed the dossier last, and when.

    It gets no new version by this: a report that joins, or a note, makes nobody's form outdated.
    """
    values = {"changed_at": utc_now(), "changed_by": actor.name}
    if dossier in session.new or session.is_modified(dossier):
        for name, value in values.items():
            setattr(dossier, name, value)
        return
    mine = (Dossier.holder == dossier.holder) & (Dossier.id == dossier.id)
    session.execute(update(Dossier).where(mine).values(values), execution_options=_UNSEEN)
    for name, value in values.items():
        set_committed_value(dossier, name, value)


def lock(session: Session, row: Dossier | DossierAgreement | Consultation) -> None:
    """Lock the row until this transaction ends, and read it anew.

    On SQLite a writing transaction is alone already.
    """
    session.flush()
    session.refresh(row, with_for_update=True)


def check_version(row: Any, version: int) -> None:
    """Check that the row is still the one that this person saw.

    Raises:
        StaleDossierError: Somebody else changed it meanwhile.
    """
    if row.version != version:
        raise StaleDossierError(row)


def check_live(dossier: Dossier) -> None:
    """Check that the dossier can be changed.

    Raises:
        DossierError: It is closed.
    """
    if dossier.state not in LIVE:
        raise DossierError(CLOSED_DOSSIER)


def lock_live(session: Session, dossier: Dossier, row: Any = None) -> None:
    """Lock a dossier, and a row of it, that is about to be changed.

    Raises:
        DossierError: It is closed.
    """
    lock(session, dossier)
    if row is not None:
        lock(session, row)
    check_live(dossier)


def write_down(
    session: Session,
    dossier: Dossier,
    actor: Actor,
    name: str,
    values: Mapping[str, Any],
    *,
    logged: str,
) -> None:
    """Write what became of a part of the dossier in its history and the audit log; index it anew.

    `logged`: the action of the log.
    """
    append(session, dossier, actor, name, values=values)
    log(session, dossier, actor, logged, [name])
    reindex_dossier(session, dossier)


def add_note(
    session: Session,
    dossier: Dossier,
    text: str,
    actor: Actor,
    *,
    readers: Iterable[UUID] = (),
    restricted: bool = False,
) -> DossierNote:
    """Add a note; with readers only they and the author see it.

    Raises:
        DossierError: The dossier is closed, or a reader doesn't come near this dossier.
    """
    lock_live(session, dossier)
    named = _check_readers(session, dossier, readers, "lezers")
    note = DossierNote(
        holder=dossier.holder,
        dossier_id=dossier.id,
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
        touch(session, dossier, actor)
        reindex_dossier(session, dossier)
    return note


def readable_by(user_id: UUID | None) -> ColumnElement[bool]:
    """Return the condition of the notes that somebody may read: one's own, or open to them."""
    named = select(DossierNoteReader.note_id).where(DossierNoteReader.user_id == user_id)
    return or_(
        DossierNote.restricted.is_(False),
        DossierNote.author_id == str(user_id),
        DossierNote.id.in_(named),
    )


def unrestricted() -> ColumnElement[bool]:
    """Return the condition of the notes that may be indexed or exported."""
    return DossierNote.restricted.is_(False)


def possible_readers(session: Session, dossier: Dossier) -> list[tuple[str, str]]:
    """Return (id, name) of everybody who may see this dossier, by name."""
    roles = roles_for(dossier.kind) & GRANTS[Permission.VIEW_DOSSIER]
    return people_with(session, dossier.holder, roles)


def people_with(session: Session, holder: str, roles: Iterable[Role]) -> list[tuple[str, str]]:
    """Return (id, name) of everybody with one of these roles at a holder, by name."""
    rows = session.execute(
        select(User.id, User.name, User.username)
        .join(RoleAssignment, RoleAssignment.user_id == User.id)
        .where(
            RoleAssignment.holder == holder,
            RoleAssignment.role.in_([role.value for role in roles]),
            User.blocked_at.is_(None),
            RoleAssignment.counting(),
        )
        .order_by(User.name, User.username)
        .distinct()
    )
    return [(str(user_id), name) for user_id, name, _ in rows]


def _check_readers(
    session: Session, dossier: Dossier, people: Iterable[UUID], field: str
) -> set[UUID]:
    """Return these people, each once.

    Raises:
        DossierError: Somebody doesn't come near this dossier.
    """
    wanted = set(people)
    if wanted - {UUID(code) for code, _ in possible_readers(session, dossier)}:
        raise DossierError("Deze persoon kan het dossier niet zien. Kies een ander.", field)
    return wanted


def may_see_reports(session: Session, dossier: Dossier, user_id: UUID | None) -> bool:
    """Tell whether somebody sees the reports: in a dossier about a person only who is named."""
    if not is_strict(dossier.kind) or dossier.owner_id is None:
        return True
    return user_id is not None and (
        user_id == dossier.owner_id or user_id in named_readers(session, dossier)
    )


def may_name(dossier: Dossier, user_id: UUID | None) -> bool:
    """Tell whether somebody may open the reports for others: only who leads the dossier."""
    return is_strict(dossier.kind) and user_id is not None and dossier.owner_id == user_id


def check_hand_over(dossier: Dossier, actor: Actor) -> None:
    """Check that only who leads a person-directed dossier gives it to another.

    Raises:
        DossierError: The actor isn't who leads it.
    """
    if not is_strict(dossier.kind) or dossier.owner_id is None or actor.kind != "gebruiker":
        return
    if str(dossier.owner_id) != str(actor.id):
        raise DossierError(
            "Alleen de dossierhouder zelf geeft een persoonsgericht dossier aan een ander.",
            "owner_id",
        )


def named_readers(session: Session, dossier: Dossier) -> list[UUID]:
    """Return the people whom the owner named to see the reports."""
    rows = select(DossierReader.user_id).where(DossierReader.dossier_id == dossier.id)
    return list(session.scalars(rows))


def name_people(session: Session, dossier: Dossier, people: Iterable[UUID], actor: Actor) -> None:
    """Let these people, and nobody else, see the reports besides the owner.

    Raises:
        DossierError: This isn't about a person, the actor doesn't lead it, or somebody doesn't come
            near this dossier.
    """
    lock(session, dossier)
    if actor.kind == "gebruiker" and not may_name(dossier, UUID(str(actor.id))):
        raise DossierError("Alleen de dossierhouder wijst aan wie de meldingen ziet.")
    wanted = _check_readers(session, dossier, people, "mensen")
    before = set(named_readers(session, dossier))
    if wanted == before:
        return
    session.execute(
        delete(DossierReader).where(
            DossierReader.dossier_id == dossier.id, DossierReader.user_id.in_(before - wanted)
        )
    )
    for user_id in wanted - before:
        session.add(
            DossierReader(
                holder=dossier.holder, dossier_id=dossier.id, user_id=user_id, named_by=actor.name
            )
        )
    session.flush()
    append(session, dossier, actor, "aangewezen", values={"aantal": len(wanted)})
    ids = [dossier.id, *sorted(wanted)]
    record(session, actor, "dossier.aangewezen", dossier.holder, KIND, ids)


def made_by(actor: Actor) -> dict[str, Any]:
    """Return the columns of a new row that say who made it, who changed it last, and when."""
    moment, name = utc_now(), actor.name
    return {"made_at": moment, "made_by": name, "changed_at": moment, "changed_by": name}


def set_fields(row: Any, values: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Set the named columns that have another value now; return their names."""
    changed = [name for name in names if name in values and values[name] != getattr(row, name)]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def write_number(year: int, sequence: int) -> str:
    """Return the number as people write it: `2026-0007`; beyond 9999 it grows a digit."""
    return f"{year}-{sequence:04d}"


def next_number(session: Session, holder: str, moment: datetime) -> tuple[int, int]:
    """Return year and sequence of the next dossier, by the calendar of Amsterdam.

    One statement that counts on or starts the year: whoever comes second waits for the first to
    commit. When this transaction rolls back the number wasn't given out.
    """
    year = local(moment).year
    first = insert_into(session, DossierCounter).values(holder=holder, year=year, last=1)
    counter = first.on_conflict_do_update(
        index_elements=[DossierCounter.holder, DossierCounter.year],
        set_={"last": DossierCounter.last + 1},
    ).returning(DossierCounter.last)
    return year, int(session.execute(counter).scalar_one())


@dataclass(frozen=True)
class Piece:
    """A run of words in a comparison of two texts; its kind is `gelijk`, `erbij` or `weg`."""

    kind: str
    text: str


def difference(old: str, new: str) -> list[Piece]:
    """Return word by word what went and what came, in the order of reading. Pure."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    pieces = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for change, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        gone, come = before[old_from:old_to], after[new_from:new_to]
        kinds = [("gelijk", come)] if change == "equal" else [("weg", gone), ("erbij", come)]
        pieces += [Piece(kind, "".join(words)) for kind, words in kinds if words]
    return pieces


def begin_versions(session: Session, dossier: Dossier, actor: Actor, at: datetime) -> None:
    """Keep the first version of the texts of a new dossier."""
    for field in VERSIONED:
        if getattr(dossier, field):
            _add_version(session, dossier, field, getattr(dossier, field), actor.id, actor.name, at)


def keep_version(
    session: Session, dossier: Dossier, field: str, before: str | None, actor: Actor
) -> None:
    """Keep the text that a field has now, and the one before it when no version was kept yet."""
    if before and not versions(session, dossier, field):
        _add_version(session, dossier, field, before, None, dossier.changed_by, dossier.made_at)
    text = getattr(dossier, field) or ""
    _add_version(session, dossier, field, text, actor.id, actor.name, utc_now())


def _add_version(
    session: Session,
    dossier: Dossier,
    field: str,
    text: str,
    author_id: str | None,
    author_name: str,
    at: datetime,
) -> None:
    last = select(func.max(DossierText.number)).where(
        DossierText.dossier_id == dossier.id, DossierText.field == field
    )
    session.add(
        DossierText(
            holder=dossier.holder,
            dossier_id=dossier.id,
            field=field,
            number=(session.scalar(last) or 0) + 1,
            text=text,
            at=at,
            author_id=author_id,
            author_name=author_name,
        )
    )
    session.flush()


def versions(session: Session, dossier: Dossier, field: str) -> Sequence[DossierText]:
    """Return the versions of one field, the newest first."""
    return session.scalars(
        select(DossierText)
        .where(DossierText.dossier_id == dossier.id, DossierText.field == field)
        .order_by(DossierText.number.desc())
    ).all()
