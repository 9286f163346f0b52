"""Groups of a municipality's identity provider, and the roles that they give."""

from __future__ import annotations

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from stopintimidatie.core.accounts.models import RoleProposal
from stopintimidatie.core.storage.models import Base
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
