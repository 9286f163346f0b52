"""Dossiers that come of one another: merged into, taken in, split off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from stopintimidatie.dossiers.merging import RELATED, SPLIT_FROM, SPLIT_OFF, TOOK_IN
from stopintimidatie.dossiers.models import Dossier, DossierMove
from stopintimidatie.register.models import Neighbourhood

MERGED: Final = "samengevoegd_met"
_WORDS: Final = {
    MERGED: "Ging op in dossier {}",
    TOOK_IN: "Hierin samengevoegd: dossier {}",
    SPLIT_OFF: "Afgesplitst: dossier {}",
    SPLIT_FROM: "Afgesplitst van dossier {}",
}


@dataclass(frozen=True)
class Relative:
    """Another dossier, and how it is related."""

    relation: str
    number: str
    slug: str

    @property
    def words(self) -> str:
        return _WORDS[self.relation].format(self.number)


def related(session: Session, dossier: Dossier) -> Sequence[Relative]:
    """In two queries. Who may see a dossier may see those: they are alike in strictness."""
    told = session.execute(
        select(DossierMove.name, DossierMove.values)
        .where(DossierMove.dossier_id == dossier.id, DossierMove.name.in_(RELATED))
        .order_by(DossierMove.at)
    ).all()
    relations = {str(row.values.get("dossier")): str(row.name) for row in told}
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
