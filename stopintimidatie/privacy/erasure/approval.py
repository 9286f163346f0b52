"""Erasing by two people: one proposes, another one looks at what goes, and does or refuses it.

Where nobody else is there, the FG and the deputies are told, and a reporter on the follow page; the
same person may do it after two working days. A request of a data subject that somebody else granted
had its second person already.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.hands import others, same_hand
from stopintimidatie.core.accounts.models import RoleAssignment, User
from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import after_working_days, local_date, utc_now
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.security import GRANTS, Identity, Permission, Role
from stopintimidatie.core.storage.personal import ERASURE_GROUNDS
from stopintimidatie.core.text import date_text, datetime_long
from stopintimidatie.dossiers.case.services import COLLEAGUE
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import people_with
from stopintimidatie.municipalities.people.absence import away_today
from stopintimidatie.municipalities.people.services import able
from stopintimidatie.privacy.erasure.models import ErasureProposal
from stopintimidatie.privacy.erasure.services import ErasureError, erase, preview_erasure
from stopintimidatie.privacy.holds.services import kind_of, reference_of, row_of
from stopintimidatie.privacy.requests.documents import grounds_to_erase
from stopintimidatie.reports.conversation.services import tell
from stopintimidatie.reports.models import Report

WAITS: Final = timedelta(days=30)
# Working days before one person may do it, where nobody else is there.
ALONE_AFTER: Final = 2
TOLD: Final = (Role.DATA_PROTECTION_OFFICER, Role.DEPUTY)
ALONE: Final = "Eén medewerker wiste de inhoud: er was niemand anders die kon meekijken."
_COMING: Final = (
    "Wij willen de inhoud van uw melding wissen. Eén medewerker stelt dat voor, en er is nu niemand"
    " anders die kan meekijken. Daarom wachten wij tot {0}. Wilt u dit niet? Laat het ons voor die"
    " tijd weten. Is het op {1} niet gebeurd, dan blijft de inhoud staan."
)
_STAYS: Final = "Wij wissen de inhoud van uw melding nu toch niet."
_NOT_YET: Final = "Er is niemand anders die kan meekijken. U mag het zelf vanaf {0}."
_ANEW: Final = (
    "Er is nu niemand anders die kan meekijken. Trek het voorstel in en doe het opnieuw: dan mag u"
    " het na twee werkdagen zelf."
)
CHANGED: Final = (
    "Er is iets gewijzigd sinds u deze pagina opende. Kijk hieronder opnieuw wat er verdwijnt, en"
    " beslis dan."
)
_NO_REQUEST: Final = (
    "Verzoek {0} is geen reden meer: het is geweigerd of ingetrokken, of dit stuk hoort er niet"
    " meer bij. Weiger het voorstel, of trek het in."
)


def latest_proposal(session: Session, document: UUID) -> ErasureProposal | None:
    """Return the newest proposal to erase a document, whatever became of it."""
    mine = select(ErasureProposal).where(ErasureProposal.document_id == document)
    return session.scalars(mine.order_by(ErasureProposal.made_at.desc()).limit(1)).first()


def open_proposals(holder: str) -> Select[ErasureProposal]:
    """Select the proposals of a holder that wait, the oldest first."""
    row = ErasureProposal
    waits = row.holder == holder, row.answered_at.is_(None), row.expires_at > utc_now()
    return select(row).where(*waits).order_by(row.made_at, row.id)


def answered_proposals(holder: str) -> Select[ErasureProposal]:
    """Select the proposals of a holder that were answered, the latest first."""
    answered = ErasureProposal.holder == holder, ErasureProposal.outcome.is_not(None)
    return select(ErasureProposal).where(*answered).order_by(ErasureProposal.answered_at.desc())


def waiting(holder: str, identity: Identity) -> Select[Any]:
    """Select what waits for this person: proposals of others, and own ones whose days are over."""
    theirs = others(ErasureProposal.made_by_id, str(identity.actor.id))
    return open_proposals(holder).where(or_(theirs, ErasureProposal.alone_at <= utc_now()))


def others_there(session: Session, holder: str, person_id: str) -> list[str]:
    """Return the names of who may look at this person's proposal, can sign in and isn't away."""
    away = away_today(session, holder, local_date(utc_now()))
    roles = [role.value for role in GRANTS[Permission.CHECK_ERASURE]]
    rows = session.execute(
        able(RoleAssignment.user_id, User.name)
        .where(RoleAssignment.holder == holder, RoleAssignment.role.in_(roles))
        .where(others(RoleAssignment.user_id, person_id))
        .order_by(User.name, RoleAssignment.user_id)
        .distinct()
    )
    return [name for number, name in rows if number not in away]


def refuses_hand(session: Session, proposal: ErasureProposal, actor: Actor) -> str | None:
    """Return why this person may not carry a proposal out now; None: they may."""
    first, since = proposal.made_by_id, proposal.alone_at
    requests = grounds_to_erase(session, proposal.document_id)
    if proposal.ground not in {*ERASURE_GROUNDS, *requests}:
        return _NO_REQUEST.format(proposal.ground)
    granter = requests.get(proposal.ground)
    # The request had its second person, or this is one.
    if not all(same_hand(session, first, other) for other in (actor.id, granter or first)):
        return None
    if names := others_there(session, proposal.holder, first):
        return f"Een ander dan u kijkt mee. Nu kunnen dat: {', '.join(names)}."
    if since is None:
        return _ANEW
    return None if since <= utc_now() else _NOT_YET.format(datetime_long(since))


def propose(
    registry: Any, session: Session, row: Report | Dossier, ground: str, seen: str, actor: Actor
) -> None:
    """Propose to erase a document. `seen`: the fingerprint of what the person saw.

    Raises:
        ErasureError: Another proposal waits, something stands in the way, or it changed since.
    """
    session.refresh(row, with_for_update=True)
    known = latest_proposal(session, row.id)
    looked, now = preview_erasure(registry, session, row), utc_now()
    if looked.obstacles or looked.fingerprint != seen or (known is not None and known.waits):
        raise ErasureError(" ".join(looked.obstacles) or CHANGED)
    proposal = ErasureProposal(
        holder=row.holder,
        document_kind=kind_of(row),
        document_id=row.id,
        reference=reference_of(row),
        ground=ground,
        seen=seen,
        made_at=now,
        made_by_id=str(actor.id),
        made_by=actor.name,
        expires_at=now + WAITS,
    )
    session.add(proposal)
    session.flush()
    _log(session, proposal, "voorgesteld", actor)
    if refuses_hand(session, proposal, actor) == _ANEW:
        _announce(session, proposal)
        proposal.seen = preview_erasure(registry, session, row).fingerprint


def _announce(session: Session, proposal: ErasureProposal) -> None:
    """Tell the FG, the deputies and the reporter that one person may do it, and from when."""
    proposal.alone_at = since = after_working_days(proposal.made_at, ALONE_AFTER)
    for person, _ in people_with(session, proposal.holder, TOLD):
        to = Recipient(COLLEAGUE, person)
        queue_mail(session, proposal.holder, MAIL.name, to, about=proposal.id)
    _log(session, proposal, "aangekondigd", SYSTEM)
    _tell(session, proposal, _COMING.format(datetime_long(since), date_text(proposal.expires_at)))


def carry_out(
    registry: Any, session: Session, proposal: ErasureProposal, seen: str, actor: Actor
) -> None:
    """Erase what was proposed, as the person who may: sign and erase in one transaction.

    Raises:
        ErasureError: It was answered, isn't this person's to do, something stands in the way, or
            the document changed since this person looked.
    """
    row, ground = _lock(session, proposal), proposal.ground
    looked = preview_erasure(registry, session, row)
    if why := refuses_hand(session, proposal, actor) or " ".join(looked.obstacles):
        raise ErasureError(why)
    if looked.fingerprint != seen:
        raise ErasureError(CHANGED)
    _sign(session, proposal, "gewist", actor)
    alone = proposal.alone_at and same_hand(session, proposal.made_by_id, actor.id)
    reason = f"Voorgesteld door {proposal.made_by}.{' Er was niemand anders.' if alone else ''}"
    erase(registry, session, row, ground, reason, actor)
    if alone:
        _tell(session, proposal, ALONE)


def leave(session: Session, proposal: ErasureProposal, reason: str | None, actor: Actor) -> None:
    """Refuse a proposal with a reason, or take one's own back, without one.

    Raises:
        ErasureError: It was answered already.
    """
    _lock(session, proposal)
    proposal.reason = reason
    _sign(session, proposal, "geweigerd" if reason else "ingetrokken", actor)
    _log(session, proposal, str(proposal.outcome), actor)
    if proposal.alone_at is not None:
        _tell(session, proposal, _STAYS)


def _lock(session: Session, proposal: ErasureProposal) -> Report | Dossier:
    """Lock a proposal and return its document, locked as well."""
    session.refresh(proposal, with_for_update=True)
    row = row_of(session, proposal)
    if row is None or not proposal.waits:
        raise ErasureError("Hierover is al beslist, of het is verlopen. Open de pagina opnieuw.")
    session.refresh(row, with_for_update=True)
    return row


def _sign(session: Session, proposal: ErasureProposal, outcome: str, actor: Actor) -> None:
    proposal.answered_at, proposal.outcome = utc_now(), outcome
    proposal.answered_by_id, proposal.answered_by = actor.id, actor.name
    session.flush()


def _tell(session: Session, proposal: ErasureProposal, words: str) -> None:
    """Tell a reporter on the follow page; reporters of a dossier keep their reports."""
    if isinstance(row := row_of(session, proposal), Report):
        tell(session, row, "bericht", words, SYSTEM)


def _log(session: Session, row: ErasureProposal, step: str, actor: Actor) -> None:
    ids, fields = [row.document_id], [row.ground]
    record(session, actor, f"wissen.{step}", row.holder, row.document_kind, ids, fields=fields)


def _letter(writing: Writing) -> Letter | None:
    """Write which document waits, and from when one person may do it; no content."""
    row = writing.session.get(ErasureProposal, writing.message.about_id)
    if row is None or not row.waits:
        return None
    return Letter({"row": row, "since": datetime_long(row.alone_at), "link": writing.link("/")})


MAIL: Final = MailTemplate(
    "wissen_alleen",
    "Eén collega wil gegevens wissen",
    "stopintimidatie.privacy.erasure:templates/mail/wissen_alleen.txt.jinja2",
    _letter,
)
