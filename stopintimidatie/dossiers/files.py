"""Photos, sound and video in a dossier: cleaned and kept as those of reports are."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.dossiers.history import DossierError, append, lock, log
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.work_models import DossierAttachment
from stopintimidatie.dossiers.workflow import LIVE
from stopintimidatie.reports.attachments import NAMES, PURPOSE, keep_parts
from stopintimidatie.reports.cleaning import Cleaned
from stopintimidatie.reports.media import EXTENSIONS
from stopintimidatie.reports.models import AttachmentPart
from stopintimidatie.storage.encryption import KEY_BYTES, KeyRing
from stopintimidatie.storage.resealing import Sealed

MOST: Final = 50
SEALED: Final = Sealed(DossierAttachment, PURPOSE, ("key",), "id")


def title_of(row: DossierAttachment) -> str:
    return f"{NAMES.get(row.kind, 'Bestand')} {row.number}"


def file_name(dossier: Dossier, row: DossierAttachment) -> str:
    """A name that tells nothing but where it belongs."""
    return f"{dossier.number}-bijlage-{row.number}.{EXTENSIONS.get(row.media_type, 'bin')}"


def attach(
    session: Session, keys: KeyRing, dossier: Dossier, about: str, file: Cleaned, actor: Actor
) -> DossierAttachment:
    """Keep a cleaned file with the dossier.

    :raises DossierError: the dossier is closed, or full.
    """
    lock(session, dossier)
    if dossier.state not in LIVE:
        raise DossierError("Dit dossier is afgesloten. Neem het eerst terug in aanpak.")
    mine = DossierAttachment.dossier_id == dossier.id
    counted = select(func.count(), func.max(DossierAttachment.number)).where(mine)
    number, highest = session.execute(counted.select_from(DossierAttachment)).one()
    if number >= MOST:
        raise DossierError(f"In dit dossier zitten al {MOST} bijlagen. Meer kan niet.", "bestand")
    made, key = uuid4(), secrets.token_bytes(KEY_BYTES)
    row = DossierAttachment(
        id=made,
        holder=dossier.holder,
        dossier_id=dossier.id,
        number=int(highest or 0) + 1,
        about=about,
        by=actor.name,
        kind=file.kind.value,
        media_type=file.media_type,
        size=file.size,
        parts=keep_parts(session, dossier.holder, made, key, file),
        key=keys.encrypt(PURPOSE, key.hex(), str(made)),
    )
    session.add(row)
    append(session, dossier, actor, "bijlage", values={"bijlage": title_of(row)})
    log(session, dossier, actor, "bijlage")
    return row


def attachments(session: Session, dossier: Dossier) -> Sequence[DossierAttachment]:
    return session.scalars(
        select(DossierAttachment)
        .where(DossierAttachment.dossier_id == dossier.id)
        .order_by(DossierAttachment.number)
    ).all()


def find_attachment(session: Session, dossier: Dossier, number: str) -> DossierAttachment | None:
    if not (number.isascii() and number.isdigit() and len(number) < 7):
        return None
    return session.scalars(
        select(DossierAttachment).where(
            DossierAttachment.dossier_id == dossier.id, DossierAttachment.number == int(number)
        )
    ).one_or_none()


def remove_attachment(
    session: Session, dossier: Dossier, row: DossierAttachment, actor: Actor
) -> None:
    """Key and content go; the history says that it was there."""
    lock(session, dossier)
    if dossier.state not in LIVE:
        raise DossierError("Dit dossier is afgesloten. Neem het eerst terug in aanpak.")
    append(session, dossier, actor, "bijlage_weg", values={"bijlage": title_of(row)})
    log(session, dossier, actor, "bijlage_weg")
    session.execute(delete(AttachmentPart).where(AttachmentPart.attachment_id == row.id))
    session.delete(row)


def destroy_attachments(session: Session, dossier_id: UUID) -> None:
    """Of a dossier whose content goes."""
    ids = select(DossierAttachment.id).where(DossierAttachment.dossier_id == dossier_id)
    for found in session.scalars(ids).all():
        session.execute(delete(AttachmentPart).where(AttachmentPart.attachment_id == found))
        session.execute(delete(DossierAttachment).where(DossierAttachment.id == found))
