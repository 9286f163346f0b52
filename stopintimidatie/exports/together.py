"""Exports for several recipients in one action: asked for together, each its own, decided together.

All or none: a mistake in one refuses them all, and names the one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.freezing import Prepared
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.profiles import PROFILES
from stopintimidatie.exports.services import (
    ChangedMeanwhileError,
    approve,
    check_request,
    request_export,
)
from stopintimidatie.exports.urgency import make_at_once
from stopintimidatie.exports.wish import ExportError, ExportWish
from stopintimidatie.settings import Settings
from stopintimidatie.storage.encryption import KeyRing

One = TypeVar("One")
Made = TypeVar("Made")


@dataclass
class SomeRefusedError(Exception):
    """What is wrong with some of them, each by its place."""

    refused: Sequence[tuple[int, ExportError]]


def look_together(
    session: Session,
    settings: Settings,
    dossier: Dossier,
    wishes: Sequence[ExportWish],
    actor: Actor,
) -> list[Prepared]:
    """What each would get, also of the others; nothing is asked for.

    :raises SomeRefusedError: some can't be asked for so.
    """
    all_of_them = [(one.recipient, PROFILES[one.profile].label) for one in wishes]

    def look(place: int, wish: ExportWish) -> Prepared:
        beside = [*all_of_them[:place], *all_of_them[place + 1 :]]
        return check_request(session, settings, dossier, wish, actor, beside)

    return _each(wishes, look)


def request_together(
    session: Session,
    keys: KeyRing,
    settings: Settings,
    dossier: Dossier,
    wishes: Sequence[ExportWish],
    actor: Actor,
) -> list[Export]:
    """Ask for each; what binds them is a number that no document shows. What is urgent is made
    when all are there, so that each knows of the others.

    :raises SomeRefusedError: some can't be asked for so.
    """
    number = uuid4()

    def ask(place: int, wish: ExportWish) -> Export:
        export = request_export(session, settings, dossier, wish, actor)
        export.together = number
        session.flush()
        return export

    def hurry(place: int, export: Export) -> None:
        if export.urgent:
            make_at_once(session, keys, settings, dossier, export, actor)

    made = _each(wishes, ask)
    _each(made, hurry)
    return made


def _each(several: Sequence[One], do: Callable[[int, One], Made]) -> list[Made]:
    """:raises SomeRefusedError: some can't; which, and why."""
    made, refused = [], []
    for place, one in enumerate(several):
        try:
            made.append(do(place, one))
        except ExportError as problem:
            refused.append((place, problem))
    if refused:
        raise SomeRefusedError(refused)
    return made


def waiting_with(session: Session, export: Export) -> list[Export]:
    """This one and those that were asked for with it, as far as they wait for a decision."""
    if export.together is None:
        return [export] if export.state == ExportState.REQUESTED else []
    rows = session.scalars(
        select(Export)
        .where(Export.together == export.together, Export.state == ExportState.REQUESTED.value)
        .order_by(Export.requested_at, Export.reference)
    )
    return list(rows)


def approve_together(
    session: Session,
    keys: KeyRing,
    settings: Settings,
    dossier: Dossier,
    exports: Sequence[Export],
    seen: Mapping[str, Any],
    actor: Actor,
) -> None:
    """Approve each that was looked at.

    :param seen: the fingerprint of what the approver saw, by the id of the export.
    :raises ExportError: one can't be approved; the message begins with its id.
    """
    # What was approved before changes whom the next one names: look at all as one.
    for export in exports:
        try:
            approve(
                session,
                keys,
                settings,
                dossier,
                export,
                actor,
                seen=str(seen.get(export.reference, "")),
            )
        except ChangedMeanwhileError as problem:
            raise ChangedMeanwhileError(f"{export.reference}: {problem.message}") from problem
        except ExportError as problem:
            raise ExportError(f"{export.reference}: {problem.message}") from problem
