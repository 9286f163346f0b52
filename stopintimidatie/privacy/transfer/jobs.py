"""Making the package of a dossier in the worker, encrypted for the archive.

It is made outside any transaction in files without a name, so a kill leaves nothing that can be
read. Content and state are then stored in one transaction: a repeated job makes it anew.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Sequence
from typing import IO, Any, Final
from uuid import UUID

import pyrage
from pyrage import x25519
from sqlalchemy import update

from stopintimidatie.core.audit import SYSTEM
from stopintimidatie.core.jobs import JobContext
from stopintimidatie.core.storage.encryption import DecryptionError
from stopintimidatie.core.telemetry import making_pdf
from stopintimidatie.exports.document.process import RenderingError
from stopintimidatie.exports.redaction.content import ContentError
from stopintimidatie.privacy.destruction.models import ArchiveTransfer, TransferState
from stopintimidatie.privacy.transfer.services import (
    UNDER_WAY,
    TransferError,
    finish,
    make_zip,
)

log = logging.getLogger(__name__)
TELL_EVERY: Final = 1.0
UNREADABLE: Final = (
    "Een bijlage of stuk van dit dossier kan niet worden gelezen. Meld het aan de beheerder."
)
NO_ROOM: Final = "Het pakket kon niet worden gemaakt. Probeer het later opnieuw."
CHANGED: Final = "Het dossier veranderde terwijl het pakket werd gemaakt. Maak het opnieuw."


def make_packages(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Make the packages that were asked for (job); doing it twice changes nothing."""
    for payload in payloads:
        make(context, UUID(payload["id"]))


def make(context: JobContext, number: UUID) -> None:
    """Make one package, or note on its page why that failed and what to do."""
    recipient = _begin(context, number)
    if recipient is None:
        return
    try:
        with tempfile.TemporaryFile() as sealed:
            with tempfile.TemporaryFile() as clear, making_pdf():
                progress = _Progress(context, number)
                package = make_zip(
                    context.registry, context.engine, context.holder, number, clear, progress
                )
                _encrypt(clear, sealed, recipient)
            with context.transaction() as session:
                made = finish(session, context.registry, SYSTEM, number, package, sealed, keep=True)
        failure = "" if made else CHANGED
    except (RenderingError, TransferError) as error:
        failure = str(error)
    except ContentError as error:
        failure = f"Dit dossier past niet in een document: {error}."
    except DecryptionError:
        failure = UNREADABLE
    except OSError as error:
        log.error("package %s failed: %s", number, type(error).__name__)
        failure = NO_ROOM
    if failure:
        _fail(context, number, failure)


def _encrypt(clear: IO[bytes], sealed: IO[bytes], recipient: str) -> None:
    clear.seek(0)
    pyrage.encrypt_io(clear, sealed, [x25519.Recipient.from_str(recipient)])


def _begin(context: JobContext, number: UUID) -> str | None:
    """Mark a package as being made and return the archive's key; None: there is nothing to do."""
    with context.transaction() as session:
        transfer = session.get(ArchiveTransfer, number, with_for_update=True)
        if transfer is None or transfer.state not in UNDER_WAY:
            return None
        transfer.state = TransferState.MAKING.value
        transfer.step = "het dossier wordt gelezen"
        return transfer.recipient


def _fail(context: JobContext, number: UUID, reason: str) -> None:
    with context.transaction() as session:
        transfer = session.get(ArchiveTransfer, number, with_for_update=True)
        if transfer is not None and transfer.state in UNDER_WAY:
            transfer.state, transfer.step = TransferState.FAILED.value, ""
            transfer.failure = reason[:500]


class _Progress:
    """A callback that stores how far the package is, at most once a second."""

    def __init__(self, context: JobContext, number: UUID) -> None:
        self._context, self._number = context, number
        self._at = time.monotonic()

    def __call__(self, words: str, percentage: int) -> None:
        now = time.monotonic()
        if now - self._at < TELL_EVERY:
            return
        self._at = now
        with self._context.transaction() as session:
            session.execute(
                update(ArchiveTransfer)
                .where(
                    ArchiveTransfer.id == self._number,
                    ArchiveTransfer.state == TransferState.MAKING.value,
                )
                .values(progress=percentage, step=words, version=ArchiveTransfer.version + 1)
            )
