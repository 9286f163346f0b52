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
from stopintimidatie.exports.asked import ExportRequest
from stopintimidatie.exports.freezing import Prepared
from stopintimidatie.exports.loading import LoadedDossier
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.profiles import PROFILES
from stopintimidatie.exports.services import (
    ChangedMeanwhileError,
    approve,
    check_request,
    request_export,
)
from stopintimidatie.exports.urgency import make_at_once
from stopintimidatie.exports.wish import ExportError
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
    loaded: LoadedDossier,
    wishes: Sequence[ExportRequest],
    actor: Actor,
) -> list[Prepared]:
    """Find out what each would get, also of the others; nothing is asked for.

    :raises SomeRefusedError: some can't be asked for so.
    """

    def look(place: int, wish: ExportRequest) -> Prepared:
        beside = _beside(wishes, place)
        return check_request(session, settings, loaded, wish, actor, beside=beside)

    return _each(wishes, look)


def _beside(wishes: Sequence[ExportRequest], place: int) -> list[tuple[str, str]]:
    """Who else is asked for: name and kind."""
    others = [*wishes[:place], *wishes[place + 1 :]]
    return [
        (one.recipient, PROFILES[one.profile].label) for one in others if one.profile in PROFILES
    ]


def request_together(
    session: Session,
    keys: KeyRing,
    settings: Settings,
    loaded: LoadedDossier,
    wishes: Sequence[ExportRequest],
    actor: Actor,
) -> list[Export]:
    """Ask for each; what binds them is a number that no document shows. What is urgent is made
    when all are there.

    :raises SomeRefusedError: some can't be asked for so.
    """
    number = uuid4()

    def ask(place: int, wish: ExportRequest) -> Prepared:
        beside = _beside(wishes, place)
        asked = request_export(session, settings, loaded, wish, actor, beside=beside)
        asked.export.together = number
        session.flush()
        return asked

    def hurry(place: int, asked: Prepared) -> Export:
        if asked.export.urgent:
            make_at_once(session, keys, asked, actor)
        return asked.export

    return _each(_each(wishes, ask), hurry)


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
    several: Sequence[Prepared],
    seen: Mapping[str, Any],
    actor: Actor,
) -> None:
    """Approve each that was looked at.

    :param seen: the fingerprint of what the approver saw, by the id of the export.
    :raises ExportError: one can't be approved; the message begins with its id.
    """
    for prepared in several:
        name = prepared.export.reference
        try:
            approve(session, keys, prepared, actor, seen=str(seen.get(name, "")))
        except ChangedMeanwhileError as problem:
            raise ChangedMeanwhileError(f"{name}: {problem.message}") from problem
        except ExportError as problem:
            raise ExportError(f"{name}: {problem.message}") from problem
