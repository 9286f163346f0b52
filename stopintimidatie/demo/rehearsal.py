"""Rehearsing destruction on the demo: the nightly work as if it were a later day.

Nothing here is for a real installation: what goes is gone, and so the command refuses there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import ColumnElement, Engine, func, select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor
from stopintimidatie.core.clock import AMSTERDAM, clock_at
from stopintimidatie.core.storage import transaction
from stopintimidatie.core.storage.models import Holder
from stopintimidatie.privacy.destruction.jobs import destroy_what_is_due
from stopintimidatie.privacy.destruction.models import (
    DestructionLine,
    DestructionList,
    DestructionStatement,
    Tombstone,
)
from stopintimidatie.privacy.destruction.queries import lines_of
from stopintimidatie.privacy.destruction.rules import quarter_of
from stopintimidatie.privacy.destruction.services import (
    DONE,
    fingerprint,
    make_step,
    takes,
)

OWNER: Final = Actor("beheerder", "oefening-1", "Oefening: proceseigenaar")
PRIVACY: Final = Actor("beheerder", "oefening-2", "Oefening: privacyfunctionaris")
ARCHIVIST: Final = Actor("beheerder", "oefening-3", "Oefening: archivaris")


@dataclass(frozen=True)
class Rehearsed:
    """Numbers of one holder after the rehearsal."""

    holder: str
    lists: int
    waiting: int
    gone: int
    statements: int


def rehearse(
    registry: Any, today: date, until: date, *, agree: bool, progress: Callable[[str], None]
) -> list[Rehearsed]:
    """Let the nights pass that matter until a day, at each holder with terms.

    `agree`: let made-up people agree to every line.
    """
    engine = registry.engine
    with transaction(engine, write=False) as session:
        holders = session.scalars(
            select(Holder.code).where(Holder.terms_from.is_not(None)).order_by(Holder.code)
        ).all()
    for day in _days(today, until):
        progress(f"De nacht van {day:%d-%m-%Y}")
        with clock_at(datetime.combine(day, time(12), AMSTERDAM)):
            for holder in holders:
                destroy_what_is_due(registry, engine, holder)
                if agree:
                    with transaction(engine, holder) as session:
                        _agree(session)
                    destroy_what_is_due(registry, engine, holder)
    return [_counted(engine, holder) for holder in holders]


def _days(today: date, until: date) -> Iterator[date]:
    """Yield the first day of each quarter, when lists are made, and the last day."""
    yield today
    quarter = quarter_of(today).next
    while quarter.first < until:
        yield quarter.first
        quarter = quarter.next
    if until > today:
        yield until


def _agree(session: Session) -> None:
    for row in session.scalars(select(DestructionList).order_by(DestructionList.number)):
        for step, actor in zip(DONE, (OWNER, PRIVACY, ARCHIVIST), strict=True):
            if lines := lines_of(session, row.id, takes(session, step)):
                make_step(session, row, step, actor, fingerprint(lines))


def _counted(engine: Engine, holder: str) -> Rehearsed:
    def number(session: Session, entity: Any, *conditions: ColumnElement[bool]) -> int:
        return session.scalar(select(func.count(entity.id)).where(*conditions)) or 0

    with transaction(engine, holder, write=False) as session:
        return Rehearsed(
            holder,
            number(session, DestructionList),
            number(session, DestructionLine, DestructionLine.gone_at.is_(None)),
            number(session, Tombstone),
            number(session, DestructionStatement),
        )
