"""Keeping and reading the blobs of an export, each export under its own key."""

from __future__ import annotations

import secrets
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.exports.models import Export, ExportBlob, ExportKey
from stopintimidatie.storage.encryption import (
    KEY_BYTES,
    NONCE_BYTES,
    DecryptionError,
    KeyRing,
)

PURPOSE = "export-key"


class BlobKind(StrEnum):
    """What is kept of an export."""

    CONTENT = "inhoud"
    SUBJECTS = "van_wie"
    PDF = "pdf"


def keep(session: Session, keys: KeyRing, export: Export, kind: BlobKind, data: bytes) -> None:
    """Encrypt and keep; what was there of this kind is replaced."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = AESGCM(_key(session, keys, export)).encrypt(nonce, data, _bound(export, kind))
    session.execute(
        delete(ExportBlob).where(ExportBlob.export_id == export.id, ExportBlob.kind == kind.value)
    )
    session.add(
        ExportBlob(holder=export.holder, export_id=export.id, kind=kind.value, data=nonce + sealed)
    )
    session.flush()


def read(session: Session, keys: KeyRing, export: Export, kind: BlobKind) -> bytes:
    """What was kept.

    :raises DecryptionError: it isn't there (any more), or the key doesn't fit.
    """
    data = session.scalars(
        select(ExportBlob.data).where(
            ExportBlob.export_id == export.id, ExportBlob.kind == kind.value
        )
    ).one_or_none()
    sealed = _sealed_key(session, export)
    if data is None or sealed is None:
        raise DecryptionError("the export has no such blob, or no key")
    key = bytes.fromhex(keys.decrypt(PURPOSE, sealed, str(export.id)))
    try:
        return AESGCM(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _bound(export, kind))
    except InvalidTag as error:
        raise DecryptionError("the blob can't be decrypted") from error


def _key(session: Session, keys: KeyRing, export: Export) -> bytes:
    """The key of this export, made at its first use."""
    sealed = _sealed_key(session, export)
    if sealed is not None:
        return bytes.fromhex(keys.decrypt(PURPOSE, sealed, str(export.id)))
    key = secrets.token_bytes(KEY_BYTES)
    wrapped = keys.encrypt(PURPOSE, key.hex(), str(export.id))
    session.add(ExportKey(holder=export.holder, export_id=export.id, sealed=wrapped))
    session.flush()
    return key


def _sealed_key(session: Session, export: Export) -> str | None:
    return session.scalars(
        select(ExportKey.sealed).where(ExportKey.export_id == export.id)
    ).one_or_none()


def _bound(export: Export, kind: BlobKind) -> bytes:
    """A blob means something only as this part of this export."""
    return f"{export.id}:{kind.value}".encode()
