"""Mails about proposed roles, and jobs that record them in the other holder's log.

A link is made when its mail is sent and isn't stored. The desk sends the invitations, not the
municipality, so that nobody with a role in the municipality can read a colleague's link.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.links import NO_PASSWORD, invite, link_of
from stopintimidatie.core.accounts.models import (
    IdentityProvider,
    Invitation,
    OfferState,
    RoleOffer,
    User,
)
from stopintimidatie.core.accounts.services import KIND, find_user
from stopintimidatie.core.accounts.sessions import end_sessions_of
from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.jobs import Job, JobContext, enqueue
from stopintimidatie.core.mail import (
    Letter,
    MailRecipient,
    MailTemplate,
    Recipient,
    Writing,
    queue_mail,
)
from stopintimidatie.core.storage.encryption import KeyRing
from stopintimidatie.core.storage.tenancy import NATIONAL, enter
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.people.models import GroupRole
from stopintimidatie.municipalities.people.services import USER_KIND, actor_of

INVITE_JOB: Final = Job("rol.uitnodigen")
TELL_JOB: Final = Job("toegang.vertellen")
# Jobs of 1.0.0 that may still wait: their payloads are those of `TELL_JOB`.
TELL_OF_ROLE: Final = Job("rol.vertellen")
TELL_OF_PROVIDER: Final = Job("aanmelden.vertellen")
INVITED: Final = "gebruiker.uitgenodigd"
PROVIDER_REFUSED: Final = "gemeente.aanmelden_geweigerd"


def send_invitations(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Mail the invited person, with a link if they have no password yet (job of the desk)."""
    for number, payload in enumerate(payloads):
        with context.ending(number) as session:
            offer = session and session.get(RoleOffer, UUID(payload["offer"]))
            if session and offer and offer.state == OfferState.OFFERED:
                _send(session, context.registry.key_ring, offer)


def _send(session: Session, keys: KeyRing, offer: RoleOffer) -> None:
    user = find_user(session, offer.username)
    if user is None:
        user = User(username=offer.username, name=offer.name, password_hash=NO_PASSWORD)
        session.add(user)
        session.flush()
    if user.blocked_at is not None:
        return
    if user.password_hash != NO_PASSWORD:
        to = Recipient(OFFER_RECIPIENT.kind, str(offer.id))
        queue_mail(session, NATIONAL, OFFERED.name, to, about=offer.id)
        return
    # Nobody has used this account yet, so it takes the name that the latest inviting person typed.
    user.name = offer.name
    invitation = invite(session, keys, user, offer)
    to = Recipient(LINK_RECIPIENT.kind, str(invitation.id))
    queue_mail(session, NATIONAL, LINK.name, to, about=offer.id)


RENEWED: Final = "gebruiker.wachtwoord_weg"
RENEWAL_LASTS: Final = timedelta(days=1)


def renew_password(session: Session, keys: KeyRing, actor: Actor, user: User) -> None:
    """Make a password worthless, end all sessions, and mail a link to choose a new one.

    Whoever asks it never sees the link.
    """
    user.password_hash = NO_PASSWORD
    end_sessions_of(session, user.id)
    enter(session, NATIONAL)
    invitation = invite(session, keys, user)
    invitation.expires_at = utc_now() + RENEWAL_LASTS
    record(session, actor, RENEWED, NATIONAL, USER_KIND, [user.id])
    to = Recipient(LINK_RECIPIENT.kind, str(invitation.id))
    queue_mail(session, NATIONAL, NEW_PASSWORD.name, to, about=invitation.id)


# In the log of the other holder


def tell(
    session: Session, actor: Actor, action: str, holder: str, fields: Sequence[str], **about: str
) -> None:
    """Have a job record in the log of another holder what was done; `about`: `offer`, `person`."""
    payload = {"action": action, "by": actor.id, "fields": list(fields), **about}
    enqueue(session, TELL_JOB, holder, payload)


def tell_other(context: JobContext, payloads: Sequence[dict[str, Any]]) -> None:
    """Record in the log of this holder what another did about its people, roles or provider (job).

    A reason isn't in the job, but read where it stands.
    """
    for number, payload in enumerate(payloads):
        with context.ending(number) as session:
            if session is None:
                continue
            action, fields = payload["action"], payload["fields"]
            ids = [UUID(payload[key]) for key in ("offer", "person") if payload.get(key)]
            kind = USER_KIND if payload.get("person") else KIND if ids else "gemeente"
            by, reason = actor_of(session, payload["by"]), _reason_of(session, payload)
            record(session, by, action, context.holder, kind, ids, fields=fields, reason=reason)


def _reason_of(session: Session, payload: dict[str, Any]) -> str | None:
    """Return the mandate of a deputy who is invited, or why something was refused."""
    if payload["action"] == PROVIDER_REFUSED:
        provider = session.get(IdentityProvider, payload["fields"][0])
        return provider.reason if provider is not None else None
    number = UUID(payload["offer"]) if payload.get("offer") else None
    offer = number and (session.get(RoleOffer, number) or session.get(GroupRole, number))
    if isinstance(offer, RoleOffer) and payload["action"] == INVITED:
        return offer.mandate
    return offer.reason if offer else None


def _usable(session: Session, number: str) -> Invitation | None:
    """Return the invitation with this id, while it can be used."""
    invitation = session.get(Invitation, UUID(number))
    if invitation is None or invitation.used_at is not None or invitation.expires_at <= utc_now():
        return None
    return invitation


def _address_of_link(session: Session, keys: KeyRing, number: str) -> str | None:
    """Return the address of the mail: the user name, which is an e-mail address."""
    invitation = _usable(session, number)
    return invitation.user.username if invitation else None


def _address_of_offer(session: Session, keys: KeyRing, number: str) -> str | None:
    offer = session.get(RoleOffer, UUID(number))
    return offer.username if offer is not None and offer.state == OfferState.OFFERED else None


def _write_link(writing: Writing) -> Letter | None:
    invitation = _usable(writing.session, writing.message.recipient_id)
    if invitation is None:
        return None
    key = link_of(writing.keys, invitation)
    offer = writing.session.get(RoleOffer, invitation.offer_id) if invitation.offer_id else None
    offered = _offered(writing.session, offer) if offer else {"place": ""}
    return Letter({"link": writing.link(f"/uitnodiging?sleutel={key}"), **offered})


def _write_offer(writing: Writing) -> Letter | None:
    offer = writing.session.get(RoleOffer, UUID(writing.message.recipient_id))
    if offer is None:
        return None
    return Letter({"link": writing.link("/uitnodigingen"), **_offered(writing.session, offer)})


def _offered(session: Session, offer: RoleOffer) -> dict[str, str]:
    """Return who invites and for which role; not by name, for a mail may go astray."""
    municipality = session.get(Municipality, offer.holder)
    place = f"de gemeente {municipality.name}" if municipality else "het landelijk meldpunt"
    return {"place": place, "role": offer.label}


LINK: Final = MailTemplate(
    "uitnodiging", "Uw account voor Stopintimidatie", __package__, _write_link
)
NEW_PASSWORD: Final = MailTemplate(
    "nieuw_wachtwoord", "Kies een nieuw wachtwoord voor Stopintimidatie", __package__, _write_link
)
OFFERED: Final = MailTemplate(
    "rol_aangeboden", "U bent uitgenodigd in Stopintimidatie", __package__, _write_offer
)
LINK_RECIPIENT: Final = MailRecipient("genodigde", _address_of_link, personal=True)
OFFER_RECIPIENT: Final = MailRecipient("rolaanbod", _address_of_offer, personal=True)
