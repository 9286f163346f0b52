"""Dossier numbers: `2026-0007`, counted per holder and year, without gaps or doubles."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from stopintimidatie.dossiers.models import DossierCounter
from stopintimidatie.storage.rows import insert_into
from stopintimidatie.web.filters import local


def write_number(year: int, sequence: int) -> str:
    """The number as people write it; beyond 9999 it grows a digit."""
    return f"{year}-{sequence:04d}"


def next_number(session: Session, holder: str, moment: datetime) -> tuple[int, int]:
    """Year and sequence of the next dossier, by the calendar of Amsterdam.

    One statement that counts on or starts the year: whoever comes second waits for the first to
    commit. When this transaction rolls back the number wasn't given out.
    """
    year = local(moment).year
    made = insert_into(session, DossierCounter).values(holder=holder, year=year, last=1)
    counted = made.on_conflict_do_update(
        index_elements=[DossierCounter.holder, DossierCounter.year],
        set_={"last": DossierCounter.last + 1},
    ).returning(DossierCounter.last)
    sequence = session.execute(counted).scalar_one()
    return year, int(sequence)
