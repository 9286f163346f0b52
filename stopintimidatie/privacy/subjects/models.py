"""Tables around the copy for a data subject: its state, its key, and what is sealed under that.

The words of a search are sealed there as well: the copy needs them, to know whose sentences they
are, and they go with the case.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.storage.encryption import Vault
from stopintimidatie.core.storage.models import Base, Held
from stopintimidatie.dossiers.models import Versioned
from stopintimidatie.privacy.requests.models import of_request


class SubjectCopy(Versioned, Held, Base):
    """The copy of one request: who made it, who judged it, and who may pick it up."""

    __tablename__ = "subject_copy"
    __table_args__ = of_request(UniqueConstraint("holder", "request_id"))

    request_id: Mapped[UUID]
    # Unused since the release after 1.0.0, for the request has the state; goes one later.
    state: Mapped[str] = mapped_column(String(20), default="")
    made_by_id: Mapped[str | None] = mapped_column(String(64))
    made_by: Mapped[str] = mapped_column(String(200))
    # Hash of the content that the second person judged.
    sha256: Mapped[str | None] = mapped_column(String(64))
    checked_at: Mapped[datetime | None]
    checked_by_id: Mapped[str | None] = mapped_column(String(64))
    checked_by: Mapped[str | None] = mapped_column(String(200))
    # The answer to "kan hij zien wie meldde?"
    shows_reporter: Mapped[bool | None]
    answer: Mapped[str | None] = mapped_column(Text)
    picked_up_at: Mapped[datetime | None]


class CopyKey(Held, Base):
    """The key of the copy of one request, itself encrypted with the key ring."""

    __tablename__ = "subject_copy_key"
    __table_args__ = of_request(UniqueConstraint("holder", "request_id"))

    request_id: Mapped[UUID]
    sealed: Mapped[str] = mapped_column(Text)


class CopyBlob(Held, Base):
    """Something under the key of a case: the words searched, what was marked, the PDF, the JSON."""

    __tablename__ = "subject_copy_blob"
    __table_args__ = of_request(UniqueConstraint("holder", "request_id", "kind"))

    request_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    data: Mapped[bytes] = mapped_column(LargeBinary)


VAULT: Final = Vault(CopyKey, CopyBlob, "request_id", "subject-copy")
# The kind of the blob with the words that were searched.
SEARCHED: Final = "zoekwoorden"
