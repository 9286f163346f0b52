"""Frozen blobs, each document's under a key of its own (decision 9 of the architecture).

Without the key row the blobs mean nothing, whatever a backup may bring back; the document's own
row and its hashes stay. Rooms keep two tables beside their document: one of keys, one of blobs.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stopintimidatie.storage.encryption import (
    KEY_BYTES,
    NONCE_BYTES,
    DecryptionError,
    KeyRing,
)
from stopintimidatie.storage.resealing import Sealed


@dataclass(frozen=True)
class Vault:
    """The keys and blobs of one kind of document.

    :param keys: table of keys, with a column `sealed`.
    :param blobs: table of blobs, with columns `kind` and `data`.
    :param link: the column of both that names the document.
    :param purpose: under which the key ring encrypts the keys.
    """

    keys: type[Any]
    blobs: type[Any]
    link: str
    purpose: str

    @property
    def sealed(self) -> Sealed:
        """For `config.add_sealed`: what a change of master keys rewrites."""
        return Sealed(self.keys, self.purpose, ("sealed",), self.link)

    def keep(self, session: Session, ring: KeyRing, owner: Any, kind: str, data: bytes) -> None:
        """Encrypt and keep; what was there of this kind is replaced."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self._key(session, ring, owner)).encrypt(nonce, data, _bound(owner, kind))
        session.execute(delete(self.blobs).where(self._mine(self.blobs, owner), self._is(kind)))
        session.add(
            self.blobs(holder=owner.holder, **{self.link: owner.id}, kind=kind, data=nonce + sealed)
        )
        session.flush()

    def read(self, session: Session, ring: KeyRing, owner: Any, kind: str) -> bytes:
        """What was kept.

        :raises DecryptionError: it isn't there (any more), or the key doesn't fit.
        """
        data = session.scalars(
            select(self.blobs.data).where(self._mine(self.blobs, owner), self._is(kind))
        ).one_or_none()
        sealed = self._sealed_key(session, owner)
        if data is None or sealed is None:
            raise DecryptionError("the document has no such blob, or no key")
        key = bytes.fromhex(ring.decrypt(self.purpose, sealed, str(owner.id)))
        try:
            return AESGCM(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _bound(owner, kind))
        except InvalidTag as error:
            raise DecryptionError("the blob can't be decrypted") from error

    def destroy(self, session: Session, owner: Any) -> None:
        """Blobs and key go; nobody reads them again."""
        for entity in (self.blobs, self.keys):
            session.execute(delete(entity).where(self._mine(entity, owner)))
        session.flush()

    def _key(self, session: Session, ring: KeyRing, owner: Any) -> bytes:
        """The key of this document, made at its first use."""
        sealed = self._sealed_key(session, owner)
        if sealed is not None:
            return bytes.fromhex(ring.decrypt(self.purpose, sealed, str(owner.id)))
        key = secrets.token_bytes(KEY_BYTES)
        wrapped = ring.encrypt(self.purpose, key.hex(), str(owner.id))
        session.add(self.keys(holder=owner.holder, **{self.link: owner.id}, sealed=wrapped))
        session.flush()
        return key

    def _sealed_key(self, session: Session, owner: Any) -> str | None:
        found: str | None = session.scalars(
            select(self.keys.sealed).where(self._mine(self.keys, owner))
        ).one_or_none()
        return found

    def _mine(self, entity: Any, owner: Any) -> Any:
        return getattr(entity, self.link) == owner.id

    def _is(self, kind: str) -> Any:
        return self.blobs.kind == kind


def _bound(owner: Any, kind: str) -> bytes:
    """A blob means something only as this part of this document."""
    return f"{owner.id}:{kind}".encode()
