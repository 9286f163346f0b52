"""The register as a list: rows, filters in the address, and their counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Self
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from stopintimidatie.core.security import Role
from stopintimidatie.disclosures.models import (
    CopyState,
    DisclosedCopy,
    Disclosure,
    DisclosureSubject,
)
from stopintimidatie.disclosures.resources import RESTRICTED_ROLES

Facet = Sequence[tuple[str, str, int]]
FACETS: Final = {
    "stand": "Stand",
    "ontvanger": "Ontvanger",
    "soort": "Soort ontvanger",
    "grondslag": "Grondslag",
    "termijn": "Vernietigen",
}
RECIPIENTS: Final = 15
# Stands of a copy to filter by; the first is: the recipient has it.
STANDS: Final = {
    "uit": "staat nog uit",
    "te_laat": "had vernietigd moeten zijn",
    "bellen": "ontvanger moet worden gebeld",
    "ingetrokken": "ingetrokken, niet bevestigd",
    "correctie": "correctie niet bevestigd",
    "klaargezet": "klaargezet, niet opgehaald",
    "gemaakt": "nog niet gegeven",
    "vernietigd": "vernietigd door ontvanger",
    "nooit_gegeven": "ingetrokken, nooit gegeven",
    "openbaar": "openbaar",
}
TERMS: Final = {"loopt": "termijn loopt nog", "voorbij": "termijn is voorbij"}


WITH_COPY: Final = (DisclosedCopy, DisclosedCopy.disclosure_id == Disclosure.id)


@dataclass(frozen=True, slots=True)
class Row:
    """A disclosure with its copy, if it has one, and the number of documents it is about."""

    disclosure: Disclosure
    copy: DisclosedCopy | None
    subjects: int


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters in the address, for who reads them today; an unknown value finds nothing."""

    roles: frozenset[Role]
    today: date
    kind: str = ""
    basis: str = ""
    term: str = ""
    source: str = ""
    stand: str = ""
    recipient: str = ""

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]], roles: frozenset[Role], today: date) -> Self:
        """Return the filters in the parameters of an address."""
        given = dict(pairs)
        names = ("soort", "grondslag", "termijn", "dossier", "stand", "ontvanger")
        values = (given.get(name, "")[:200].replace("\x00", "") for name in names)
        return cls(roles, today, *values)

    @property
    def chosen(self) -> bool:
        """Tell whether anything is filtered."""
        return self != Filters(self.roles, self.today)


def readable_by(roles: Iterable[Role]) -> ColumnElement[bool]:
    """Return the condition of the disclosures that somebody with these roles may see."""
    return true() if RESTRICTED_ROLES & set(roles) else Disclosure.restricted.is_(False)


def _matching(filters: Filters) -> list[ColumnElement[bool]]:
    running = Disclosure.destroy_by >= filters.today
    chosen = (
        (filters.kind, Disclosure.profile == filters.kind),
        (filters.basis, Disclosure.legal_basis == filters.basis),
        (filters.source, Disclosure.source_reference == filters.source),
        (filters.recipient, _same_recipient(filters.recipient)),
        (filters.stand, stand_condition(filters.stand, filters.today)),
        (filters.term in TERMS, running if filters.term == "loopt" else ~running),
    )
    return [readable_by(filters.roles), *(condition for value, condition in chosen if value)]


def _same_recipient(reference: str) -> ColumnElement[bool]:
    """Return the condition of the recipient of this disclosure, whose name is in no address."""
    known = aliased(Disclosure)
    name = select(known.recipient).where(known.reference == reference).scalar_subquery()
    return Disclosure.recipient == name


def stand_condition(stand: str, today: date) -> ColumnElement[bool]:
    """Return the condition of the copies in a stand; an unknown one finds nothing."""
    copy, out = DisclosedCopy, DisclosedCopy.state == CopyState.GIVEN.value
    known = {
        "uit": out,
        "te_laat": and_(out, copy.destroy_by < today),
        "bellen": and_(out, copy.alarm_at.is_not(None)),
        "ingetrokken": and_(out, copy.withdrawn_at.is_not(None)),
        "correctie": and_(out, copy.corrections > 0),
        "openbaar": copy.state == CopyState.PUBLIC.value,
        "klaargezet": copy.state == CopyState.OFFERED.value,
        "gemaakt": copy.state == CopyState.MADE.value,
        "vernietigd": copy.state == CopyState.DESTROYED.value,
        "nooit_gegeven": copy.state == CopyState.LAPSED.value,
    }
    return known.get(stand, false())


def real_disclosures(ids: Collection[UUID]) -> Select[Disclosure, datetime]:
    """Select what was really given of these documents, and since when; the oldest first.

    A forwarded report has no copy: it is entered in the register once it is picked up.
    """
    inside = select(DisclosureSubject.disclosure_id).where(DisclosureSubject.subject_id.in_(ids))
    since = func.coalesce(DisclosedCopy.given_at, Disclosure.made_at)
    given = or_(DisclosedCopy.id.is_(None), DisclosedCopy.given_at.is_not(None))
    about = (Disclosure.source_id.in_(ids), Disclosure.document_id.in_(ids))
    asked = select(Disclosure, since).outerjoin(*WITH_COPY)
    asked = asked.where(given, or_(Disclosure.id.in_(inside), *about))
    return asked.order_by(since, Disclosure.id)


def count(session: Session, filters: Filters) -> int:
    """Count the disclosures that fit the filters."""
    disclosures: Select[Any] = select(func.count()).select_from(Disclosure).outerjoin(*WITH_COPY)
    return session.scalar(disclosures.where(*_matching(filters))) or 0


def list_disclosures(
    session: Session, filters: Filters, offset: int = 0, size: int | None = None, *options: Any
) -> Sequence[Row]:
    """Return the disclosures that fit the filters, newest first; without a size all of them."""
    subjects = (
        select(func.count(DisclosureSubject.id))
        .where(DisclosureSubject.disclosure_id == Disclosure.id)
        .correlate(Disclosure)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Disclosure, DisclosedCopy, subjects)
        .outerjoin(*WITH_COPY)
        .where(*_matching(filters))
        .order_by(Disclosure.made_at.desc(), Disclosure.id)
        .offset(offset)
        .limit(size)
        .options(*options)
    )
    return [Row(*row) for row in rows]


def facets(session: Session, filters: Filters) -> Mapping[str, Facet]:
    """Return the values of each filter with words and counts, of all disclosures one may see."""
    seen, today = readable_by(filters.roles), filters.today
    terms = (
        (code, words, count(session, Filters(filters.roles, today, term=code)))
        for code, words in TERMS.items()
    )
    return {
        "stand": _stands(session, seen, today),
        "ontvanger": _recipients(session, seen),
        "soort": _values(session, seen, Disclosure.profile, Disclosure.recipient_kind),
        "grondslag": _values(session, seen, Disclosure.legal_basis, Disclosure.legal_basis_words),
        "termijn": [entry for entry in terms if entry[2]],
    }


def _values(session: Session, seen: ColumnElement[bool], code: Any, words: Any) -> Facet:
    rows = session.execute(
        select(code, func.max(words), func.count()).where(seen).group_by(code).order_by(code)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _stands(session: Session, seen: ColumnElement[bool], today: date) -> Facet:
    """Return the stands that occur with their counts, in one query."""
    numbers = [
        func.coalesce(func.sum(case((stand_condition(code, today), 1), else_=0)), 0)
        for code in STANDS
    ]
    row = session.execute(
        select(*numbers).select_from(Disclosure).outerjoin(*WITH_COPY).where(seen)
    ).one()
    counted = zip(STANDS.items(), row, strict=True)
    return [(code, words, number) for (code, words), number in counted if number]


def _recipients(session: Session, seen: ColumnElement[bool]) -> Facet:
    rows = session.execute(
        select(func.max(Disclosure.reference), Disclosure.recipient, func.count())
        .where(seen)
        .group_by(Disclosure.recipient)
        .order_by(func.count().desc(), Disclosure.recipient)
        .limit(RECIPIENTS)
    )
    return [(row[0], row[1], row[2]) for row in rows]
