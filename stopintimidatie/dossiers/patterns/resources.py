"""/gemeenten/dordrecht/P-7: a pattern at its address."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from stopintimidatie.core.security import Identity
from stopintimidatie.core.tree import Level, Resource
from stopintimidatie.dossiers.patterns.models import (
    KIND,
    Pattern,
    PatternState,
)
from stopintimidatie.municipalities.areas.models import Municipality
from stopintimidatie.municipalities.areas.resources import (
    MunicipalityResource,
)

PATTERN: Final = re.compile(r"P-[1-9][0-9]{0,5}")


class PatternResource(Resource):
    """The node of a pattern, such as /gemeenten/dordrecht/P-7."""

    kind = KIND

    def __init__(self, name: str, parent: MunicipalityResource, row: Pattern) -> None:
        super().__init__(name, parent, row.holder)
        self.pattern = row
        self.document_id = row.id
        self.municipality = parent.municipality

    @property
    def title(self) -> str:
        """Return its name in the trail."""
        return f"Patroon {self.pattern.number}"


def pattern_path(municipality_slug: str, number: int) -> str:
    """Return the path of the page of a pattern."""
    return f"/gemeenten/{municipality_slug}/P-{number}"


def path_of_pattern(session: Session, pattern_id: UUID) -> str | None:
    """Return the path of one pattern, or None when it isn't there."""
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


def waiting(holder: str, _: Identity) -> Select[Any]:
    """Select the patterns that wait for a decision, for the menu."""
    mine = (Pattern.holder == holder, Pattern.state == PatternState.PROPOSED)
    return select(Pattern.id).where(*mine)
