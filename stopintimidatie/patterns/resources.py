"""/gemeenten/dordrecht/P-7: a pattern at its address."""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from stopintimidatie.municipalities.resources import MunicipalityResource
from stopintimidatie.patterns.models import Pattern
from stopintimidatie.patterns.vocabulary import KIND
from stopintimidatie.register.models import Municipality
from stopintimidatie.tree import Level, Resource

PATTERN: Final = re.compile(r"P-[1-9][0-9]{0,5}")


class PatternResource(Resource):
    """/gemeenten/dordrecht/P-7"""

    kind = KIND

    def __init__(self, name: str, parent: MunicipalityResource, row: Pattern) -> None:
        super().__init__(name, parent, row.holder)
        self.pattern = row
        self.municipality = parent.municipality

    @property
    def document_id(self) -> UUID:
        return self.pattern.id

    @property
    def title(self) -> str:
        return f"Patroon {self.pattern.number}"


def pattern_path(municipality_slug: str, number: int) -> str:
    return f"/gemeenten/{municipality_slug}/P-{number}"


def path_of_pattern(session: Session, pattern_id: UUID) -> str | None:
    """The path of one pattern, or None when it isn't there."""
    row = session.execute(
        select(Municipality.slug, Pattern.number)
        .join(Municipality, Municipality.code == Pattern.holder)
        .where(Pattern.id == pattern_id)
    ).first()
    return None if row is None else pattern_path(row.slug, row.number)


LEVELS: Final = (
    Level(
        kind=KIND,
        parent="gemeente",
        pattern=PATTERN,
        entity=Pattern,
        link=lambda row, parent, name: and_(
            row.holder == parent.code, row.number == int(name.removeprefix("P-"))
        ),
        factory=PatternResource,
    ),
)
