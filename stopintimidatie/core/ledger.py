"""The ledger of what was destroyed or erased: a file outside the database, of ids and dates alone.

A backup copy still holds what went after it was made. So every document that goes has its line
here, beside the copies, and a restore takes out again what the ledger names. A line is signed with
a key of the installation; the signature covers that of the line before, so that no line can be
changed, taken out or put in between.

The transaction in which a document goes asks for a job; the worker writes the line. It may write it
twice when it is killed at a bad moment: that is the same line again, and it is left out.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, JobError, Lane, enqueue
from stopintimidatie.core.storage.encryption import DecryptionError, KeyRing
from stopintimidatie.core.storage.files import locked, replace_text, sync_folder, write_private
from stopintimidatie.core.storage.sqlite import empty_wal
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
# The file in which a machine keeps how far the ledger goes: an unmounted disk seems an empty one.
STAND: Final = ".grootboek.json"
_FIELDS: Final = ("number", "at", "holder", "kind", "id", "did", "key")


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


@dataclass(frozen=True)
class Position:
    """The last line of a ledger: its number and signature; 0 and nothing when there is none."""

    number: int = 0
    signature: str = ""


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
        {
            "at": payload["at"],
            "holder": context.holder,
            "kind": payload["kind"],
            "id": number,
            "did": payload["did"],
        }
        for payload in payloads
        for number in payload["ids"]
    ]
    try:
        _append(context.settings, context.registry.key_ring, lines)
    except TimeoutError:
        raise JobError("grootboek is bezet") from None
    except OSError as error:
        raise JobError(f"grootboek: {error.strerror}") from None
    # Else what went could still be read in the file of SQLite's latest writes.
    empty_wal(context.engine)


def _append(settings: Settings, ring: KeyRing, lines: Sequence[dict[str, Any]]) -> None:
    path = settings.ledger
    if settings.backup_ledger is not None and not path.parent.is_dir():
        raise JobError("de map van het grootboek is er niet")
    with locked(path.with_name(f".{path.name}.lock"), PATIENCE_SECONDS):
        fresh = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            last = _write(file, ring, lines, known_position(settings))
            file.flush()
            os.fsync(file.fileno())
        if fresh:
            sync_folder(path.parent)
        remember(settings, last)


def _write(
    file: BinaryIO, ring: KeyRing, lines: Sequence[dict[str, Any]], known: Position
) -> Position:
    """Write the lines that aren't there yet; return the position of the last line."""
    tail = _tail(file)
    last = _position(tail[-1]) if tail else Position()
    if last.number < known.number:
        raise JobError("in het grootboek ontbreken regels")
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
    return tuple(line[name] for name in ("at", "holder", "kind", "id", "did"))


def _text(line: dict[str, Any]) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode("ascii")


def _signature(ring: KeyRing, line: dict[str, Any], before: str) -> str:
    signed = before.encode("ascii") + b"\n" + _text(line)
    return ring.keyed_hash(PURPOSE, signed, line["key"])


def _position(line: bytes) -> Position:
    content = json.loads(line)
    return Position(content["number"], content["signature"])


def known_position(settings: Settings) -> Position:
    """Return how far the ledger surely goes, as this machine last saw it."""
    with suppress(FileNotFoundError, ValueError, TypeError):
        return Position(**json.loads((settings.data_dir / STAND).read_text(encoding="ascii")))
    return Position()


def remember(settings: Settings, last: Position) -> None:
    """Keep on this machine how far the ledger goes."""
    stand = {"number": last.number, "signature": last.signature}
    replace_text(settings.data_dir / STAND, json.dumps(stand))


def read_ledger(path: Path, ring: KeyRing) -> Sequence[Entry]:
    """Read a ledger, and hold every line against its signature.

    A half line at the end is left out: its worker was killed, and its job is still there.

    Raises:
        LedgerError: there is none, or a line isn't as this installation wrote it.
    """
    return [entry for entry, _ in _verified(path, ring)]


def begin_ledger(settings: Settings) -> None:
    """Make an empty ledger where none was ever begun, so that there is one to restore with.

    Raises:
        LedgerError: its folder isn't there.
    """
    path = settings.ledger
    if path.exists() or known_position(settings).number:
        return
    if settings.backup_ledger is not None and not path.parent.is_dir():
        raise LedgerError(f"De map van het grootboek {path} is er niet.")
    path.parent.mkdir(exist_ok=True, mode=0o700)
    with suppress(FileExistsError):
        write_private(path, ())


def last_position(settings: Settings, ring: KeyRing) -> Position:
    """Return the last line of the ledger, all lines of which were held against their signature.

    Raises:
        LedgerError: there is none, a line isn't as it was written, or lines are gone.
    """
    last, path = Position(), settings.ledger
    for entry, signature in _verified(path, ring):
        last = Position(entry.number, signature)
    if last.number < known_position(settings).number:
        raise LedgerError(f"In het grootboek {path} ontbreken regels aan het eind.")
    return last


def goes_on_from(path: Path, ring: KeyRing, position: Position) -> bool:
    """Tell whether this line stands in a ledger, so that it is the same one or a later state."""
    signatures = (signature for _, signature in _verified(path, ring))
    return position.number == 0 or position.signature in signatures


def _verified(path: Path, ring: KeyRing) -> Iterator[tuple[Entry, str]]:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise LedgerError(f"Het grootboek {path} is er niet.") from None
    except OSError as error:
        raise LedgerError(f"Het grootboek {path} is niet te lezen: {error.strerror}.") from None
    before = ""
    with file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                entry, before = _checked(line, number, before, ring)
            except (ValueError, KeyError, TypeError, AttributeError, DecryptionError):
                raise LedgerError(
                    f"Regel {number} van het grootboek {path} klopt niet: zij is veranderd of"
                    " verplaatst, of het grootboek hoort bij een ander sleutelbestand."
                ) from None
            yield entry, before


def _checked(line: bytes, number: int, before: str, ring: KeyRing) -> tuple[Entry, str]:
    """Return the entry of a line with its signature.

    Raises:
        ValueError: it isn't the next line as it was written.
    """
    content = json.loads(line)
    signature = content.pop("signature")
    expected = _signature(ring, content, before)
    same = hmac.compare_digest(signature, expected)
    if tuple(content) != _FIELDS or content["number"] != number or not same:
        raise ValueError("not the line that was written")
    return (
        Entry(
            number,
            datetime.fromisoformat(content["at"]),
            content["holder"],
            content["kind"],
            UUID(content["id"]),
            content["did"],
        ),
        signature,
    )


def includeme(config: Any) -> None:
    """Register the job that writes in the ledger."""
    config.add_job_kind(JOB, append_gone, batch=BATCH, attempts=ATTEMPTS, lane=Lane.OUTSIDE)
