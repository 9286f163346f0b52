"""Finding the copy of a report that somebody may see, whoever holds it."""

from __future__ import annotations

from sqlalchemy import Engine, select

from stopintimidatie.reports.models import Report
from stopintimidatie.reports.paths import path_of_report
from stopintimidatie.reports.resources import GONE
from stopintimidatie.reports.services import KIND
from stopintimidatie.security import Identity, Permission
from stopintimidatie.security.permissions import may
from stopintimidatie.storage.session import transaction
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.tree import locate_reference


def address_for(engine: Engine, identity: Identity, reference: str) -> str | None:
    """The address of the copy this person may see: a living one before a tombstone.

    Each copy lies with another holder, so each is looked at in a transaction of its own.
    """
    with transaction(engine, write=False) as session:
        holders = locate_reference(session, reference, KIND)
    found = [
        copy
        for holder in sorted(holders, key=lambda holder: holder == NATIONAL)
        if may(identity.roles_for(holder), Permission.VIEW_REPORT)
        if (copy := _copy(engine, holder, reference)) is not None
    ]
    # Sorting is stable: among equals a municipality's copy stays before the national one.
    return min(found, key=lambda copy: copy[0])[1] if found else None


def _copy(engine: Engine, holder: str, reference: str) -> tuple[bool, str] | None:
    """Whether a holder's copy is gone, and its address."""
    with transaction(engine, holder, write=False) as session:
        row = session.execute(
            select(Report.id, Report.state).where(
                Report.holder == holder, Report.reference == reference
            )
        ).first()
        path = path_of_report(session, row.id) if row is not None else None
    return None if row is None or path is None else (row.state in GONE, path)
