"""One-time links for in a mail, derived from a row's number, so that no link is stored. Pure."""

from __future__ import annotations

from hmac import compare_digest
from uuid import UUID

from stopintimidatie.storage.encryption import DecryptionError, KeyRing


def link_for(keys: KeyRing, purpose: str, number: UUID, version: int) -> str:
    """Return the text of the link for this row, signed with key `version` of the key ring."""
    return f"{number.hex}.{_mac(keys, purpose, number, version)}"


def number_in(typed: str) -> UUID | None:
    """Read the row number from a link, unverified; None when there is none in it."""
    try:
        return UUID(hex=typed.partition(".")[0])
    except ValueError:
        return None


def is_link(keys: KeyRing, purpose: str, number: UUID, version: int, typed: str) -> bool:
    """Tell whether this text is the link of this row."""
    try:
        expected = _mac(keys, purpose, number, version)
    except DecryptionError:
        return False
    mac = typed.partition(".")[2]
    return compare_digest(expected.encode(), mac.encode("utf-8", "replace"))


def _mac(keys: KeyRing, purpose: str, number: UUID, version: int) -> str:
    return keys.keyed_hash(purpose, number.bytes, version)[:40]
