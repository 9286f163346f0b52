"""Attachments: kept in encrypted parts, read part by part, handed over, destroyed.

Each has a key of its own, kept encrypted in its row. Rows and not files: so they are on every
machine, in the backup, and committed together with what they belong to.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, Engine, func, select, update
from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import (
    KEY_BYTES,
    NONCE_BYTES,
    DecryptionError,
    KeyRing,
    Sealed,
)
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.reports.attachments.cleaner import EXTENSIONS, Cleaned
from stopintimidatie.reports.conversation.queries import Copy
from stopintimidatie.reports.conversation.services import REPORTER, NotNowError, own_report, spoke
from stopintimidatie.reports.models import AttachmentPart, Report, ReportAttachment
from stopintimidatie.reports.services import append_move

MOST: Final = 5
PART: Final = 512 * 1024
PURPOSE: Final = "bijlage-sleutel"
SEALED: Final = Sealed(ReportAttachment, PURPOSE, ("key",), "id")
FULL: Final = (
    f"Bij deze melding zitten al {MOST} bestanden. Meer kan niet; u kunt wel een bericht sturen."
)
NAMES: Final = {"foto": "Foto", "geluid": "Geluid", "video": "Video"}


@dataclass(frozen=True, slots=True)
class Attachment:
    """The facts of an attachment, without its content."""

    id: UUID
    number: int
    at: datetime
    kind: str
    media_type: str
    size: int

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
    number = next_number(session, ReportAttachment, mine, MOST)
    if number is None:
        raise NotNowError(FULL)
    return number


def next_number(
    session: Session, entity: type[Any], mine: ColumnElement[bool], most: int
) -> int | None:
    """Return the number that the next attachment gets, or None when there are so many already.

    `entity`: the table, for a higher room keeps attachments in the same way. `mine`: the condition
    of the attachments of the document.
    """
    counted = select(func.count(), func.max(entity.number)).where(mine).select_from(entity)
    number, highest = session.execute(counted).one()
    return None if number >= most else int(highest or 0) + 1


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
        "parts": keep_parts(session, holder, made, key, file),
        "key": keys.encrypt(PURPOSE, key.hex(), str(made)),
    }


def keep_parts(session: Session, holder: str, made: UUID, key: bytes, file: Cleaned) -> int:
    """Encrypt and write part by part, so that no more than one is in memory."""
    cipher, number = AESGCM(key), 0
    while part := file.content.read(PART):
        number += 1
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + cipher.encrypt(nonce, part, _bound(made, number))
        row = AttachmentPart(
            attachment_id=made, giver=holder, receiver=holder, number=number, content=sealed
        )
        session.add(row)
        session.flush()
        session.expunge(row)
    return number


def _bound(attachment: UUID, number: int) -> bytes:
    """Return the context that a part is encrypted in: it can't be read as another part."""
    return f"{attachment}:{number}".encode()


def _plain(row: ReportAttachment) -> Attachment:
    return Attachment(row.id, row.number, row.at, row.kind, row.media_type, row.size)


def attachments_of(session: Session, report_id: UUID) -> list[Attachment]:
    """Return the attachments of a report, in order."""
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
    return AESGCM(bytes.fromhex(keys.decrypt(PURPOSE, row.key, str(row.id))))


def _opened(session: Session, cipher: AESGCM, attachment: UUID, number: int) -> bytes:
    content = session.scalar(
        select(AttachmentPart.content).where(
            AttachmentPart.attachment_id == attachment, AttachmentPart.number == number
        )
    )
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
    rows = session.scalars(
        select(ReportAttachment).where(ReportAttachment.report_id == report.id)
    ).all()
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
        session.add(ReportAttachment(holder=report.holder, report_id=report.id, **values))
    session.flush()
