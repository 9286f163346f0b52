"""Attachments: kept in encrypted parts, read part by part, handed over, destroyed.

Each has a key of its own, kept encrypted in its row. Rows and not files: so they are on every
machine, in the backup, and committed together with what they belong to.

A sealed one holds the bytes as they came: the virus scanner stopped it, or must still look at it.
No way of reading opens it but `raw_content`, which the worker's scan uses (docs/dev/adr/0028).

A file that comes again is known by a keyed hash of its bytes, which goes when the content goes.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, BinaryIO, Final, cast
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, Engine, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import SYSTEM, record
from stopintimidatie.core.jobs import Job, enqueue
from stopintimidatie.core.limits import sender_of
from stopintimidatie.core.storage.encryption import (
    KEY_BYTES,
    NONCE_BYTES,
    DecryptionError,
    KeyRing,
    Sealed,
)
from stopintimidatie.core.storage.retention import days
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.text import _
from stopintimidatie.core.web.limits import PUBLIC_UPLOAD, heavy_work
from stopintimidatie.core.web.translation import gettext
from stopintimidatie.reports.attachments.cleaner import (
    EXTENSIONS,
    Cleaned,
    CleaningError,
    Fault,
    MediaKind,
    StoppedError,
    cleaned_apart,
)
from stopintimidatie.reports.conversation.queries import Copy
from stopintimidatie.reports.conversation.services import (
    REPORTER,
    NotNowError,
    file_came,
    own_report,
)
from stopintimidatie.reports.models import AttachmentPart, Report, ReportAttachment
from stopintimidatie.reports.services import append_move
from stopintimidatie.reports.vocabulary import KIND

# Files that can be opened or wait. The ones that the scanner stopped are counted apart: as many.
MOST: Final = 5
PART: Final = 512 * 1024
PURPOSE: Final = "bijlage-sleutel"
SEALED: Final = Sealed(ReportAttachment, PURPOSE, ("key",), "id")
TOO_MUCH: Final = _("Samen zijn de bestanden hoogstens %(most)s MB. Stuur een kleiner bestand.")
FULL: Final = _(
    "Bij deze melding zitten al %(most)s bestanden. Meer kan niet; u kunt wel een bericht sturen."
)
SPENT: Final = _(
    "Vanaf uw internetverbinding of met deze app zijn vandaag al heel veel bestanden gestuurd. Uw"
    " melding is wel goed binnengekomen. Bewaar dit bestand en stuur het morgen."
)
SENT_PURPOSE: Final = "bijlage-herkennen"
NAMES: Final = {"foto": "Foto", "geluid": "Geluid", "video": "Video"}
# Reasons that nobody can open an attachment.
WAITING: Final = "wacht"
STOPPED: Final = "tegengehouden"
UNREADABLE: Final = "onleesbaar"
SEALED_WORDS: Final = {
    WAITING: _("wacht op de virusscanner; nog niet te openen"),
    STOPPED: _("tegengehouden door de virusscanner; niemand kan het openen"),
    UNREADABLE: _("niet te lezen, en daarom weggegooid"),
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
    # It was sent before, and is told once more.
    again: bool = False

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


@dataclass(frozen=True)
class Upload:
    """A file that a reporter sends along.

    `app`: what tells apps and pages apart. `key`: the Idempotency-Key that an app gave it.
    """

    request: Any
    copy: Copy
    source: BinaryIO
    app: str
    key: UUID | None = None

    @property
    def raw(self) -> Cleaned:
        """Return the file as it came."""
        size = self.source.seek(0, os.SEEK_END)
        return Cleaned(MediaKind.RAW, "application/octet-stream", self.source, size)

    @cached_property
    def digest(self) -> bytes:
        """Return the hash of its bytes."""
        self.source.seek(0)
        return hashlib.file_digest(cast("Any", self.source), "sha256").digest()


def take(upload: Upload) -> Attachment:
    """Keep a reporter's file: cleaned; or sealed, when the scanner stopped it or must still look.

    A file that was sent with this report before isn't kept again.

    Raises:
        StoppedError: The scanner knew something in it, and its sender is to be told.
        CleaningError: It isn't kept.
        NoPlaceError: Too many files are being cleaned.
        NotNowError: The report takes no attachment (any more).
    """
    registry = upload.request.registry
    with own_report(registry.engine, upload.copy, write=False) as (session, report):
        if known := _find_known(session, report, upload):
            return known
        _find_number(session, report, upload, upload.raw.size)
    _spend(upload, upload.raw.size, count=False)
    try:
        with cleaned_apart(upload.request, upload.source) as clean:
            return _keep(upload, clean)
    except StoppedError as stopped:
        return _keep(upload, upload.raw, STOPPED, stopped.signature)
    except CleaningError as refused:
        if refused.fault is not Fault.NOT_SCANNED or not registry.scanner.files_wait:
            raise
        return _keep(upload, upload.raw, WAITING)


def _find_known(session: Session, report: Report, upload: Upload) -> Attachment | None:
    """Return the attachment that this file became when it was sent with this report before.

    Raises:
        StoppedError: The virus scanner stopped it then.
        CleaningError: Its key came with another file.
    """
    versions = upload.request.registry.key_ring.masters
    same = ReportAttachment.sent_hash.in_([_hash(report, upload, each) for each in versions])
    mine = select(ReportAttachment).where(ReportAttachment.report_id == report.id)
    others = mine.where(ReportAttachment.sent_key == upload.key, ~same)
    if upload.key and session.scalar(others.limit(1)):
        raise CleaningError(Fault.OTHER_FILE, "")
    row = session.scalar(mine.where(same).limit(1))
    if row is not None and row.sealed == STOPPED:
        raise StoppedError("")
    return None if row is None else replace(_plain(row), again=True)


def _hash(report: Report, upload: Upload, version: int | None = None) -> str:
    """Return the keyed hash of a file; the same file with another report has another."""
    keys: KeyRing = upload.request.registry.key_ring
    return keys.keyed_hash(SENT_PURPOSE, report.reference.encode() + upload.digest, version)


def _find_number(
    session: Session, report: Report, upload: Upload, size: int, sealed: str | None = None
) -> int | None:
    """Return the number that an attachment of this size gets.

    After some stopped files of one report the next is a line in the log alone, and gets None: who
    sends harm fills no disk.

    Raises:
        NotNowError: The report takes no more.
        CleaningError: It takes no more that is so large. What was stopped counts as well.
    """
    mine = ReportAttachment.report_id == report.id
    counted = ReportAttachment.sealed == STOPPED if sealed == STOPPED else TAKES_PLACE
    number = next_number(session, ReportAttachment, mine, MOST, counted)
    if sealed == STOPPED:
        return number
    if number is None:
        raise NotNowError(gettext(FULL, most=MOST))
    sizes = select(func.sum(ReportAttachment.size)).where(mine, ReportAttachment.parts > 0)
    most = upload.request.registry.app_settings.report_megabytes
    if (session.scalar(sizes) or 0) + size > most * 10**6:
        raise CleaningError(Fault.TOO_LARGE, gettext(TOO_MUCH, most=most))
    return number


def _spend(upload: Upload, size: int, *, count: bool = True) -> None:
    """Count the bytes of a file for its sender and its app, or only look whether they may.

    Each process has its share of what may come in, and takes one file of the largest at least.

    Raises:
        CleaningError: They may send no more today.
    """
    settings = upload.request.registry.app_settings
    who = sender_of(upload.request.environ, settings)
    megabytes = {
        # Behind a proxy that doesn't tell who asks, all are one.
        f"sender {who}": settings.sender_megabytes * (1 if who else 10),
        f"app {upload.app}": settings.app_megabytes,
    }
    share = 10**6 // settings.web_processes
    budgets = {name: max(most * share, PUBLIC_UPLOAD) for name, most in megabytes.items()}
    if not upload.request.registry.budgets.spend(budgets, size, count=count):
        raise CleaningError(Fault.SPENT, SPENT)


@contextmanager
def _opened(upload: Upload) -> Iterator[tuple[Session, Report]]:
    """Open the report to store a file with it: one at a time, so that reports get by."""
    registry = upload.request.registry
    with heavy_work(upload.request, registry.storing_places):
        with own_report(registry.engine, upload.copy) as opened:
            yield opened
        if registry.app_settings.sqlite and upload.raw.size > PART:
            # A writer that waits for SQLite's one lock tries it ten times a second.
            time.sleep(0.15)


def _keep(
    upload: Upload, file: Cleaned, sealed: str | None = None, signature: str = ""
) -> Attachment:
    """Keep a file: cleaned; or sealed as it came, for this reason.

    `signature`: what the scanner knew in it.

    Raises:
        StoppedError: The scanner stopped it; told once it is kept, or written in the log alone.
    """
    row = None
    with _opened(upload) as (session, report):
        if known := _find_known(session, report, upload):
            return known
        number = _find_number(session, report, upload, file.size, sealed)
        if number is not None:
            _spend(upload, file.size)
            content = keep_content(session, upload.request.registry.key_ring, report.holder, file)
            known_by = {"sent_hash": _hash(report, upload), "sent_key": upload.key}
            content |= {"report_id": report.id, "number": number, "sealed": sealed}
            row = ReportAttachment(**known_by, **content)
            session.add(row)
            session.flush()
        if row is None:
            _log_stopped(session, report, signature)
        elif sealed == STOPPED:
            stop(session, report, row, signature)
        else:
            if sealed:
                enqueue_for(session, SCAN_JOB, row, LOOK_AGAIN)
            step = "bijlage_wacht" if sealed else "bijlage"
            append_move(session, report, REPORTER, step, report.state, {})
            file_came(session, report, row.at, ready=not sealed)
    if row is None or sealed == STOPPED:
        raise StoppedError(signature, kept=row is not None)
    return _plain(row)


def stop(session: Session, report: Report, row: ReportAttachment, signature: str) -> None:
    """Mark a sealed file as stopped; its content goes by itself after the term."""
    row.sealed = STOPPED
    append_move(session, report, SYSTEM, "bestand_tegengehouden", report.state, {})
    _log_stopped(session, report, signature)
    enqueue_for(session, END_JOB, row, timedelta(days=KEPT.number))


def _log_stopped(session: Session, report: Report, signature: str) -> None:
    action, task = "melding.bestand_tegengehouden", f"herkend als {signature[:80]}"
    record(session, SYSTEM, action, report.holder, KIND, [report.id], task=task)


def enqueue_for(session: Session, job: Job, row: ReportAttachment, delay: timedelta) -> None:
    """Ask for a job about one attachment, to be done after a while."""
    enqueue(session, job, row.holder, {"bijlage": str(row.id)}, delay=delay)


def keep_content(session: Session, keys: KeyRing, holder: str, file: Cleaned) -> dict[str, Any]:
    """Write the content of a file under a key of its own; return the columns of its row."""
    made, key = uuid4(), secrets.token_bytes(KEY_BYTES)
    file.content.seek(0)
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
            part = read_part(session, cipher, attachment_id, number)
        yield part


def content_of(session: Session, keys: KeyRing, row: Any) -> Iterator[bytes]:
    """Yield the content part by part, within a transaction.

    `row`: of a table that keeps attachments as this room does.

    Raises:
        DecryptionError: A part isn't there, or the key doesn't fit.
    """
    cipher = _cipher(keys, row)
    for number in range(1, row.parts + 1):
        yield read_part(session, cipher, row.id, number)


def _cipher(keys: KeyRing, row: Any) -> AESGCM:
    """Return the cipher of an attachment that may be opened."""
    if getattr(row, "sealed", None):
        raise DecryptionError("the attachment is sealed")
    return cipher_of(keys, row)


def cipher_of(keys: KeyRing, row: Any) -> AESGCM:
    """Return the cipher of an attachment, also of one that is sealed."""
    return AESGCM(bytes.fromhex(keys.decrypt(PURPOSE, row.key, str(row.id))))


def read_part(session: Session, cipher: AESGCM, attachment: UUID, number: int) -> bytes:
    """Return the content of one part."""
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
