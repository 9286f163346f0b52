"""The table of holds. While one is in force, the flag `frozen` of its document is set."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, held_table, partial_index
from stopintimidatie.core.text import Term


class HoldReason(Term):
    """Reason that a document may not be destroyed for now."""

    WOO = "woo", "Woo-verzoek", "Woo request"
    COURT = "rechtszaak", "rechtszaak", "court case"
    COMPLAINT = "klacht", "klacht of bezwaar", "complaint or objection"
    # The reporter wants to report to the police.
    POLICE_REPORT = "aangifte", "de melder wil aangifte doen", "the reporter goes to the police"
    # At the request of a data subject, who needs it (art. 18(1)(c) AVG).
    RESTRICTION = (
        "beperking",
        "iemand heeft de gegevens nodig (art. 18 lid 1 c AVG)",
        "somebody needs the data",
    )
    # A request of a data subject runs: placed and lifted by the programme.
    REQUEST = "verzoek", "verzoek van een betrokkene", "request of a data subject"

    @property
    def sentence(self) -> str:
        """Return the reason with a capital, as it stands alone."""
        return self.nl[0].upper() + self.nl[1:]


class Hold(Held, Base):
    """A hold on one report or dossier: nothing of it goes until it is lifted."""

    __tablename__ = "hold"
    __table_args__ = held_table(
        Index(None, "holder", "document_id"),
        partial_index("ix_hold_in_force", "holder", "review_on", where="lifted_at IS NULL"),
    )

    document_kind: Mapped[str] = mapped_column(String(20))
    document_id: Mapped[UUID]
    # The reference of the document, for lists that may not open it.
    reference: Mapped[str] = mapped_column(String(20))
    # A code of `HoldReason`.
    reason: Mapped[str] = mapped_column(String(20))
    # The number of the Woo request, court case or complaint.
    case_reference: Mapped[str | None] = mapped_column(String(100))
    # Unused since the release after 1.0.0; goes one later.
    answers: Mapped[bool] = mapped_column(default=False, server_default=false())
    note: Mapped[str | None] = mapped_column(Text)
    # The day on which somebody decides anew; a hold that is past it stays in force.
    review_on: Mapped[date]
    placed_at: Mapped[datetime] = mapped_column(default=utc_now)
    # None: the reporter asked for it, on the follow page.
    placed_by_id: Mapped[str | None] = mapped_column(String(64))
    placed_by: Mapped[str] = mapped_column(String(200))
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[str | None] = mapped_column(String(64))
    lifted_by: Mapped[str | None] = mapped_column(String(200))
    lifted_reason: Mapped[str | None] = mapped_column(Text)

    @property
    def why(self) -> str:
        """The reason, as it stands alone."""
        return HoldReason.of(self.reason).sentence
