"""Users, roles, sessions, failed attempts to sign in; and the personal data of users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.models import Base
from stopintimidatie.core.storage.personal import (
    PersonalDataHolder,
    Subject,
    holder_of_rows,
    redact_nothing,
    treated,
)
from stopintimidatie.core.storage.tenancy import open_table

open_table("user_account", "sign-in comes before the holder is known")
open_table("role_assignment", "a person may hold roles for several holders")
open_table(
    "role_offer", "who is offered a role has none there yet; the desk may have to confirm it"
)
open_table("login_session", "the session leads to the person and so to the holder")
open_table("invitation", "who was invited has no session yet")
open_table("sign_in_unlock", "who can't sign in has no session yet")
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
    # *Opgeleid op*: on that day this person followed the training.
    trained_on: Mapped[date | None]
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
    # The ids of who proposed this role and of who gave them theirs, at any distance; empty for a
    # role that the operator gave.
    given_by: Mapped[list[str]] = mapped_column(default=list)

    user: Mapped[User] = relationship(back_populates="roles")


class LoginSession(Base):
    """A session: the browser has the token, we keep only its hash."""

    __tablename__ = "login_session"
    # A restored session would let in whoever had its cookie, perhaps long after signing out.
    __table_args__ = ({"info": {"not_in_backup": "a session ends with a restore"}},)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    flashes: Mapped[list[Any]] = mapped_column(JSON, default=list)
    # The holders for whom a role was used in this session; the log of each tells of it once.
    used_for: Mapped[list[str]] = mapped_column(default=list)


class Invitation(Base):
    """A one-time link with which somebody sets the first password. The link itself isn't kept."""

    __tablename__ = "invitation"
    __table_args__ = ({"info": {"not_in_backup": "a link that was used must stay used"}},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    # The offer that comes with this invitation: setting the first password takes that role.
    offer_id: Mapped[UUID | None] = mapped_column(ForeignKey("role_offer.id", ondelete="SET NULL"))
    # Version of the key in the ring that signed the link.
    secret_version: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class OfferState(StrEnum):
    """States of an offered role; once the person has the role, the offer is deleted."""

    PROPOSED = "voorgesteld"
    REFUSED = "geweigerd"
    OFFERED = "aangeboden"
    # Declined by the invited person; the municipality isn't told.
    DECLINED = "afgeslagen"


class RoleOffer(Base):
    """A role that is offered to somebody; it gives no rights until that person takes it.

    `username` and `name` are stored as the inviting person typed them, so that nobody can tell
    whether an account exists, or whose name it has.
    """

    __tablename__ = "role_offer"
    __table_args__ = (
        UniqueConstraint("holder", "username", "role"),
        Index(None, "username"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    holder: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"))
    username: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
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
    # The last person who confirmed or refused it; None where none was needed.
    decided_by: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(500))
    expires_at: Mapped[datetime]

    @property
    def label(self) -> str:
        """The role in words."""
        return Role(self.role).label


class SignInAttempt(Base):
    """Failed attempts per name, kept under a keyed hash of that name."""

    __tablename__ = "sign_in_attempt"

    username_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(default=utc_now)


class SignInUnlock(Base):
    """A one-time link that lets one browser sign in with a name that strangers have locked.

    A name without an account gets a row too, so that nothing tells whether an account exists.
    """

    __tablename__ = "sign_in_unlock"
    __table_args__ = (
        Index(None, "name_hash", "made_at"),
        {"info": {"not_in_backup": "a link of half an hour"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    # Keyed hash of the user name.
    name_hash: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("user_account.id", ondelete="CASCADE"), index=True
    )
    # The version of the key that signed the link.
    secret_version: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship()


# An account that is erased can't sign in and names nobody.

COLUMNS: Final = {
    "user_account": treated(sealed="username name password_hash"),
    "role_assignment": treated(codes="given_by"),
    "invitation": {},
    "sign_in_unlock": treated(codes="name_hash"),
    "login_session": treated(sealed="flashes", codes="token_hash used_for"),
}


def find(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find accounts by e-mail address, which is the name one signs in with."""
    if not subject.email:
        return []
    name = subject.email.strip().lower()
    return session.scalars(select(User.id).where(User.username == name)).all()


def erase(session: Session, document: UUID) -> None:
    """Empty the row and keep it, for documents refer to it; the log alone knows who it was."""
    user = session.get(User, document)
    if user is None:
        return
    for entity in (LoginSession, SignInUnlock, RoleAssignment):
        session.execute(delete(entity).where(entity.user_id == document))
    user.username = f"verwijderd-{document}"
    user.name = "Verwijderde gebruiker"
    user.password_hash = ""
    user.blocked_at = user.blocked_at or utc_now()
    session.flush()


PERSONAL_DATA: Final = PersonalDataHolder("gebruiker", COLUMNS, find, redact_nothing, erase)
OFFER_COLUMNS: Final = treated(
    text="reason",
    sealed="username name",
    staff="proposed_by decided_by",
    codes="proposed_by_id given_by colleague_id desk_id",
)


def find_offers(session: Session, keys: KeyRing, subject: Subject) -> Sequence[UUID]:
    """Find the offered roles of a person by the invited address."""
    if not subject.email:
        return []
    name = subject.email.strip().lower()
    rows = select(RoleOffer.id).where(RoleOffer.username == name).order_by(RoleOffer.id)
    return session.scalars(rows).all()


def erase_offer(session: Session, document: UUID) -> None:
    """Delete an offer: nothing of it is needed, for the log tells what was done."""
    session.execute(delete(Invitation).where(Invitation.offer_id == document))
    session.execute(delete(RoleOffer).where(RoleOffer.id == document))


OFFERS: Final = replace(
    holder_of_rows("rol", RoleOffer, OFFER_COLUMNS, find_offers), erase=erase_offer
)
