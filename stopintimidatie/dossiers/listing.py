"""The list of dossiers: its filters, its rows and the counts beside it. Fixed queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from stopintimidatie.accounts.models import User
from stopintimidatie.dossiers.access import visible_to
from stopintimidatie.dossiers.models import Dossier, DossierAgreement, DossierMembership
from stopintimidatie.dossiers.vocabulary import AgreementState, DossierKind
from stopintimidatie.dossiers.workflow import DOSSIER_WORKFLOW, LIVE
from stopintimidatie.register.models import Neighbourhood
from stopintimidatie.security import Role
from stopintimidatie.web.paging import Paging

# GET parameter -> column. A value may be given more than once; other parameters mean nothing.
COLUMNS: Final[dict[str, Any]] = {
    "toestand": Dossier.state,
    "soort": Dossier.kind,
    "houder": Dossier.owner_id,
    "wijk": Dossier.neighbourhood_code,
}
TITLES: Final = {
    "toestand": "Toestand",
    "soort": "Soort",
    "houder": "Dossierhouder",
    "wijk": "Wijk",
}
# States in the order of life; the sort keeps other values as they came, by name.
_LIFE: Final = {state.code: n for n, state in enumerate(DOSSIER_WORKFLOW.states)}


@dataclass(frozen=True)
class Filters:
    """What was chosen, per parameter, as typed values; what can't be a value isn't here."""

    chosen: dict[str, tuple[Any, ...]]

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> Filters:
        found: dict[str, tuple[Any, ...]] = {}
        for name, text in pairs:
            value = _value(name, text)
            if value is not None:
                found[name] = (*found.get(name, ()), value)
        return cls(found)

    def conditions(self, *, leave_out: str = "") -> list[ColumnElement[bool]]:
        return [
            COLUMNS[name].in_(values) for name, values in self.chosen.items() if name != leave_out
        ]


def _value(name: str, text: str) -> Any:
    """The value of a filter, or None when this can't be one."""
    if name == "toestand":
        return text if text in {state.code for state in DOSSIER_WORKFLOW.states} else None
    if name == "soort":
        return text if text in set(DossierKind) else None
    if name == "wijk":
        return text if len(text) <= 9 and text.isascii() and text.isprintable() else None
    if name == "houder" and len(text) == 36:
        try:
            return UUID(text)
        except ValueError:
            return None
    return None


@dataclass(frozen=True)
class Row:
    """A dossier in a list."""

    dossier: Dossier
    neighbourhood: str
    slug: str
    owner: str | None
    reports: int
    open_agreements: int
    late_agreements: int


def count_dossiers(session: Session, roles: Iterable[Role], filters: Filters) -> int:
    statement = (
        select(func.count()).select_from(Dossier).where(visible_to(roles), *filters.conditions())
    )
    return session.scalar(statement) or 0


def list_dossiers(
    session: Session, roles: Iterable[Role], filters: Filters, paging: Paging, today: date
) -> Sequence[Row]:
    """One page: running before ended, urgent first, what changed last on top."""
    running = case((Dossier.state.in_(sorted(LIVE)), 0), else_=1)
    statement = (
        _rows(today)
        .where(visible_to(roles), *filters.conditions())
        .order_by(running, Dossier.urgent.desc(), Dossier.changed_at.desc(), Dossier.number.desc())
        .limit(paging.size)
        .offset(paging.offset)
    )
    return [Row(*row) for row in session.execute(statement)]


def _rows(today: date) -> Select[Any]:
    inside = and_(DossierMembership.dossier_id == Dossier.id, DossierMembership.left_at.is_(None))
    open_ = and_(
        DossierAgreement.dossier_id == Dossier.id,
        DossierAgreement.state == AgreementState.OPEN.value,
    )
    return (
        select(
            Dossier,
            Neighbourhood.name,
            Neighbourhood.slug,
            User.name,
            _count(DossierMembership, inside),
            _count(DossierAgreement, open_),
            _count(DossierAgreement, and_(open_, DossierAgreement.due_on < today)),
        )
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .outerjoin(User, User.id == Dossier.owner_id)
    )


def _count(table: Any, condition: ColumnElement[bool]) -> Any:
    return (
        select(func.count())
        .select_from(table)
        .where(condition)
        .correlate(Dossier)
        .scalar_subquery()
    )


@dataclass(frozen=True)
class Choice:
    """One value of a facet, with what choosing it would give."""

    value: str
    label: str
    count: int
    selected: bool


def facets(
    session: Session, roles: Iterable[Role], filters: Filters
) -> dict[str, Sequence[Choice]]:
    """Per filter its values with counts, as the other filters leave them. A query each."""
    held = frozenset(roles)
    return {name: _facet(session, held, filters, name) for name in COLUMNS}


def _facet(
    session: Session, roles: frozenset[Role], filters: Filters, name: str
) -> Sequence[Choice]:
    column = COLUMNS[name]
    label = {"houder": User.name, "wijk": Neighbourhood.name}.get(name, column)
    statement = (
        select(column, label, func.count(Dossier.id))
        .select_from(Dossier)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .outerjoin(User, User.id == Dossier.owner_id)
        .where(visible_to(roles), column.is_not(None), *filters.conditions(leave_out=name))
        .group_by(column, label)
        .order_by(label)
    )
    chosen = filters.chosen.get(name, ())
    found = [
        Choice(str(value), _label(name, str(text)), count, value in chosen)
        for value, text, count in session.execute(statement)
    ]
    return sorted(found, key=lambda choice: _LIFE.get(choice.value, 0))


def _label(name: str, text: str) -> str:
    if name == "toestand":
        return DOSSIER_WORKFLOW.state(text).label
    return text.capitalize() if name == "soort" else text
