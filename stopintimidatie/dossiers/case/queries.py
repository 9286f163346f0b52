"""Queries about dossiers: the list with its filters, related dossiers, and search documents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.accounts.models import User
from stopintimidatie.core.search.backend import OPEN_ACCESS, Kind, SearchDocument, Text, Weight
from stopintimidatie.core.security import Role
from stopintimidatie.core.text import uuid_of
from stopintimidatie.dossiers.models import (
    Consultation,
    Dossier,
    DossierAgreement,
    DossierMeasure,
    DossierMembership,
    DossierMove,
    DossierNote,
)
from stopintimidatie.dossiers.resources import dossier_path, is_strict, visible_to
from stopintimidatie.dossiers.services import unrestricted
from stopintimidatie.dossiers.workflow import (
    LIVE,
    RELATED,
    AgreementState,
    DossierKind,
    DossierState,
)
from stopintimidatie.municipalities.areas.models import Municipality, Neighbourhood

MERGED: Final = "samengevoegd_met"


@dataclass(frozen=True)
class Relative:
    """Another dossier, and the relation with it."""

    relation: str
    number: str
    slug: str


def related(session: Session, dossier: Dossier) -> Sequence[Relative]:
    """Return the related dossiers; who sees this one may see those, which are as strict."""
    moves = session.execute(
        select(DossierMove.name, DossierMove.values)
        .where(DossierMove.dossier_id == dossier.id, DossierMove.name.in_(RELATED))
        .order_by(DossierMove.at)
    ).all()
    relations = {str(move.values.get("dossier")): str(move.name) for move in moves}
    rows = session.execute(
        select(Dossier.id, Dossier.number, Neighbourhood.slug)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .where(Dossier.number.in_(relations) | (Dossier.id == dossier.merged_into_id))
        .order_by(Dossier.number)
    )
    return [
        Relative(
            MERGED if row.id == dossier.merged_into_id else relations[row.number],
            row.number,
            row.slug,
        )
        for row in rows
    ]


# The column of each GET parameter, which may be given more than once; others mean nothing.
COLUMNS: Final[dict[str, Any]] = {
    "toestand": Dossier.state,
    "soort": Dossier.kind,
    "houder": Dossier.owner_id,
    "wijk": Dossier.neighbourhood_code,
}
TITLES: Final = {**{name: name.capitalize() for name in COLUMNS}, "houder": "Dossierhouder"}
# The order of states; the sort keeps other values as they came, by name.
_LIFE: Final[dict[str, int]] = {state: n for n, state in enumerate(DossierState)}


@dataclass(frozen=True)
class Filters:
    """The values that were chosen for each filter; what can't be a value is left out."""

    chosen: dict[str, tuple[Any, ...]]

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> Filters:
        """Read the filters from the parameters of an address."""
        chosen: dict[str, tuple[Any, ...]] = {}
        for name, text in pairs:
            value = _value(name, text)
            if value is not None:
                chosen[name] = (*chosen.get(name, ()), value)
        return cls(chosen)

    def conditions(self, *, leave_out: str = "") -> list[ColumnElement[bool]]:
        """Return the conditions of the filters.

        `leave_out`: the filter whose values are being counted.
        """
        return [
            COLUMNS[name].in_(values) for name, values in self.chosen.items() if name != leave_out
        ]


def _value(name: str, text: str) -> Any:
    """Return the value of a filter as its column has it, or None when this can't be one."""
    if name == "toestand":
        return text if text in set(DossierState) else None
    if name == "soort":
        return text if text in set(DossierKind) else None
    if name == "wijk":
        return text if len(text) <= 9 and text.isascii() and text.isprintable() else None
    return uuid_of(text) if name == "houder" and len(text) == 36 else None


def count_dossiers(session: Session, roles: Iterable[Role], filters: Filters) -> int:
    """Count the dossiers that the filters leave for who holds these roles."""
    statement = (
        select(func.count()).select_from(Dossier).where(visible_to(roles), *filters.conditions())
    )
    return session.scalar(statement) or 0


def list_dossiers(
    session: Session,
    roles: Iterable[Role],
    filters: Filters,
    today: date,
    restricted: ColumnElement[bool],
    offset: int,
    size: int,
) -> Sequence[Any]:
    """Return a page of the list: running before ended, urgent first, the last changed on top.

    `restricted`: the condition that the use of a dossier is restricted. A row has Dossier, area
    and slug (of the neighbourhood), owner, reports, agreements (that are open), late (of these) and
    restricted.
    """
    running = case((Dossier.state.in_(sorted(LIVE)), 0), else_=1)
    statement = (
        _rows(today, restricted)
        .where(visible_to(roles), *filters.conditions())
        .order_by(running, Dossier.urgent.desc(), Dossier.changed_at.desc(), Dossier.number.desc())
        .slice(offset, offset + size)
    )
    return session.execute(statement).all()


def _rows(today: date, restricted: ColumnElement[bool]) -> Select[Any]:
    inside = and_(DossierMembership.dossier_id == Dossier.id, DossierMembership.left_at.is_(None))
    open_ = and_(
        DossierAgreement.dossier_id == Dossier.id,
        DossierAgreement.state == AgreementState.OPEN.value,
    )
    return (
        select(
            Dossier,
            Neighbourhood.name.label("area"),
            Neighbourhood.slug,
            User.name.label("owner"),
            _count(DossierMembership, inside).label("reports"),
            _count(DossierAgreement, open_).label("agreements"),
            _count(DossierAgreement, and_(open_, DossierAgreement.due_on < today)).label("late"),
            restricted.label("restricted"),
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


# A value with its word, the number of dossiers that choosing it would leave, and if it was chosen.
Choice = tuple[str, str, int, bool]


def facets(
    session: Session, roles: Iterable[Role], filters: Filters
) -> dict[str, Sequence[Choice]]:
    """Return the values of each filter with counts, as the other filters leave them."""
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
    choices = [
        (str(value), _label(name, str(text)), count, value in chosen)
        for value, text, count in session.execute(statement)
    ]
    return sorted(choices, key=lambda choice: _LIFE.get(choice[0], 0))


def _label(name: str, text: str) -> str:
    if name == "toestand":
        return DossierState.word(text)
    return text.capitalize() if name == "soort" else text


STRICT_ACCESS: Final = "persoonsgericht"
_Extra = dict[UUID, list[Text]]


def load(session: Session, holder: str, ids: Sequence[UUID]) -> Iterator[SearchDocument]:
    """Yield the dossiers with these ids, as search knows them."""
    rows = session.execute(
        select(Dossier, Municipality.slug, Neighbourhood.slug)
        .join(Neighbourhood, Neighbourhood.code == Dossier.neighbourhood_code)
        .join(Municipality, Municipality.code == Dossier.holder)
        .where(Dossier.id.in_(ids), Dossier.state != DossierState.DESTROYED)
    ).all()
    extra = _texts_of_parts(session, ids)
    known = dict(versions(session, holder, ids))
    for dossier, municipality, neighbourhood in rows:
        path = dossier_path(municipality, neighbourhood, dossier.number)
        yield _document(dossier, path, known[dossier.id], extra[dossier.id])


def versions(
    session: Session, holder: str, ids: Sequence[UUID] | None = None
) -> Iterator[tuple[UUID, int]]:
    """Yield (id, number) of every dossier that can be found; each change in it adds to the number.

    Notes, agreements and consultations change without the dossier's own version.
    """
    numbers = [
        _per_dossier(session, select(DossierNote.dossier_id, func.count()).where(unrestricted()))
    ]
    for table in (DossierAgreement, Consultation, DossierMeasure):
        numbers.append(_per_dossier(session, select(table.dossier_id, func.sum(table.version))))
    wanted = select(Dossier.id, Dossier.version).where(Dossier.state != DossierState.DESTROYED)
    if ids is not None:
        wanted = wanted.where(Dossier.id.in_(ids))
    for id_, version in session.execute(wanted):
        yield id_, version + sum(number.get(id_, 0) for number in numbers)


def _per_dossier(session: Session, statement: Select[UUID, int]) -> dict[UUID, int]:
    column = statement.selected_columns[0]
    return {id_: int(number) for id_, number in session.execute(statement.group_by(column))}


# Searchable parts of a dossier besides its own texts: label, table, columns, and the order.
_PARTS: Final[tuple[tuple[str, Any, tuple[str, ...], Any], ...]] = (
    ("notitie", DossierNote, ("text",), DossierNote.at),
    ("afspraak", DossierAgreement, ("what", "who", "result"), DossierAgreement.due_on),
    ("overleg", Consultation, ("agenda", "decisions"), Consultation.planned_at),
    ("maatregel", DossierMeasure, ("what", "who", "effect"), DossierMeasure.started_on),
)


def _texts_of_parts(session: Session, ids: Sequence[UUID]) -> _Extra:
    texts: _Extra = defaultdict(list)
    for label, table, columns, order in _PARTS:
        statement = select(table).where(table.dossier_id.in_(ids)).order_by(order)
        if table is DossierNote:
            # A restricted note is found by nobody: the index doesn't know who searches.
            statement = statement.where(unrestricted())
        for row in session.scalars(statement):
            words = filter(None, (getattr(row, column) for column in columns))
            texts[row.dossier_id].append(Text(label, "; ".join(words)))
    return texts


def _document(dossier: Dossier, path: str, version: int, extra: list[Text]) -> SearchDocument:
    texts = [
        Text("samenvatting", dossier.summary or "", Weight.HIGH),
        Text("duiding", dossier.assessment or ""),
        Text("doel", dossier.goal or ""),
        *extra,
    ]
    return SearchDocument(
        holder=dossier.holder,
        kind=Kind.DOSSIER,
        id=dossier.id,
        version=version,
        reference=dossier.number,
        path=path,
        title=dossier.title,
        moment=dossier.made_at,
        state=dossier.state,
        neighbourhood=dossier.neighbourhood_code,
        access=STRICT_ACCESS if is_strict(dossier.kind) else OPEN_ACCESS,
        dossier=dossier.number,
        texts=tuple(text for text in texts if text.text),
    )


def numbers_of(session: Session, report_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """Return the numbers of the dossiers that each report is in, without person-directed ones.

    Whoever searches may see them.
    """
    rows = session.execute(
        select(DossierMembership.report_id, Dossier.number)
        .join(Dossier, Dossier.id == DossierMembership.dossier_id)
        .where(
            DossierMembership.report_id.in_(report_ids),
            DossierMembership.left_at.is_(None),
            Dossier.kind != DossierKind.PERSON.value,
        )
        .order_by(Dossier.number)
    )
    numbers: dict[UUID, list[str]] = defaultdict(list)
    for report_id, number in rows:
        numbers[report_id].append(number)
    return numbers
