"""Reading breaches: the register, and of one its notifications, reports, history, lost document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.security import Identity
from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.disclosures.services import subjects_of
from stopintimidatie.exports.profiles.defaults import PROFILES
from stopintimidatie.exports.profiles.rules import Field, Treatment
from stopintimidatie.exports.profiles.services import profile_at
from stopintimidatie.municipalities.areas.facts import CODE as PRACTICE
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.levels.models import MunicipalityProfile, ParticipationLevel
from stopintimidatie.privacy.breaches.clock import COUNTS
from stopintimidatie.privacy.breaches.models import Breach, BreachDocument, BreachMove, BreachNotice
from stopintimidatie.privacy.breaches.vocabulary import NoticeKind
from stopintimidatie.reports.vocabulary import KIND as REPORT


def waiting(holder: str, identity: Identity) -> Select[Any]:
    """Select the breaches that aren't closed, for the menu."""
    return select(Breach.id).where(Breach.holder == holder, Breach.closed_at.is_(None))


def list_breaches(session: Session, offset: int, size: int) -> Sequence[Breach]:
    """Return a page of all breaches: whose clock runs first, then the open ones, by when due.

    What is closed follows, the latest first.
    """
    turn = case((Breach.closed_at.is_not(None), 2), (Breach.state.in_(COUNTS), 0), else_=1)
    open_first = case((Breach.closed_at.is_(None), Breach.due_at))
    ordered = select(Breach).order_by(turn, open_first, Breach.closed_at.desc(), Breach.reference)
    return session.scalars(ordered.offset(offset).limit(size)).all()


def count(session: Session) -> int:
    """Return how many breaches the register has."""
    return session.scalar(select(func.count(Breach.id))) or 0


def notices_of(session: Session, breach: Breach) -> Sequence[BreachNotice]:
    """Return the notifications about a breach, the first one first."""
    return session.scalars(
        select(BreachNotice)
        .where(BreachNotice.breach_id == breach.id)
        .order_by(BreachNotice.sent_at, BreachNotice.id)
    ).all()


def latest_about_people(notices: Sequence[BreachNotice]) -> BreachNotice | None:
    """Return the latest note of how people were told otherwise, or why they weren't."""
    kinds = NoticeKind.OTHERWISE, NoticeKind.NOT_PEOPLE
    return next((row for row in reversed(notices) if row.kind in kinds), None)


def first_notices(session: Session, breaches: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return the moments of the first notifications about breaches, by breach."""
    about = BreachNotice.breach_id.in_(breaches), BreachNotice.kind == NoticeKind.FIRST
    moment = func.min(BreachNotice.sent_at)
    rows = select(BreachNotice.breach_id, moment).where(*about).group_by(BreachNotice.breach_id)
    return dict(session.execute(rows).all())


def documents_of(
    session: Session, breach: Breach, offset: int, size: int
) -> Sequence[BreachDocument]:
    """Return a page of the documents of which data went astray, by reference."""
    return session.scalars(
        select(BreachDocument)
        .where(BreachDocument.breach_id == breach.id)
        .order_by(BreachDocument.reference, BreachDocument.id)
        .offset(offset)
        .limit(size)
    ).all()


@dataclass(frozen=True)
class Tally:
    """Number of reports in a breach, of those whose reporter was told, and who can't be told."""

    total: int
    reached: int
    hindered: int

    @property
    def left(self) -> int:
        """The number of reporters who can be told yet."""
        return self.total - self.reached - self.hindered


def tally(session: Session, breach: Breach) -> Tally:
    """Count the reports of a breach."""
    row = session.execute(
        select(
            func.count(BreachDocument.id),
            func.count(BreachDocument.told_at),
            func.count(case((BreachDocument.told_at.is_(None), BreachDocument.obstacle))),
        ).where(BreachDocument.breach_id == breach.id)
    ).one()
    return Tally(*row)


def moves_of(session: Session, breach: Breach) -> Sequence[BreachMove]:
    """Return the history of a breach, the latest first."""
    return session.scalars(
        select(BreachMove)
        .where(BreachMove.breach_id == breach.id)
        .order_by(BreachMove.at.desc(), BreachMove.id)
    ).all()


def lost_of(session: Session, breach: Breach) -> Disclosure | None:
    """Return the disclosed document that is lost, if the breach began with one."""
    return session.get(Disclosure, breach.origin_id) if breach.origin_id else None


def breach_about(session: Session, holder: str, reference: str | None) -> Breach | None:
    """Return the latest breach that began with the loss of this disclosed document."""
    mine = select(Breach).where(Breach.holder == holder, Breach.origin_reference == reference)
    if reference is None:
        return None
    return session.scalars(mine.order_by(Breach.made_at.desc(), Breach.id).limit(1)).first()


def is_lost(session: Session, holder: str, reference: str) -> bool:
    """Tell whether a disclosed document was reported as lost, and that isn't closed yet."""
    mine = Breach.holder == holder, Breach.origin_reference == reference
    open_ = select(Breach.id).where(*mine, Breach.closed_at.is_(None)).limit(1)
    return session.scalar(open_) is not None


def fields_in(session: Session, lost: Disclosure) -> list[str]:
    """Return the kinds of data that went along, as the register of disclosures has them."""
    rows = (row for row in subjects_of(session, lost.id) if row.kind == REPORT)
    return list(dict.fromkeys(kind for row in rows for kind in row.categories))


def kinds_in(session: Session, lost: Disclosure) -> str:
    """Return in words which data stands in a disclosed document, as coarse as its profile gave it.

    A document that no profile made has the words of the register.
    """
    profile = None
    if lost.profile in PROFILES:
        profile = profile_at(session, lost.holder, lost.profile, lost.profile_version)
    words = []
    for kind in fields_in(session, lost):
        rule = profile.rule(Field(kind)) if profile and kind in _FIELDS else None
        coarse = rule is not None and rule.treatment is Treatment.COARSENED
        words.append(f"{kind} ({rule.label})" if rule and coarse else kind)
    return ", ".join(words)


_FIELDS: Final = frozenset(field.value for field in Field)


def new_since_notice(moves: Sequence[BreachMove]) -> set[str]:
    """Return the columns that were filled in or changed after the AP was told the last time.

    `moves`: the history, the latest first. Empty before the first notification.
    """
    changed: set[str] = set()
    for move in moves:
        if move.name.startswith("ap"):
            return changed
        changed |= set(move.values.get("velden", ()))
    return set()


def towns_given(session: Session, moves: Sequence[BreachMove]) -> Sequence[Municipality]:
    """Return the municipalities that a breach was given to, by its history; by name."""
    codes = {code for move in moves for code in move.values.get("gemeenten", ())}
    wanted = select(Municipality).where(Municipality.code.in_(codes))
    rows = wanted.order_by(Municipality.name, Municipality.code)
    return session.scalars(rows).all() if codes else []


def connected(session: Session) -> Sequence[Municipality]:
    """Return the municipalities that work with the product, by name; not the one to practise in."""
    taking_part = select(MunicipalityProfile.code).where(
        MunicipalityProfile.noted_level == ParticipationLevel.PROGRAMME
    )
    wanted = select(Municipality).where(
        Municipality.code.in_(taking_part), Municipality.code != PRACTICE
    )
    return session.scalars(wanted.order_by(Municipality.name, Municipality.code)).all()
