"""Making an export in the worker, from frozen content to a file in the register; and withdrawing.

The document is rendered outside any transaction. File, hashes, register and state are then stored
in one: after a worker is killed the export is still *in the making*, and the repeated job makes it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.jobs.services import JOB_KINDS, JobError
from stopintimidatie.core.storage.encryption import DecryptionError
from stopintimidatie.core.telemetry import making_pdf
from stopintimidatie.core.tree.services import restrictions_on
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.disclosures.services import (
    CODES,
    EventKind,
    find_disclosure,
    note_event,
    record_disclosure,
)
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.resources import is_strict
from stopintimidatie.exports.document.process import RenderingError, Step, render_in_process
from stopintimidatie.exports.document.services import (
    TimeStampError,
    limits_of,
    new_password,
    signing_key,
)
from stopintimidatie.exports.extract.reports import going_along
from stopintimidatie.exports.extract.services import freed, subjects_from_json
from stopintimidatie.exports.models import (
    FILE,
    MAKING,
    VAULT,
    BlobKind,
    Export,
    ExportState,
    basis_words,
    forget,
    read,
)
from stopintimidatie.exports.profiles.defaults import INTERNAL, LABELS, PROFILES
from stopintimidatie.exports.redaction.content import ContentError, DossierContent, from_json
from stopintimidatie.exports.request.queries import NO_LONGER
from stopintimidatie.exports.request.rules import registered
from stopintimidatie.exports.request.services import JOB as MAKE
from stopintimidatie.exports.request.services import lock, log
from stopintimidatie.exports.review.services import names_here
from stopintimidatie.exports.vocabulary import DOSSIER, NOT_YET, FileForm
from stopintimidatie.municipalities.areas.models import Municipality

# A job of a higher room, which watches over the copy from then on.
MADE_JOB: Final = Job("kopie.bewaken")
logger = logging.getLogger(__name__)
TELL_EVERY: Final = 1.0
# The words for who asked, by what went wrong.
FAILURES: Final[Mapping[type[Exception], str]] = {
    ContentError: "De bevroren inhoud kan niet worden gelezen. Probeer het opnieuw; lukt het weer"
    " niet, meld het dan aan de beheerder.",
    DecryptionError: "De bevroren inhoud kan niet worden gelezen. Probeer het opnieuw; lukt het"
    " weer niet, meld het dan aan de beheerder.",
    TimeStampError: "De tijdstempeldienst antwoordt niet, en zonder tijdstempel mag deze PDF niet"
    " weg. Probeer het later opnieuw; lukt het weer niet, meld het dan aan de beheerder.",
    OSError: "Het maken van de PDF kon niet beginnen. Probeer het later opnieuw; lukt het weer"
    " niet, meld het dan aan de beheerder.",
}


EXPECTED: Final[tuple[type[Exception], ...]] = (RenderingError, *FAILURES)


class RestrictedError(RenderingError):
    """The use of something in the frozen content was restricted meanwhile."""


class CancelledError(Exception):
    """The making was stopped, or the export was withdrawn meanwhile."""


def make_exports(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Make the approved exports (job); doing it twice changes nothing."""
    for payload in payloads:
        make(context, UUID(payload["id"]))


def make(context: JobContext, export_id: UUID) -> None:
    """Make an export, or note on its page why that failed and what to do.

    Raises:
        JobError: There is no time stamp yet; the job is tried again.
    """
    try:
        made = _render(context, export_id)
    except CancelledError:
        return
    except EXPECTED as error:
        stamp = isinstance(error, TimeStampError)
        if stamp and context.attempts < JOB_KINDS.of(context.registry)[MAKE.name].attempts:
            _wait(context, export_id)
            raise JobError(f"tijdstempel: {error}") from error
        logger.error("export %s failed: %s", export_id, type(error).__name__)
        said = (words for kind, words in FAILURES.items() if isinstance(error, kind))
        _fail(context, export_id, next(said, str(error)))
    else:
        if made is not None:
            _finish(context, export_id, made)


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was made, with its password and signer if it has those."""

    pdf: bytes
    password: str | None = None
    signed_by: str | None = None


def _render(context: JobContext, export_id: UUID) -> Made | None:
    begun = _begin(context, export_id)
    if begun is None:
        return None
    content, form, files = begun
    progress = Progress(context, export_id, content)
    archive = form is FileForm.ARCHIVE
    with making_pdf():
        pdf = render_in_process(
            content,
            files=files,
            limits=limits_of(context.settings),
            on_progress=progress,
            archive=archive,
        )
    if archive:
        return _signed(context, export_id, Made(pdf))
    # Loaded only where a file is made: it takes 20 MB.
    from stopintimidatie.exports.document.signature import with_password

    password = new_password()
    return _signed(context, export_id, Made(with_password(pdf, password), password))


def _signed(context: JobContext, export_id: UUID, made: Made) -> Made:
    """Return the file signed by the municipality, when it has a certificate that is valid today."""
    with context.transaction() as session:
        export = session.get(Export, export_id)
        if export is None:
            return made
        key = signing_key(session, context.registry.key_ring, export.holder)
        if key is None:
            return made
        house = f"Gemeente {session.get_one(Municipality, export.holder).name}"
    # Loaded only where there is something to sign with.
    from stopintimidatie.exports.document.signature import signed

    pdf = signed(made.pdf, key, house, made.password, context.settings.time_stamp_service)
    return replace(made, pdf=pdf, signed_by=key.subject)


def _begin(
    context: JobContext, export_id: UUID
) -> tuple[DossierContent, FileForm, list[bytes]] | None:
    """Mark an export as being made; return content, form and files, or None: nothing to make."""
    with context.transaction() as session:
        export = lock(session, export_id)
        if export is None or export.state not in MAKING:
            return None
        if export.profile not in PROFILES:
            raise RenderingError(NO_LONGER)
        _check_restricted(context, session, export)
        export.state = ExportState.IN_THE_MAKING.value
        export.step, export.progress_at = "het document wordt opgemaakt", utc_now()
        keys = context.registry.key_ring
        content = from_json(read(session, keys, export, BlobKind.CONTENT))
        numbers = going_along(content)
        files = [read(session, keys, export, f"{FILE}{number}") for number in numbers]
        return content, FileForm(export.file_form), files


def _check_restricted(context: JobContext, session: Session, export: Export) -> None:
    """Check that nothing in the frozen content was restricted after it was approved.

    Raises:
        RestrictedError: something was, and no ground to give it all the same was written down.
    """
    keys, free = context.registry.key_ring, freed(export.deviations)
    kept = read(session, keys, export, BlobKind.SUBJECTS)
    labels = {subject.id: subject.label for subject in subjects_from_json(kept)}
    names = {f"M-{number:02d}" for number in free if number != DOSSIER}
    bound = restrictions_on(session, context.registry, (export.dossier_id, *labels))
    asked = {number: label for number, label in labels.items() if label not in names}
    if DOSSIER not in free:
        asked[export.dossier_id] = "het dossier"
    if now := sorted(asked[number] for number in bound if number in asked):
        raise RestrictedError(
            f"Sinds de goedkeuring is het gebruik beperkt van: {', '.join(now)}. Vraag de uitvoer"
            " opnieuw aan: dat blijft er dan uit, tenzij het mag voor een rechtsvordering of om"
            " iemand anders te beschermen."
        )


class Progress:
    """A callback that stores how far the rendering is: never back, at most once a second."""

    def __init__(self, context: JobContext, export_id: UUID, content: DossierContent) -> None:
        self._context = context
        self._export_id = export_id
        # A guess.
        self._pages = 4 + len(content.reports) / 3.5 + len(content.chronology) / 25
        self._progress, self._at = 0, time.monotonic()

    def __call__(self, step: Step) -> None:
        """Store a step of the rendering.

        Raises:
            CancelledError: the export isn't being made any more, which ends the child.
        """
        done, words = in_words(step, self._pages)
        now = time.monotonic()
        if now - self._at < TELL_EVERY:
            return
        self._progress, self._at = max(done, self._progress), now
        with self._context.transaction() as session:
            updated: Any = session.execute(
                update(Export)
                .where(
                    Export.id == self._export_id,
                    Export.state == ExportState.IN_THE_MAKING.value,
                )
                .values(progress=self._progress, step=words, progress_at=utc_now())
            )
            if updated.rowcount == 0:
                raise CancelledError


def in_words(step: Step, pages: float) -> tuple[int, str]:
    """Return a step of the rendering as a percentage and words."""
    if step.step == "opmaken":
        return min(90, 5 + int(85 * step.page / pages)), f"pagina {step.page} wordt opgemaakt"
    return 95, "het bestand wordt geschreven"


def _finish(context: JobContext, export_id: UUID, made: Made) -> None:
    """Store file, hashes, the line in the register and the state, in one transaction."""
    pdf, now = made.pdf, utc_now()
    keys = context.registry.key_ring
    with context.transaction() as session:
        export = lock(session, export_id)
        if export is None or export.state not in MAKING:
            return
        VAULT.keep(session, keys, export, BlobKind.PDF.value, pdf)
        forget(session, export, FILE)
        if made.password is not None:
            VAULT.keep(session, keys, export, BlobKind.LOCK.value, made.password.encode())
        export.file_sha256 = sha256(pdf).hexdigest()
        export.file_size = len(pdf)
        export.signed_by = made.signed_by
        export.made_at = export.progress_at = now
        subjects = read(session, keys, export, BlobKind.SUBJECTS)
        entry = _entry(session, export, now)
        record_disclosure(session, entry, subjects_from_json(subjects), SYSTEM)
        export.state = ExportState.READY.value
        export.progress, export.step = 100, "klaar"
        if export.profile != INTERNAL.name:
            enqueue(session, MADE_JOB, export.holder, {"id": str(export.id)})
        log(session, export, SYSTEM, "gemaakt")


# The columns that the register takes over from the export.
REGISTERED: Final = ("reference", "profile", "profile_version", "legal_basis", "destroy_by")


def _entry(session: Session, export: Export, now: datetime) -> Disclosure:
    dossier = session.get_one(Dossier, export.dossier_id)
    return Disclosure(
        **{name: getattr(export, name) for name in REGISTERED},
        **registered(export.asked, names_here(session, export.holder)),
        document_id=export.id,
        source_kind="dossier",
        source_id=dossier.id,
        source_reference=dossier.number,
        restricted=is_strict(dossier.kind),
        recipient_kind=LABELS[export.profile],
        legal_basis_words=basis_words(export.asked),
        content_sha256=export.content_sha256 or "",
        file_sha256=export.file_sha256 or "",
        file_size=export.file_size or 0,
        requested_at=export.proposed_at,
        requested_by_id=export.proposed_by_id,
        requested_by=export.proposed_by,
        made_at=now,
        approved_at=export.answered_at or now,
        approved_by_id=export.answered_by_id,
        approved_by=export.answered_by or NOT_YET,
    )


def _wait(context: JobContext, export_id: UUID) -> None:
    """Say on the page of an export that it waits for a time stamp."""
    with context.transaction() as session:
        export = lock(session, export_id)
        if export is not None and export.state in MAKING:
            export.step = "wacht op de tijdstempeldienst, die nog niet antwoordt"
            export.progress_at = utc_now()


def _fail(context: JobContext, export_id: UUID, reason: str) -> None:
    with context.transaction() as session:
        export = lock(session, export_id)
        if export is None or export.state not in MAKING:
            return
        export.state = ExportState.FAILED.value
        export.failure, export.progress_at = reason[:500], utc_now()
        export.step = ""
        log(session, export, SYSTEM, "mislukt")


# Withdrawing: the file is gone for everybody, the register says so, recipients are told

# A job of a higher room, which tells who holds a copy.
JOB: Final = Job("uitvoer.ingetrokken")
SOURCE: Final = "bron_gewijzigd"
TERM: Final = "bewaartermijn"
OTHER: Final = "anders"
REJECTED_AFTER: Final = "achteraf_afgewezen"
# Reasons that a person may choose, in the words of the register
REASONS: Final = tuple(
    (code, CODES[code].capitalize())
    for code in ("onjuist", "verkeerde_ontvanger", "niet_meer_nodig", OTHER)
)


class Change(StrEnum):
    """Change of a report or a dossier that a copy was made of."""

    CORRECTED = "gecorrigeerd"
    RESTRICTED = "beperkt"
    FREED = "opgeheven"
    REDACTED = "onleesbaar"
    ERASED = "gewist"


@dataclass(frozen=True)
class Cause:
    """A change of a report, with the label that it has in the document."""

    change: Change
    label: str


def withdraw(
    session: Session, export: Export, actor: Actor, code: str, reason: str | None = None
) -> None:
    """Withdraw an export that was made, or is being made.

    Raises:
        FormError: nothing was made, it was withdrawn already, or the reason is missing.
    """
    lock(session, export.id)
    if export.state not in {ExportState.READY, ExportState.FAILED, *MAKING}:
        raise FormError("Deze uitvoer kan niet worden ingetrokken. Open de pagina opnieuw.")
    if code == OTHER and not reason:
        raise FormError("Schrijf op waarom u deze uitvoer intrekt.", "reden")
    destroy(session, export, actor, code, reason)


def destroy(
    session: Session,
    export: Export,
    actor: Actor = SYSTEM,
    code: str = SOURCE,
    reason: str | None = None,
    cause: Cause | None = None,
) -> None:
    """Destroy the key of an export and mark it withdrawn; tell who holds a copy.

    Without the key nobody reads a blob again, even one from a backup. The cause is the change of a
    report that is told.
    """
    VAULT.destroy(session, export)
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
        _tell_holders(session, export, cause)
    elif cause is not None:
        # Withdrawn before, but somebody may still have a copy, and hears of this change as well.
        _tell_holders(session, export, cause)
    session.flush()


def expire(session: Session, export: Export) -> None:
    """Destroy the content of an export whose term is over; who has a copy was asked to do the same.

    One that isn't made yet, or was withdrawn, keeps its state.
    """
    VAULT.destroy(session, export)
    if export.state == ExportState.READY:
        export.state = ExportState.WITHDRAWN.value
        export.withdrawn_at, export.withdrawn_code = utc_now(), TERM
        export.withdrawn_by_id, export.withdrawn_by = SYSTEM.id, SYSTEM.name
        log(session, export, SYSTEM, "ingetrokken")
    session.flush()


def _tell_holders(session: Session, export: Export, cause: Cause | None) -> None:
    """Queue the job that tells who holds a copy."""
    payload = {"id": str(export.id)}
    if cause is not None:
        payload |= {"soort": cause.change.value, "melding": cause.label}
    enqueue(session, JOB, export.holder, payload)
