"""Tables around the copy for a data subject: its state, its key, and what is sealed under that.

The words of a search are sealed there as well: the copy needs them, to know whose sentences they
are, and they go with the case.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Select,
    String,
    Text,
    UniqueConstraint,
    and_,
    exists,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column, object_session, synonym

from stopintimidatie.core.audit import AuditEvent, AuditSubject
from stopintimidatie.core.storage.encryption import Vault
from stopintimidatie.core.storage.models import Base, Held, Proposed
from stopintimidatie.dossiers.models import Versioned
from stopintimidatie.privacy.requests.models import RequestState, SubjectRequest, of_request

# Actions of the log by which somebody had a part in a copy.
GATHERED, MARKED, FROZEN = "kopie.bijeen", "kopie.gemarkeerd", "kopie.bevroren"


class SubjectCopy(Proposed, Versioned, Held, Base):
    """The copy of one request: who sent it on, who judged it, and who may pick it up.

    It waits as long as its request is with the second person.
    """

    __tablename__ = "subject_copy"
    __table_args__ = of_request(UniqueConstraint("holder", "request_id"))

    request_id: Mapped[UUID]
    # Unused since the release after 1.0.0, for the request has the state; goes one later.
    state: Mapped[str] = mapped_column(String(20), default="")
    # Nothing changes a copy that waits: it was sent on when it changed last.
    proposed_at: Mapped[datetime] = synonym("changed_at")
    proposed_by_id: Mapped[str | None] = mapped_column("made_by_id", String(64))
    proposed_by: Mapped[str] = mapped_column("made_by", String(200))
    # Hash of the content that the second person judged.
    sha256: Mapped[str | None] = mapped_column(String(64))
    answered_at: Mapped[datetime | None] = mapped_column("checked_at")
    answered_by_id: Mapped[str | None] = mapped_column("checked_by_id", String(64))
    answered_by: Mapped[str | None] = mapped_column("checked_by", String(200))
    # The answer to "kan hij zien wie meldde?"
    shows_reporter: Mapped[bool | None]
    answer: Mapped[str | None] = mapped_column(Text)
    picked_up_at: Mapped[datetime | None]

    @classmethod
    def makers(cls, row: Any) -> Select[str | None]:
        """Select who saved a copy, by the log: also who only marked what another sent on."""
        return (
            select(AuditEvent.actor_id)
            .join(AuditSubject, AuditSubject.event_id == AuditEvent.id)
            .where(AuditSubject.holder == row.holder, AuditSubject.subject_id == row.request_id)
            .where(AuditEvent.action.in_((GATHERED, MARKED, FROZEN)))
        )

    @classmethod
    def waiting(cls) -> ColumnElement[bool]:
        """Make the condition that it is with the second person, who hasn't answered."""
        request = SubjectRequest
        asked = request.id == cls.request_id, request.state == RequestState.CHECKING.value
        return and_(super().waiting(), exists().where(*asked))

    @property
    def waits(self) -> bool:
        """Tell whether it is with the second person, who hasn't answered."""
        session = object_session(self)
        request = session.get(SubjectRequest, self.request_id) if session else None
        return super().waits and request is not None and request.state == RequestState.CHECKING


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
