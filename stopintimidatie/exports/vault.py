"""Keeping and reading the blobs of an export, each export under its own key."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import delete
from sqlalchemy.orm import Session

from stopintimidatie.exports.models import Export, ExportBlob, ExportKey
from stopintimidatie.storage.encryption import KeyRing
from stopintimidatie.storage.vault import Vault

PURPOSE: Final = "export-key"
VAULT: Final = Vault(ExportKey, ExportBlob, "export_id", PURPOSE)
SEALED: Final = VAULT.sealed
FILE: Final = "bestand-"


class BlobKind(StrEnum):
    """What is kept of an export."""

    CONTENT = "inhoud"
    SUBJECTS = "van_wie"
    PDF = "pdf"
    # Of a file with one, until it was shown.
    LOCK = "wachtwoord"


def keep(session: Session, keys: KeyRing, export: Export, kind: BlobKind, data: bytes) -> None:
    """Encrypt and keep; what was there of this kind is replaced."""
    VAULT.keep(session, keys, export, kind.value, data)


def keep_file(session: Session, keys: KeyRing, export: Export, number: int, data: bytes) -> None:
    """A file that goes along, by its place among those of the content."""
    VAULT.keep(session, keys, export, f"{FILE}{number}", data)


def read_file(session: Session, keys: KeyRing, export: Export, number: int) -> bytes:
    """:raises DecryptionError: it isn't there (any more), or the key doesn't fit."""
    return VAULT.read(session, keys, export, f"{FILE}{number}")


def forget_files(session: Session, export: Export) -> None:
    """Once they are in the PDF they needn't be kept beside it."""
    session.execute(
        delete(ExportBlob).where(
            ExportBlob.export_id == export.id, ExportBlob.kind.startswith(FILE, autoescape=True)
        )
    )


def forget(session: Session, export: Export, kind: BlobKind) -> None:
    """What was kept of this kind goes."""
    session.execute(
        delete(ExportBlob).where(ExportBlob.export_id == export.id, ExportBlob.kind == kind.value)
    )


def read(session: Session, keys: KeyRing, export: Export, kind: BlobKind) -> bytes:
    """What was kept.

    :raises DecryptionError: it isn't there (any more), or the key doesn't fit.
    """
    return VAULT.read(session, keys, export, kind.value)
