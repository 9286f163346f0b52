"""Proposals of who may come in, confirmed by a second person: a role, of a group too; a provider.

`parties` says who must confirm one; it can take two people. Until the last of them did, there is no
right, no link and no mail to the invited person. Pages show only what was typed, so that nobody can
tell whether that person has an account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.guesses import normal_username
from stopintimidatie.core.accounts.links import LASTS
from stopintimidatie.core.accounts.models import (
    BlockedColleague,
    IdentityProvider,
    Invitation,
    OfferState,
    RoleAssignment,
    RoleOffer,
    RoleProposal,
    User,
)
from stopintimidatie.core.accounts.services import KIND, AccountError, find_user
from stopintimidatie.core.audit import Actor, AuditEvent, record
from stopintimidatie.core.clock import local_date, utc_now
from stopintimidatie.core.forms import FormError
from stopintimidatie.core.jobs import enqueue
from stopintimidatie.core.registry import Directive
from stopintimidatie.core.second import ANSWERED, TWICE, SecondError, check_hand, lock_open, sign
from stopintimidatie.core.security import Role
from stopintimidatie.core.storage.tenancy import NATIONAL
from stopintimidatie.core.text import checked_address, date_text
from stopintimidatie.core.web.request import Request
from stopintimidatie.municipalities.people.mail import INVITE_JOB, INVITED, tell
from stopintimidatie.municipalities.people.models import GroupRole
from stopintimidatie.municipalities.people.parties import Party, Proposal, parties_of, party_at
from stopintimidatie.municipalities.people.services import READERS, able, givers

# Time a proposal waits for the second person; an offer lasts as long as the link in its mail.
WAITS: Final = timedelta(days=30)
# At most one mail a day per offer, so that sending again can't be used to pester somebody.
MAIL_EVERY: Final = timedelta(days=1)
# New invitations of one person at one municipality in a day; those withdrawn count as well.
AT_MOST: Final = 20
DAY: Final = timedelta(days=1)
TOO_MANY: Final = (
    f"U deed vandaag al {AT_MOST} uitnodigingen voor deze gemeente. Ga morgen verder, of vraag een"
    " andere beheerder."
)
# The roles of a municipality; the desk's own roles are given on the command line only.
OFFERED_ROLES: Final = (
    Role.ADMIN,
    Role.OFFICER,
    Role.DOSSIER_OWNER,
    Role.PRIVACY_OFFICER,
    Role.DATA_PROTECTION_OFFICER,
    Role.PROCESS_OWNER,
    Role.ARCHIVIST,
    Role.POLICE_DATA,
    Role.DEPUTY,
)
# A group can't say for how long, nor who decided it.
GROUP_ROLES: Final = tuple(role for role in OFFERED_ROLES if role is not Role.DEPUTY)
# Roles that a municipality gives only under a condition: (session, holder, keep) -> whether it may.
# `keep`: it stays so until the transaction ends.
ROLE_CONDITIONS: Final = Directive[Role, Callable[[Session, str, bool], bool]](
    "add_role_condition", "role_conditions"
)
# A deputy acts for at most so long; after that somebody decides about it again.
LONGEST_MANDATE: Final = timedelta(days=366)


def roles_given(request: Request, holder: str, roles: Iterable[Role]) -> list[tuple[str, str]]:
    """Return the roles among these that a municipality gives now, as choices.

    Where a form is sent, that stays so until the proposal is saved.
    """
    conditions, keep = ROLE_CONDITIONS.of(request.registry), request.method == "POST"
    return [
        (role.value, role.label)
        for role in roles
        if role not in conditions or conditions[role](request.db, holder, keep)
    ]


NOT_YOURSELF: Final = (
    "Uw eigen rollen kunt u niet wijzigen. Vraag een andere beheerder, of het landelijk meldpunt."
)
_WAITS_ALREADY: Final = (
    "Voor dit adres is er al een uitnodiging met deze rol. Stuur die opnieuw, of trek haar eerst"
    " in."
)
HAD_A_HAND: Final = (
    "U had hier zelf een hand in: u deed of bevestigde dit voorstel, u gaf een account aan wie dat"
    " deed of kreeg het uwe van die persoon, of het gaat over u. Een ander moet beslissen."
)
GROUP_PROPOSED: Final = "gebruiker.groep_voorgesteld"


# Names of the fields that a mandate is about, in the form.
MANDATE, UNTIL = "mandaat", "tot_en_met"
WHOSE_MANDATE: Final = "Schrijf op wie besloot dat deze persoon waarneemt, en wanneer."


def propose(
    session: Session,
    actor: Actor,
    code: str,
    *,
    at: str,
    username: str,
    name: str,
    role: Role,
    until: date | None = None,
    mandate: str = "",
) -> RoleOffer:
    """Propose a role in a municipality for somebody; offer it where no second person is needed.

    The holder `at` proposes: the municipality itself, or the desk. Somebody who has the role can
    get it again for longer; `until` is its last day.

    Raises:
        AccountError: the user may not give this role, or it was proposed or given before.
    """
    if role not in OFFERED_ROLES:
        raise AccountError("Deze rol hoort niet bij een gemeente.")
    address = normal_username(checked_address(username.strip()).normalized)
    refuse_too_many(session, actor, code, at)
    _check_mandate(role, until, mandate)
    _refuse_known(session, actor, code, address, role, until)
    offer = RoleOffer(
        holder=code,
        username=address,
        name=name,
        role=role.value,
        by_desk=at == NATIONAL,
        proposed_by_id=actor.id,
        proposed_by=actor.name,
        given_by=givers(session, actor),
        until=until,
        mandate=mandate or None,
        expires_at=utc_now() + WAITS,
    )
    add(session, offer, _WAITS_ALREADY)
    log_step(session, offer, actor, INVITED, at, reason=offer.mandate)
    if role is Role.ADMIN and at == NATIONAL and _needs_nobody(session, code):
        _take_effect(session, offer, actor)
    return offer


def _needs_nobody(session: Session, code: str) -> bool:
    """Tell whether this is the very first role of a municipality, and the desk is one person."""
    at_desk = able(RoleAssignment.user_id).where(
        RoleAssignment.holder == NATIONAL, RoleAssignment.role == Role.NATIONAL_DESK
    )
    anybody = select(RoleAssignment.role).where(RoleAssignment.holder == code).limit(1)
    return len(session.scalars(at_desk.limit(2)).all()) < 2 and session.scalar(anybody) is None


def _check_mandate(role: Role, until: date | None, mandate: str) -> None:
    """Check that a deputy has an end date within a year and a decision, and that no other has one.

    Raises:
        FormError: something is missing, or too long.
    """
    if role is not Role.DEPUTY:
        if mandate:
            raise FormError("Dit hoort alleen bij de rol waarnemer. Maak dit veld leeg.", MANDATE)
        return
    problems = [] if mandate else [(WHOSE_MANDATE, MANDATE)]
    if until is None or until > local_date(utc_now()) + LONGEST_MANDATE:
        problems.append(("Een waarnemer heeft een einddatum, hoogstens een jaar vooruit.", UNTIL))
    if problems:
        first, *also = problems
        raise FormError(*first, also)


def add(session: Session, row: RoleProposal, known: str) -> None:
    """Add a proposal.

    Raises:
        AccountError: it was proposed before; `known` says so.
    """
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise AccountError(known) from None


def refuse_too_many(session: Session, actor: Actor, code: str, at: str) -> None:
    """Refuse another proposal of somebody who made too many today.

    Raises:
        AccountError: they did.
    """
    now = utc_now()
    logged = session.scalars(
        select(AuditEvent.fields)
        .where(AuditEvent.holder == at, AuditEvent.action.in_((INVITED, GROUP_PROPOSED)))
        .where(AuditEvent.at > now - DAY, AuditEvent.at <= now)
        .where(AuditEvent.actor_id.is_not(None), AuditEvent.actor_id == actor.id)
    )
    if sum(code in fields for fields in logged) >= AT_MOST:
        raise AccountError(TOO_MANY)


def _refuse_known(
    session: Session, actor: Actor, code: str, address: str, role: Role, until: date | None
) -> None:
    """Refuse a role that the person has, or that was proposed to them; forget an old proposal.

    Somebody whose role ends can get it for longer: the same two people decide about that again.

    It looks only at what the people page shows anyway, so it tells nothing of accounts elsewhere.

    Raises:
        AccountError: the role is for oneself, or waits already; the person has it as long, or is
            blocked there.
    """
    user = find_user(session, address)
    if user is not None and str(user.id) == actor.id:
        raise AccountError(NOT_YOURSELF)
    if user is not None:
        _refuse_present(session, code, user.id, role, until)
    present = session.scalars(
        select(RoleOffer).filter_by(holder=code, username=address, role=role.value)
    ).one_or_none()
    if present is None:
        return
    if present.state != OfferState.REFUSED and present.expires_at > utc_now():
        raise AccountError(_WAITS_ALREADY)
    _forget(session, present)


def _refuse_present(
    session: Session, code: str, person: UUID, role: Role, until: date | None
) -> None:
    """Refuse a role for somebody who is blocked there, or who has it as long already.

    Raises:
        AccountError: it is refused.
    """
    if session.get(BlockedColleague, (code, person)) is not None:
        raise AccountError("Deze persoon is hier geblokkeerd. Hef eerst de blokkade op.")
    row = session.get(RoleAssignment, (person, code, role.value))
    if row is None:
        return
    if row.until is None:
        raise AccountError("Deze persoon heeft deze rol al.")
    if until is not None and until <= row.until:
        raise AccountError(
            f"Deze persoon heeft deze rol al, tot en met {date_text(row.until)}. Kies een latere"
            " einddatum, of laat haar leeg."
        )


def confirm(session: Session, row: Proposal, actor: Actor, at: str) -> None:
    """Confirm a proposal for one party; after the last it counts, and who gets a role is mailed.

    Raises:
        SecondError: this user may not confirm it, or it was answered or changed.
    """
    left = _lock_for(session, row, actor, at)
    if isinstance(row, RoleProposal):
        setattr(row, "desk_id" if at == NATIONAL else "colleague_id", actor.id)
    log_step(session, row, actor, f"{_named(row)}_bevestigd", at)
    if left == {party_at(at)}:
        _take_effect(session, row, actor)
        sign(session, row, actor)


def refuse(session: Session, row: Proposal, actor: Actor, at: str, reason: str) -> None:
    """Refuse a proposal as second person, with a reason that the proposing person can read.

    A provider is switched off by it.

    Raises:
        FormError: no reason was given.
        SecondError: this user may not refuse it, or it was answered or changed.
    """
    if not reason.strip():
        raise FormError("Schrijf op waarom u het voorstel weigert.", "reden")
    _lock_for(session, row, actor, at)
    row.reason = reason
    if isinstance(row, RoleProposal):
        row.state = OfferState.REFUSED
    else:
        row.enabled = row.required = False
    sign(session, row, actor)
    log_step(session, row, actor, f"{_named(row)}_geweigerd", at, reason=reason)


def _lock_for(session: Session, row: Proposal, actor: Actor, at: str) -> set[Party]:
    """Lock a proposal for an answer of this user; return the parties that must confirm it.

    Raises:
        SecondError: they may not answer it, or it was answered or changed.
    """
    lock_open(session, row, actor, seen=row.id, is_now=lambda: row.id)
    if isinstance(row, RoleProposal) and actor.id in (row.colleague_id, row.desk_id):
        raise SecondError(TWICE)
    user = session.get(User, UUID(actor.id)) if actor.id else None
    invited = isinstance(row, RoleOffer) and user is not None and row.username == user.username
    # The givers of the proposer's role have a part in it; others to whom they gave one haven't.
    part = {actor.id} if invited or actor.id in row.given_by else set()
    check_hand(session, row, actor, part, HAD_A_HAND)
    left = parties_of(session, row)
    if at not in (NATIONAL, row.holder) or party_at(at) not in left:
        raise SecondError(ANSWERED)
    roles = {Role.NATIONAL_DESK} if at == NATIONAL else READERS
    mine = RoleAssignment.holder == at, RoleAssignment.user_id == UUID(str(actor.id))
    reads = able(RoleAssignment.user_id).where(*mine, RoleAssignment.role.in_(roles))
    if session.scalar(reads.limit(1)) is None:
        raise SecondError("Alleen wie hier meldingen leest, kan dit bevestigen.")
    return left


def send_again(session: Session, offer: RoleOffer, actor: Actor, at: str) -> None:
    """Offer a role again, also after it was declined; mail it at most once a day.

    Raises:
        AccountError: it isn't confirmed, or was taken or withdrawn.
    """
    _lock(session, offer)
    if offer.state not in (OfferState.OFFERED, OfferState.DECLINED):
        raise AccountError("Deze uitnodiging is niet bevestigd. Open de pagina opnieuw.")
    log_step(session, offer, actor, INVITED, at)
    offer.state = OfferState.OFFERED
    if not _mailed_lately(offer):
        _take_effect(session, offer, actor)


def _mailed_lately(offer: RoleOffer) -> bool:
    """Tell whether a mail about this offer went out in the last day: its term began with it."""
    now = utc_now()
    # A time in the future was stored by a clock that ran ahead.
    return now - MAIL_EVERY < offer.expires_at - LASTS <= now


def withdraw(session: Session, offer: RoleOffer, actor: Actor, at: str) -> None:
    """Withdraw a proposal or offer: nobody can confirm or take it, and its link stops working.

    Raises:
        AccountError: the role was taken in the meantime.
    """
    _lock(session, offer)
    log_step(session, offer, actor, "gebruiker.rol_ingetrokken", at)
    _forget(session, offer)


def _lock(session: Session, offer: RoleOffer) -> None:
    """Read an offer again and lock its row until this transaction ends.

    Raises:
        AccountError: it was taken or withdrawn in the meantime.
    """
    if session.get(RoleOffer, offer.id, populate_existing=True, with_for_update=True) is None:
        raise AccountError(ANSWERED)


def _forget(session: Session, offer: RoleOffer) -> None:
    session.execute(delete(Invitation).where(Invitation.offer_id == offer.id))
    session.delete(offer)
    session.flush()


def _take_effect(session: Session, row: Proposal, actor: Actor) -> None:
    """Let what was confirmed count; who is offered a role can take it, and is mailed.

    The desk sends the mail, so that nothing in the municipality's log shows whether it had a link,
    which would tell whether the person has an account.
    """
    if isinstance(row, IdentityProvider):
        row.confirmed_at, row.confirmed_by_id = utc_now(), actor.id
        return
    row.state = OfferState.OFFERED
    if isinstance(row, RoleOffer):
        row.expires_at = utc_now() + LASTS
        enqueue(session, INVITE_JOB, NATIONAL, {"offer": str(row.id)})


def _named(row: Proposal) -> str:
    """Return how the actions of a confirmation begin in the log."""
    return "gemeente.aanmelden" if isinstance(row, IdentityProvider) else "gebruiker.rol"


def log_step(
    session: Session,
    row: Proposal,
    actor: Actor,
    action: str,
    at: str,
    *,
    reason: str | None = None,
) -> None:
    """Record an action here; a job records it at the other holder, if that has a part in it."""
    if isinstance(row, IdentityProvider):
        kind, offer = "gemeente", []
        fields = [row.holder, row.issuer, row.client_id, row.groups_claim]
    else:
        kind, offer = KIND, [row.id]
        group = [f"groep: {row.group_name}"] if isinstance(row, GroupRole) else []
        fields = [row.holder, row.role, *group]
    record(session, actor, action, at, kind, offer, fields=fields, reason=reason)
    if at == NATIONAL or _desk_has_part(session, row):
        other = row.holder if at == NATIONAL else NATIONAL
        tell(session, actor, action, other, fields, **({"offer": str(row.id)} if offer else {}))


def _desk_has_part(session: Session, row: Proposal) -> bool:
    if isinstance(row, RoleProposal) and (row.by_desk or row.desk_id is not None):
        return True
    return Party.DESK in parties_of(session, row)
