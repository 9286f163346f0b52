"""/gemeenten, a municipality, its neighbourhoods, and what is set for it: beheer."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import and_

from stopintimidatie.register.models import Municipality, Neighbourhood
from stopintimidatie.register.queries import municipality_by_slug
from stopintimidatie.storage.models import Holder
from stopintimidatie.storage.tenancy import NATIONAL
from stopintimidatie.tree import Branch, Container, Level, Resource

SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

ADMINISTRATION: Final = re.compile("beheer")


class Municipalities(Container):
    """/gemeenten: the municipalities one works for."""

    label = "Gemeenten"


class MunicipalityResource(Branch):
    """/gemeenten/dordrecht"""

    kind = "gemeente"

    def __init__(self, name: str, parent: Any, row: Municipality) -> None:
        super().__init__(name, parent, row.code)
        self.municipality = row

    @property
    def title(self) -> str:
        return self.municipality.name


class NeighbourhoodResource(Branch):
    """/gemeenten/dordrecht/binnenstad"""

    kind = "wijk"

    def __init__(self, name: str, parent: MunicipalityResource, row: Neighbourhood) -> None:
        super().__init__(name, parent, parent.holder)
        self.neighbourhood = row
        self.municipality = parent.municipality

    @property
    def title(self) -> str:
        return self.neighbourhood.name


class Administration(Resource):
    """…/beheer: what its owner set, in versions; of a municipality, or of the desk for all."""

    kind = "beheer"
    label = "Beheer"


class MunicipalityAdministration(Administration):
    """/gemeenten/dordrecht/beheer"""

    def __init__(self, name: str, parent: Any, row: Municipality) -> None:
        super().__init__(name, parent, row.code)
        self.municipality = row


class NationalAdministration(Administration):
    """/landelijk/beheer: what every municipality gets that set nothing itself."""

    def __init__(self, name: str, parent: Any, row: Holder) -> None:
        super().__init__(name, parent, NATIONAL)


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
    # Before the neighbourhoods, whose names look the same.
    Level(
        kind="beheer",
        parent="gemeente",
        pattern=ADMINISTRATION,
        entity=Municipality,
        link=lambda row, parent, name: row.code == parent.code,
        factory=MunicipalityAdministration,
    ),
    Level(
        kind="beheer_landelijk",
        parent=NATIONAL,
        pattern=ADMINISTRATION,
        entity=Holder,
        link=lambda row, _, name: row.code == NATIONAL,
        factory=NationalAdministration,
        holder=lambda request, name: NATIONAL,
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
