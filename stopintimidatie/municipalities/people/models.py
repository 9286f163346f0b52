"""Groups of a municipality's identity provider with their roles, and who is away."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.accounts.models import RoleProposal
from stopintimidatie.core.storage.models import Base, Held, held_table
from stopintimidatie.core.storage.tenancy import open_table

open_table("group_role", "read when somebody signs in, and by the desk, which may confirm it")


class GroupRole(RoleProposal, Base):
    """A role that a group of the identity provider gives at a municipality.

    It counts in the state `aangeboden`: whoever confirms the offer of a role to a person confirms
    this as well. It stands here and not in `municipalities.sso`, for the pages of this room show
    both.
    """

    __tablename__ = "group_role"
    __table_args__ = (UniqueConstraint("holder", "group_name", "role"),)

    # The name or id of the group, as it stands in the claim.
    group_name: Mapped[str] = mapped_column(String(200))


class Absence(Held, Base):
    """The days on which somebody is away, and who does the work at this holder meanwhile.

    `since` and `until` both belong to it.
    """

    __tablename__ = "absence"
    __table_args__ = held_table(Index(None, "holder", "user_id"), Index(None, "holder", "until"))

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    substitute_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))
    since: Mapped[date]
    until: Mapped[date]
