"""Attachments: kept in encrypted parts, read part by part, handed over, destroyed.

Each has a key of its own, kept encrypted in its row. Rows and not files: so they are on every
machine, in the backup, and committed together with what they belong to.

A sealed one holds the bytes as they came: the virus scanner stopped it, or must still look at it.
No way of reading opens it but `raw_content`, which the worker's scan uses (docs/dev/adr/0028).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, BinaryIO, Final
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, Engine, func, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, enqueue
from stopintimidatie.core.storage.encryption import (
    KEY_BYTES,
    NONCE_BYTES,
    DecryptionError,
    KeyRing,
    Sealed,
)
from stopintimidatie.core.storage.retention import days
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.reports.attachments.cleaner import (
    EXTENSIONS,
    Cleaned,
    CleaningError,
    Fault,
    StoppedError,
)
from stopintimidatie.reports.conversation.queries import Copy
from stopintimidatie.reports.conversation.services import REPORTER, NotNowError, own_report, spoke
from stopintimidatie.reports.models import AttachmentPart, Report, ReportAttachment
from stopintimidatie.reports.services import append_move
from stopintimidatie.reports.vocabulary import KIND

# Files that can be opened or wait. The ones that the scanner stopped are counted apart.
MOST: Final = 5
MOST_STOPPED: Final = 5
PART: Final = 512 * 1024
PURPOSE: Final = "bijlage-sleutel"
SEALED: Final = Sealed(ReportAttachment, PURPOSE, ("key",), "id")
FULL: Final = (
    f"Bij deze melding zitten al {MOST} bestanden. Meer kan niet; u kunt wel een bericht sturen."
)
NAMES: Final = {"foto": "Foto", "geluid": "Geluid", "video": "Video"}
# Reasons that nobody can open an attachment.
WAITING: Final = "wacht"
STOPPED: Final = "tegengehouden"
UNREADABLE: Final = "onleesbaar"
SEALED_WORDS: Final = {
    WAITING: "wacht op de virusscanner; nog niet te openen",
    STOPPED: "tegengehouden door de virusscanner; niemand kan het openen",
    UNREADABLE: "niet te lezen, en daarom weggegooid",
}
SCAN_JOB: Final = Job("bijlage.nakijken")
END_JOB: Final = Job("bijlage.tegengehouden_weg")
LOOK_AGAIN: Final = timedelta(minutes=5)
KEPT: Final = days(30)
TAKES_PLACE: Final = ReportAttachment.sealed.is_(None) | (ReportAttachment.sealed == WAITING)


@dataclass(frozen=True, slots=True)
class Attachment:
    """The facts of an attachment, without its content."""

    id: UUID
    number: int
    at: datetime
    kind: str
    media_type: str
    size: int
    sealed: str | None = None

    @property
    def sealed_words(self) -> str:
        """Say why nobody can open it; empty when it can be opened."""
        return SEALED_WORDS[self.sealed] if self.sealed else ""

    @property
    def takes_place(self) -> bool:
        """Tell whether it counts for the number of files that a report takes."""
        return self.sealed in (None, WAITING)

    @property
    def title(self) -> str:
        """The name of an attachment for people, such as *Foto 2*."""
        return f"{NAMES.get(self.kind, 'Bestand')} {self.number}"

    def file_name(self, reference: str) -> str:
        """Return a file name that tells nothing but where the file belongs."""
        return f"{reference}-bijlage-{self.number}.{EXTENSIONS.get(self.media_type, 'bin')}"


def check_room(engine: Engine, copy: Copy) -> None:
    """Refuse before anything is sent, where that can be known.

    Raises:
        NotNowError: The report takes no attachment.
    """
    with own_report(engine, copy) as (session, report):
        _room(session, report)


def _room(session: Session, report: Report) -> int:
    """Return the number that the next attachment gets.

    Raises:
        NotNowError: The report takes no more.
    """
    mine = ReportAttachment.report_id == report.id
    number = next_number(session, ReportAttachment, mine, MOST, TAKES_PLACE)
    if number is None:
        raise NotNowError(FULL)
    return number


def next_number(
    session: Session,
    entity: type[Any],
    mine: ColumnElement[bool],
    most: int,
    counted: ColumnElement[bool] | None = None,
) -> int | None:
    """Return the number that the next attachment gets, or None when there are so many already.

    `entity`: the table, for a higher room keeps attachments in the same way. `mine`: the condition
    of the attachments of the document. `counted`: that of those that count; None: all do.
    """
    count = func.count() if counted is None else func.count().filter(counted)
    numbers = select(count, func.max(entity.number)).where(mine).select_from(entity)
    number, highest = session.execute(numbers).one()
    return None if number >= most else int(highest or 0) + 1


def take(
    registry: Any, copy: Copy, source: BinaryIO, cleaning: AbstractContextManager[Cleaned]
) -> Attachment:
    """Keep a reporter's file: cleaned; or sealed, when the scanner stopped it or must still look.

    `copy`: the report. `source`: the file as it came. `cleaning`: gives it cleaned, or refuses it.

    Raises:
        StoppedError: The scanner knew something in it, and its sender is to be told.
        CleaningError: It isn't kept.
        NoPlaceError: Too many files are being cleaned.
        NotNowError: The report takes no attachment (any more).
    """
    engine, keys = registry.engine, registry.key_ring
    try:
        with cleaning as clean:
            return attach(engine, keys, copy, clean)
    except StoppedError as stopped:
        if keep_stopped(engine, keys, copy, source, stopped.signature):
            raise
        raise StoppedError(stopped.signature, kept=False) from None
    except CleaningError as refused:
        if refused.fault is not Fault.NOT_SCANNED or not registry.scanner.files_wait:
            raise
        return keep_waiting(engine, keys, copy, source)


def keep_waiting(engine: Engine, keys: KeyRing, copy: Copy, source: BinaryIO) -> Attachment:
    """Keep a file sealed until the scanner has looked at it.

    Raises:
        NotNowError: The report takes no attachment (any more).
    """
    with own_report(engine, copy) as (session, report):
        row = _seal(session, keys, report, source, _room(session, report))
        append_move(session, report, REPORTER, "bijlage_wacht", report.state, {})
        spoke(session, report, "melding.bijlage")
        _enqueue(session, SCAN_JOB, row, LOOK_AGAIN)
        return _plain(row)


def keep_stopped(
    engine: Engine, keys: KeyRing, copy: Copy, source: BinaryIO, signature: str
) -> bool:
    """Keep a file that the scanner stopped sealed; tell whether it is kept.

    After some of one report the next is a line in the log alone: who sends harm fills no disk.

    Raises:
        NotNowError: The report takes nothing any more.
    """
    with own_report(engine, copy) as (session, report):
        mine = ReportAttachment.report_id == report.id
        stopped = ReportAttachment.sealed == STOPPED
        number = next_number(session, ReportAttachment, mine, MOST_STOPPED, stopped)
        if number is None:
            _log_stopped(session, report, signature)
            return False
        stop(session, report, _seal(session, keys, report, source, number), signature)
        return True


def _seal(
    session: Session, keys: KeyRing, report: Report, source: BinaryIO, number: int
) -> ReportAttachment:
    """Write the bytes of a file as they came so that nobody opens them; return their row."""
    size, made, key = source.seek(0, os.SEEK_END), uuid4(), secrets.token_bytes(KEY_BYTES)
    source.seek(0)
    row = ReportAttachment(
        id=made,
        holder=report.holder,
        report_id=report.id,
        number=number,
        at=utc_now(),
        kind="bestand",
        media_type="application/octet-stream",
        size=size,
        parts=keep_parts(session, report.holder, made, key, source),
        key=keys.encrypt(PURPOSE, key.hex(), str(made)),
        sealed=WAITING,
    )
    session.add(row)
    return row


def stop(session: Session, report: Report, row: ReportAttachment, signature: str) -> None:
    """Mark a sealed file as stopped; its content goes by itself after the term."""
    row.sealed = STOPPED
    append_move(session, report, SYSTEM, "bestand_tegengehouden", report.state, {})
    _log_stopped(session, report, signature)
    _enqueue(session, END_JOB, row, timedelta(days=KEPT.number))


def _log_stopped(session: Session, report: Report, signature: str) -> None:
    action, task = "melding.bestand_tegengehouden", f"herkend als {signature[:80]}"
    record(session, SYSTEM, action, report.holder, KIND, [report.id], task=task)


def _enqueue(session: Session, job: Job, row: ReportAttachment, delay: timedelta) -> None:
    enqueue(session, job, row.holder, {"bijlage": str(row.id)}, delay=delay)


def attach(engine: Engine, keys: KeyRing, copy: Copy, file: Cleaned) -> Attachment:
    """Keep a cleaned file with the report.

    Raises:
        NotNowError: The report takes no attachment (any more).
    """
    with own_report(engine, copy) as (session, report):
        number = _room(session, report)
        content = keep_content(session, keys, report.holder, file)
        row = ReportAttachment(report_id=report.id, number=number, at=utc_now(), **content)
        session.add(row)
        append_move(session, report, REPORTER, "bijlage", report.state, {})
        spoke(session, report, "melding.bijlage")
        return _plain(row)


def keep_content(session: Session, keys: KeyRing, holder: str, file: Cleaned) -> dict[str, Any]:
    """Write the content of a file under a key of its own; return the columns of its row."""
    made, key = uuid4(), secrets.token_bytes(KEY_BYTES)
    return {
        "id": made,
        "holder": holder,
        "kind": file.kind.value,
        "media_type": file.media_type,
        "size": file.size,
        "parts": keep_parts(session, holder, made, key, file.content),
        "key": keys.encrypt(PURPOSE, key.hex(), str(made)),
    }


def keep_parts(session: Session, holder: str, made: UUID, key: bytes, content: BinaryIO) -> int:
    """Encrypt and write part by part, so that no more than one is in memory."""
    cipher, number = AESGCM(key), 0
    while part := content.read(PART):
        number += 1
        nonce = secrets.token_bytes(NONCE_BYTES)
        secret = nonce + cipher.encrypt(nonce, part, _bound(made, number))
        row = AttachmentPart(
            attachment_id=made, giver=holder, receiver=holder, number=number, content=secret
        )
        session.add(row)
        session.flush()
        session.expunge(row)
    return number


def _bound(attachment: UUID, number: int) -> bytes:
    """Return the context that a part is encrypted in: it can't be read as another part."""
    return f"{attachment}:{number}".encode()


def _plain(row: ReportAttachment) -> Attachment:
    return Attachment(row.id, row.number, row.at, row.kind, row.media_type, row.size, row.sealed)


def attachments_of(session: Session, report_id: UUID) -> list[Attachment]:
    """Return the attachments of a report, in order; also those that are sealed."""
    wanted = select(ReportAttachment).where(ReportAttachment.report_id == report_id)
    return [_plain(row) for row in session.scalars(wanted.order_by(ReportAttachment.number))]


def read(
    engine: Engine,
    keys: KeyRing,
    holder: str,
    attachment_id: UUID,
    entity: type[Any] = ReportAttachment,
) -> Iterator[bytes]:
    """Yield the content part by part, each read in a transaction of its own.

    `entity`: the table of a higher room that keeps attachments in the same way.

    Raises:
        DecryptionError: A part isn't there, or the key doesn't fit.
    """
    with transaction(engine, holder, write=False) as session:
        row = session.scalars(select(entity).where(entity.id == attachment_id)).one()
        cipher, parts = _cipher(keys, row), row.parts
    for number in range(1, parts + 1):
        with transaction(engine, holder, write=False) as session:
            part = _opened(session, cipher, attachment_id, number)
        yield part


def raw_content(session: Session, keys: KeyRing, row: ReportAttachment) -> Iterator[bytes]:
    """Yield the bytes of a sealed file as they came, for the virus scanner and nobody else.

    Raises:
        DecryptionError: A part isn't there, or the key doesn't fit.
    """
    cipher = _key_of(keys, row)
    for number in range(1, row.parts + 1):
        yield _opened(session, cipher, row.id, number)


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


def content_of(session: Session, keys: KeyRing, row: Any) -> Iterator[bytes]:
    """Yield the content part by part, within a transaction.

    `row`: of a table that keeps attachments as this room does.

    Raises:
        DecryptionError: A part isn't there, or the key doesn't fit.
    """
    cipher = _cipher(keys, row)
    for number in range(1, row.parts + 1):
        yield _opened(session, cipher, row.id, number)


def _cipher(keys: KeyRing, row: Any) -> AESGCM:
    """Return the cipher of an attachment that may be opened."""
    if getattr(row, "sealed", None):
        raise DecryptionError("the attachment is sealed")
    return _key_of(keys, row)


def _key_of(keys: KeyRing, row: Any) -> AESGCM:
    return AESGCM(bytes.fromhex(keys.decrypt(PURPOSE, row.key, str(row.id))))


def _opened(session: Session, cipher: AESGCM, attachment: UUID, number: int) -> bytes:
    here = (AttachmentPart.attachment_id == attachment, AttachmentPart.number == number)
    content = session.scalar(select(AttachmentPart.content).where(*here))
    if content is None:
        raise DecryptionError("the attachment misses a part")
    try:
        return cipher.decrypt(
            content[:NONCE_BYTES], content[NONCE_BYTES:], _bound(attachment, number)
        )
    except InvalidTag as error:
        raise DecryptionError("the attachment can't be decrypted") from error


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
            _enqueue(session, SCAN_JOB, row, LOOK_AGAIN)
        elif row.sealed == STOPPED:
            _enqueue(session, END_JOB, row, timedelta(days=KEPT.number))
    session.flush()
