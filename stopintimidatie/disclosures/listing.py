"""The register as a list: filters that are addresses, counted in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import Session

from stopintimidatie.disclosures.models import Disclosure
from stopintimidatie.disclosures.resources import RESTRICTED_ROLES
from stopintimidatie.security import Role

Facet = Sequence[tuple[str, str, int]]
FACETS: Final = {"soort": "Soort ontvanger", "grondslag": "Grondslag", "termijn": "Vernietigen"}
TERMS: Final = {"loopt": "termijn loopt nog", "voorbij": "termijn is voorbij"}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader chose; an unknown value simply finds nothing."""

    kind: str = ""
    basis: str = ""
    term: str = ""
    source: str = ""

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        given = dict(pairs)
        names = ("soort", "grondslag", "termijn", "dossier")
        return cls(*(given.get(name, "")[:40].replace("\x00", "") for name in names))


def readable_by(roles: Iterable[Role]) -> ColumnElement[bool]:
    """The condition of a list for who holds these roles here."""
    return true() if RESTRICTED_ROLES & set(roles) else Disclosure.restricted.is_(False)


def _matching(filters: Filters, roles: Iterable[Role], today: date) -> list[ColumnElement[bool]]:
    conditions = [readable_by(roles)]
    if filters.kind:
        conditions.append(Disclosure.profile == filters.kind)
    if filters.basis:
        conditions.append(Disclosure.legal_basis == filters.basis)
    if filters.source:
        conditions.append(Disclosure.source_reference == filters.source)
    if filters.term in TERMS:
        conditions.append(_within_term(filters.term, today))
    return conditions


def _within_term(term: str, today: date) -> ColumnElement[bool]:
    running = Disclosure.destroy_by >= today
    return running if term == "loopt" else ~running


def count(session: Session, filters: Filters, roles: Iterable[Role], today: date) -> int:
    found: Select[Any] = select(func.count()).select_from(Disclosure)
    return session.scalar(found.where(*_matching(filters, roles, today))) or 0


def page(
    session: Session,
    filters: Filters,
    roles: Iterable[Role],
    today: date,
    offset: int,
    limit: int,
) -> Sequence[Disclosure]:
    """One page, newest first."""
    return session.scalars(
        select(Disclosure)
        .where(*_matching(filters, roles, today))
        .order_by(Disclosure.made_at.desc(), Disclosure.id)
        .offset(offset)
        .limit(limit)
    ).all()


def facets(session: Session, roles: Iterable[Role], today: date) -> Mapping[str, Facet]:
    """Per filter its values with their words and counts, over all that this person may see."""
    seen = readable_by(roles)
    terms = (
        (code, words, count(session, Filters(term=code), roles, today))
        for code, words in TERMS.items()
    )
    return {
        "soort": _values(session, seen, Disclosure.profile, Disclosure.recipient_kind),
        "grondslag": _values(session, seen, Disclosure.legal_basis, Disclosure.legal_basis_words),
        "termijn": [entry for entry in terms if entry[2]],
    }


def _values(session: Session, seen: ColumnElement[bool], code: Any, words: Any) -> Facet:
    rows = session.execute(
        select(code, func.max(words), func.count()).where(seen).group_by(code).order_by(code)
    )
    return [(row[0], row[1], row[2]) for row in rows]
