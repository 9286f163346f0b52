"""Erasing by two people: one proposes, another one looks at what goes, and does or refuses it.

Where nobody else is there, the FG and the deputies are told, and a reporter on the follow page; the
same person may do it after two working days. A request of a data subject that somebody else granted
had its second person already.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from stopintimidatie.core import second
from stopintimidatie.core.audit import SYSTEM, Actor, record
from stopintimidatie.core.clock import after_working_days, utc_now
from stopintimidatie.core.mail import Letter, MailTemplate, Recipient, Writing, queue_mail
from stopintimidatie.core.security import Permission, Role
from stopintimidatie.core.storage.personal import ERASURE_GROUNDS
from stopintimidatie.core.text import date_text, datetime_long
from stopintimidatie.dossiers.case.services import COLLEAGUE
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import people_with
from stopintimidatie.municipalities.people.services import second_persons
from stopintimidatie.privacy.erasure.models import ErasureProposal
from stopintimidatie.privacy.erasure.services import erase, preview_erasure
from stopintimidatie.privacy.holds.services import kind_of, reference_of, row_of
from stopintimidatie.privacy.requests.documents import grounds_to_erase
from stopintimidatie.reports.conversation.services import tell
from stopintimidatie.reports.models import Report

LIST: Final = "wissen"
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
_NO_REQUEST: Final = (
    "Verzoek {0} is geen reden meer: het is geweigerd of ingetrokken, of dit stuk hoort er niet"
    " meer bij. Weiger het voorstel, of trek het in."
)


def latest_proposal(session: Session, document: UUID) -> ErasureProposal | None:
    """Return the newest proposal to erase a document, whatever became of it."""
    mine = select(ErasureProposal).where(ErasureProposal.document_id == document)
    return session.scalars(mine.order_by(ErasureProposal.proposed_at.desc()).limit(1)).first()


def open_proposals(holder: str) -> Select[ErasureProposal]:
    """Select the proposals of a holder that wait, the oldest first."""
    row = ErasureProposal
    waits = row.holder == holder, row.waiting()
    return select(row).where(*waits).order_by(row.proposed_at, row.id)


def answered_proposals(holder: str) -> Select[ErasureProposal]:
    """Select the proposals of a holder that were answered, the latest first."""
    answered = ErasureProposal.holder == holder, ErasureProposal.outcome.is_not(None)
    return select(ErasureProposal).where(*answered).order_by(ErasureProposal.answered_at.desc())


def refuses_hand(session: Session, proposal: ErasureProposal, actor: Actor) -> str | None:
    """Return why this person may not carry a proposal out now; None: they may."""
    requests = grounds_to_erase(session, proposal.document_id)
    if proposal.ground not in {*ERASURE_GROUNDS, *requests}:
        return _NO_REQUEST.format(proposal.ground)
    # This is a second person, or the request had one.
    people = actor.id, requests.get(proposal.ground)
    if any(person and second.why_not(session, proposal, person) is None for person in people):
        return None
    staff = _others(session, proposal)
    return second.why_not_alone(KIND.alone, staff, proposal.alone_at, utc_now())


def _others(session: Session, row: ErasureProposal) -> list[str]:
    return second_persons(session, row.holder, KIND.permission, row.proposed_by_id)


def propose(
    registry: Any, session: Session, row: Report | Dossier, ground: str, seen: str, actor: Actor
) -> ErasureProposal:
    """Propose to erase a document. `seen`: the fingerprint of what the person saw.

    Raises:
        SecondError: Another proposal waits, something stands in the way, or it changed since.
    """
    session.refresh(row, with_for_update=True)
    known = latest_proposal(session, row.id)
    looked, now = preview_erasure(registry, session, row), utc_now()
    if looked.obstacles or looked.fingerprint != seen or (known is not None and known.waits):
        raise second.SecondError(" ".join(looked.obstacles) or second.CHANGED)
    proposal = ErasureProposal(
        holder=row.holder,
        document_kind=kind_of(row),
        document_id=row.id,
        reference=reference_of(row),
        ground=ground,
        seen=seen,
        proposed_at=now,
        proposed_by_id=str(actor.id),
        proposed_by=actor.name,
        expires_at=now + WAITS,
    )
    session.add(proposal)
    session.flush()
    _log(session, proposal, "voorgesteld", actor)
    if not _others(session, proposal) and refuses_hand(session, proposal, actor):
        _announce(session, proposal)
        proposal.seen = preview_erasure(registry, session, row).fingerprint
    return proposal


def _announce(session: Session, proposal: ErasureProposal) -> None:
    """Tell the FG, the deputies and the reporter that one person may do it, and from when."""
    proposal.alone_at = since = after_working_days(proposal.proposed_at, ALONE_AFTER)
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
        SecondError: It was answered, isn't this person's to do, something stands in the way, or
            the document changed since this person looked.
    """
    second.lock_open(session, proposal, actor)
    if (row := row_of(session, proposal)) is None:
        raise second.SecondError(second.ANSWERED)
    session.refresh(row, with_for_update=True)
    looked = preview_erasure(registry, session, row)
    if why := refuses_hand(session, proposal, actor) or " ".join(looked.obstacles):
        raise second.SecondError(why)
    if looked.fingerprint != seen:
        raise second.SecondError(second.CHANGED)
    alone = proposal.alone_at and second.why_not(session, proposal, actor.id) is not None
    proposal.outcome = "gewist"
    second.sign(session, proposal, actor)
    more = " Er was niemand anders." if alone else ""
    reason = f"Voorgesteld door {proposal.proposed_by}.{more}"
    erase(registry, session, row, proposal.ground, reason, actor)
    if alone:
        _tell(session, proposal, ALONE)


def leave(session: Session, proposal: ErasureProposal, reason: str | None, actor: Actor) -> None:
    """Refuse a proposal with a reason, or take one's own back, without one.

    Raises:
        SecondError: It was answered already, or what is taken back is of somebody else.
    """
    if reason:
        second.lock_open(session, proposal, actor)
        second.sign(session, proposal, actor)
    else:
        second.take_back(session, proposal, actor)
    proposal.reason, proposal.outcome = reason, "geweigerd" if reason else "ingetrokken"
    _log(session, proposal, proposal.outcome, actor)
    if proposal.alone_at is not None:
        _tell(session, proposal, _STAYS)


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


MAIL: Final = MailTemplate("wissen_alleen", "Eén collega wil gegevens wissen", __package__, _letter)

KIND: Final = second.Second(
    "wissen",
    "Wissen: kijk mee en beslis",
    ErasureProposal,
    Permission.CHECK_ERASURE,
    lambda row: f"/{LIST}?nr={row.id}",
    about=ErasureProposal.reference,
    due=ErasureProposal.expires_at,
    alone=second.Alone.LATER,
)
