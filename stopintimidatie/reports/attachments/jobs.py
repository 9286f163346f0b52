"""The worker's part: files that wait for the virus scanner or were stopped, and hand-overs."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
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
    END_JOB,
    KEPT,
    LOOK_AGAIN,
    PURPOSE,
    SCAN_JOB,
    STOPPED,
    UNREADABLE,
    WAITING,
    cipher_of,
    enqueue_for,
    keep_parts,
    read_part,
    stop,
)
from stopintimidatie.reports.conversation.services import CLOSED_TEXTS, REPORTER, file_came
from stopintimidatie.reports.models import AttachmentPart, Report, ReportAttachment
from stopintimidatie.reports.services import append_move, keep_undoable
from stopintimidatie.reports.vocabulary import KIND

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
            file_came(session, report, row.at, ready=True)

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


def _end(session: Session, row: ReportAttachment) -> None:
    """Delete the content of a file that nobody gets, and what it is known by: it may come again."""
    _delete_content(session, row)
    row.sent_hash = row.sent_key = None


def _stop(signature: str) -> Settle:
    def act(session: Session, report: Report, row: ReportAttachment) -> None:
        stop(session, report, row, signature)

    return act


def _give_up(session: Session, report: Report, row: ReportAttachment) -> None:
    _end(session, row)
    row.sealed = UNREADABLE
    append_move(session, report, REPORTER, "bijlage_onleesbaar", report.state, {})


def end_stopped(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Delete the content of files that were stopped, when their term is over; a job."""
    for payload in payloads:
        with context.transaction() as session:
            row = session.get(ReportAttachment, UUID(payload["bijlage"]))
            if row is not None and row.sealed == STOPPED:
                _end(session, row)


def raw_content(session: Session, keys: KeyRing, row: ReportAttachment) -> Iterator[bytes]:
    """Yield the bytes of a sealed file as they came, for the virus scanner and nobody else.

    Raises:
        DecryptionError: A part isn't there, or the key doesn't fit.
    """
    cipher = cipher_of(keys, row)
    for number in range(1, row.parts + 1):
        yield read_part(session, cipher, row.id, number)


def take_out(
    session: Session, keys: KeyRing, reference: str, number: int, actor: Actor, reason: str
) -> bytes | None:
    """Return a stopped file as it came, for who looks into it; None: there is no such file.

    It is written in the log. The portal has no page that calls this.
    """
    here = (Report.reference == reference, ReportAttachment.number == number)
    mine = select(ReportAttachment).join(Report, Report.id == ReportAttachment.report_id)
    row = session.scalars(mine.where(*here, ReportAttachment.sealed == STOPPED)).one_or_none()
    if row is None or not row.parts:
        return None
    action, ids = "melding.bestand_uitgepakt", [row.report_id]
    record(session, actor, action, row.holder, KIND, ids, reason=reason)
    return b"".join(raw_content(session, keys, row))


def give(session: Session, keys: KeyRing, report: Report, receiver: str) -> list[dict[str, Any]]:
    """Delete the rows of attachments at a hand-over; return what the receiver's copy needs.

    The content stays where it is, readable for who has the key; so what this gives back belongs in
    the encrypted content of the hand-over, and nowhere else.
    """
    mine = select(ReportAttachment).where(ReportAttachment.report_id == report.id)
    rows = session.scalars(mine).all()
    given = [_with_key(row, keys) for row in rows]
    for row in rows:
        passing = update(AttachmentPart).where(AttachmentPart.attachment_id == row.id)
        session.execute(passing.values(receiver=receiver))
        session.delete(row)
    session.flush()
    return given


def _with_key(row: ReportAttachment, keys: KeyRing) -> dict[str, Any]:
    """Return the columns of an attachment as JSON, with its key in clear."""
    return {
        "id": str(row.id),
        "number": row.number,
        "at": row.at.isoformat(),
        "kind": row.kind,
        "media_type": row.media_type,
        "size": row.size,
        "parts": row.parts,
        "sealed": row.sealed,
        "sent_hash": row.sent_hash,
        "key": keys.decrypt(PURPOSE, row.key, str(row.id)),
    }


def receive(
    session: Session, keys: KeyRing, report: Report, given: Sequence[dict[str, Any]]
) -> None:
    """Make the attachments the receiver's own; the giver can't read them any more."""
    for columns in given:
        made = UUID(columns["id"])
        mine = update(AttachmentPart).where(AttachmentPart.attachment_id == made)
        session.execute(mine.values(giver=report.holder, receiver=report.holder))
        values = {**columns, "id": made, "at": datetime.fromisoformat(columns["at"])}
        values["key"] = keys.encrypt(PURPOSE, columns["key"], columns["id"])
        row = ReportAttachment(holder=report.holder, report_id=report.id, **values)
        session.add(row)
        if row.sealed == WAITING:
            enqueue_for(session, SCAN_JOB, row, LOOK_AGAIN)
        elif row.sealed == STOPPED:
            # Its days began where it was stopped, not long after it came.
            left = row.at + timedelta(days=KEPT.number) - utc_now()
            enqueue_for(session, END_JOB, row, max(left, timedelta(0)))
    session.flush()
