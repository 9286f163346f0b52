"""What people do with an export: ask for it, decide about it, have it made again, fetch it."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import RoleAssignment
from stopintimidatie.audit import Actor, record
from stopintimidatie.disclosures.references import KIND, new_export_id
from stopintimidatie.dossiers.access import is_strict
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports import vault
from stopintimidatie.exports.content import ContentError, content_hash, to_json
from stopintimidatie.exports.freezing import (
    Prepared,
    earlier_editions,
    prepare,
    subjects_to_json,
)
from stopintimidatie.exports.models import MAKING, Export, ExportState
from stopintimidatie.exports.profiles import INTERNAL, PROFILES
from stopintimidatie.exports.wish import ExportError, ExportWish, check_wish
from stopintimidatie.jobs import enqueue
from stopintimidatie.security import Role
from stopintimidatie.settings import Settings
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.types import utc_now
from stopintimidatie.tree import Reference, register_reference
from stopintimidatie.web.filters import day_of

JOB: Final = "uitvoer.maken"
PATIENCE: Final = timedelta(minutes=10)
OWN_REQUEST: Final = (
    "U hebt deze uitvoer zelf aangevraagd. Een collega moet meekijken: vraag een andere"
    " OOV-medewerker of dossierhouder om een besluit."
)


class ChangedMeanwhileError(ExportError):
    """The dossier isn't what this person saw when they decided."""


def draft(dossier: Dossier, wish: ExportWish, actor: Actor, reference: str) -> Export:
    """An export of this wish, not kept: also to look at what it would give."""
    values: dict[str, Any] = {name: getattr(wish, name) for name in wish.__dataclass_fields__}
    return Export(
        holder=dossier.holder,
        dossier_id=dossier.id,
        reference=reference,
        profile_version=PROFILES[wish.profile].version,
        requested_at=utc_now(),
        requested_by_id=actor.id,
        requested_by=actor.name,
        **values,
    )


def check_request(
    session: Session, settings: Settings, dossier: Dossier, wish: ExportWish, actor: Actor
) -> Prepared:
    """What this wish would give.

    :raises ExportError: it isn't one that may be asked; `field` says where.
    """
    now = utc_now()
    check_wish(wish, day_of(now), minors=False)
    _check_advice(dossier, wish)
    try:
        seen = prepare(session, settings, dossier, draft(dossier, wish, actor, "voorbeeld"), now)
    except ContentError as error:
        raise ExportError(f"Dit kan zo niet in het document: {error}.") from error
    check_wish(wish, day_of(now), minors=seen.minors)
    return seen


def _check_advice(dossier: Dossier, wish: ExportWish) -> None:
    if is_strict(dossier.kind) and not dossier.privacy_advice and wish.profile != INTERNAL.name:
        raise ExportError(
            "Dit is een persoonsgericht dossier zonder advies van de privacyfunctionaris. Vraag"
            " eerst dat advies; daarna kan het dossier naar een partner.",
            "profile",
        )


def request_export(
    session: Session, settings: Settings, dossier: Dossier, wish: ExportWish, actor: Actor
) -> Export:
    """Ask for an export; nothing is made before somebody else approves.

    :raises ExportError: a rule isn't kept.
    """
    check_request(session, settings, dossier, wish, actor)
    export = draft(dossier, wish, actor, _free_id(session))
    session.add(export)
    register_reference(session, export.reference, export.holder, KIND)
    session.flush()
    log(session, export, actor, "aangevraagd")
    return export


def _free_id(session: Session) -> str:
    while True:
        made = new_export_id()
        taken = select(Reference.holder).where(Reference.reference == made)
        if session.execute(taken.limit(1)).first() is None:
            return made


def log(
    session: Session, export: Export, actor: Actor, action: str, *, reason: str | None = None
) -> None:
    """Append to the audit log: the export and its dossier."""
    ids = [export.id, export.dossier_id]
    record(session, actor, f"uitvoer.{action}", export.holder, KIND, ids, reason=reason)


def lock(session: Session, export_id: UUID) -> Export | None:
    """The export as it is now, kept from others until this transaction ends."""
    statement = select(Export).where(Export.id == export_id).with_for_update()
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def _decide(session: Session, export: Export, actor: Actor) -> None:
    """The conditions of both decisions; who may decide at all is in the permission table."""
    lock(session, export.id)
    if export.state != ExportState.REQUESTED:
        raise ExportError("Over deze uitvoer is al beslist. Open de pagina opnieuw.")
    if actor.id is None or export.requested_by_id == actor.id:
        raise ExportError(OWN_REQUEST)
    if _watches_or_manages(session, export, actor):
        raise ExportError(
            "U bent ook FG of functioneel beheerder. Die beslissen nooit over uitvoer. Vraag een"
            " andere OOV-medewerker of dossierhouder."
        )
    export.decided_at = utc_now()
    export.decided_by_id = actor.id
    export.decided_by = actor.name


def _watches_or_manages(session: Session, export: Export, actor: Actor) -> bool:
    """Whether the actor holds a role, beside others, that must stay out of decisions."""
    held = session.scalars(
        select(RoleAssignment.role).where(
            RoleAssignment.user_id == UUID(str(actor.id)),
            RoleAssignment.holder == export.holder,
            RoleAssignment.role.in_([Role.DATA_PROTECTION_OFFICER.value, Role.ADMIN.value]),
        )
    )
    return held.first() is not None


def approve(
    session: Session,
    keys: KeyRing,
    settings: Settings,
    dossier: Dossier,
    export: Export,
    actor: Actor,
    *,
    seen: str,
) -> None:
    """Approve: freeze what the recipient gets and have it made.

    :param seen: the fingerprint of what the approver looked at.
    :raises ExportError: own request, decided already, or the term is over.
    :raises ChangedMeanwhileError: the dossier changed since.
    """
    _decide(session, export, actor)
    now = utc_now()
    if export.destroy_by <= day_of(now):
        raise ExportError("De datum om te vernietigen is voorbij. Wijs deze aanvraag af.")
    prepared = _prepare(session, settings, dossier, export, now)
    if prepared.fingerprint != seen:
        raise ChangedMeanwhileError(
            "Het dossier is gewijzigd sinds u deze pagina opende. Bekijk het voorbeeld hieronder"
            " opnieuw en beslis dan."
        )
    _freeze(session, keys, export, prepared, now)
    log(session, export, actor, "goedgekeurd")
    _have_made(session, export, now)


def _prepare(
    session: Session, settings: Settings, dossier: Dossier, export: Export, now: datetime
) -> Prepared:
    try:
        prepared = prepare(session, settings, dossier, export, now)
    except ContentError as error:
        raise ExportError(f"Dit kan zo niet in het document: {error}.") from error
    if prepared.minors and not export.minors_ground:
        wish = ExportWish(**{n: getattr(export, n) for n in ExportWish.__dataclass_fields__})
        check_wish(wish, day_of(now), minors=True)
    return prepared


def _freeze(
    session: Session, keys: KeyRing, export: Export, prepared: Prepared, now: datetime
) -> None:
    export.edition = earlier_editions(session, export) + 1
    export.profile_version = PROFILES[export.profile].version
    export.frozen_at = now
    export.content_sha256 = content_hash(prepared.content)
    vault.keep(session, keys, export, vault.BlobKind.CONTENT, to_json(prepared.content))
    subjects = subjects_to_json(prepared.subjects)
    vault.keep(session, keys, export, vault.BlobKind.SUBJECTS, subjects)


def _have_made(session: Session, export: Export, now: datetime) -> None:
    export.state = ExportState.APPROVED.value
    export.progress, export.step, export.failure = 0, "wacht op zijn beurt", None
    export.progress_at = now
    enqueue(session, JOB, export.holder, {"id": str(export.id)})


def reject(session: Session, export: Export, reason: str, actor: Actor) -> None:
    """Reject, with a reason that the requester reads.

    :raises ExportError: no reason, own request, or decided already.
    """
    if not reason.strip():
        raise ExportError("Schrijf op waarom u de aanvraag afwijst.", "reden")
    _decide(session, export, actor)
    export.state = ExportState.REJECTED.value
    export.decided_reason = reason
    log(session, export, actor, "afgewezen")


def is_stuck(export: Export, settings: Settings) -> bool:
    """Whether nobody has been at it for longer than a making may take."""
    last = export.progress_at
    limit = timedelta(seconds=settings.pdf_timeout_seconds) + PATIENCE
    return export.state in MAKING and last is not None and utc_now() - last > limit


def make_again(session: Session, settings: Settings, export: Export, actor: Actor) -> None:
    """Try again what failed; the content is the one that was approved.

    :raises ExportError: it hasn't failed.
    """
    lock(session, export.id)
    if export.state != ExportState.FAILED and not is_stuck(export, settings):
        raise ExportError("Deze uitvoer is niet mislukt. Open de pagina opnieuw.")
    _have_made(session, export, utc_now())
    log(session, export, actor, "opnieuw")


def fetch(session: Session, keys: KeyRing, export: Export, actor: Actor) -> bytes:
    """The file, for who may have it.

    :raises ExportError: it isn't ready, or isn't what was made.
    :raises DecryptionError: the file can't be read with the keys at hand.
    """
    if export.state != ExportState.READY:
        raise ExportError("Dit bestand is er nog niet.")
    pdf = vault.read(session, keys, export, vault.BlobKind.PDF)
    if sha256(pdf).hexdigest() != export.file_sha256:
        raise ExportError("Het bestand is niet meer zoals het werd gemaakt.")
    log(session, export, actor, "gedownload")
    return pdf
