"""The worker's part: files that wait for the virus scanner, and the end of those it stopped."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO, Final
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from stopintimidatie.core.jobs import JobContext, Lane, enqueue
from stopintimidatie.core.sandbox.process import memory_file
from stopintimidatie.core.storage.encryption import KEY_BYTES, KeyRing
from stopintimidatie.core.storage.retention import RetentionClass, Way
from stopintimidatie.reports.attachments.cleaner import (
    Cleaned,
    CleaningError,
    Fault,
    StoppedError,
    cleaned,
    ffmpeg_path,
    scan,
)
from stopintimidatie.reports.attachments.services import (
    KEPT,
    LOOK_AGAIN,
    PURPOSE,
    SCAN_JOB,
    STOPPED,
    UNREADABLE,
    WAITING,
    keep_parts,
    raw_content,
    stop,
)
from stopintimidatie.reports.conversation.services import CLOSED_TEXTS, REPORTER, spoke
from stopintimidatie.reports.models import AttachmentPart, Report, ReportAttachment
from stopintimidatie.reports.services import append_move, keep_undoable

LANE: Final = Lane.SLOW
RETENTION: Final = RetentionClass(
    "bestand_tegengehouden",
    "De inhoud van bestanden die de virusscanner tegenhield",
    ("attachment_part",),
    Way.BY_ITSELF,
    "de dag waarop het is tegengehouden",
    KEPT,
    source="eigen beleid",
)
Settle = Callable[[Session, Report, ReportAttachment], None]


def scan_waiting(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Have files scanned that came in while the scanner was away; a job.

    What is clean is cleaned, and can be opened from then on. While the scanner is still away the
    job asks for itself again.
    """
    for place, payload in enumerate(payloads):
        number = UUID(payload["bijlage"])
        with memory_file() as file:
            if not _read(context, number, file):
                continue
            try:
                with _clean(context, file) as clean:
                    _settle(context, number, _open(context, clean))
            except StoppedError as stopped:
                _settle(context, number, _stop(stopped.signature))
            except CleaningError as refused:
                if refused.fault is Fault.NOT_SCANNED:
                    _ask_again(context, place, payload)
                else:
                    _settle(context, number, _give_up)


def _read(context: JobContext, number: UUID, file: BinaryIO) -> bool:
    """Copy the bytes of a file that waits; tell whether it still does."""
    with context.transaction() as session:
        row = session.get(ReportAttachment, number)
        if row is None or row.sealed != WAITING:
            return False
        for part in raw_content(session, context.registry.key_ring, row):
            file.write(part)
    return True


@contextmanager
def _clean(context: JobContext, file: BinaryIO) -> Iterator[Cleaned]:
    scan(context.registry.scanner, file)
    with cleaned(file, ffmpeg_path(context.settings.ffmpeg)) as clean:
        yield clean


def _ask_again(context: JobContext, place: int, payload: dict[str, Any]) -> None:
    with context.ending(place) as session:
        if session is not None:
            enqueue(session, SCAN_JOB, context.holder, payload, delay=LOOK_AGAIN)


def _settle(context: JobContext, number: UUID, act: Settle) -> None:
    """Do what follows for a file that waits, once, with its report locked."""
    with context.transaction() as session:
        row = session.get(ReportAttachment, number)
        if row is None:
            return
        report = session.get_one(Report, row.report_id, with_for_update=True)
        session.refresh(row)
        if row.sealed == WAITING:
            version = report.version
            act(session, report, row)
            session.flush()
            if report.version != version:
                keep_undoable(session, report, version)


def _open(context: JobContext, clean: Cleaned) -> Settle:
    def act(session: Session, report: Report, row: ReportAttachment) -> None:
        _unseal(session, context.registry.key_ring, row, clean)
        append_move(session, report, REPORTER, "bijlage", report.state, {})
        if report.state not in CLOSED_TEXTS:
            spoke(session, report, "melding.bijlage")

    return act


def _unseal(session: Session, keys: KeyRing, row: ReportAttachment, file: Cleaned) -> None:
    """Put the cleaned file in the place of the bytes that waited, under a new key."""
    key = secrets.token_bytes(KEY_BYTES)
    _delete_content(session, row)
    row.parts = keep_parts(session, row.holder, row.id, key, file.content)
    row.key = keys.encrypt(PURPOSE, key.hex(), str(row.id))
    row.kind, row.media_type, row.size = file.kind.value, file.media_type, file.size
    row.sealed = None


def _delete_content(session: Session, row: ReportAttachment) -> None:
    """Delete the content of a sealed file; the row says that it was there."""
    session.execute(delete(AttachmentPart).where(AttachmentPart.attachment_id == row.id))
    row.parts = 0


def _stop(signature: str) -> Settle:
    def act(session: Session, report: Report, row: ReportAttachment) -> None:
        stop(session, report, row, signature)

    return act


def _give_up(session: Session, report: Report, row: ReportAttachment) -> None:
    _delete_content(session, row)
    row.sealed = UNREADABLE
    append_move(session, report, REPORTER, "bijlage_onleesbaar", report.state, {})


def end_stopped(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Delete the content of files that were stopped, when their term is over; a job."""
    for payload in payloads:
        with context.transaction() as session:
            row = session.get(ReportAttachment, UUID(payload["bijlage"]))
            if row is not None and row.sealed == STOPPED:
                _delete_content(session, row)
