"""Who sees the reports of a person-directed dossier: its owner, and those whom the owner names."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor, record
from stopintimidatie.dossiers.access import is_strict
from stopintimidatie.dossiers.history import KIND, DossierError, append, lock
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.notes import possible_readers
from stopintimidatie.dossiers.work_models import DossierReader


def may_see_reports(session: Session, dossier: Dossier, user_id: UUID | None) -> bool:
    """Of other dossiers everybody who sees the dossier; of this kind only who is named."""
    if not is_strict(dossier.kind) or dossier.owner_id is None:
        return True
    if user_id is None or user_id == dossier.owner_id:
        return user_id is not None
    found = select(DossierReader.id).where(
        DossierReader.dossier_id == dossier.id, DossierReader.user_id == user_id
    )
    return session.scalar(found) is not None


def may_name(dossier: Dossier, user_id: UUID | None) -> bool:
    """Only who leads the dossier opens it for others."""
    return is_strict(dossier.kind) and user_id is not None and dossier.owner_id == user_id


def check_hand_over(dossier: Dossier, actor: Actor) -> None:
    """Nobody makes themselves the owner of a person-directed dossier that somebody leads.

    :raises DossierError: this isn't who leads it.
    """
    if not is_strict(dossier.kind) or dossier.owner_id is None or actor.kind != "gebruiker":
        return
    if str(dossier.owner_id) != str(actor.id):
        raise DossierError(
            "Alleen de dossierhouder zelf geeft een persoonsgericht dossier aan een ander.",
            "owner_id",
        )


def named(session: Session, dossier: Dossier) -> list[UUID]:
    rows = select(DossierReader.user_id).where(DossierReader.dossier_id == dossier.id)
    return list(session.scalars(rows))


def name_people(session: Session, dossier: Dossier, people: Iterable[UUID], actor: Actor) -> None:
    """These people, and nobody else, see the reports besides the owner.

    :raises DossierError: this isn't about a person, the actor doesn't lead it, or somebody
        doesn't come near this dossier.
    """
    lock(session, dossier)
    if actor.kind == "gebruiker" and not may_name(dossier, UUID(str(actor.id))):
        raise DossierError("Alleen de dossierhouder wijst aan wie de meldingen ziet.")
    wanted = set(people)
    if wanted - {UUID(code) for code, _ in possible_readers(session, dossier)}:
        raise DossierError("Deze persoon kan het dossier niet zien. Kies een ander.", "mensen")
    before = set(named(session, dossier))
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
