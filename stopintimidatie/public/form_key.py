"""The key of one opened form: signed by us, so that sending it twice stores one report. Pure.

It says that this form came from our own page, for this municipality, not longer than a day ago.
Nothing in it is about whoever fills the form in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Final
from uuid import UUID, uuid4, uuid5

from stopintimidatie.reports.references import derive_follow_code
from stopintimidatie.storage.encryption import DecryptionError, KeyRing

PURPOSE: Final = "meldformulier"
CODE_PURPOSE: Final = "volgcode-meldformulier"
LONGEST_OPEN: Final = timedelta(hours=24)
LONGEST: Final = 160


@dataclass(frozen=True)
class FormKey:
    """Which form this is, and which key of the ring signed it."""

    id: UUID
    version: int

    def report_id(self, place: str) -> UUID:
        """The id of the report that this form becomes."""
        return uuid5(self.id, place)

    def follow_code(self, keys: KeyRing, place: str) -> str:
        """The follow code of that report: derived, so that it needn't be kept."""
        secret = keys.derive(CODE_PURPOSE, self.version)
        return derive_follow_code(secret, self.id, self.report_id(place))


def sign(keys: KeyRing, place: str, now: datetime) -> str:
    """The key for a form that is opened now; `place` is the name in its address."""
    text = f"{uuid4()}.{int(now.timestamp())}.{keys.current}"
    return f"{text}.{_mac(keys, text, place, keys.current)}"


def read(keys: KeyRing, typed: str, place: str, now: datetime) -> FormKey | None:
    """The key that was sent along, or None when we didn't give it, or too long ago."""
    text, _, mac = typed.rpartition(".")
    try:
        id_text, time_text, version_text = text.split(".")
        found = FormKey(UUID(id_text), int(version_text))
        opened = datetime.fromtimestamp(int(time_text), UTC)
        expected = _mac(keys, text, place, found.version)
    except (ValueError, OverflowError, OSError, DecryptionError):
        return None
    fresh = timedelta(0) <= now - opened <= LONGEST_OPEN
    return found if fresh and compare_digest(expected.encode(), mac.encode()) else None


def _mac(keys: KeyRing, text: str, place: str, version: int) -> str:
    return keys.keyed_hash(PURPOSE, f"{text}.{place}".encode(), version)
