"""The worker's part: from frozen content to a file, its hashes, and the line in the register.

Rendering happens outside any transaction. File, hashes, register and state then come in one: a
worker that is killed leaves an export *in the making*, which the job, repeated, makes whole.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from stopintimidatie.audit import SYSTEM
from stopintimidatie.disclosures.services import Entry, record_disclosure
from stopintimidatie.dossiers.access import is_strict
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports import vault
from stopintimidatie.exports.content import ContentError, DossierContent, from_json
from stopintimidatie.exports.freezing import subjects_from_json
from stopintimidatie.exports.limits import MEGABYTE, Limits
from stopintimidatie.exports.models import MAKING, Export, ExportState
from stopintimidatie.exports.process import RenderingError, Step, render_in_process
from stopintimidatie.exports.profiles import PROFILES
from stopintimidatie.exports.services import lock, log
from stopintimidatie.jobs import JobContext
from stopintimidatie.reports.vocabulary import LegalBasis
from stopintimidatie.settings import Settings
from stopintimidatie.storage.encryption import DecryptionError
from stopintimidatie.storage.types import utc_now

logger = logging.getLogger(__name__)
TELL_EVERY: Final = 1.0
UNREADABLE: Final = (
    "De bevroren inhoud kan niet worden gelezen. Probeer het opnieuw; lukt het weer niet, meld het"
    " dan aan de beheerder."
)
NO_CHILD: Final = (
    "Het maken van de PDF kon niet beginnen. Probeer het later opnieuw; lukt het weer niet, meld"
    " het dan aan de beheerder."
)


def limits_of(settings: Settings) -> Limits:
    """The bounds of one rendering, from the settings of the installation."""
    return Limits(
        wall_seconds=settings.pdf_timeout_seconds,
        cpu_seconds=settings.pdf_timeout_seconds,
        memory_bytes=settings.pdf_memory_megabytes * MEGABYTE,
    )


def make_exports(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Handler of the job; doing it twice changes nothing."""
    for payload in payloads:
        make(context, UUID(payload["id"]))


def make(context: JobContext, export_id: UUID) -> None:
    """Make one export, or say on its page why that failed and what to do."""
    try:
        pdf = _render(context, export_id)
    except RenderingError as error:
        failure, reason = type(error).__name__, str(error)
    except (ContentError, DecryptionError) as error:
        failure, reason = type(error).__name__, UNREADABLE
    except OSError as error:
        failure, reason = type(error).__name__, NO_CHILD
    else:
        if pdf is not None:
            _finish(context, export_id, pdf)
        return
    logger.error("export %s failed: %s", export_id, failure)
    _fail(context, export_id, reason)


def _render(context: JobContext, export_id: UUID) -> bytes | None:
    content = _begin(context, export_id)
    if content is None:
        return None
    progress = Progress(context, export_id, content)
    return render_in_process(content, limits=limits_of(context.settings), on_progress=progress)


def _begin(context: JobContext, export_id: UUID) -> DossierContent | None:
    """The frozen content, or None when there is nothing (more) to make."""
    with context.transaction() as session:
        export = lock(session, export_id)
        if export is None or export.state not in MAKING:
            return None
        export.state = ExportState.IN_THE_MAKING.value
        export.step, export.progress_at = "het document wordt opgemaakt", utc_now()
        text = vault.read(session, context.registry.key_ring, export, vault.BlobKind.CONTENT)
    return from_json(text)


class Progress:
    """Tells the page how far the rendering is: never back, and not more than once a second."""

    def __init__(self, context: JobContext, export_id: UUID, content: DossierContent) -> None:
        self._context = context
        self._export_id = export_id
        self._pages = expected_pages(content)
        self._told, self._at = 0, time.monotonic()

    def __call__(self, step: Step) -> None:
        done, words = in_words(step, self._pages)
        now = time.monotonic()
        if done <= self._told or now - self._at < TELL_EVERY:
            return
        self._told, self._at = done, now
        with self._context.transaction() as session:
            session.execute(
                update(Export)
                .where(
                    Export.id == self._export_id,
                    Export.state == ExportState.IN_THE_MAKING.value,
                )
                .values(progress=done, step=words, progress_at=utc_now())
            )


def expected_pages(content: DossierContent) -> float:
    """A guess good enough for a progress bar."""
    return 4 + len(content.reports) / 3.5 + len(content.chronology) / 25


def in_words(step: Step, pages: float) -> tuple[int, str]:
    """Per cent and words of a step of the rendering."""
    if step.step == "opmaken":
        return min(90, 5 + int(85 * step.page / pages)), f"pagina {step.page} wordt opgemaakt"
    return 95, "het bestand wordt geschreven"


def _finish(context: JobContext, export_id: UUID, pdf: bytes) -> None:
    """File, hashes, register and state, in one transaction."""
    now = utc_now()
    keys = context.registry.key_ring
    with context.transaction() as session:
        export = lock(session, export_id)
        if export is None or export.state not in MAKING:
            return
        vault.keep(session, keys, export, vault.BlobKind.PDF, pdf)
        export.file_sha256 = sha256(pdf).hexdigest()
        export.file_size = len(pdf)
        export.made_at = export.progress_at = now
        subjects = vault.read(session, keys, export, vault.BlobKind.SUBJECTS)
        entry = _entry(session, export, now)
        record_disclosure(session, entry, subjects_from_json(subjects), SYSTEM)
        export.state = ExportState.READY.value
        export.progress, export.step = 100, "klaar"
        log(session, export, SYSTEM, "gemaakt")


def _entry(session: Session, export: Export, now: datetime) -> Entry:
    dossier = session.get_one(Dossier, export.dossier_id)
    return Entry(
        reference=export.reference,
        document_id=export.id,
        source_kind="dossier",
        source_id=dossier.id,
        source_reference=dossier.number,
        restricted=is_strict(dossier.kind),
        recipient=export.recipient,
        recipient_kind=PROFILES[export.profile].label,
        profile=export.profile,
        profile_version=export.profile_version,
        purpose=export.purpose,
        legal_basis=export.legal_basis,
        legal_basis_words=LegalBasis.word(export.legal_basis),
        covenant=export.covenant,
        minors_ground=export.minors_ground,
        destroy_by=export.destroy_by,
        content_sha256=export.content_sha256 or "",
        file_sha256=export.file_sha256 or "",
        file_size=export.file_size or 0,
        made_at=now,
        requested_at=export.requested_at,
        requested_by_id=export.requested_by_id,
        requested_by=export.requested_by,
        approved_at=export.decided_at or now,
        approved_by_id=export.decided_by_id,
        approved_by=export.decided_by or "",
    )


def _fail(context: JobContext, export_id: UUID, reason: str) -> None:
    with context.transaction() as session:
        export = lock(session, export_id)
        if export is None or export.state not in MAKING:
            return
        export.state = ExportState.FAILED.value
        export.failure, export.progress_at = reason[:500], utc_now()
        export.step = ""
        log(session, export, SYSTEM, "mislukt")
