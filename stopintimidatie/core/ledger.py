"""The ledger of what was destroyed or erased: a file outside the database, of ids and dates alone.

A backup copy still holds what went after it was made. So every document that goes has its line
here, beside the copies, and a restore takes out again what the ledger names. A line is signed with
a key of the installation; the signature covers that of the line before, so that no line can be
changed, taken out or put in between.

The transaction in which a document goes asks for a job; the worker writes the line. It may write it
twice when it is killed at a bad moment: that is the same line again, and it is left out.

There is one ledger, however many workers there are: the database knows its last line. First the
file is written and then the database, so the file may be ahead, of a worker that was killed or of a
database that was put back. A file in which that line isn't, is behind or another one: its worker
writes nothing, and destroys nothing.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from socket import gethostname
from typing import Any, BinaryIO, Final
from uuid import UUID

from sqlalchemy import String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, JobError, Lane, enqueue
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.core.storage.files import locked, sync_folder
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.session import transaction
from stopintimidatie.core.storage.sqlite import empty_wal
from stopintimidatie.core.storage.tenancy import open_table
from stopintimidatie.core.text import datetime_long
from stopintimidatie.settings import Settings

PURPOSE: Final = "grootboek"
JOB: Final = Job("grootboek.bijschrijven")
# The whole document, by the terms.
DESTROYED: Final = "vernietigd"
TRANSFERRED: Final = "overgebracht"
# Its personal data, at request; the bare facts stay.
ERASED: Final = "gewist"
# Its content, at the desk: the municipality has it.
CONTENT_GONE: Final = "inhoud_weg"
CONTACT_GONE: Final = "contact_weg"
WAYS: Final = frozenset({DESTROYED, TRANSFERRED, ERASED, CONTENT_GONE, CONTACT_GONE})
# An hour lies between later attempts: for as long as a disk is away, this is about a year.
ATTEMPTS: Final = 9_000
PATIENCE_SECONDS: Final = 30.0
# The bytes at the end in which a line may stand that a killed worker wrote already.
TAIL: Final = 2 << 20
# The most documents of a job, and the most jobs that are done at once: together they fit the tail.
AT_ONCE: Final = 500
BATCH: Final = 10
BEHIND: Final = "het grootboek eindigt eerder dan de database zegt, of is een ander"
# The file in which a machine kept how far the ledger goes, before the database did (1.0.0).
STAND: Final = ".grootboek.json"
# The parts of a line, in order; two lines about the same are the same.
_ABOUT: Final = ("at", "holder", "kind", "id", "did")
_FIELDS: Final = ("number", *_ABOUT, "key")


class LedgerError(Exception):
    """The ledger isn't there or can't be trusted; the message says which line, and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Entry of the ledger: a document that was destroyed, erased or transferred, and when."""

    number: int
    at: datetime
    holder: str
    kind: str
    id: UUID
    did: str
    signature: str = ""


@dataclass(frozen=True)
class Position:
    """The last line of a ledger: its number and signature; 0 and nothing when there is none."""

    number: int = 0
    signature: str = ""


class LedgerEnd(Base):
    """The last line of the ledger that surely stands in its file; one row, for all workers."""

    __tablename__ = "ledger_end"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    signature: Mapped[str] = mapped_column(String(64), default="")
    # The machine and moment of a refusal, until a worker begins without being refused.
    behind: Mapped[str | None] = mapped_column(String(200))


open_table("ledger_end", "the ledger is of the installation, not of a holder")


def note_gone(session: Session, holder: str, kind: str, ids: Sequence[UUID], did: str) -> None:
    """Have it written in the ledger that these documents went, if this transaction commits.

    `did`: one of the `WAYS`.
    """
    if did not in WAYS:
        raise ValueError(f"{did!r} is no way to go")
    at = utc_now().isoformat()
    for start in range(0, len(ids), AT_ONCE):
        gone = [str(number) for number in ids[start : start + AT_ONCE]]
        enqueue(session, JOB, holder, {"at": at, "kind": kind, "ids": gone, "did": did})


def append_gone(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Write in the ledger what went (job)."""
    lines = [
        dict(zip(_ABOUT, (job["at"], context.holder, job["kind"], number, job["did"]), strict=True))
        for job in payloads
        for number in job["ids"]
    ]
    try:
        append_lines(context.registry, lines)
    except TimeoutError:
        raise JobError("grootboek is bezet") from None
    except OSError as error:
        raise JobError(f"grootboek: {error.strerror}") from None
    # Else what went could still be read in the file of SQLite's latest writes.
    empty_wal(context.engine)


def append_lines(registry: Any, lines: Sequence[dict[str, Any]]) -> None:
    """Write the lines that aren't there yet, and let the database know the last one.

    Raises:
        JobError: the ledger here isn't the one that the database knows.
        OSError: it can't be written.
    """
    path: Path = registry.app_settings.ledger
    # Before the lock is taken, which makes a folder where a disk is away.
    checked_position(registry)
    with locked(path.with_name(f".{path.name}.lock"), PATIENCE_SECONDS):
        known = checked_position(registry)
        fresh = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            last = _write(file, registry.key_ring, lines)
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            sync_folder(path.parent)
        with transaction(registry.engine) as session:
            if not move_position(session, last, known):
                # Another worker wrote in another file meanwhile.
                raise JobError(BEHIND)


def checked_position(registry: Any) -> Position:
    """Return the last line that the database knows; it stands in the ledger of this machine.

    Raises:
        JobError: it doesn't: here nothing may be destroyed.
        OSError: the ledger can't be read.
    """
    settings: Settings = registry.app_settings
    if settings.backup_ledger is not None and not settings.ledger.parent.is_dir():
        raise JobError("de map van het grootboek is er niet")
    with transaction(registry.engine, write=False) as session:
        known = present_position(session)
    if not _holds(settings.ledger, known if known.number else _earlier_position(settings)):
        with transaction(registry.engine) as session:
            behind = f"{gethostname()}, {datetime_long(utc_now())}"
            session.execute(update(LedgerEnd).values(behind=behind[:200]))
        raise JobError(BEHIND)
    return known


def present_position(session: Session) -> Position:
    """Return the last line of the ledger that the database knows."""
    return Position(*session.execute(select(LedgerEnd.number, LedgerEnd.signature)).one())


def move_position(session: Session, last: Position, known: Position | None = None) -> bool:
    """Let the database know another last line; False when what it knew wasn't `known`."""
    move = update(LedgerEnd).values(number=last.number, signature=last.signature)
    if known is not None:
        move = move.where(LedgerEnd.number == known.number, LedgerEnd.signature == known.signature)
    return bool(session.connection().execute(move).rowcount)


def _holds(path: Path, position: Position) -> bool:
    """Tell whether this line stands in a ledger, so that it goes at least as far."""
    if not position.number:
        return True
    mark = f'"signature":"{position.signature}"}}\n'.encode("ascii")
    try:
        with path.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - TAIL, 0))
            if mark in file.read():
                return True
            file.seek(0)
            return any(mark in line for line in file)
    except FileNotFoundError:
        return False


def _write(file: BinaryIO, ring: KeyRing, lines: Sequence[dict[str, Any]]) -> Position:
    """Write the lines that aren't there yet; return the position of the last line."""
    tail = _tail(file)
    last = _position(tail[-1]) if tail else Position()
    there = {_document(json.loads(line)) for line in tail}
    for line in lines:
        if _document(line) not in there:
            there.add(_document(line))
            whole = {"number": last.number + 1, **line, "key": ring.current}
            last = Position(last.number + 1, _signature(ring, whole, last.signature))
            file.write(_text(whole | {"signature": last.signature}) + b"\n")
    return last


def _tail(file: BinaryIO) -> list[bytes]:
    """Return the last whole lines; a half one, of a worker that was killed, is cut off."""
    size = file.seek(0, os.SEEK_END)
    start = file.seek(max(size - TAIL, 0))
    content = file.read()
    whole = content[: content.rfind(b"\n") + 1]
    file.seek(start + len(whole))
    file.truncate()
    lines = whole.splitlines()
    return lines[1:] if start else lines


def _document(line: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(line[name] for name in _ABOUT)


def _text(line: dict[str, Any]) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode("ascii")


def _signature(ring: KeyRing, line: dict[str, Any], before: str) -> str:
    signed = before.encode("ascii") + b"\n" + _text(line)
    return ring.keyed_hash(PURPOSE, signed, line["key"])


def _position(line: bytes) -> Position:
    content = json.loads(line)
    return Position(content["number"], content["signature"])


def _earlier_position(settings: Settings) -> Position:
    """Return how far the ledger went when this machine last saw it, before the database knew."""
    with suppress(FileNotFoundError, ValueError, TypeError):
        return Position(**json.loads((settings.data_dir / STAND).read_text(encoding="ascii")))
    return Position()


def end_of(entries: Sequence[Entry]) -> Position:
    """Return the last line of a ledger that was read."""
    return Position(entries[-1].number, entries[-1].signature) if entries else Position()


def goes_on_from(entries: Sequence[Entry], position: Position) -> bool:
    """Tell whether this line stands in a ledger, so that it is the same one or a later state."""
    return not position.number or position.signature in {entry.signature for entry in entries}


def read_ledger(path: Path, ring: KeyRing) -> Sequence[Entry]:
    """Read a ledger, and hold every line against its signature.

    A half line at the end is left out: its worker was killed, and its job is still there.

    Raises:
        LedgerError: there is none, or a line isn't as this installation wrote it.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise LedgerError(f"Het grootboek {path} is er niet.") from None
    except OSError as error:
        raise LedgerError(f"Het grootboek {path} is niet te lezen: {error.strerror}.") from None
    entries: list[Entry] = []
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        try:
            entries.append(_checked(line, number, end_of(entries).signature, ring))
        except (ValueError, KeyError, TypeError, AttributeError, DecryptionError):
            raise LedgerError(
                f"Regel {number} van het grootboek {path} klopt niet: zij is veranderd of"
                " verplaatst, of het grootboek hoort bij een ander sleutelbestand."
            ) from None
    return entries


def _checked(line: bytes, number: int, before: str, ring: KeyRing) -> Entry:
    """Return the entry of a line.

    Raises:
        ValueError: it isn't the next line as it was written.
    """
    content = json.loads(line)
    signature = content.pop("signature")
    expected = _signature(ring, content, before)
    same = hmac.compare_digest(signature, expected)
    if tuple(content) != _FIELDS or content["number"] != number or not same:
        raise ValueError("not the line that was written")
    at, gone = datetime.fromisoformat(content["at"]), UUID(content["id"])
    return Entry(number, at, content["holder"], content["kind"], gone, content["did"], signature)


def includeme(config: Any) -> None:
    """Register the job that writes in the ledger."""
    config.add_impersonal_table("ledger_end", "number and signature of a line, name of a machine")
    config.add_job_kind(JOB, append_gone, batch=BATCH, attempts=ATTEMPTS, lane=Lane.OUTSIDE)
