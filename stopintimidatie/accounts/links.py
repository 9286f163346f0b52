"""Links that are mailed and work once: derived from a row, so that they are kept nowhere. Pure."""

from __future__ import annotations

from hmac import compare_digest
from uuid import UUID

from stopintimidatie.storage.encryption import DecryptionError, KeyRing


def link_for(keys: KeyRing, purpose: str, number: UUID, version: int) -> str:
    """What stands in the link of this row; `version` is the key of the ring that signs it."""
    return f"{number.hex}.{_mac(keys, purpose, number, version)}"


def number_in(typed: str) -> UUID | None:
    """Which row a link says to be of, which proves nothing yet."""
    try:
        return UUID(hex=typed.partition(".")[0])
    except ValueError:
        return None


def is_link(keys: KeyRing, purpose: str, number: UUID, version: int, typed: str) -> bool:
    """Whether this is the link of this row."""
    try:
        expected = _mac(keys, purpose, number, version)
    except DecryptionError:
        return False
    mac = typed.partition(".")[2]
    return compare_digest(expected.encode(), mac.encode("utf-8", "replace"))


def _mac(keys: KeyRing, purpose: str, number: UUID, version: int) -> str:
    return keys.keyed_hash(purpose, number.bytes, version)[:40]
