"""/landelijk/zwijndrecht: what the desk knows of a municipality, and agreed with it."""

from __future__ import annotations

from typing import Any, Final

from stopintimidatie.municipalities.resources import SLUG
from stopintimidatie.register.models import Municipality
from stopintimidatie.storage import NATIONAL
from stopintimidatie.tree import Level, Resource


class DeskMunicipality(Resource):
    """A municipality as the desk sees it: nothing of what lies inside it."""

    kind = "gemeente_bij_meldpunt"

    def __init__(self, name: str, parent: Any, row: Municipality) -> None:
        super().__init__(name, parent, NATIONAL)
        self.municipality = row

    @property
    def title(self) -> str:
        return self.municipality.name


LEVELS: Final = (
    Level(
        kind="gemeente_bij_meldpunt",
        parent=NATIONAL,
        pattern=SLUG,
        entity=Municipality,
        link=lambda row, _, name: row.slug == name,
        factory=DeskMunicipality,
        holder=lambda request, name: NATIONAL,
    ),
)
