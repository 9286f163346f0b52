"""Exports for several recipients in one action: asked for together, each its own, decided together.

All or none: a mistake in one refuses them all, and names the one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.audit import Actor
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.exports.models import Export, ExportState
from stopintimidatie.exports.services import ChangedMeanwhileError, approve, request_export
from stopintimidatie.exports.wish import ExportError, ExportWish
from stopintimidatie.settings import Settings
from stopintimidatie.storage.encryption import KeyRing


@dataclass
class OneOfSeveralError(Exception):
    """What is wrong with one of them, by its place."""

    place: int
    problem: ExportError


def request_together(
    session: Session,
    settings: Settings,
    dossier: Dossier,
    wishes: Sequence[ExportWish],
    actor: Actor,
) -> list[Export]:
    """Ask for each; what binds them is a number that no document shows.

    :raises OneOfSeveralError: one can't be asked for so.
    """
    number = uuid4()
    made: list[Export] = []
    for place, wish in enumerate(wishes):
        try:
            export = request_export(session, settings, dossier, wish, actor)
        except ExportError as problem:
            raise OneOfSeveralError(place, problem) from problem
        export.together = number
        made.append(export)
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
