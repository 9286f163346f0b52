"""Placing and lifting holds; the flag `frozen` of the document follows. Personal data of holds."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.core.audit import Actor, record
from stopintimidatie.core.clock import utc_now
from stopintimidatie.core.storage.personal import holder_of_rows, treated
from stopintimidatie.core.storage.retention import RetentionClass, Way
from stopintimidatie.dossiers.models import Dossier
from stopintimidatie.dossiers.services import reindex_dossier
from stopintimidatie.privacy.holds.models import Hold, HoldReason
from stopintimidatie.reports.models import Report
from stopintimidatie.reports.services import reindex_report
from stopintimidatie.reports.vocabulary import KIND as REPORT

COLUMNS: Final = treated(
    text="case_reference note lifted_reason",
    staff="placed_by_id placed_by lifted_by_id lifted_by",
)
PERSONAL_DATA: Final = holder_of_rows("bevriezing", Hold, COLUMNS)
RETENTION: Final = RetentionClass(
    "bevriezing",
    "Bevriezingen: reden, zaaknummer en wie dat besliste",
    ("hold",),
    Way.ALONG,
    "het document wordt vernietigd",
    until="met het document",
    source="eigen beleid",
)


def place_hold(
    session: Session,
    row: Report | Dossier,
    reason: HoldReason,
    review_on: date,
    actor: Actor,
    *,
    case_reference: str | None = None,
    note: str | None = None,
) -> Hold:
    """Freeze a report or dossier against destruction until the hold is lifted."""
    session.refresh(row, with_for_update=True)
    hold = Hold(
        holder=row.holder,
        document_kind=_kind(row),
        document_id=row.id,
        reference=row.reference if isinstance(row, Report) else row.number,
        reason=reason.value,
        case_reference=case_reference,
        note=note,
        review_on=review_on,
        placed_by_id=actor.id,
        placed_by=actor.name,
    )
    session.add(hold)
    _set_frozen(session, row, frozen=True)
    record(
        session, actor, "bevriezing.geplaatst", row.holder, _kind(row), [row.id], fields=[reason]
    )
    return hold


def lift_hold(session: Session, row: Report | Dossier, hold: Hold, why: str, actor: Actor) -> None:
    """End a hold; the document stays frozen while another one is in force."""
    session.refresh(row, with_for_update=True)
    hold.lifted_at, hold.lifted_reason = utc_now(), why
    hold.lifted_by_id, hold.lifted_by = actor.id, actor.name
    session.flush()
    _set_frozen(session, row, frozen=bool(holds_on(session, row.id)))
    record(session, actor, "bevriezing.opgeheven", row.holder, _kind(row), [row.id])


def holds_on(session: Session, document: UUID) -> list[Hold]:
    """Return the holds in force on a document, the oldest first."""
    mine = select(Hold).where(Hold.document_id == document, Hold.lifted_at.is_(None))
    return list(session.scalars(mine.order_by(Hold.placed_at)))


def _kind(row: Report | Dossier) -> str:
    return REPORT if isinstance(row, Report) else "dossier"


def _set_frozen(session: Session, row: Report | Dossier, *, frozen: bool) -> None:
    row.frozen = frozen
    if isinstance(row, Report):
        reindex_report(session, row)
    else:
        reindex_dossier(session, row)
