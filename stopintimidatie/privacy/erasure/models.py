"""The table of proposals to erase: who asked for what, and who looked at it.

It has no content of the document that goes: its reference, the ground, and names of employees.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.models import Base, Held, Proposed, held_table
from stopintimidatie.core.storage.personal import empty_rows, holder_of_rows, treated
from stopintimidatie.core.storage.retention import RetentionClass, Way


class ErasureProposal(Proposed, Held, Base):
    """A proposal of one person to erase a document, which a second one does or refuses."""

    __tablename__ = "erasure_proposal"
    __table_args__ = held_table(Index(None, "holder", "document_id", "made_at"))

    document_kind: Mapped[str] = mapped_column(String(20))
    document_id: Mapped[UUID]
    # The reference of the document, for lists that don't open it.
    reference: Mapped[str] = mapped_column(String(20))
    # A code of `ERASURE_GROUNDS`, or the reference of the request of a data subject.
    ground: Mapped[str] = mapped_column(String(20))
    # The fingerprint of what would go, as the proposing person saw it.
    seen: Mapped[str] = mapped_column(String(64))
    proposed_at: Mapped[datetime] = mapped_column("made_at", default=utc_now)
    proposed_by_id: Mapped[str] = mapped_column("made_by_id", String(64))
    proposed_by: Mapped[str] = mapped_column("made_by", String(200))
    expires_at: Mapped[datetime]
    # From then on the proposing person may do it, if still nobody else is there; None: somebody was
    # there, so nobody was told that one person would do it.
    alone_at: Mapped[datetime | None]
    # Gewist, geweigerd or ingetrokken; why it was refused.
    outcome: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)


# A reason to refuse may tell of what stands in the document, so it goes with it.
COLUMNS: Final = treated(
    text="reason", staff="made_by_id made_by answered_by_id answered_by", codes="seen"
)


def _erased(session: Session, keys: KeyRing, kind: str, document: UUID) -> int:
    """Empty why proposals to erase a document were refused; they are no copies of it."""
    empty_rows(session, ErasureProposal, ErasureProposal.document_id == document, COLUMNS)
    return 0


_HOLDER: Final = holder_of_rows("wisvoorstel", ErasureProposal, COLUMNS)
PERSONAL_DATA: Final = replace(_HOLDER, source_erased=_erased)
RETENTION: Final = RetentionClass(
    "wisvoorstel",
    "Voorstellen om te wissen: welk stuk, welke grond, wie het vroeg en wie meekeek",
    ("erasure_proposal",),
    Way.ALONG,
    "het document wordt vernietigd",
    until="met het document",
    source="eigen beleid",
)
