"""Tables of the organisations a municipality works with, their covenants and contacts."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base, Held, belongs_to, held_table
from stopintimidatie.municipalities.partners.vocabulary import Covenant


class PartnerOrganisation(Held, Base):
    """A partner of one municipality. An ended one is kept: earlier exports name it."""

    __tablename__ = "partner_organisation"
    __table_args__ = held_table(
        UniqueConstraint("holder", "reference"),
        Index(None, "holder", "ended_at", "name"),
    )

    reference: Mapped[str] = mapped_column(String(11))
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    # Grounds that may apply; which one does is decided at each export.
    legal_bases: Mapped[list[str]] = mapped_column(default=list)
    # The redaction profile that is proposed; None: no proposal.
    profile: Mapped[str | None] = mapped_column(String(40))
    covenant_name: Mapped[str | None] = mapped_column(String(200))
    covenant_from: Mapped[date | None]
    covenant_until: Mapped[date | None]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    changed_by: Mapped[str] = mapped_column(String(200))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(200))
    ended_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own idiom

    @property
    def covenant(self) -> Covenant | None:
        """The present covenant, counting or not; None when there is none."""
        if self.covenant_name is None or self.covenant_from is None:
            return None
        return Covenant(self.covenant_name, self.covenant_from, self.covenant_until)


class PartnerCovenant(Held, Base):
    """A covenant that was agreed with a partner before the present one."""

    __tablename__ = "partner_covenant"
    __table_args__ = held_table(
        belongs_to("partner_organisation", "organisation_id", ondelete="CASCADE"),
        Index(None, "holder", "organisation_id", "replaced_at"),
    )

    organisation_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(String(200))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    replaced_at: Mapped[datetime] = mapped_column(default=utc_now)
    replaced_by: Mapped[str] = mapped_column(String(200))


class PartnerContact(Held, Base):
    """A contact at a partner. Name and number are encrypted.

    The e-mail address is a row of `mail_address`, because it must be confirmed.
    """

    __tablename__ = "partner_contact"
    __table_args__ = held_table(
        belongs_to("partner_organisation", "organisation_id", ondelete="CASCADE"),
        Index(None, "holder", "organisation_id", "made_at"),
    )

    organisation_id: Mapped[UUID]
    function: Mapped[str] = mapped_column(String(200))
    name: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    made_by: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    changed_by: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own idiom
