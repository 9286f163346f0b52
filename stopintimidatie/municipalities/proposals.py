"""Proposing a role for somebody, and confirming it by a second person.

A role that reads reports (`READING_ROLES`) is confirmed by another reader of the municipality, or
by the desk while there is no other. If the mailbox is outside the municipality's mail domains, the
desk confirms any role; a proposal by the desk needs no other confirmation for that. Until then
there is no right, no link and no mail to the invited person. Only what was typed is shown, so that
nobody can tell whether that person has an account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stopintimidatie.accounts.invitations import LASTS, NO_PASSWORD
from stopintimidatie.accounts.models import Invitation, OfferState, RoleAssignment, RoleOffer, User
from stopintimidatie.accounts.offers import KIND
from stopintimidatie.accounts.services import AccountError, find_user, normal_username
from stopintimidatie.audit import Actor, record
from stopintimidatie.clock import utc_now
from stopintimidatie.jobs import enqueue
from stopintimidatie.municipalities.mail_domains import domains_of, is_outside
from stopintimidatie.municipalities.proposal_mail import (
    INVITE_JOB,
    INVITED,
    TELL_JOB,
    ask_to_confirm,
)
from stopintimidatie.security import READING_ROLES, Role
from stopintimidatie.storage.tenancy import NATIONAL

# How long a proposal waits for the second person; an offer lasts as long as the link in its mail.
WAITS: Final = timedelta(days=30)
# At most one mail a day per offer, so that sending again can't be used to pester somebody.
MAIL_EVERY: Final = timedelta(days=1)
# The roles of a municipality; the desk's own roles are given on the command line only.
OFFERED_ROLES: Final = (
    Role.ADMIN,
    Role.OFFICER,
    Role.DOSSIER_OWNER,
    Role.PRIVACY_OFFICER,
    Role.DATA_PROTECTION_OFFICER,
)
NOT_YOURSELF: Final = (
    "Uw eigen rollen kunt u niet wijzigen. Vraag een andere beheerder, of het landelijk meldpunt."
)
_WAITS_ALREADY: Final = (
    "Voor dit adres is er al een uitnodiging met deze rol. Stuur die opnieuw, of trek haar eerst"
    " in."
)
_DECIDED: Final = "Over dit voorstel is al beslist, of het is verlopen. Open de pagina opnieuw."


class Confirmer(StrEnum):
    """The party that must confirm a proposal."""

    NOBODY = "niemand"
    COLLEAGUE = "collega"
    DESK = "meldpunt"


def confirmers(session: Session, offers: Collection[RoleOffer]) -> Mapping[UUID, Confirmer]:
    """Return who must confirm each of these, as of now; two queries, however many there are."""
    codes = {offer.holder for offer in offers}
    domains, readers = domains_of(session, codes), _readers(session, codes)
    return {one.id: _confirmer(one, domains[one.holder], readers[one.holder]) for one in offers}


def _confirmer(offer: RoleOffer, domains: Sequence[str], readers: Sequence[User]) -> Confirmer:
    if not offer.by_desk and is_outside(offer.username, domains):
        return Confirmer.DESK
    if Role(offer.role) not in READING_ROLES:
        return Confirmer.NOBODY
    return Confirmer.COLLEAGUE if _second_people(offer, readers) else Confirmer.DESK


def _second_people(offer: RoleOffer, readers: Sequence[User]) -> list[User]:
    """Return the readers who neither proposed this role nor get it."""
    return [
        user
        for user in readers
        if str(user.id) != offer.proposed_by_id and user.username != offer.username
    ]


def _readers(session: Session, codes: Collection[str]) -> Mapping[str, list[User]]:
    """Return for each municipality the users who can sign in and have a role that reads reports."""
    rows = session.execute(
        select(RoleAssignment.holder, User)
        .join(User, User.id == RoleAssignment.user_id)
        .where(RoleAssignment.holder.in_(codes), RoleAssignment.role.in_(READING_ROLES))
        .where(User.blocked_at.is_(None), User.password_hash != NO_PASSWORD)
        .order_by(User.username)
    )
    found = defaultdict[str, list[User]](list)
    for holder, user in rows:
        found[holder].append(user)
    return found


def _confirmed_at(offer: RoleOffer, confirmer: Confirmer) -> str:
    """Return the code of the holder whose users confirm this."""
    return offer.holder if confirmer is Confirmer.COLLEAGUE else NATIONAL


def waiting_at(session: Session, holder: str) -> list[RoleOffer]:
    """Return the proposals that this municipality or the desk confirms, the oldest first."""
    proposed = select(RoleOffer).where(
        RoleOffer.state == OfferState.PROPOSED, RoleOffer.expires_at > utc_now()
    )
    if holder != NATIONAL:
        proposed = proposed.where(RoleOffer.holder == holder)
    rows = session.scalars(proposed.order_by(RoleOffer.proposed_at, RoleOffer.id)).all()
    if not rows:
        return []
    needed = confirmers(session, rows)
    return [offer for offer in rows if _confirmed_at(offer, needed[offer.id]) == holder]


def propose(
    session: Session, actor: Actor, code: str, *, at: str, username: str, name: str, role: Role
) -> RoleOffer:
    """Propose a role for somebody; offer it at once where no second person is needed.

    :param at: the holder that proposes: the municipality itself, or the desk.
    :raises AccountError: the user may not give this role, or it was proposed or given before.
    """
    if role not in OFFERED_ROLES:
        raise AccountError("Deze rol hoort niet bij een gemeente.")
    address = normal_username(username)
    _refuse_known(session, actor, code, address, role)
    offer = RoleOffer(
        holder=code,
        username=address,
        name=name,
        role=role.value,
        by_desk=at == NATIONAL,
        proposed_by_id=actor.id,
        proposed_by=actor.name,
        expires_at=utc_now() + WAITS,
    )
    try:
        with session.begin_nested():
            session.add(offer)
    except IntegrityError:
        raise AccountError(_WAITS_ALREADY) from None
    confirmer = confirmers(session, [offer])[offer.id]
    _log(session, offer, actor, INVITED, at)
    if confirmer is Confirmer.NOBODY:
        _open(session, offer)
    elif _confirmed_at(offer, confirmer) == at:
        ask_to_confirm(session, at, offer)
    return offer


def _refuse_known(session: Session, actor: Actor, code: str, address: str, role: Role) -> None:
    """Refuse a role that the person already has, or that waits already.

    Looks only at what the people page shows anyway, so it tells nothing of accounts elsewhere.

    :raises AccountError: the role is for oneself, or the person has it, or it waits already.
    """
    user = find_user(session, address)
    if user is not None and str(user.id) == actor.id:
        raise AccountError(NOT_YOURSELF)
    if user is not None and session.get(RoleAssignment, (user.id, code, role.value)) is not None:
        raise AccountError("Deze persoon heeft deze rol al.")
    mine = (RoleOffer.holder == code, RoleOffer.username == address, RoleOffer.role == role.value)
    present = session.scalars(select(RoleOffer).where(*mine)).one_or_none()
    if present is None:
        return
    if present.state != OfferState.REFUSED and present.expires_at > utc_now():
        raise AccountError(_WAITS_ALREADY)
    _forget(session, present)


def confirm(session: Session, offer: RoleOffer, actor: Actor, at: str) -> None:
    """Confirm as the second person: the role is offered, and the invitation is mailed.

    :raises AccountError: this user may not confirm it, or it was decided already.
    """
    _check_second(session, offer, actor, at)
    offer.decided_by = actor.name
    _log(session, offer, actor, "gebruiker.rol_bevestigd", at)
    _open(session, offer)


def refuse(session: Session, offer: RoleOffer, actor: Actor, at: str, reason: str) -> None:
    """Refuse as the second person, with a reason that the proposing person can read.

    :raises AccountError: no reason, or this user may not refuse it, or it was decided already.
    """
    if not reason.strip():
        raise AccountError("Schrijf op waarom u het voorstel weigert.")
    _check_second(session, offer, actor, at)
    offer.state, offer.decided_by, offer.reason = OfferState.REFUSED, actor.name, reason
    _log(session, offer, actor, "gebruiker.rol_geweigerd", at, reason=reason)


def _check_second(session: Session, offer: RoleOffer, actor: Actor, at: str) -> None:
    """Check that this user is the second person for an undecided proposal.

    :raises AccountError: they aren't, or it was decided already.
    """
    _lock(session, offer)
    if offer.state != OfferState.PROPOSED or offer.expires_at <= utc_now():
        raise AccountError(_DECIDED)
    person = session.get(User, UUID(actor.id)) if actor.id else None
    if person is None or actor.id == offer.proposed_by_id or person.username == offer.username:
        raise AccountError(
            "U deed dit voorstel zelf, of het gaat over u. Een ander moet beslissen."
        )
    confirmer = confirmers(session, [offer])[offer.id]
    if _confirmed_at(offer, confirmer) != at:
        raise AccountError(_DECIDED)
    if at != NATIONAL and person not in _readers(session, [at])[at]:
        raise AccountError("Alleen wie hier meldingen leest, kan dit voorstel bevestigen.")


def send_again(session: Session, offer: RoleOffer, actor: Actor, at: str) -> None:
    """Offer the role again, also after it was declined; mail that at most once a day.

    :raises AccountError: it isn't confirmed, or no longer.
    """
    _lock(session, offer)
    if offer.state not in (OfferState.OFFERED, OfferState.DECLINED):
        raise AccountError("Deze uitnodiging is niet bevestigd. Open de pagina opnieuw.")
    _log(session, offer, actor, INVITED, at)
    offer.state = OfferState.OFFERED
    if not _mailed_lately(offer):
        _open(session, offer)


def _mailed_lately(offer: RoleOffer) -> bool:
    """Tell whether a mail about this offer went out in the last day: its term began with it."""
    now = utc_now()
    # A time in the future was stored by a clock that ran ahead.
    return now - MAIL_EVERY < offer.expires_at - LASTS <= now


def withdraw(session: Session, offer: RoleOffer, actor: Actor, at: str) -> None:
    """Withdraw a proposal or offer: nobody can confirm or take it, and its link stops working.

    :raises AccountError: the role was taken in the meantime.
    """
    _lock(session, offer)
    _log(session, offer, actor, "gebruiker.rol_ingetrokken", at)
    _forget(session, offer)


def _lock(session: Session, offer: RoleOffer) -> None:
    """Read the offer again and lock its row until this transaction ends.

    :raises AccountError: it was taken or withdrawn in the meantime.
    """
    mine = select(RoleOffer).where(RoleOffer.id == offer.id).with_for_update()
    if not session.scalars(mine.execution_options(populate_existing=True)).all():
        raise AccountError(_DECIDED)


def _forget(session: Session, offer: RoleOffer) -> None:
    session.execute(delete(Invitation).where(Invitation.offer_id == offer.id))
    session.delete(offer)
    session.flush()


def _open(session: Session, offer: RoleOffer) -> None:
    """Offer the role: the person can take it from now on.

    The desk sends the mail, so that nothing in the municipality's log shows whether it had a link,
    which would tell whether the person has an account.
    """
    offer.state, offer.expires_at = OfferState.OFFERED, utc_now() + LASTS
    enqueue(session, INVITE_JOB, NATIONAL, {"offer": str(offer.id)})


def _log(
    session: Session,
    offer: RoleOffer,
    actor: Actor,
    action: str,
    at: str,
    *,
    reason: str | None = None,
) -> None:
    """Record this here, and have a job record it at the other holder if that has a part in it."""
    fields = [offer.holder, offer.role]
    record(session, actor, action, at, KIND, [offer.id], fields=fields, reason=reason)
    desk_has_part = offer.by_desk or confirmers(session, [offer])[offer.id] is Confirmer.DESK
    if at == NATIONAL or desk_has_part:
        other = offer.holder if at == NATIONAL else NATIONAL
        told = {"offer": str(offer.id), "action": action, "by": actor.id, "fields": fields}
        enqueue(session, TELL_JOB, other, told)
