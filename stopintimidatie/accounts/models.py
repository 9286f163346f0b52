"""Users, roles, sessions, and failed attempts to sign in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stopintimidatie.security import Role
from stopintimidatie.storage.models import Base
from stopintimidatie.storage.tenancy import open_table
from stopintimidatie.storage.types import utc_now

open_table("user_account", "sign-in comes before the holder is known")
open_table("role_assignment", "a person may hold roles for several holders")
open_table("login_session", "the session leads to the person and so to the holder")
open_table("sign_in_attempt", "failed attempts, also for names that don't exist")


class User(Base):
    """Somebody who may sign in. `username` is an e-mail address in lower case."""

    __tablename__ = "user_account"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    username: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    demo: Mapped[bool] = mapped_column(default=False)
    blocked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    roles: Mapped[list[RoleAssignment]] = relationship(
        back_populates="user", order_by="RoleAssignment.holder"
    )


class RoleAssignment(Base):
    """A role of a user for a holder."""

    __tablename__ = "role_assignment"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True
    )
    holder: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)

    user: Mapped[User] = relationship(back_populates="roles")

    @property
    def as_pair(self) -> tuple[str, Role]:
        return self.holder, Role(self.role)


class LoginSession(Base):
    """A session: the browser has the token, we keep only its hash."""

    __tablename__ = "login_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    flashes: Mapped[list[Any]] = mapped_column(JSON, default=list)

    user: Mapped[User] = relationship()


class SignInAttempt(Base):
    """Failed attempts per name, kept under a keyed hash of that name."""

    __tablename__ = "sign_in_attempt"

    username_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(default=utc_now)
