"""Nodes of the tree: /gemeenten/dordrecht/overbrengen, and a transfer below it.

A transfer is found by the number of its dossier, also when that is gone here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.security import Identity
from stopintimidatie.core.tree import Level, Resource
from stopintimidatie.dossiers.services import KIND as DOSSIER
from stopintimidatie.municipalities.areas.resources import HolderBranch, holder_levels
from stopintimidatie.privacy.destruction.documents import today
from stopintimidatie.privacy.destruction.models import (
    ArchiveTransfer,
    DestructionLine,
    TransferState,
)
from stopintimidatie.privacy.retention.rules import Outcome
from stopintimidatie.privacy.transfer.services import NUMBER

NAME: Final = "overbrengen"
# As people read it.
STATES: Final = {
    TransferState.AGREEING: "wacht op het besluit van twee mensen",
    TransferState.ASKED: "wacht op het programma",
    TransferState.MAKING: "pakket wordt gemaakt",
    TransferState.FAILED: "pakket maken is mislukt",
    TransferState.WAITS: "wacht op ontvangstbewijs",
    TransferState.LAPSED: "pakket is vervallen",
    TransferState.DONE: "overgebracht",
}


class TransferList(HolderBranch):
    """/gemeenten/dordrecht/overbrengen."""

    kind = NAME
    label = "Overbrengen"


class TransferResource(Resource):
    """/gemeenten/dordrecht/overbrengen/2026-0007."""

    kind = "overbrenging"

    def __init__(self, name: str, parent: Any, row: ArchiveTransfer) -> None:
        super().__init__(name, parent, row.holder)
        self.transfer = row
        self.document_id = row.id

    @property
    def title(self) -> str:
        """The number of the dossier."""
        return f"Dossier {self.transfer.reference}"

    @property
    def state(self) -> str:
        """The state of the transfer in words."""
        return STATES[TransferState(self.transfer.state)]


LEVELS: Final = (
    *holder_levels(TransferList),
    Level(
        kind="overbrenging",
        parent=NAME,
        pattern=NUMBER,
        entity=ArchiveTransfer,
        link=lambda row, parent, name: and_(row.holder == parent.code, row.reference == name),
        factory=TransferResource,
    ),
)


# The dossiers that wait for the archivist, and the transfers there are


@dataclass(frozen=True, slots=True)
class ToDo:
    """A dossier that must be transferred, by a line of a destruction list."""

    number: str
    list_id: UUID
    due_on: date

    @property
    def late(self) -> bool:
        """Tell whether its day has passed."""
        return self.due_on < today()


def to_do(session: Session) -> list[ToDo]:
    """Return the dossiers whose key nobody entered yet, or whose package can be made now."""
    rows = session.scalars(
        select(DestructionLine)
        .where(_archivists_turn())
        .order_by(DestructionLine.due_on, DestructionLine.reference)
    )
    return [ToDo(row.reference, row.list_id, row.due_on) for row in rows]


def _archivists_turn() -> ColumnElement[bool]:
    """Return the condition of lines that wait for the archivist: for a key, or for a package."""
    mine = ArchiveTransfer.dossier_id == DestructionLine.document_id
    asked = exists().where(mine, ArchiveTransfer.holder == DestructionLine.holder)
    agreed = and_(
        DestructionLine.authorised_at.is_not(None),
        asked.where(ArchiveTransfer.state == TransferState.AGREEING.value),
    )
    return and_(
        DestructionLine.outcome == Outcome.TRANSFER.value,
        DestructionLine.document_kind == DOSSIER,
        DestructionLine.gone_at.is_(None),
        or_(~asked, agreed),
    )


def transfers(session: Session) -> Sequence[ArchiveTransfer]:
    """Return all transfers, the latest first."""
    return session.scalars(
        select(ArchiveTransfer).order_by(
            ArchiveTransfer.requested_at.desc(), ArchiveTransfer.reference
        )
    ).all()


def waiting(holder: str, identity: Identity) -> Select[Any]:
    """Select what waits for the archivist: dossiers to transfer, and packages without a receipt."""
    lines = select(DestructionLine.id).where(DestructionLine.holder == holder, _archivists_turn())
    states = [state.value for state in (TransferState.WAITS, TransferState.FAILED)]
    states.append(TransferState.LAPSED.value)
    made = select(ArchiveTransfer.id).where(
        ArchiveTransfer.holder == holder, ArchiveTransfer.state.in_(states)
    )
    return select(lines.union_all(made).subquery().c.id)
