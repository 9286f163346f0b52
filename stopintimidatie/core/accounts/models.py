"""Users, roles, sessions, second factors, identity providers, attempts to sign in."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    false,
    or_,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.mail.models import MailChoice
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.models import NOW, Base, Proposed, day_in
from stopintimidatie.core.storage.tenancy import open_table

open_table("user_account", "sign-in comes before the holder is known")
open_table("role_assignment", "a person may hold roles for several holders")
open_table("role_offer", "who is offered a role has none there yet; the desk may confirm it")
open_table("blocked_colleague", "the desk reads it for every municipality")
open_table("login_session", "the session leads to the person and so to the holder")
open_table("invitation", "who was invited has no session yet")
open_table("sign_in_unlock", "who can't sign in has no session yet")
open_table("sign_in_attempt", "failed attempts, also for names that don't exist")
open_table("pending_sign_in", "who is half signed in has no session yet")
open_table("passkey", "a passkey signs in before the holder is known")
open_table("one_time_code", "a second factor is asked before the holder is known")
open_table("recovery_code", "a second factor is asked before the holder is known")
open_table("spent_value", "hashes of challenges and tokens that were used; nobody's data")
open_table("identity_provider", "signing in through it comes before the holder is known")
open_table("provider_account", "the provider's name of a person leads to the account")


# The purposes of the keys under which secrets are encrypted.
TOTP_PURPOSE: Final = "one-time-code"
PROVIDER_PURPOSE: Final = "identity-provider"


# A row that goes along with its user.
OfUser = Annotated[UUID, mapped_column(ForeignKey("user_account.id", ondelete="CASCADE"))]


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
    # The choice when mail about work comes (`MailChoice`).
    mail: Mapped[str] = mapped_column(
        String(10), default=MailChoice.AT_ONCE.value, server_default=MailChoice.AT_ONCE.value
    )
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    roles: Mapped[list[RoleAssignment]] = relationship(
        back_populates="user", order_by="RoleAssignment.holder"
    )


class RoleAssignment(Base):
    """A role of a user for a holder.

    It counts until the end of the day `until`; of a holder that lets people in through its own
    provider alone, only in a session which that provider opened.
    """

    __tablename__ = "role_assignment"
    __table_args__ = (Index(None, "holder", "role"),)

    user_id: Mapped[OfUser] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)
    # The ids of who proposed this role and of who gave them theirs, at any distance; empty for a
    # role that the operator gave. `hands.AccountHand` keeps them when the role is gone.
    given_by: Mapped[list[str]] = mapped_column(default=list)
    # The moment it was given; for a role of before this was kept that of the upgrade.
    given_at: Mapped[datetime | None] = mapped_column(default=utc_now)
    # The last day that it counts; None: no end was agreed.
    until: Mapped[date | None]
    # Given by a group of the holder's identity provider, which takes it away again.
    by_group: Mapped[bool] = mapped_column(default=False, server_default=false())
    # The last time that this person signed in with a session in which the role counts.
    signed_in_at: Mapped[datetime | None]
    # The day that an admin last said that this role is still right, and the id of that admin.
    reviewed_on: Mapped[date | None]
    reviewed_by_id: Mapped[str | None] = mapped_column(String(64))

    user: Mapped[User] = relationship(back_populates="roles")

    @classmethod
    def counting(cls) -> ColumnElement[bool]:
        """Make the condition that a role hasn't ended, by the date in the Netherlands."""
        return or_(cls.until.is_(None), cls.until >= day_in())


class BlockedColleague(Base):
    """A person whom an admin blocked at a holder, with the roles to give back when that ends.

    Blocked people have no `RoleAssignment` there, so nothing else has to ask whether one counts.
    """

    __tablename__ = "blocked_colleague"

    holder: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"), primary_key=True)
    user_id: Mapped[OfUser] = mapped_column(primary_key=True)
    blocked_at: Mapped[datetime] = mapped_column(default=utc_now)
    blocked_by_id: Mapped[str | None] = mapped_column(String(64))
    # The columns of each role: role, given_by, given_at, until, by_group, signed_in_at.
    roles: Mapped[list[Any]] = mapped_column(JSON, default=list)

    user: Mapped[User] = relationship()


class LoginSession(Base):
    """A session: the browser has the token, we keep only its hash."""

    __tablename__ = "login_session"
    # A restored session would let in whoever had its cookie, perhaps long after signing out.
    __table_args__ = ({"info": {"not_in_backup": "a session ends with a restore"}},)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[OfUser] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    flashes: Mapped[list[Any]] = mapped_column(JSON, default=list)
    # The holders for whom a role was used in this session; the log of each tells of it once.
    used_for: Mapped[list[str]] = mapped_column(default=list)
    # Browser and system in words, such as 'Firefox op Windows'; no address.
    device: Mapped[str | None] = mapped_column(String(80))
    # The last time that a second factor was shown; None for a demo account without one.
    factor_at: Mapped[datetime | None]
    # The holder whose identity provider opened the session; None: a password or passkey of ours.
    provider: Mapped[str | None] = mapped_column(String(9))
    # Keyed hash of the provider's own name for its session, for signing out from there.
    provider_session: Mapped[str | None] = mapped_column(String(64), index=True)
    # The end of a session that must end sooner than the setting says.
    ends_at: Mapped[datetime | None]
    # A posted form that waits for the second factor; encrypted.
    kept_form: Mapped[str | None] = mapped_column(Text)


class PendingSignIn(Base):
    """A sign-in whose password was right and whose second factor isn't shown or set up yet.

    Not a session: nothing but the page of the second factor takes its cookie.
    """

    __tablename__ = "pending_sign_in"
    __table_args__ = ({"info": {"not_in_backup": "a sign-in of ten minutes"}},)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[OfUser] = mapped_column(index=True)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    # The path that the visitor came for.
    next_path: Mapped[str] = mapped_column(String(2000), default="/")

    user: Mapped[User] = relationship()


class Passkey(Base):
    """A passkey (WebAuthn) of a user. The secret is in the person's own device."""

    __tablename__ = "passkey"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[OfUser] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(60))
    # Both in base64url.
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[str] = mapped_column(Text)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class OneTimeCode(Base):
    """The authenticator app of a user (TOTP, RFC 6238); one app for each person."""

    __tablename__ = "one_time_code"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[OfUser] = mapped_column(unique=True)
    # Encrypted, bound to the user's id.
    secret: Mapped[str] = mapped_column(Text)
    # The step of thirty seconds whose code was last used: a code works once.
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code on paper for who lost the other factors. Only its keyed hash is kept; works once."""

    __tablename__ = "recovery_code"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[OfUser] = mapped_column(index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    secret_version: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    used_at: Mapped[datetime | None]


class SpentValue(Base):
    """The hash of a challenge, state or token that works once; kept until it would expire."""

    __tablename__ = "spent_value"
    __table_args__ = ({"info": {"not_in_backup": "values of minutes"}},)

    value_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(index=True)


class IdentityProvider(Proposed, Base):
    """The OpenID provider of a holder; its connection is proposed by whoever changed it last."""

    __tablename__ = "identity_provider"

    holder: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"), primary_key=True)
    issuer: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[str] = mapped_column(String(200))
    # Encrypted, bound to the holder.
    client_secret: Mapped[str] = mapped_column(Text)
    # The claim that holds the groups of a person.
    groups_claim: Mapped[str] = mapped_column(String(100), default="groups")
    # Off: nobody is sent there, and `required` means nothing.
    enabled: Mapped[bool] = mapped_column(default=False)
    # Roles of the holder count in sessions through this provider alone.
    required: Mapped[bool] = mapped_column(default=False)
    session_hours: Mapped[int] = mapped_column(default=8)
    changed_at: Mapped[datetime] = mapped_column(default=utc_now)
    # Another one for each connection that is put forward, so that what was seen is known again.
    id: Mapped[UUID | None]
    # Empty in a row of before a second person was asked.
    proposed_at: Mapped[datetime] = mapped_column(nullable=True)
    proposed_by: Mapped[str] = mapped_column(String(200), nullable=True)
    # All who had a hand in the connection since it was confirmed, and who gave them their roles.
    given_by: Mapped[list[str]] = mapped_column(default=list)
    # The second person; None while the connection as it is now waits for one, or was refused.
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[str | None] = mapped_column(String(64))
    # The words of the second person who refused it.
    reason: Mapped[str | None] = mapped_column(String(500))

    @classmethod
    def waiting(cls) -> ColumnElement[bool]:
        """Make the condition that it is on and waits for a second person."""
        return and_(cls.enabled, cls.confirmed_at.is_(None))

    @property
    def waits(self) -> bool:
        """True while it is on and waits for a second person."""
        return self.enabled and self.confirmed_at is None

    @hybrid_property
    def in_use(self) -> bool:
        """Tell whether people can sign in through it: it is on, and confirmed."""
        return self.enabled and self.confirmed_at is not None

    @in_use.inplace.expression
    @classmethod
    def _in_use(cls) -> ColumnElement[bool]:
        return and_(cls.enabled, cls.confirmed_at.is_not(None))


class ProviderAccount(Base):
    """The account of a person whom a holder's provider knows by `subject`."""

    __tablename__ = "provider_account"

    holder: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"), primary_key=True)
    # Keyed hash of the provider's issuer and subject.
    subject_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[OfUser] = mapped_column(index=True)
    linked_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_used_at: Mapped[datetime | None]


class Invitation(Base):
    """A one-time link with which somebody sets the first password. The link itself isn't kept."""

    __tablename__ = "invitation"
    __table_args__ = ({"info": {"not_in_backup": "a link that was used must stay used"}},)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[OfUser] = mapped_column(index=True)
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


class RoleProposal(Proposed):
    """Columns of a role that is proposed and that a second person may have to confirm.

    Who must is a rule of `municipalities.people.parties`. Who confirmed it last answered it.
    """

    HANDS: ClassVar[tuple[str, ...]] = ("proposed_by_id", "colleague_id", "desk_id")

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    holder: Mapped[str] = mapped_column(String(9), ForeignKey("holder.code"))
    role: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12), default=OfferState.PROPOSED)
    by_desk: Mapped[bool]
    # The proposing person, and whoever gave that person their roles: none of them confirms it.
    given_by: Mapped[list[str]] = mapped_column(default=list)
    # The people who confirmed it, at the municipality and at the desk.
    colleague_id: Mapped[str | None] = mapped_column(String(64))
    desk_id: Mapped[str | None] = mapped_column(String(64))
    answered_by: Mapped[str | None] = mapped_column("decided_by", String(200))
    reason: Mapped[str | None] = mapped_column(String(500))
    expires_at: Mapped[datetime]

    @classmethod
    def waiting(cls) -> ColumnElement[bool]:
        """Make the condition that a party must still confirm it, and that it hasn't lapsed."""
        return and_(cls.state == OfferState.PROPOSED, cls.expires_at > NOW)

    @property
    def waits(self) -> bool:
        """Tell whether a party must still confirm it, and it hasn't lapsed."""
        return self.state == OfferState.PROPOSED and self.expires_at > utc_now()

    @property
    def label(self) -> str:
        """The role in words."""
        return Role(self.role).label


class RoleOffer(RoleProposal, Base):
    """A role that is offered to somebody; it gives no rights until that person takes it.

    `username` and `name` are stored as the inviting person typed them, so that nobody can tell
    whether an account exists, or whose name it has.
    """

    __tablename__ = "role_offer"
    __table_args__ = (
        UniqueConstraint("holder", "username", "role"),
        Index(None, "username"),
    )

    username: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    # The last day that the role will count; None: no end.
    until: Mapped[date | None]
    # The decision to let a deputy act: by whom, and when. None for other roles.
    mandate: Mapped[str | None] = mapped_column(String(500))

    @property
    def invited(self) -> str:
        """The user name of who gets the role."""
        return self.username


class SignInAttempt(Base):
    """Failed attempts per name, kept under a keyed hash of that name."""

    __tablename__ = "sign_in_attempt"

    username_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    last_at: Mapped[datetime] = mapped_column(default=utc_now)


class LinkPurpose(StrEnum):
    """Purposes of a link that somebody asks for without signing in."""

    UNLOCK = "aanmeldlink"
    NEW_PASSWORD = "wachtwoord"  # noqa: S105 - a purpose, no secret


class SignInUnlock(Base):
    """A one-time link for who can't sign in: to unlock a name in a browser, or a new password.

    A name without an account gets a row too, so that nothing tells whether an account exists.
    """

    __tablename__ = "sign_in_unlock"
    __table_args__ = (
        Index(None, "name_hash", "made_at"),
        {"info": {"not_in_backup": "a link of half an hour"}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    purpose: Mapped[str] = mapped_column(
        String(12), default=LinkPurpose.UNLOCK, server_default=LinkPurpose.UNLOCK.value
    )
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
