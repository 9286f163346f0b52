"""/gemeenten, a municipality, and its neighbourhoods."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import and_

from stopintimidatie.register.models import Municipality, Neighbourhood
from stopintimidatie.register.queries import municipality_by_slug
from stopintimidatie.tree import Container, Level, Resource
from stopintimidatie.tree.resources import child_of

SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Municipalities(Container):
    """/gemeenten: the municipalities one works for."""

    label = "Gemeenten"


class MunicipalityResource(Resource):
    """/gemeenten/dordrecht"""

    kind = "gemeente"

    def __init__(self, name: str, parent: Any, row: Municipality) -> None:
        super().__init__(name, parent, row.code)
        self.municipality = row

    @property
    def title(self) -> str:
        return self.municipality.name

    def __getitem__(self, name: str) -> Resource:
        child: Resource = child_of(self, name)
        return child


class NeighbourhoodResource(Resource):
    """/gemeenten/dordrecht/binnenstad"""

    kind = "wijk"

    def __init__(self, name: str, parent: MunicipalityResource, row: Neighbourhood) -> None:
        super().__init__(name, parent, parent.holder)
        self.neighbourhood = row
        self.municipality = parent.municipality

    @property
    def title(self) -> str:
        return self.neighbourhood.name

    def __getitem__(self, name: str) -> Resource:
        child: Resource = child_of(self, name)
        return child


def _holder_of(request: Any, slug: str) -> str | None:
    municipality = municipality_by_slug(request.db, slug)
    return None if municipality is None else municipality.code


LEVELS: Final = (
    Level(
        kind="gemeente",
        parent="gemeenten",
        pattern=SLUG,
        entity=Municipality,
        link=lambda row, _, name: row.slug == name,
        factory=MunicipalityResource,
        holder=_holder_of,
    ),
    Level(
        kind="wijk",
        parent="gemeente",
        pattern=SLUG,
        entity=Neighbourhood,
        link=lambda row, parent, name: and_(row.municipality_code == parent.code, row.slug == name),
        factory=NeighbourhoodResource,
    ),
)
