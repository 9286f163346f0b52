"""Encryption: versioned keys, keyed hashes, changing keys, and blobs under a key of their own.

The key file is JSON, readable by the service alone: `{"versie": 1, "sleutels": {"1": "<hex>"}}`.
Each purpose gets its own key, derived from the master key of a version (HKDF-SHA256, RFC 5869).
Old versions stay in the file until everything encrypted with them has been rewritten.

When keys change, what is encrypted with an old version is rewritten with the current one. Rooms
tell which columns they seal (`config.add_sealed`); the command `sleutels herversleutelen` walks
through all of them, holder by holder, some rows at a time, while the product runs.

Frozen blobs of a document are under a key of its own (decision 9 of the architecture). Without the
key row the blobs mean nothing, whatever a backup may bring back; the document's own row and its
hashes stay. Rooms keep two tables beside their document: one of keys, one of blobs.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import ColumnElement, and_, delete, func, not_, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.registry import Directive, named
from stopintimidatie.core.storage.files import sync_folder, write_private
from stopintimidatie.core.storage.models import Held
from stopintimidatie.settings import PROGRAM, OperatorError

NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32


class KeyFileError(OperatorError):
    """The key file is missing or can't be used; the message says what to do."""


class DecryptionError(Exception):
    """Error of stored data that can't be read with the keys at hand."""


@dataclass(frozen=True)
class KeyRing:
    """The master keys by version, and the version new data is written with."""

    current: int
    masters: dict[int, bytes] = field(repr=False)
    # Keys that were derived before: of a handful of purposes, asked for with every report.
    _derived: dict[tuple[str, int], bytes] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def derive(self, purpose: str, version: int | None = None) -> bytes:
        """Return the 32-byte key of a purpose.

        Raises:
            DecryptionError: when there is no key of that version.
        """
        number = self.current if version is None else version
        if number not in self.masters:
            raise DecryptionError(f"no key of version {number}")
        known = self._derived.get((purpose, number))
        if known is None:
            hkdf = HKDF(SHA256(), KEY_BYTES, salt=None, info=purpose.encode())
            known = self._derived[purpose, number] = hkdf.derive(self.masters[number])
        return known

    def encrypt(self, purpose: str, text: str, context: str) -> str:
        """Encrypt a text (AES-256-GCM), bound to a context such as the id of its row."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self.derive(purpose)).encrypt(nonce, text.encode(), context.encode())
        return f"{self.current}:{base64.b64encode(nonce + sealed).decode()}"

    def decrypt(self, purpose: str, stored: str, context: str) -> str:
        """Read back what `encrypt` made.

        Raises:
            DecryptionError: wrong key, wrong context, or damaged.
        """
        version, _, payload = stored.partition(":")
        try:
            raw = base64.b64decode(payload, validate=True)
            cipher = AESGCM(self.derive(purpose, int(version)))
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
        except (ValueError, InvalidTag) as error:
            raise DecryptionError("the stored value can't be decrypted") from error

    def keyed_hash(self, purpose: str, value: bytes, version: int | None = None) -> str:
        """Return an HMAC-SHA256 in hex: a fingerprint that means nothing without the key."""
        return hmac.new(self.derive(purpose, version), value, hashlib.sha256).hexdigest()


def new_key_ring() -> KeyRing:
    """Make a key ring with one fresh key."""
    return KeyRing(1, {1: secrets.token_bytes(KEY_BYTES)})


def create_key_file(path: Path) -> KeyRing:
    """Write a new key file, mode 0600, never over an existing one."""
    ring = new_key_ring()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _write(path, ring)
    return ring


def _write(path: Path, ring: KeyRing) -> None:
    content = {
        "versie": ring.current,
        "sleutels": {str(version): key.hex() for version, key in ring.masters.items()},
    }
    write_private(path, [json.dumps(content, indent=1).encode("ascii")])


def _replace(path: Path, ring: KeyRing) -> None:
    """Write the key file anew, so that it is the old one or the new one at any moment."""
    fresh = path.with_name(f".{path.name}.nieuw")
    fresh.unlink(missing_ok=True)
    _write(fresh, ring)
    status = path.stat()
    if os.geteuid() == 0:
        os.chown(fresh, status.st_uid, status.st_gid)
    fresh.replace(path)
    sync_folder(path.parent)


def add_key(path: Path) -> int:
    """Put a new version in the key file, not in use yet: every process must know it first.

    Raises:
        KeyFileError: the file can't be used.
    """
    ring = load_key_ring(path)
    version = max(ring.masters) + 1
    _replace(path, KeyRing(ring.current, {**ring.masters, version: secrets.token_bytes(KEY_BYTES)}))
    return version


def use_key(path: Path, version: int) -> None:
    """Write new data with this version from now on (processes: from their next start).

    Raises:
        KeyFileError: the file can't be used, or has no such version.
    """
    ring = load_key_ring(path)
    if version not in ring.masters:
        raise KeyFileError(
            f"Versie {version} staat niet in het sleutelbestand. Maak haar met: {PROGRAM}"
            " sleutels nieuw"
        )
    _replace(path, KeyRing(version, ring.masters))


def load_key_ring(path: Path) -> KeyRing:
    """Read the key file.

    Raises:
        KeyFileError: missing, or not in the format of this module.
    """
    try:
        content = json.loads(path.read_text(encoding="ascii"))
        masters = {int(v): bytes.fromhex(k) for v, k in content["sleutels"].items()}
        ring = KeyRing(int(content["versie"]), masters)
    except FileNotFoundError:
        raise KeyFileError(
            f"Het sleutelbestand {path} ontbreekt. Zet het terug uit de reservekopie; is dit een"
            f" nieuwe installatie, draai dan eerst: {PROGRAM} database migreren"
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeyFileError(f"Het sleutelbestand {path} is niet te lezen: {error}") from None
    if ring.current not in masters or any(len(k) != KEY_BYTES for k in masters.values()):
        raise KeyFileError(f"Het sleutelbestand {path} mist de sleutel van de huidige versie.")
    return ring


# Changing keys

BATCH: Final = 200


@dataclass(frozen=True)
class Sealed:
    """Columns of a table that hold what `KeyRing.encrypt` made.

    Args:
        bound_to: the attribute whose value the encryption is bound to.
        also: (row, keys, the texts in clear) -> None, for what else depends on the key.
    """

    entity: type[Any]
    purpose: str
    columns: tuple[str, ...]
    bound_to: str
    also: Callable[[Any, KeyRing, Mapping[str, str]], None] | None = None

    @property
    def held(self) -> bool:
        """True if each holder has rows of its own; else the national desk sees them all."""
        return issubclass(self.entity, Held)

    @property
    def name(self) -> str:
        """The name of the table."""
        return str(self.entity.__tablename__)


SEALED_TABLES: Final = Directive[str, Sealed]("add_sealed", "sealed_tables", named)


def _old(sealed: Sealed, current: int) -> ColumnElement[bool]:
    columns = [getattr(sealed.entity, name) for name in sealed.columns]
    return or_(*(and_(c.is_not(None), not_(c.startswith(f"{current}:"))) for c in columns))


def reseal_some(session: Session, keys: KeyRing, sealed: Sealed) -> int:
    """Rewrite some rows that this transaction sees; 0 when there is nothing left to do.

    Raises:
        DecryptionError: a row needs a version that the key file doesn't have.
    """
    rows = session.scalars(
        select(sealed.entity)
        .where(_old(sealed, keys.current))
        .order_by(getattr(sealed.entity, sealed.bound_to))
        .limit(BATCH)
        .with_for_update()
    ).all()
    for row in rows:
        _reseal(row, keys, sealed)
    session.flush()
    return len(rows)


def _reseal(row: Any, keys: KeyRing, sealed: Sealed) -> None:
    context = str(getattr(row, sealed.bound_to))
    clear = {
        name: keys.decrypt(sealed.purpose, getattr(row, name), context)
        for name in sealed.columns
        if getattr(row, name) is not None
    }
    for name, text in clear.items():
        setattr(row, name, keys.encrypt(sealed.purpose, text, context))
    if sealed.also is not None:
        sealed.also(row, keys, clear)


def count_sealed(session: Session, sealed: Sealed, version: int) -> int:
    """Count the rows that need this version, as far as this transaction sees."""
    columns = (getattr(sealed.entity, name) for name in sealed.columns)
    needs = or_(*(column.startswith(f"{version}:") for column in columns))
    return session.scalar(select(func.count()).select_from(sealed.entity).where(needs)) or 0


# Frozen blobs


@dataclass(frozen=True)
class Vault:
    """The keys and blobs of one kind of document.

    Args:
        keys: table of keys, with a column `sealed`.
        blobs: table of blobs, with columns `kind` and `data`.
        link: the column of both that names the document.
        purpose: under which the key ring encrypts the keys.
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
        mine = {self.link: owner.id, "kind": kind}
        session.execute(delete(self.blobs).filter_by(**mine))
        session.add(self.blobs(holder=owner.holder, **mine, data=nonce + sealed))
        session.flush()

    def read(self, session: Session, ring: KeyRing, owner: Any, kind: str) -> bytes:
        """Return what was kept.

        Raises:
            DecryptionError: it isn't there (any more), or the key doesn't fit.
        """
        data = session.scalars(
            select(self.blobs.data).filter_by(**{self.link: owner.id}, kind=kind)
        ).one_or_none()
        sealed = self._sealed_key(session, owner)
        if data is None or sealed is None:
            raise DecryptionError("the document has no such blob, or no key")
        key = bytes.fromhex(ring.decrypt(self.purpose, sealed, str(owner.id)))
        try:
            return AESGCM(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _bound(owner, kind))
        except InvalidTag as error:
            raise DecryptionError("the blob can't be decrypted") from error

    def kinds(self, session: Session, owner: Any) -> list[str]:
        """Return the kinds of what is kept of a document, in their order."""
        mine = select(self.blobs.kind).filter_by(**{self.link: owner.id})
        return list(session.scalars(mine.order_by(self.blobs.kind)))

    def read_all(
        self, session: Session, ring: KeyRing, kind: str
    ) -> Generator[tuple[UUID, bytes | None], None, None]:
        """Yield what was kept of one kind, by document, one at a time; None: it can't be read."""
        owner = getattr(self.blobs, self.link)
        asked = (
            select(owner, self.blobs.data, self.keys.sealed)
            .join(self.keys, getattr(self.keys, self.link) == owner)
            .where(self.blobs.kind == kind)
            .order_by(owner)
        )
        with session.execute(asked, execution_options={"yield_per": 10}) as rows:
            for number, data, sealed in rows:
                try:
                    key = bytes.fromhex(ring.decrypt(self.purpose, sealed, str(number)))
                    bound = f"{number}:{kind}".encode()
                    clear = AESGCM(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], bound)
                except (DecryptionError, InvalidTag):
                    clear = None
                yield number, clear

    def destroy(self, session: Session, owner: Any) -> None:
        """Delete blobs and key; nobody reads them again."""
        for entity in (self.blobs, self.keys):
            session.execute(delete(entity).filter_by(**{self.link: owner.id}))
        session.flush()

    def _key(self, session: Session, ring: KeyRing, owner: Any) -> bytes:
        """Return the key of this document, made at its first use."""
        sealed = self._sealed_key(session, owner)
        if sealed is not None:
            return bytes.fromhex(ring.decrypt(self.purpose, sealed, str(owner.id)))
        key = secrets.token_bytes(KEY_BYTES)
        wrapped = ring.encrypt(self.purpose, key.hex(), str(owner.id))
        session.add(self.keys(holder=owner.holder, **{self.link: owner.id}, sealed=wrapped))
        session.flush()
        return key

    def _sealed_key(self, session: Session, owner: Any) -> str | None:
        sealed_key: str | None = session.scalars(
            select(self.keys.sealed).filter_by(**{self.link: owner.id})
        ).one_or_none()
        return sealed_key


def _bound(owner: Any, kind: str) -> bytes:
    """Return the context of a blob, which means something only as this part of this document."""
    return f"{owner.id}:{kind}".encode()
