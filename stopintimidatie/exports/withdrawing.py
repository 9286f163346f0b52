"""Taking an export back: the file is gone for everybody, the register says so, holders are told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from stopintimidatie.audit import SYSTEM, Actor
from stopintimidatie.clock import utc_now
from stopintimidatie.disclosures.copies import CODES, EventKind, note_event
from stopintimidatie.disclosures.services import find_disclosure
from stopintimidatie.exports import vault
from stopintimidatie.exports.models import MAKING, Export, ExportState
from stopintimidatie.exports.services import lock, log
from stopintimidatie.exports.wish import ExportError
from stopintimidatie.jobs import Job, enqueue

# Of a higher room: it tells who holds a copy.
JOB: Final = Job("uitvoer.ingetrokken")
SOURCE: Final = "bron_gewijzigd"
OTHER: Final = "anders"
REJECTED_AFTER: Final = "achteraf_afgewezen"
# What a person may choose; the words are those of the register.
REASONS: Final = tuple(
    (code, CODES[code].capitalize())
    for code in ("onjuist", "verkeerde_ontvanger", "niet_meer_nodig", OTHER)
)


class Change(StrEnum):
    """What happened to a report that a copy was made of."""

    CORRECTED = "gecorrigeerd"
    REDACTED = "onleesbaar"
    ERASED = "gewist"


@dataclass(frozen=True)
class Cause:
    """Which report changed, by its name in the document, and how."""

    change: Change
    label: str


def withdraw(
    session: Session, export: Export, actor: Actor, code: str, reason: str | None = None
) -> None:
    """Take back what was made, or is being made.

    :raises ExportError: nothing was made, it was taken back already, or it isn't said why.
    """
    lock(session, export.id)
    if export.state not in {ExportState.READY, ExportState.FAILED, *MAKING}:
        raise ExportError("Deze uitvoer kan niet worden ingetrokken. Open de pagina opnieuw.")
    if code == OTHER and not reason:
        raise ExportError("Schrijf op waarom u deze uitvoer intrekt.", "reden")
    destroy(session, export, actor, code, reason)


def destroy(
    session: Session,
    export: Export,
    actor: Actor = SYSTEM,
    code: str = SOURCE,
    reason: str | None = None,
    cause: Cause | None = None,
) -> None:
    """Without its key nobody reads it again, whatever blob a backup may bring back."""
    vault.VAULT.destroy(session, export)
    if export.state != ExportState.WITHDRAWN:
        export.state = ExportState.WITHDRAWN.value
        export.step, export.failure = "", None
        export.withdrawn_at, export.withdrawn_code = utc_now(), code
        export.withdrawn_by_id, export.withdrawn_by = actor.id, actor.name
        export.withdrawn_reason = reason
        log(session, export, actor, "ingetrokken", reason=reason)
        disclosure = find_disclosure(session, export.reference)
        if disclosure is not None:
            note_event(session, disclosure, EventKind.WITHDRAWN, actor, code)
        _have_told(session, export, cause)
    elif cause is not None:
        # Withdrawn before, and somebody may have a copy still: they hear of this as well.
        _have_told(session, export, cause)
    session.flush()


def _have_told(session: Session, export: Export, cause: Cause | None) -> None:
    payload = {"id": str(export.id)}
    if cause is not None:
        payload |= {"soort": cause.change.value, "melding": cause.label}
    enqueue(session, JOB, export.holder, payload)
