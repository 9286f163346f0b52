"""Groups of a municipality's identity provider, and the roles that they give."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.accounts.models import OfferState
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.tenancy import open_table

open_table("group_role", "read when somebody signs in, and by the desk, which may confirm it")


class GroupRole(Base):
    """A role that a group of the identity provider gives at a municipality.

    It counts in the state `aangeboden`: whoever confirms the offer of a role to a person confirms
    this as well (`municipalities.people.services.pending_confirmers`).
    """

    __tablename__ = "group_role"
    __table_args__ = (UniqueConstraint("holder", "group_name", "role"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    holder: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"))
    # The name or id of the group, as it stands in the claim.
    group_name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12), default=OfferState.PROPOSED)
    by_desk: Mapped[bool]
    proposed_at: Mapped[datetime] = mapped_column(default=utc_now)
    proposed_by_id: Mapped[str | None] = mapped_column(String(64))
    proposed_by: Mapped[str] = mapped_column(String(200))
    # The proposing person, and whoever gave that person their roles: none of them confirms it.
    given_by: Mapped[list[str]] = mapped_column(default=list)
    # The people who confirmed it, at the municipality and at the desk.
    colleague_id: Mapped[str | None] = mapped_column(String(64))
    desk_id: Mapped[str | None] = mapped_column(String(64))
    decided_by: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(500))
    expires_at: Mapped[datetime]
